// A compiler client with its own cache, dump directory and fake worker.
#pragma once

#include "base/error.h"
#include "jit/client/compiler.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace halyard::test {
namespace fs = std::filesystem;

// What one call of compile() gave.
struct Result {
    HyResult code = HY_SUCCESS;
    std::string bytes;
    bool fromCache = false;
    bool aligned = false;
    std::string message, hint, argument;
};

class ClientTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "halyard-client-test-XXXXXX").native();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        set("HALYARD_CACHE_DIR", (root_ / "cache").native());
        set("HALYARD_DUMP_DIR", (root_ / "dumps").native());
        set("HALYARD_JIT_PATH", FAKE_WORKER);
        set("HALYARD_JIT_TIMEOUT_MS", "20000");
        log_.setCallback(&ClientTest::collect, this, HY_LOG_WARNING);
    }
    void TearDown() override {
        compiler_.reset();
        // Every worker is reaped: the process has no child, not even a zombie.
        EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
        for (const std::string& name : names_)
            unsetenv(name.c_str());
        log_.setCallback(nullptr, nullptr, HY_LOG_OFF);
        fs::remove_all(root_);
    }

    void set(const std::string& name, const std::string& value) {
        setenv(name.c_str(), value.c_str(), 1);
        names_.push_back(name);
    }
    // The environment is read once, so set it before the first use.
    Compiler& compiler() {
        if (compiler_ == nullptr) {
            cache_ = std::make_unique<Cache>(log_, counters_);
            compiler_ = std::make_unique<Compiler>(*cache_, log_, counters_);
        }
        return *compiler_;
    }
    void restart() {
        compiler_.reset();
        cache_.reset();
    }

    HyJitRequest request(const char* kernel) {
        HyJitRequest out = {};
        out.structSize = sizeof out;
        out.spirv = kWords;
        out.spirvBytes = sizeof kWords;
        out.spirvDigest = kDigest;
        out.kernel = kernel;
        out.target = "host";
        out.cpu = "x86-64-v3";
        out.features = "";
        return out;
    }
    Result compile(const HyJitRequest& request) {
        HyJitArtifact artifact = {};
        artifact.structSize = sizeof artifact;
        Result out;
        hyClearLastError();
        out.code = compiler().compile(request, &artifact);
        if (out.code == HY_SUCCESS) {
            out.bytes.assign(static_cast<const char*>(artifact.data), artifact.bytes);
            out.fromCache = artifact.fromCache != 0;
            out.aligned = reinterpret_cast<uintptr_t>(artifact.data) % 16 == 0;
            Compiler::release(&artifact);
            EXPECT_EQ(artifact.owner, nullptr);
        } else {
            HyErrorInfo info = {};
            info.structSize = sizeof info;
            EXPECT_EQ(hyGetLastError(&info), HY_SUCCESS);
            EXPECT_EQ(info.code, out.code);
            out.message = info.message;
            out.hint = info.hint;
            out.argument = info.argument;
        }
        return out;
    }
    Result compile(const std::string& kernel) { return compile(request(kernel.c_str())); }

    // The next compilation works, whatever went before.
    void expectRecovered() {
        const Result result = compile("recovered");
        EXPECT_EQ(result.code, HY_SUCCESS) << result.message;
    }
    std::vector<fs::path> dumps() const {
        std::vector<fs::path> out;
        if (fs::exists(root_ / "dumps")) {
            for (const auto& entry : fs::directory_iterator(root_ / "dumps"))
                out.push_back(entry.path());
        }
        return out;
    }
    static std::string read(const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void collect(void* user, HyLogLevel, const char*, const char* message) {
        static_cast<ClientTest*>(user)->lines_ += std::string(message) + '\n';
    }

    static constexpr uint32_t kWords[5] = {0x07230203, 0x00010000, 0, 1, 0};
    static constexpr uint8_t kDigest[32] = {1, 2, 3};
    fs::path root_;
    std::vector<std::string> names_;
    std::string lines_;
    Log log_;
    Counters counters_;
    std::unique_ptr<Cache> cache_;
    std::unique_ptr<Compiler> compiler_;
};

} // namespace halyard::test
