// The core's side of the compiler: cache lookup, then a worker process (or the library in process). One per instance.
#pragma once

#include "base/counters.h"
#include "base/log.h"
#include "cache/cache.h"
#include "halyard/backend.h"

#include <memory>
#include <span>

namespace halyard {

// Thread-safe. Starts nothing until the first cache miss. Concurrent requests for the same key are compiled once.
class Compiler {
public:
    // Reads HALYARD_JIT, HALYARD_JIT_PATH, HALYARD_JIT_TIMEOUT_MS, HALYARD_JIT_MEMORY_MB, HALYARD_JIT_WORKERS,
    // HALYARD_DUMP_DIR (docs/environment.md).
    Compiler(Cache& cache, Log& log, Counters& counters);
    // Ends the workers: closes their pipes, and kills one that does not leave within a second. Reaps them.
    ~Compiler();

    // As HyHostServices::jitCompile: on failure the thread's error record is set and its code returned.
    HyResult compile(const HyJitRequest& request, HyJitArtifact* outArtifact);
    // Runs SPIRV-Tools' validator over a module's bytes in a worker, since it has crashed on damaged ones, or finds in
    // the cache that they were valid before. On failure the record is set and blames `argument`. Errors:
    // HY_ERROR_INVALID_MODULE (also when the validator crashes or never ends), HY_ERROR_UNSUPPORTED_SPIRV,
    // HY_ERROR_COMPILER_LOST (no worker could be started).
    HyResult validate(std::span<const std::byte> module, const char* argument);
    // As HyHostServices::jitRelease, cacheGet and cachePut.
    static void release(HyJitArtifact* artifact);
    HyResult cacheGet(const void* key, uint64_t keyBytes, HyJitArtifact* outArtifact);
    void cachePut(const void* key, uint64_t keyBytes, const void* data, uint64_t bytes);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace halyard
