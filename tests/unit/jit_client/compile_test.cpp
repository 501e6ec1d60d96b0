// Compilations that succeed: artifacts, cache, sharing, keys.
#include "client_fixture.h"

#include <atomic>
#include <thread>

namespace halyard::test {
namespace {

using ::testing::HasSubstr;

TEST_F(ClientTest, CompilesOnceThenComesFromTheCache) {
    const Result first = compile("saxpy");
    EXPECT_EQ(first.bytes, "artifact of saxpy for host x86-64-v3 from 20 bytes");
    EXPECT_FALSE(first.fromCache);
    EXPECT_TRUE(first.aligned);
    const Result second = compile("saxpy");
    EXPECT_EQ(second.bytes, first.bytes);
    EXPECT_TRUE(second.fromCache);
    EXPECT_TRUE(second.aligned);
    EXPECT_EQ(counters_.compiles, 1u);
    EXPECT_EQ(counters_.compileFailures, 0u);
    EXPECT_EQ(counters_.workersStarted, 1u);
    EXPECT_EQ(counters_.cacheHits, 1u);
    EXPECT_EQ(counters_.cacheWrites, 1u);
}

TEST_F(ClientTest, AWarmCacheNeedsNoWorker) {
    compile("saxpy");
    restart();
    set("HALYARD_JIT_PATH", "/nonexistent/halyard-jit");
    EXPECT_TRUE(compile("saxpy").fromCache);
    EXPECT_EQ(counters_.workersStarted, 1u);
}

TEST_F(ClientTest, ConstructionTouchesNothing) {
    compiler();
    EXPECT_EQ(counters_.workersStarted, 0u);
    EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(ClientTest, EveryPartOfTheRequestIsInTheKey) {
    compile("saxpy");
    std::vector<HyJitRequest> others(8, request("saxpy"));
    const uint8_t digest[32] = {1, 2, 4};
    others[0].spirvDigest = digest;
    others[1].kernel = "saxpz";
    others[2].target = "nvptx";
    others[3].cpu = "x86-64-v4";
    others[4].features = "+avx512vnni";
    others[5].workgroupSize[0] = 64;
    others[6].workgroupSize[2] = 64;
    others[7].flags = HY_JIT_FAST_MATH;
    for (const HyJitRequest& other : others)
        EXPECT_FALSE(compile(other).fromCache);
    EXPECT_EQ(counters_.compiles, 9u);
    for (const HyJitRequest& other : others)
        EXPECT_TRUE(compile(other).fromCache);
}

TEST_F(ClientTest, AModuleWhoseHashFailedIsNeverCached) {
    const uint8_t zero[32] = {};
    HyJitRequest in = request("saxpy");
    in.spirvDigest = zero;
    EXPECT_FALSE(compile(in).fromCache);
    EXPECT_FALSE(compile(in).fromCache);
    EXPECT_EQ(counters_.compiles, 2u);
    EXPECT_EQ(counters_.cacheWrites, 0u);
}

TEST_F(ClientTest, LargeModulesAndKernelsPass) {
    std::vector<uint32_t> words(4u << 20, 0x12345678);
    HyJitRequest in = request("saxpy");
    in.spirv = words.data();
    in.spirvBytes = words.size() * 4;
    EXPECT_THAT(compile(in).bytes, HasSubstr("from 16777216 bytes"));
}

TEST_F(ClientTest, AHundredThreadsShareTheWorkersAndEachKeyIsCompiledOnce) {
    set("HALYARD_JIT_WORKERS", "3");
    compiler();
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 100; ++i) {
        threads.emplace_back([&, i] {
            const std::string kernel = "kernel" + std::to_string(i % 10);
            good += compile(kernel).bytes == "artifact of " + kernel + " for host x86-64-v3 from 20 bytes";
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(good, 100);
    EXPECT_EQ(counters_.compiles, 10u);
    EXPECT_LE(counters_.workersStarted, 3u);
    EXPECT_EQ(counters_.workersLost, 0u);
}

TEST_F(ClientTest, ThreadsThatWaitForOneFailureAllHearOfIt) {
    compiler();
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] { good += compile("crash:codegen").message.find("SIGABRT") != std::string::npos; });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(good, 8);
}

TEST_F(ClientTest, WorkersRunAtTheSameTime) {
    set("HALYARD_JIT_WORKERS", "4");
    compiler();
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            HyJitRequest in = request("slow:700");
            in.workgroupSize[0] = static_cast<uint32_t>(i + 1);
            EXPECT_EQ(compile(in).code, HY_SUCCESS);
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2700)); // one after the other: 2,800
    EXPECT_EQ(counters_.workersStarted, 4u);
}

TEST_F(ClientTest, OffMeansTheCacheAlone) {
    compile("saxpy");
    restart();
    set("HALYARD_JIT", "off");
    EXPECT_TRUE(compile("saxpy").fromCache);
    const Result miss = compile("other");
    EXPECT_EQ(miss.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(miss.message, HasSubstr("HALYARD_JIT=off"));
    EXPECT_THAT(miss.message, HasSubstr("'other'"));
}

TEST_F(ClientTest, ArgumentsAreChecked) {
    const auto check = [&](auto change, const char* argument) {
        HyJitRequest in = request("saxpy");
        change(in);
        const Result result = compile(in);
        EXPECT_LT(result.code, 0);
        EXPECT_EQ(result.argument, argument);
    };
    check([](HyJitRequest& in) { in.spirv = nullptr; }, "request.spirv");
    check([](HyJitRequest& in) { in.spirvBytes = 0; }, "request.spirv");
    check([](HyJitRequest& in) { in.spirvBytes = 7; }, "request.spirv");
    check([](HyJitRequest& in) { in.spirvDigest = nullptr; }, "request.spirvDigest");
    check([](HyJitRequest& in) { in.kernel = nullptr; }, "request.kernel");
    check([](HyJitRequest& in) { in.target = nullptr; }, "request.target");
    check([](HyJitRequest& in) { in.cpu = nullptr; }, "request.cpu");
    check([](HyJitRequest& in) { in.flags = 0x80; }, "request.flags");
    check([](HyJitRequest& in) { in.structSize = 8; }, "request.structSize");
    EXPECT_EQ(compiler().compile(request("saxpy"), nullptr), HY_ERROR_INVALID_ARGUMENT);
    HyJitArtifact artifact = {};
    EXPECT_EQ(compiler().compile(request("saxpy"), &artifact), HY_ERROR_INVALID_STRUCT);
    HyJitRequest in = request("saxpy");
    in.features = nullptr;
    EXPECT_EQ(compile(in).code, HY_SUCCESS);
    EXPECT_EQ(compile("not\xffutf8").code, HY_ERROR_INVALID_ARGUMENT);
}

TEST_F(ClientTest, BackendsHaveACacheOfTheirOwn) {
    HyJitArtifact artifact = {};
    artifact.structSize = sizeof artifact;
    hyClearLastError();
    EXPECT_EQ(compiler().cacheGet("key", 3, &artifact), HY_ERROR_NOT_FOUND);
    HyErrorInfo info = {};
    info.structSize = sizeof info;
    hyGetLastError(&info);
    EXPECT_EQ(info.code, HY_SUCCESS);
    compiler().cachePut("key", 3, "cubin", 5);
    ASSERT_EQ(compiler().cacheGet("key", 3, &artifact), HY_SUCCESS);
    EXPECT_EQ(std::string(static_cast<const char*>(artifact.data), artifact.bytes), "cubin");
    EXPECT_EQ(artifact.fromCache, 1u);
    Compiler::release(&artifact);
    Compiler::release(&artifact); // harmless
    Compiler::release(nullptr);
    EXPECT_EQ(compiler().cacheGet("ke", 2, &artifact), HY_ERROR_NOT_FOUND);
}

} // namespace
} // namespace halyard::test
