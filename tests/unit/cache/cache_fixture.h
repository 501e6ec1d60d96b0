// A cache in a directory of its own, and the means to look at its files.
#pragma once

#include "cache/cache.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace halyard::test {
namespace fs = std::filesystem;

inline CacheKey keyOf(const std::string& text) {
    const std::span<const std::byte> part = std::as_bytes(std::span(text));
    return Cache::makeKey({&part, 1});
}

inline std::vector<std::byte> payload(size_t size, unsigned seed = 1) {
    std::vector<std::byte> bytes(size);
    for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>((i * 2654435761u + seed * 40503u) >> 7);
    return bytes;
}

class CacheTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "halyard-cache-test-XXXXXX").native();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        root_ = pattern;
        directory_ = root_ / "cache";
        setenv("HALYARD_CACHE_DIR", directory_.c_str(), 1);
        unsetenv("HALYARD_CACHE_SIZE_MB");
        log_.setCallback(&CacheTest::collect, this, HY_LOG_INFO);
    }
    void TearDown() override {
        log_.setCallback(nullptr, nullptr, HY_LOG_OFF);
        fs::remove_all(root_);
        unsetenv("HALYARD_CACHE_DIR");
        unsetenv("HALYARD_CACHE_SIZE_MB");
    }

    // Every entry's file, in any order.
    std::vector<fs::path> files() const {
        std::vector<fs::path> out;
        if (!fs::exists(directory_))
            return out;
        for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
            if (entry.is_regular_file() && entry.path().filename().native().find(".hyc") != std::string::npos)
                out.push_back(entry.path());
        }
        return out;
    }
    bool logged(const std::string& part) const { return lines_.find(part) != std::string::npos; }

    static void collect(void* user, HyLogLevel, const char*, const char* message) {
        static_cast<CacheTest*>(user)->lines_ += std::string(message) + '\n';
    }

    fs::path root_, directory_;
    std::string lines_;
    Log log_;
    Counters counters_;
};

} // namespace halyard::test
