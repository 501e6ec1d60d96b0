// A compilation request: checked, turned into a cache key and into the worker's JSON.
#pragma once

#include "cache/cache.h"
#include "halyard/backend.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace halyard::jit {

enum class Operation {
    Compile,
    Validate, // of `spirv` alone; `digest` is of its raw bytes, and the artifact is a mark that it is valid
};

// Borrows everything from the HyJitRequest.
struct CompileRequest {
    Operation operation = Operation::Compile;
    std::span<const std::byte> spirv;
    std::span<const std::byte> digest;
    std::string_view kernel, target, cpu, features;
    std::array<uint32_t, 3> workgroupSize{};
    uint32_t subgroupSize = 0;
    uint32_t flags = 0;

    // "kernel 'saxpy' for host x86-64-v3": the words of every message.
    std::string describe() const;
};

// HY_SUCCESS, or an error with the thread's record set. Null strings other than `features` are errors.
HyResult readRequest(const HyJitRequest& request, CompileRequest& out);

// Over all that decides the artifact. None when the digest is all zero, which is what a failed hash leaves: such a
// module must not be confused with another.
std::optional<CacheKey> compileKey(const CompileRequest& request);

// A key of a backend's own. Never equal to a compileKey.
CacheKey backendKey(std::span<const std::byte> key);

// The "compile" request of jit.h. None when a string is not UTF-8, which JSON cannot carry.
std::optional<std::string> toJson(const CompileRequest& request, uint64_t id, const char* emit);

// The build of this library's compiler, as the worker reports its own.
std::string_view buildId();

} // namespace halyard::jit
