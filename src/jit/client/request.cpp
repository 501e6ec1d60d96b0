#include "jit/client/request.h"

#include "base/error.h"
#include "base/struct_size.h"
#include "jit/protocol.h"

#include <build_id.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace halyard::jit {
namespace {

constexpr size_t kJitRequestV1 = 88;
constexpr uint32_t kKnownFlags = HY_JIT_FAST_MATH | HY_JIT_LANES(0xFF);
constexpr std::string_view kCompileNamespace = "halyard.jit.compile.1";
constexpr std::string_view kValidateNamespace = "halyard.jit.validate.1";
constexpr std::string_view kBackendNamespace = "halyard.backend.1";

std::span<const std::byte> bytesOf(std::string_view text) {
    return std::as_bytes(std::span(text));
}

} // namespace

std::string CompileRequest::describe() const {
    if (operation == Operation::Validate)
        return fmt::format("a SPIR-V module of {} bytes", spirv.size());
    return fmt::format("kernel '{}' for {} {}", kernel, target, cpu);
}

HyResult readRequest(const HyJitRequest& request, CompileRequest& out) {
    HyJitRequest in;
    if (readStruct(&request, in, kJitRequestV1) != StructFault::None)
        return fail(HY_ERROR_INVALID_STRUCT, "request.structSize", "set it to sizeof(HyJitRequest)",
                    "structSize {} is not one that this runtime knows", request.structSize);
    if (in.flags & ~kKnownFlags)
        return fail(HY_ERROR_INVALID_ARGUMENT, "request.flags", "", "unknown flags {:#x}", in.flags & ~kKnownFlags);
    if (in.spirv == nullptr || in.spirvBytes == 0 || in.spirvBytes % 4 != 0 || in.spirvBytes > FrameHeader::kMaxBlob)
        return fail(HY_ERROR_INVALID_ARGUMENT, "request.spirv", "pass the module's words",
                    "{} bytes of SPIR-V: a positive multiple of 4, at most {}, is needed", in.spirvBytes,
                    FrameHeader::kMaxBlob);
    if (in.spirvDigest == nullptr)
        return fail(HY_ERROR_INVALID_ARGUMENT, "request.spirvDigest", "pass the digest of HyBackendModuleDesc",
                    "spirvDigest is null");
    const struct {
        const char* name;
        const char* value;
    } texts[] = {{"request.kernel", in.kernel}, {"request.target", in.target}, {"request.cpu", in.cpu}};
    for (const auto& text : texts) {
        if (text.value == nullptr)
            return fail(HY_ERROR_INVALID_ARGUMENT, text.name, "", "{} is null", text.name);
    }
    out.spirv = {static_cast<const std::byte*>(in.spirv), in.spirvBytes};
    out.digest = std::as_bytes(std::span(in.spirvDigest, sizeof(CacheKey)));
    out.kernel = in.kernel;
    out.target = in.target;
    out.cpu = in.cpu;
    out.features = in.features != nullptr ? in.features : "";
    std::copy(std::begin(in.workgroupSize), std::end(in.workgroupSize), out.workgroupSize.begin());
    out.subgroupSize = in.subgroupSize;
    out.flags = in.flags;
    return HY_SUCCESS;
}

std::optional<CacheKey> compileKey(const CompileRequest& request) {
    if (std::all_of(request.digest.begin(), request.digest.end(), [](std::byte b) { return b == std::byte{0}; }))
        return std::nullopt;
    const bool validate = request.operation == Operation::Validate;
    const std::span<const std::byte> parts[] = {bytesOf(validate ? kValidateNamespace : kCompileNamespace),
                                                bytesOf(buildId()),
                                                request.digest,
                                                bytesOf(request.kernel),
                                                bytesOf(request.target),
                                                bytesOf(request.cpu),
                                                bytesOf(request.features),
                                                std::as_bytes(std::span(request.workgroupSize)),
                                                std::as_bytes(std::span(&request.subgroupSize, 1)),
                                                std::as_bytes(std::span(&request.flags, 1))};
    return Cache::makeKey(parts);
}

CacheKey backendKey(std::span<const std::byte> key) {
    const std::span<const std::byte> parts[] = {bytesOf(kBackendNamespace), key};
    return Cache::makeKey(parts);
}

std::optional<std::string> toJson(const CompileRequest& request, uint64_t id, const char* emit) {
    const nlohmann::json document = {{"op", request.operation == Operation::Validate ? "validate" : "compile"},
                                     {"id", id},
                                     {"kernel", request.kernel},
                                     {"target", request.target},
                                     {"cpu", request.cpu},
                                     {"features", request.features},
                                     {"workgroupSize", request.workgroupSize},
                                     {"subgroupSize", request.subgroupSize},
                                     {"fastMath", (request.flags & HY_JIT_FAST_MATH) != 0},
                                     {"lanes", request.flags >> 8 & 0xFF},
                                     {"emit", emit}};
    try {
        return document.dump();
    } catch (const nlohmann::json::type_error&) {
        return std::nullopt;
    }
}

std::string_view buildId() {
    return HALYARD_JIT_BUILD_ID;
}

} // namespace halyard::jit
