#include "harness.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {

namespace {

std::string kernel(const std::string& from) {
    return kirText("define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) #0 {\n"
                   "  %id = call i64 @hy.local_linear_id()\n"
                   "  %from = getelementptr " +
                       from +
                       ", ptr addrspace(1) %in, i64 %id\n"
                       "  %v = load " +
                       from +
                       ", ptr addrspace(1) %from\n"
                       "  %b = fptrunc " +
                       from +
                       " %v to bfloat\n"
                       "  %to = getelementptr [2 x i32], ptr addrspace(1) %out, i64 %id\n"
                       "  store bfloat %b, ptr addrspace(1) %to\n"
                       "  %w = fpext bfloat %b to float\n"
                       "  %wide = getelementptr i8, ptr addrspace(1) %to, i64 4\n"
                       "  store float %w, ptr addrspace(1) %wide\n  ret void\n}\n",
                   "");
}

// To the nearest, ties to even, once.
uint16_t rounded(double value) {
    if (std::isnan(value)) {
        return 0x7fff;
    }
    const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    const double size = std::fabs(value);
    uint16_t low = 0;
    for (uint16_t bit = 0x4000; bit != 0; bit >>= 1) {
        const auto next = static_cast<uint16_t>(low | bit);
        if (next <= 0x7f80 && std::bit_cast<float>(uint32_t{next} << 16) <= size) {
            low = next;
        }
    }
    if (low >= 0x7f80) {
        return sign | 0x7f80;
    }
    const double below = std::bit_cast<float>(uint32_t{low} << 16);
    const double above = low == 0x7f7f ? std::ldexp(1.0, 128) : std::bit_cast<float>((uint32_t{low} + 1) << 16);
    const double toBelow = size - below;
    const double toAbove = above - size;
    const bool up = toAbove < toBelow || (toAbove == toBelow && low % 2 == 1);
    return static_cast<uint16_t>(sign | (low + (up ? 1 : 0)));
}

template <typename T> void check(const std::string& type, uint32_t sm) {
    std::vector<T> in{T(0),
                      T(-0.0),
                      T(1),
                      std::numeric_limits<T>::infinity(),
                      -std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN(),
                      std::numeric_limits<T>::max(),
                      std::numeric_limits<T>::denorm_min(),
                      T(1.00390625),
                      T(1.01171875),
                      T(3.39e38),
                      T(1e-40)};
    if constexpr (std::is_same_v<T, double>) {
        in.push_back(1.00390625 + 1e-14); // a tie once it is a float
        in.push_back(1.01171875 - 1e-14);
        in.push_back(std::ldexp(255.5, 120) - 1e20);
    }
    std::mt19937_64 random(3);
    while (in.size() % 32 != 0 || in.size() < 512) {
        in.push_back(static_cast<T>(std::ldexp(double(random()) - 9e18, int(random() % 250) - 180)));
    }
    const auto program = machine(kernel(type), {.workgroupSize = {32, 1, 1}, .sm = sm});
    for (size_t first = 0; first < in.size(); first += 32) {
        std::vector<uint32_t> out(64);
        program->run(32, {uint64_t(in.data() + first), uint64_t(out.data())});
        for (size_t i = 0; i < 32; ++i) {
            const T value = in[first + i];
            const auto bits = static_cast<uint16_t>(out[i * 2]);
            if (std::isnan(value)) {
                EXPECT_TRUE(std::isnan(std::bit_cast<float>(uint32_t{bits} << 16)));
            } else {
                ASSERT_EQ(bits, rounded(value)) << type << " " << value << " sm_" << sm;
                ASSERT_EQ(out[i * 2 + 1], uint32_t{bits} << 16);
            }
        }
    }
}

} // namespace

TEST(NvptxBfloat, RoundsOnceFromFloatAndDouble) {
    for (const uint32_t sm : {70u, 80u, 90u}) {
        check<float>("float", sm);
        check<double>("double", sm);
    }
}

TEST(NvptxBfloat, UsesTheProcessorsInstructionWhereThereIsOne) {
    EXPECT_EQ(count(ptx(kernel("float"), {.sm = 75}), "cvt.rn.bf16"), 0u);
    for (const uint32_t sm : {80u, 90u, 100u}) {
        for (const char* type : {"float", "double"}) {
            const std::string code = ptx(kernel(type), {.sm = sm});
            EXPECT_EQ(count(code, "cvt.rn.bf16.f32"), 1u) << code;
            EXPECT_TRUE(!hasPtxas() || assemble(code, sm).empty()) << assemble(code, sm);
        }
    }
}

} // namespace halyard::jit::nvptx::test
