#include "jit/client/compiler.h"

#include "base/error.h"
#include "base/sha256.h"
#include "base/struct_size.h"
#include "jit/client/in_process.h"
#include "jit/client/pack.h"
#include "jit/client/request.h"
#include "jit/client/settings.h"
#include "jit/client/worker_compile.h"
#include "jit/client/worker_pool.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <unistd.h>

namespace halyard {
namespace {

using jit::CompileRequest;
using jit::Outcome;

constexpr size_t kJitArtifactV1 = 32;

// A compilation under way, and the threads that wait for it.
struct Flight {
    std::mutex mutex;
    std::condition_variable landed;
    std::shared_ptr<const Outcome> outcome;
    const Outcome noMemory{.code = HY_ERROR_OUT_OF_HOST_MEMORY};

    std::shared_ptr<const Outcome> wait() {
        std::unique_lock lock(mutex);
        landed.wait(lock, [this] { return outcome != nullptr; });
        return outcome;
    }
    void land(std::shared_ptr<const Outcome> result) {
        {
            const std::lock_guard lock(mutex);
            outcome = std::move(result);
        }
        landed.notify_all();
    }
};

// HyJitArtifact::owner.
using Owner = std::shared_ptr<const CacheBlob>;

HyResult deliver(std::shared_ptr<const CacheBlob> blob, bool fromCache, HyJitArtifact* out) {
    HyJitArtifact artifact = {.structSize = sizeof artifact};
    artifact.fromCache = fromCache ? 1 : 0;
    artifact.data = blob->bytes().data();
    artifact.bytes = blob->bytes().size();
    artifact.owner = new Owner(std::move(blob));
    writeStruct(out, artifact, kJitArtifactV1);
    return HY_SUCCESS;
}

HyResult checkOut(const HyJitArtifact* out) {
    if (out == nullptr)
        return fail(HY_ERROR_INVALID_ARGUMENT, "outArtifact", "pass a HyJitArtifact", "outArtifact is null");
    if (out->structSize < kJitArtifactV1)
        return fail(HY_ERROR_INVALID_STRUCT, "outArtifact.structSize", "set it to sizeof(HyJitArtifact)",
                    "structSize is {}", out->structSize);
    return HY_SUCCESS;
}

HyResult outOfMemory() {
    return setLastError({HY_ERROR_OUT_OF_HOST_MEMORY, {}, "no memory to compile a kernel", {}, {}, {}, 0});
}

} // namespace

struct Compiler::Impl {
    Impl(Cache& cacheIn, Log& log, Counters& countersIn)
        : cache(cacheIn), counters(countersIn), settings(jit::readSettings(log)),
          pack(settings.pack, settings.packRecord, log), pool(settings, log, counters) {}

    Cache& cache;
    Counters& counters;
    const jit::Settings settings;
    const pid_t creator = getpid();
    jit::Pack pack;
    jit::WorkerPool pool;
    jit::InProcessCompiler inProcess;
    std::mutex mutex;
    std::map<CacheKey, std::shared_ptr<Flight>> flights;

