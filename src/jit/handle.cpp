// The C interface: JSON in, JSON and bytes out.
#include "jit/compile.h"
#include "jit/jit.h"
#include "jit/session.h"
#include "spv/spv.h"

#include <build_id.h>

#include <exception>
#include <mutex>

namespace {

using halyard::jit::CompileRequest;
using halyard::jit::Emit;
using halyard::jit::Session;
using halyard::spv::Error;
using halyard::spv::Result;
using nlohmann::json;

Result<Emit> parseEmit(const std::string& name) {
    if (name == "artifact") {
        return Emit::Artifact;
    }
    if (name == "kir") {
        return Emit::Kir;
    }
    if (name == "ir") {
        return Emit::Ir;
    }
    if (name == "asm") {
        return Emit::Asm;
    }
    return Error{HY_ERROR_INVALID_ARGUMENT, "the compiler cannot emit '" + name + "'", "use artifact, kir, ir or asm"};
}

void compile(Session& session, const json& request, const HyJitMessage& message) {
    CompileRequest parsed;
    parsed.kernel = request.at("kernel").get<std::string>();
    parsed.target = request.at("target").get<std::string>();
    parsed.cpu = request.value("cpu", "");
    parsed.features = request.value("features", "");
    parsed.fastMath = request.value("fastMath", false);
    parsed.options.workgroupSize = request.value("workgroupSize", std::array<uint32_t, 3>{});
    parsed.options.subgroupSize = request.value("subgroupSize", 0U);
    parsed.options.lanes = request.value("lanes", 0U);
    Result<Emit> emit = parseEmit(request.value("emit", "artifact"));
    if (!emit) {
        return session.fail(emit.error());
    }
    parsed.options.emit = *emit;
    const auto& size = parsed.options.workgroupSize;
    const bool any = size == std::array<uint32_t, 3>{};
    constexpr uint64_t kMaxItems = uint64_t{1} << 31;
    const bool whole = size[0] != 0 && size[1] != 0 && size[2] != 0 && size[0] <= kMaxItems / size[1] / size[2];
    if (!any && !whole) {
        return session.fail({HY_ERROR_INVALID_ARGUMENT,
                             "a workgroup size is either all zero or has no zero and at most 2^31 work-items", ""});
    }
    const std::span<const std::byte> spirv(reinterpret_cast<const std::byte*>(message.blob), message.blobSize);
    Result<std::string> artifact = halyard::jit::compile(spirv, parsed, session.stages());
    if (!artifact) {
        return session.fail(artifact.error());
    }
    session.succeed(json::object(), *artifact);
}

// The validator has crashed on damaged modules, which is why it runs here and not in the application.
void validate(Session& session, const HyJitMessage& message) {
    session.stages().enter("validate");
    const std::span<const std::byte> spirv(reinterpret_cast<const std::byte*>(message.blob), message.blobSize);
    std::string note;
    const halyard::spv::Status status = halyard::spv::validate(spirv, &note);
    if (!status) {
        return session.fail(status.error());
    }
    session.succeed(json::object(), note.empty() ? "valid" : note);
}

void dispatch(Session& session, const json& request, const HyJitMessage& message) {
    const std::string op = request.value("op", "");
    if (op == "hello") {
        session.succeed({{"buildId", HALYARD_JIT_BUILD_ID},
                         {"llvm", HALYARD_JIT_LLVM_VERSION},
                         {"targets", halyard::jit::targetNames()}});
    } else if (op == "isolate") {
        halyard::jit::installFatalHandlers();
        session.succeed(json::object());
    } else if (op == "compile") {
        compile(session, request, message);
    } else if (op == "validate") {
        validate(session, message);
    } else {
        session.fail({HY_ERROR_INVALID_ARGUMENT, "the compiler knows no operation '" + op + "'",
                      "the runtime and the compiler must be of the same build"});
    }
}

} // namespace

void hyJitHandle(const HyJitMessage* message, HyJitSink sink, void* user) {
    static std::mutex mutex; // lld keeps global state, and one compilation a process is the rule anyway
    const std::lock_guard lock(mutex);
    const json request =
        json::parse(message->json, message->json + message->jsonSize, nullptr, /*allow_exceptions=*/false);
    Session session(request.is_object() && request.contains("id") ? request["id"] : json(0), sink, user);
    if (!request.is_object()) {
        session.fail({HY_ERROR_INVALID_ARGUMENT, "the request is not a JSON object", ""});
        return;
    }
    halyard::jit::setFatalSession(&session);
    try {
        dispatch(session, request, *message);
    } catch (const json::exception& error) {
        session.fail({HY_ERROR_INVALID_ARGUMENT, std::string("the request is malformed: ") + error.what(), ""});
    } catch (const std::bad_alloc&) {
        session.fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the compiler ran out of memory", ""});
    } catch (const std::exception& error) {
        session.fail({HY_ERROR_INTERNAL, std::string("the compiler failed: ") + error.what(), ""});
    }
    halyard::jit::setFatalSession(nullptr);
}

uint32_t hyJitAbi(void) {
    return HY_JIT_ABI;
}
