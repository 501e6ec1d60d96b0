// PTX as NVIDIA's compiler writes it.
#include "device.h"

#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <sstream>

namespace halyard::softcuda::ptx::test {
namespace {

struct Pair {
    int a;
    double b;
};

std::vector<int> expected(int blocks, int threads, const std::vector<float>& in, Pair p) {
    const float table[4] = {1, 2, 4, 8};
    std::vector<int> out(static_cast<size_t>(blocks * threads));
    for (int block = 0; block < blocks; ++block) {
        std::vector<float> tile(static_cast<size_t>(threads)), sums(static_cast<size_t>(threads));
        const auto at = [&](int t) -> float& { return tile[static_cast<size_t>(t % threads)]; };
        for (int t = 0; t < threads; ++t)
            at(t) = in[static_cast<size_t>(block * threads + t) % in.size()] * table[t & 3];
        for (int t = 0; t < threads; ++t)
            for (int k = 0; k <= t % 7; ++k)
                sums[static_cast<size_t>(t)] += at(t + k);
        for (int offset = 16; offset > 0; offset /= 2) {
            const auto before = sums;
            for (size_t t = 0; t < sums.size(); ++t)
                sums[t] += before[t ^ static_cast<size_t>(offset)];
        }
        for (int t = 0; t < threads; ++t) {
            const int i = block * threads + t;
            int code = 0;
            switch (t % 5) {
            case 0:
                for (int k = 0; k < 8; ++k)
                    code = (k + t) % 8 == t % 8 ? k * t : code;
                break;
            case 1:
                code = std::popcount(static_cast<unsigned>(i));
                break;
            case 2:
                code = 1;
                break;
            case 3:
                code = static_cast<int>(p.b + p.a * (t % 4));
                break;
            default:
                code = static_cast<int>(at(t + 1) + 1);
            }
            out[static_cast<size_t>(i)] = code + static_cast<int>(sums[static_cast<size_t>(t)]);
        }
    }
    return out;
}

class Nvcc : public ::testing::TestWithParam<const char*> {};

TEST_P(Nvcc, KernelComputesWhatTheHostDoes) {
#ifndef SOFTCUDA_NVCC_PTX
    GTEST_SKIP() << "there is no nvcc";
#else
    std::ifstream file(std::string(SOFTCUDA_NVCC_PTX) + GetParam());
    ASSERT_TRUE(file.good());
    std::stringstream text;
    text << file.rdbuf();
    Device device;
    std::string log;
    ASSERT_EQ(Program::load(text.str(), {90, 120}, device.memory, device.program, log), LoadStatus::Ok) << log;
    std::vector<float> in(50);
    for (size_t i = 0; i < in.size(); ++i)
        in[i] = static_cast<float>(i);
    const uint64_t out = device.buffer(std::vector<int>(192, -1)), inAt = device.buffer(in);
    const Pair pair{3, 10.5};
    const auto result = expected(2, 96, in, pair);
    uint64_t b = 0;
    std::memcpy(&b, &pair.b, 8);
    device.expectRuns(2, 96, {out, inAt, 3, b, in.size()}, 96 * sizeof(float));
    EXPECT_EQ(device.read<int>(out, 192), result);
    const auto counters = device.program->global("counters");
    ASSERT_TRUE(counters.has_value());
    EXPECT_EQ(device.read<int>(counters->first, 2), (std::vector<int>{5, 6 + 192}));
#endif
}

INSTANTIATE_TEST_SUITE_P(Levels, Nvcc, ::testing::Values("/O3.ptx", "/debug.ptx", "/sm_120.ptx"));

} // namespace
} // namespace halyard::softcuda::ptx::test