    Outcome runCompiler(const CompileRequest& request);
    Outcome fromCacheOrCompiler(const CompileRequest& request, const CacheKey& key);
    std::shared_ptr<const Outcome> shared(const CompileRequest& request, const CacheKey& key);
};

Compiler::Compiler(Cache& cache, Log& log, Counters& counters) : impl_(std::make_unique<Impl>(cache, log, counters)) {}

// In a forked child the workers are the parent's, and another thread may have held our locks at the fork: nothing may
// be touched, so it is left to the end of the process.
Compiler::~Compiler() {
    if (getpid() != impl_->creator)
        static_cast<void>(impl_.release());
}

Outcome Compiler::Impl::runCompiler(const CompileRequest& request) {
    if (settings.mode == jit::Mode::Off)
        return Outcome::failure(
            HY_ERROR_COMPILER_LOST,
            fmt::format("{} is not in the cache, and HALYARD_JIT=off forbids compiling", request.describe()),
            "fill the cache first by a run without HALYARD_JIT=off");
    counters.compiles.fetch_add(1, std::memory_order_relaxed);
    Outcome outcome =
        settings.mode == jit::Mode::InProcess ? inProcess.compile(request) : compileInWorker(pool, request);
    if (outcome.code != HY_SUCCESS)
        counters.compileFailures.fetch_add(1, std::memory_order_relaxed);
    return outcome;
}

Outcome Compiler::Impl::fromCacheOrCompiler(const CompileRequest& request, const CacheKey& key) {
    if (std::shared_ptr<const CacheBlob> blob = cache.get(key)) {
        Outcome hit;
        hit.artifact = std::move(blob);
        hit.fromCache = true;
        return hit;
    }
    if (std::shared_ptr<const CacheBlob> blob = pack.get(request)) {
        Outcome hit;
        hit.artifact = std::move(blob);
        hit.fromCache = true; // so that code for an older processor does not enter the cache as this one's
        return hit;
    }
    Outcome outcome = runCompiler(request);
    if (const std::string why = pack.describeMiss(); outcome.code == HY_ERROR_COMPILER_LOST && !why.empty())
        outcome.hint = why;
    return outcome;
}

// The flight is entered before the cache is asked: a thread that comes when another has just finished finds its flight
// or its file.
std::shared_ptr<const Outcome> Compiler::Impl::shared(const CompileRequest& request, const CacheKey& key) {
    const auto mine = std::make_shared<Flight>();
    std::shared_ptr<Flight> theirs;
    {
        const std::lock_guard lock(mutex);
        const auto [entry, inserted] = flights.try_emplace(key, mine);
        if (!inserted)
            theirs = entry->second;
    }
    if (theirs != nullptr)
        return theirs->wait();
    // Shares the flight's allocation, so that the waiters hear of exhausted memory too.
    std::shared_ptr<const Outcome> outcome(mine, &mine->noMemory);
    try {
        outcome = std::make_shared<const Outcome>(fromCacheOrCompiler(request, key));
    } catch (...) { // std::bad_alloc, or std::system_error of a lock
    }
    mine->land(outcome);
    try {
        if (outcome->artifact != nullptr)
            pack.record(request, outcome->artifact->bytes());
        if (outcome->artifact != nullptr && !outcome->fromCache)
            cache.put(key, outcome->artifact->bytes());
    } catch (...) { // the artifact is not kept
    }
    const std::lock_guard lock(mutex);
    flights.erase(key);
    return outcome;
}

HyResult Compiler::validate(std::span<const std::byte> module, const char* argument) try {
    if (getpid() != impl_->creator)
        return fail(HY_ERROR_FORKED, "", "create a new instance in the child process",
                    "this process was forked after the instance was created");
    Sha256 hash;
    hash.update(module.data(), module.size());
    const std::array<uint8_t, 32> digest = hash.finish();
    CompileRequest request;
    request.operation = jit::Operation::Validate;
    request.spirv = module;
    request.digest = std::as_bytes(std::span(digest));
    const std::optional<CacheKey> key = jit::compileKey(request);
    const std::shared_ptr<const Outcome> outcome =
        key ? impl_->shared(request, *key) : std::make_shared<const Outcome>(impl_->runCompiler(request));
    if (outcome->code == HY_ERROR_OUT_OF_HOST_MEMORY)
        return outOfMemory();
    if (outcome->code == HY_ERROR_COMPILER_LOST && outcome->stage == "validate")
        return fail(HY_ERROR_INVALID_MODULE, argument, "check the module with spirv-val",
                    "SPIRV-Tools' validator failed: {}", outcome->message);
    if (outcome->code != HY_SUCCESS)
        return jit::report(*outcome, argument);
    // The answer is "valid", or what was passed over.
    const std::span<const std::byte> answer = outcome->artifact->bytes();
    const std::string_view text(reinterpret_cast<const char*>(answer.data()), answer.size());
    if (text != "valid")
        impl_->pool.log().info("jit", "{}", text);
    return HY_SUCCESS;
} catch (...) {
    return outOfMemory();
}

HyResult Compiler::compile(const HyJitRequest& request, HyJitArtifact* outArtifact) try {
    if (getpid() != impl_->creator)
        return fail(HY_ERROR_FORKED, "", "create a new instance in the child process",
                    "this process was forked after the instance was created");
    if (const HyResult result = checkOut(outArtifact); result != HY_SUCCESS)
        return result;
    CompileRequest checked;
    if (const HyResult result = jit::readRequest(request, checked); result != HY_SUCCESS)
        return result;
    const std::optional<CacheKey> key = jit::compileKey(checked);
    const std::shared_ptr<const Outcome> outcome =
        key ? impl_->shared(checked, *key) : std::make_shared<const Outcome>(impl_->runCompiler(checked));
    if (outcome->code == HY_ERROR_OUT_OF_HOST_MEMORY)
        return outOfMemory();
    if (outcome->code != HY_SUCCESS)
        return jit::report(*outcome);
    return deliver(outcome->artifact, outcome->fromCache, outArtifact);
} catch (...) {
    return outOfMemory();
}

void Compiler::release(HyJitArtifact* artifact) {
    if (artifact == nullptr)
        return;
    delete static_cast<Owner*>(artifact->owner);
    artifact->owner = nullptr;
    artifact->data = nullptr;
    artifact->bytes = 0;
}

HyResult Compiler::cacheGet(const void* key, uint64_t keyBytes, HyJitArtifact* outArtifact) try {
    if (const HyResult result = checkOut(outArtifact); result != HY_SUCCESS)
        return result;
    if (key == nullptr || getpid() != impl_->creator)
        return HY_ERROR_NOT_FOUND;
    std::shared_ptr<const CacheBlob> blob =
        impl_->cache.get(jit::backendKey({static_cast<const std::byte*>(key), keyBytes}));
    return blob != nullptr ? deliver(std::move(blob), true, outArtifact) : HY_ERROR_NOT_FOUND;
} catch (...) {
    return HY_ERROR_NOT_FOUND;
}

void Compiler::cachePut(const void* key, uint64_t keyBytes, const void* data, uint64_t bytes) try {
    if (key == nullptr || (data == nullptr && bytes > 0) || getpid() != impl_->creator)
        return;
    impl_->cache.put(jit::backendKey({static_cast<const std::byte*>(key), keyBytes}),
                     {static_cast<const std::byte*>(data), bytes});
} catch (...) { // a cache that lacks memory forgets
}

} // namespace halyard
