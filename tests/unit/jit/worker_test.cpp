// The worker as a process: frames in and out, its end, and its faults.
#include "halyard/result.h"
#include "jit/protocol.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <build_id.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "worker_kernel_cl.spv.h"

namespace halyard::jit::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Worker {
public:
    explicit Worker(std::vector<std::string> arguments = {}, const char* fault = nullptr) {
        std::array<int, 2> pair{};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        channel_ = pair[0];
        arguments.insert(arguments.begin(), HALYARD_TEST_WORKER);
        std::vector<char*> argv;
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            if (fault != nullptr) {
                setenv("HALYARD_JIT_FAULT", fault, 1);
            }
            std::signal(SIGCHLD, SIG_IGN); // what a careless application hands down
            const int null = open("/dev/null", O_RDWR);
            dup2(null, 1);
            const int high = fcntl(pair[1], F_DUPFD, 10);
            dup2(high, kWorkerRequestFd);
            dup2(high, kWorkerReplyFd);
            closefrom(kWorkerReplyFd + 1);
            execv(argv[0], argv.data());
            _exit(127);
        }
        close(pair[1]);
    }
    ~Worker() {
        hangUp();
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void sendRaw(const void* data, size_t size) const {
        EXPECT_EQ(::send(channel_, data, size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
    }
    void send(const std::string& text, const void* blob = nullptr, size_t blobSize = 0) const {
        FrameHeader header;
        header.jsonSize = static_cast<uint32_t>(text.size());
        header.blobSize = blobSize;
        sendRaw(&header, sizeof header);
        sendRaw(text.data(), text.size());
        if (blobSize != 0) {
            sendRaw(blob, blobSize);
        }
    }
    // Null when the worker is gone.
    json receive(std::string* blob = nullptr) const {
        FrameHeader header;
        if (!readAll(&header, sizeof header)) {
            return nullptr;
        }
        EXPECT_EQ(header.magic, FrameHeader::kMagic);
        std::string text(header.jsonSize, '\0');
        std::string bytes(header.blobSize, '\0');
        EXPECT_TRUE(readAll(text.data(), text.size()) && readAll(bytes.data(), bytes.size()));
        if (blob != nullptr) {
            *blob = bytes;
        }
        return json::parse(text);
    }
    // The reply, after any number of progress messages.
    json reply(std::string* blob = nullptr, std::vector<std::string>* stages = nullptr) const {
        while (true) {
            json message = receive(blob);
            if (!message.is_object() || message.contains("status")) {
                return message;
            }
            if (stages != nullptr) {
                stages->push_back(message["progress"]);
            }
        }
    }
    void hangUp() {
        if (channel_ >= 0) {
            close(channel_);
        }
        channel_ = -1;
    }
    // The status as waitpid gives it; -1 when the worker did not end in time.
    int waitForEnd() {
        for (int i = 0; i < 1000; ++i) {
            int status = 0;
            if (waitpid(pid_, &status, WNOHANG) == pid_) {
                pid_ = -1;
                return status;
            }
            usleep(10'000);
        }
        return -1;
    }
    pid_t pid() const { return pid_; }

private:
    bool readAll(void* data, size_t size) const {
        for (size_t done = 0; done < size;) {
            const ssize_t got = read(channel_, static_cast<char*>(data) + done, size - done);
            if (got <= 0) {
                return false;
            }
            done += static_cast<size_t>(got);
        }
        return true;
    }

    int channel_ = -1;
    pid_t pid_ = -1;
};

const json kCompile{{"op", "compile"},           {"id", 7},         {"kernel", "twice"},
                    {"target", "host"},          {"cpu", "native"}, {"emit", "artifact"},
                    {"workgroupSize", {0, 0, 0}}};

void sendCompile(const Worker& worker, const json& request = kCompile) {
    worker.send(request.dump(), worker_kernel_cl_spv, worker_kernel_cl_spv_size);
}

bool endedWith(int status, int code) {
    return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

TEST(JitWorker, HelloNamesTheBuild) {
    const Worker worker;
    worker.send(R"({"op":"hello","id":3})");
    const json reply = worker.receive();
    EXPECT_EQ(reply["id"], 3);
    EXPECT_EQ(reply["status"], 0);
    EXPECT_EQ(reply["buildId"], HALYARD_JIT_BUILD_ID);
    EXPECT_EQ(reply["llvm"], HALYARD_JIT_LLVM_VERSION);
    EXPECT_THAT(reply["targets"].get<std::string>(), HasSubstr("host"));
}

TEST(JitWorker, CompilesAgainAndAgain) {
    const Worker worker;
    std::string first;
    for (int i = 0; i < 3; ++i) {
        sendCompile(worker);
        std::string artifact;
        std::vector<std::string> stages;
        const json reply = worker.reply(&artifact, &stages);
        ASSERT_EQ(reply["status"], 0) << reply;
        EXPECT_EQ(reply["id"], 7);
        EXPECT_THAT(stages, testing::ElementsAre("import", "passes", "optimise", "codegen", "link"));
        EXPECT_EQ(reply["timings"].size(), 5u);
        EXPECT_EQ(artifact.substr(0, 4), "\177ELF");
        first = i == 0 ? artifact : first;
        EXPECT_EQ(artifact, first) << "the same request gives the same bytes";
    }
}

TEST(JitWorker, EmitsTextOfEachStage) {
    const Worker worker;
    for (const auto& [emit, part] :
         {std::pair{"kir", "hy.global_id"}, std::pair{"ir", "hyHostKernelRun"}, std::pair{"asm", "hyHostKernelRun:"}}) {
        json request = kCompile;
        request["emit"] = emit;
        sendCompile(worker, request);
        std::string text;
        const json reply = worker.reply(&text);
        ASSERT_EQ(reply["status"], 0) << reply;
        EXPECT_THAT(text, HasSubstr(part)) << emit;
    }
}

TEST(JitWorker, MistakesInRequestsAreAnswered) {
    const Worker worker;
    const auto expectError = [&](const std::string& text, HyResult code, const std::string& words) {
        worker.send(text, worker_kernel_cl_spv, worker_kernel_cl_spv_size);
        const json reply = worker.reply();
        EXPECT_EQ(reply["status"], code) << reply;
        EXPECT_THAT(reply["message"].get<std::string>(), HasSubstr(words));
    };
    const auto changed = [](const char* field, const json& value) {
        json request = kCompile;
        request[field] = value;
        return request.dump();
    };
    expectError("this is not JSON", HY_ERROR_INVALID_ARGUMENT, "JSON");
    expectError("[1,2]", HY_ERROR_INVALID_ARGUMENT, "JSON");
    expectError(R"({"op":"dance"})", HY_ERROR_INVALID_ARGUMENT, "dance");
    expectError(R"({"op":17})", HY_ERROR_INVALID_ARGUMENT, "malformed");
    expectError(R"({"op":"compile"})", HY_ERROR_INVALID_ARGUMENT, "kernel");
    expectError(changed("kernel", "missing"), HY_ERROR_NOT_FOUND, "'missing'");
    expectError(changed("target", "abacus"), HY_ERROR_UNSUPPORTED, "'abacus'");
    expectError(changed("cpu", "abacus"), HY_ERROR_INVALID_ARGUMENT, "'abacus'");
    expectError(changed("emit", "smoke"), HY_ERROR_INVALID_ARGUMENT, "'smoke'");
    expectError(changed("workgroupSize", {1, 0, 1}), HY_ERROR_INVALID_ARGUMENT, "workgroup size");
    expectError(changed("workgroupSize", {65536, 65536, 1}), HY_ERROR_INVALID_ARGUMENT, "workgroup size");
    worker.send(kCompile.dump(), "garbage", 7);
    EXPECT_NE(worker.reply()["status"], 0);
    sendCompile(worker);
    EXPECT_EQ(worker.reply()["status"], 0) << "mistakes do not end a worker";
}

TEST(JitWorker, EndsWithItsInput) {
    Worker worker;
    worker.send(R"({"op":"hello","id":1})");
    EXPECT_EQ(worker.receive()["status"], 0);
    worker.hangUp();
    EXPECT_TRUE(endedWith(worker.waitForEnd(), 0));
}

TEST(JitWorker, EndsAtMalformedFrames) {
    FrameHeader magic;
    magic.magic = 0x20544547; // "GET "
    FrameHeader large;
    large.jsonSize = FrameHeader::kMaxJson + 1;
    FrameHeader blob;
    blob.blobSize = FrameHeader::kMaxBlob + 1;
    for (const FrameHeader& header : {magic, large, blob}) {
        Worker worker;
        worker.sendRaw(&header, sizeof header);
        EXPECT_TRUE(worker.receive().is_null());
        EXPECT_TRUE(endedWith(worker.waitForEnd(), 65));
    }
}

TEST(JitWorker, RefusesUnknownOptions) {
    Worker unknown({"--colour"});
    EXPECT_TRUE(endedWith(unknown.waitForEnd(), 64));
    Worker number({"--memory-limit-mb=lots"});
    EXPECT_TRUE(endedWith(number.waitForEnd(), 64));
}

TEST(JitWorker, CrashKillsTheWorkerAlone) {
    Worker worker({}, "crash:optimise");
    sendCompile(worker);
    std::vector<std::string> stages;
    EXPECT_TRUE(worker.reply(nullptr, &stages).is_null());
    ASSERT_FALSE(stages.empty());
    EXPECT_EQ(stages.back(), "optimise") << "the stage is known although the worker is gone";
    const int status = worker.waitForEnd();
    ASSERT_GE(status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(JitWorker, HangEndsWhenTheApplicationLeaves) {
    Worker worker({}, "hang:codegen");
    sendCompile(worker);
    while (worker.receive()["progress"] != "codegen") {
    }
    worker.hangUp();
    EXPECT_TRUE(endedWith(worker.waitForEnd(), 0));
}

#ifndef HALYARD_SANITIZED // address space limits and sanitizers do not go together
TEST(JitWorker, MemoryLimitIsAnError) {
    Worker worker({"--memory-limit-mb", "300"}, "memory:passes");
    sendCompile(worker);
    const json reply = worker.reply();
    ASSERT_TRUE(reply.is_object());
    EXPECT_EQ(reply["status"], HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(reply["stage"], "passes");
    EXPECT_TRUE(endedWith(worker.waitForEnd(), 70));
}
#endif

} // namespace
} // namespace halyard::jit::test
