#include "jit/client/in_process.h"

#include "cache/memory_blob.h"
#include "jit/client/locate.h"
#include "jit/client/message.h"

#include <fmt/format.h>

#include <cstring>
#include <dlfcn.h>

namespace halyard::jit {
namespace {

// Collects the messages of one request.
struct Collector {
    uint64_t id;
    std::string stage;
    std::string problem = "no reply";
    std::optional<Message> reply;
    std::unique_ptr<MemoryBlob> blob;

    void add(const HyJitMessage& message) {
        std::optional<Message> parsed = parseMessage({message.json, message.jsonSize}, id, problem);
        if (parsed && parsed->progress) {
            stage = std::move(parsed->stage);
            return;
        }
        reply = std::move(parsed);
        if (!reply || message.blobSize == 0)
            return;
        blob = MemoryBlob::allocate(message.blobSize);
        if (blob != nullptr)
            std::memcpy(blob->writable().data(), message.blob, message.blobSize);
    }
    static void sink(void* user, const HyJitMessage* message) {
        auto* self = static_cast<Collector*>(user);
        try {
            self->add(*message);
        } catch (...) { // memory: nothing may pass through the C interface
            self->reply.reset();
        }
    }
};

Collector handle(decltype(&hyJitHandle) function, uint64_t id, std::string_view json, std::span<const std::byte> blob) {
    Collector collector{.id = id};
    const HyJitMessage message = {json.data(), json.size(), reinterpret_cast<const uint8_t*>(blob.data()), blob.size()};
    function(&message, &Collector::sink, &collector);
    return collector;
}

Outcome loadFailure(std::string problem) {
    return Outcome::failure(HY_ERROR_COMPILER_LOST, std::move(problem),
                            "install libhalyard_jit.so beside libhalyard.so, both from the same build, or leave "
                            "HALYARD_JIT=inprocess out");
}

} // namespace

Outcome InProcessCompiler::load() {
    const std::vector<std::filesystem::path> candidates = libraryCandidates();
    const std::filesystem::path path = firstExisting(candidates);
    if (path.empty())
        return loadFailure(fmt::format("libhalyard_jit.so is in none of: {}", joinPaths(candidates)));
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return loadFailure(fmt::format("cannot load the compiler: {}", dlerror()));
    const auto abi = reinterpret_cast<decltype(&hyJitAbi)>(dlsym(library, "hyJitAbi"));
    const auto function = reinterpret_cast<decltype(&hyJitHandle)>(dlsym(library, "hyJitHandle"));
    if (abi == nullptr || function == nullptr || abi() != HY_JIT_ABI)
        return loadFailure(fmt::format("{} has another interface than this runtime", path.native()));
    const uint64_t id = ++lastId_;
    const Collector hello = handle(function, id, helloJson(id), {});
    const std::string problem = hello.reply ? checkHello(*hello.reply) : "answered with " + hello.problem;
    if (!problem.empty())
        return loadFailure(fmt::format("{} {}", path.native(), problem));
    handle_ = function;
    return {};
}

Outcome InProcessCompiler::compile(const CompileRequest& request) {
    const std::lock_guard lock(mutex_);
    if (handle_ == nullptr) {
        if (Outcome failure = load(); failure.code != HY_SUCCESS)
            return failure;
    }
    const uint64_t id = ++lastId_;
    const std::optional<std::string> json = toJson(request, id, "artifact");
    if (!json)
        return Outcome::failure(HY_ERROR_INVALID_ARGUMENT,
                                fmt::format("a string of the request for {} is not UTF-8", request.describe()), "");
    Collector result = handle(handle_, id, *json, request.spirv);
    if (!result.reply)
        return Outcome::failure(HY_ERROR_COMPILE_FAILED,
                                fmt::format("{}: the compiler answered with {}", request.describe(), result.problem),
                                "this is a defect of libhalyard_jit.so: please report it");
    if (result.reply->status != HY_SUCCESS)
        return Outcome::failure(result.reply->status, fmt::format("{}: {}", request.describe(), result.reply->message),
                                result.reply->hint);
    if (result.blob == nullptr)
        return Outcome::failure(HY_ERROR_COMPILE_FAILED,
                                fmt::format("{}: the compiler answered without an artifact", request.describe()), "");
    Outcome out;
    out.artifact = std::move(result.blob);
    return out;
}

} // namespace halyard::jit
