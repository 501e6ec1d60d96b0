// A compiler that compiles nothing: jit.h with a behaviour that the kernel's name chooses. Used in process and by
// fake_worker.
//   crash:<stage> hang:<stage>   ends by SIGABRT, or never returns, in that stage
//   slow:<ms>                    takes so long
//   pid fds environment cwd      the artifact is that of the process
//   chatty                       writes 1 MB to standard error, then works
//   unsupported failed refused:<status> empty wrongid noid nostatus nojson memory
// Anything else works: the artifact is text that repeats the request.
#include "jit/jit.h"

#include <build_id.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>

namespace {
using nlohmann::json;

struct Reply {
    HyJitSink sink;
    void* user;
    void operator()(const std::string& text, const std::string& blob = {}) const {
        const HyJitMessage message = {text.data(), text.size(),
                                      blob.empty() ? nullptr : reinterpret_cast<const uint8_t*>(blob.data()),
                                      blob.size()};
        sink(user, &message);
    }
};

std::string argument(const std::string& kernel, const std::string& name) {
    return kernel.rfind(name + ":", 0) == 0 ? kernel.substr(name.size() + 1) : std::string();
}

std::string openDescriptors() {
    std::string out;
    for (int fd = 0; fd < 1024; ++fd) {
        std::error_code fault;
        const auto target = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), fault);
        if (!fault)
            out += std::to_string(fd) + " " + target.native() + "\n";
    }
    return out;
}

std::string artifact(const json& request, const std::string& kernel, size_t spirvBytes) {
    if (kernel == "pid")
        return std::to_string(getpid());
    if (kernel == "fds")
        return openDescriptors();
    if (kernel == "cwd")
        return std::filesystem::current_path().native();
    if (kernel == "environment") {
        const char* value = getenv("FAKE_PROBE");
        return value != nullptr ? value : "unset";
    }
    return request.at("emit").get<std::string>() + " of " + kernel + " for " + request.at("target").get<std::string>() +
           " " + request.at("cpu").get<std::string>() + " from " + std::to_string(spirvBytes) + " bytes";
}

} // namespace

extern "C" uint32_t hyJitAbi(void) {
    return HY_JIT_ABI;
}

extern "C" void hyJitHandle(const HyJitMessage* message, HyJitSink sink, void* user) {
    const Reply reply{sink, user};
    const json request = json::parse(message->json, message->json + message->jsonSize);
    const json id = request.at("id");
    if (request.at("op") == "hello") {
        const char* build = getenv("FAKE_BUILD");
        reply(json({{"id", id}, {"status", 0}, {"buildId", build != nullptr ? build : HALYARD_JIT_BUILD_ID}}).dump());
        return;
    }
    const std::string kernel = request.at("kernel"), emit = request.at("emit");
    for (const std::string stage : {"import", "passes", "optimise", "codegen", "link"}) {
        reply(json({{"id", id}, {"progress", stage}}).dump());
        if (argument(kernel, "crash") == stage) {
            std::fputs("fake: the cause of the crash\n", stderr);
            std::abort();
        }
        while (argument(kernel, "hang") == stage)
            pause();
        if ((emit == "kir" && stage == "import") || (emit == "ir" && stage == "optimise"))
            return reply(json({{"id", id}, {"status", 0}}).dump(), artifact(request, kernel, message->blobSize));
        if (kernel == "failed" && stage == "codegen") {
            reply(json({{"id", id}, {"status", -16}, {"stage", stage}, {"message", "cannot select"}, {"hint", "h"}})
                      .dump());
            return;
        }
    }
    if (const std::string ms = argument(kernel, "slow"); !ms.empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(ms)));
    if (kernel == "chatty")
        std::fputs((std::string(1 << 20, 'x') + "\n").c_str(), stderr);
    if (kernel == "memory") {
        std::fputs("LLVM ERROR: out of memory\nAllocation failed\n", stderr);
        std::abort();
    }
    if (kernel == "unsupported") {
        reply(
            json({{"id", id}, {"status", -9}, {"stage", "import"}, {"message", "OpImageRead"}, {"hint", "use buffers"}})
                .dump());
    } else if (const std::string status = argument(kernel, "refused"); !status.empty()) {
        reply(json({{"id", id}, {"status", std::stoll(status)}, {"message", "refused"}}).dump());
    } else if (kernel == "empty") {
        reply(json({{"id", id}, {"status", 0}}).dump());
    } else if (kernel == "wrongid") {
        reply(json({{"id", 999}, {"status", 0}}).dump(), "x");
    } else if (kernel == "noid") {
        reply(R"({"status":0})", "x");
    } else if (kernel == "nostatus") {
        reply(json({{"id", id}, {"status", "fine"}}).dump(), "x");
    } else if (kernel == "nojson") {
        reply(std::string("{\"id\":\xff[[[", 9), "x");
    } else {
        reply(json({{"id", id}, {"status", 0}}).dump(), artifact(request, kernel, message->blobSize));
    }
}
