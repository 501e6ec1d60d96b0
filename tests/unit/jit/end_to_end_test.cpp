// SPIR-V of both flavours through the library's C interface, to a kernel that runs.
#include "host_harness.h"
#include "jit/jit.h"

#include <cmath>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "end_to_end_cl.spv.h"
#include "end_to_end_comp.spv.h"

namespace halyard::jit::test {
namespace {

using nlohmann::json;

struct Answer {
    json reply;
    std::string blob;
};

Answer compile(const char* kernel, const Dim3& size, const void* spirv, size_t bytes, const char* cpu = "native") {
    const json request{{"op", "compile"},  {"id", 1},    {"kernel", kernel},
                       {"target", "host"}, {"cpu", cpu}, {"workgroupSize", size}};
    const std::string text = request.dump();
    const HyJitMessage message{text.data(), text.size(), static_cast<const uint8_t*>(spirv), bytes};
    Answer answer;
    const auto sink = [](void* user, const HyJitMessage* got) {
        auto* out = static_cast<Answer*>(user);
        out->reply = json::parse(got->json, got->json + got->jsonSize);
        out->blob.assign(reinterpret_cast<const char*>(got->blob), got->blobSize);
    };
    hyJitHandle(&message, sink, &answer);
    return answer;
}

TEST(EndToEnd, AbiVersion) {
    EXPECT_EQ(hyJitAbi(), HY_JIT_ABI);
}

TEST(EndToEnd, TiledMatrixProduct) {
    constexpr uint32_t n = 48;
    std::vector<float> a(n * n), b(n * n), expected(n * n);
    for (uint32_t i = 0; i < n * n; ++i) {
        a[i] = static_cast<float>(i % 7);
        b[i] = static_cast<float>(i % 5) - 2.0f;
    }
    for (uint32_t y = 0; y < n; ++y) {
        for (uint32_t x = 0; x < n; ++x) {
            for (uint32_t k = 0; k < n; ++k) {
                expected[y * n + x] += a[y * n + k] * b[k * n + x];
            }
        }
    }
    for (const uint32_t tile : {16u, 8u, 1u}) {
        for (const Dim3& size : {Dim3{tile, tile, 1}, Dim3{}}) {
            const Answer answer = compile("product", size, end_to_end_cl_spv, end_to_end_cl_spv_size);
            ASSERT_EQ(answer.reply["status"], 0) << answer.reply;
            const HostKernel kernel(answer.blob);
            std::vector<float> c(n * n, -1.0f);
            kernel.run({n / tile, n / tile, 1}, {tile, tile, 1},
                       {Arg::buffer(c.data()), Arg::buffer(a.data()), Arg::buffer(b.data()), Arg::value(n),
                        Arg::local(tile * tile * 4), Arg::local(tile * tile * 4)},
                       2);
            EXPECT_EQ(c, expected);
        }
    }
}

TEST(EndToEnd, ComputeShaderWithSharedMemoryAndPushConstants) {
    const Answer answer = compile("main", {}, end_to_end_comp_spv, end_to_end_comp_spv_size);
    ASSERT_EQ(answer.reply["status"], 0) << answer.reply;
    const HostKernel kernel(answer.blob);
    EXPECT_THAT(kernel.info().workgroupSize, testing::ElementsAre(64, 1, 1)) << "LocalSize of the module";
    constexpr uint32_t n = 64 * 3 - 5;
    std::vector<uint32_t> in(n), out(3);
    std::iota(in.begin(), in.end(), 1u);
    kernel.run({3, 1, 1}, {64, 1, 1}, {Arg::buffer(out.data()), Arg::buffer(in.data()), Arg::value(n)});
    EXPECT_EQ(out[0], 64u * 65 / 2);
    EXPECT_EQ(std::accumulate(out.begin(), out.end(), 0u), n * (n + 1) / 2);
}

#ifdef __x86_64__
// Older processors take longer, and get the same numbers.
TEST(EndToEnd, MissingInstructionsChangeNoResult) {
    constexpr uint32_t n = 256;
    std::mt19937 random(7);
    std::vector<float> in(n);
    for (uint32_t i = 0; i < n; ++i) {
        const float sign = i % 2 == 0 ? 1.0f : -1.0f;
        in[i] = sign * std::ldexp(static_cast<float>(random() % 10000 + 1) / 64, static_cast<int>(random() % 12) - 8);
    }
    const auto run = [&](const char* cpu, const Dim3& size, std::vector<uint32_t>& out, std::vector<uint64_t>& wide) {
        const Answer answer = compile("soft", size, end_to_end_cl_spv, end_to_end_cl_spv_size, cpu);
        ASSERT_EQ(answer.reply["status"], 0) << cpu << ": " << answer.reply;
        const HostKernel kernel(answer.blob);
        out.assign(8 * n, 0);
        wide.assign(4 * n, 0);
        kernel.run({n / 64, 1, 1}, {64, 1, 1},
                   {Arg::buffer(out.data()), Arg::buffer(wide.data()), Arg::buffer(in.data()), Arg::value(n)});
    };
    std::vector<uint32_t> expected, got;
    std::vector<uint64_t> expectedWide, gotWide;
    run("native", {}, expected, expectedWide);
    for (const char* cpu : {"x86-64", "x86-64-v2"}) {
        for (const Dim3& size : {Dim3{}, Dim3{64, 1, 1}}) {
            run(cpu, size, got, gotWide);
            EXPECT_EQ(got, expected) << cpu;
            EXPECT_EQ(gotWide, expectedWide) << cpu;
        }
    }
    EXPECT_NE(expected[0], 0u);
}
#endif

} // namespace
} // namespace halyard::jit::test
