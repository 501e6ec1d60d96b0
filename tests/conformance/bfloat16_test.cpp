// bfloat16 (SPV_KHR_bfloat16): conversions and OpDot of a whole module, to the bit.
#include "builder/kernel.h"
#include "fixture.h"

#include <cmath>
#include <cstring>

using namespace halyard::conformance;
using namespace halyard::spirvtest;

namespace {

constexpr uint32_t kGroup = 32;

uint32_t bitsOf(float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}
float fromBits(uint32_t bits) {
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// To the nearest, ties to the even one.
uint16_t rounded(float value) {
    const uint32_t bits = bitsOf(value);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
float widened(uint16_t bits) {
    return fromBits(uint32_t{bits} << 16);
}

// Out 0: each float as bfloat16. Out 1: that as a float again. Out 2: the dot product of four of them with their
// rotation. Buffers: floats, u16, floats, u16.
Words conversions(Flavour flavour) {
    Module m(flavour);
    m.extension("SPV_KHR_bfloat16");
    m.capability(Capability::BFloat16TypeKHR);
    m.capability(Capability::BFloat16DotProductKHR);
    const Id f32 = m.floatType(32), u16 = m.intType(16);
    const Id bf16 = m.opaqueType(Op::TypeFloat, {16, 0});
    const Id bf16x4 = m.opaqueType(Op::TypeVector, {bf16, 4});
    Kernel k(m, "k", {f32, u16, f32, u16}, {kGroup, 1, 1});
    const Id i = k.globalId();
    const Id narrow = m.value(Op::FConvert, bf16, {k.load(0, i)});
    k.store(1, i, m.value(Op::Bitcast, u16, {narrow}));
    k.store(2, i, m.value(Op::FConvert, f32, {narrow}));
    Ids parts;
    for (uint32_t c = 0; c < 4; ++c) {
        const Id index = m.value(Op::UMod, k.indexType(),
                                 {m.value(Op::IAdd, k.indexType(), {i, k.indexConstant(c)}), k.indexConstant(kGroup)});
        parts.push_back(m.value(Op::FConvert, bf16, {k.load(0, index)}));
    }
    const Id left = m.value(Op::CompositeConstruct, bf16x4, parts);
    const Id right = m.value(Op::VectorShuffle, bf16x4, {left, left, 1, 2, 3, 0});
    k.store(3, i, m.value(Op::Bitcast, u16, {m.value(Op::Dot, bf16, {left, right})}));
    k.finish();
    return m.words();
}

} // namespace

class Bfloat16 : public DeviceTest {};

TEST_F(Bfloat16, ConvertsAndMultiplies) {
    // Ties to both sides, what rounds up to the next power of two and to infinity, subnormal numbers, zeros, infinity.
    std::vector<float> in = {fromBits(0x3f808000),
                             fromBits(0x3f818000),
                             fromBits(0x3f808001),
                             fromBits(0x3fffffff),
                             fromBits(0x7f7fffff),
                             fromBits(0x00012345),
                             fromBits(0x80007fff),
                             0.0F,
                             -0.0F,
                             INFINITY,
                             -1.0F};
    while (in.size() < kGroup)
        in.push_back(static_cast<float>(static_cast<int>(in.size() * 2654435761U >> 20) - 2048) / 37);
    std::vector<uint16_t> narrow(kGroup), dots(kGroup);
    std::vector<uint32_t> wide(kGroup);
    for (uint32_t i = 0; i < kGroup; ++i) {
        narrow[i] = rounded(in[i]);
        wide[i] = bitsOf(widened(narrow[i]));
    }
    for (uint32_t i = 0; i < kGroup; ++i) {
        const auto at = [&](uint32_t c) { return widened(narrow[(i + c % 4) % kGroup]); };
        float sum = at(0) * at(1);
        for (uint32_t c = 1; c < 4; ++c)
            sum += at(c) * at(c + 1);
        dots[i] = rounded(sum);
    }
    for (const Flavour flavour : {Flavour::Kernel, Flavour::GLCompute}) {
        const Words words = conversions(flavour);
        HyKernel kernel = makeKernel(loadModule(words.data(), words.size() * 4), "k");
        const HyDevicePtr source = upload(in);
        const HyDevicePtr a = upload(std::vector<uint16_t>(kGroup)), b = upload(std::vector<uint32_t>(kGroup));
        const HyDevicePtr c = upload(std::vector<uint16_t>(kGroup));
        const void* const args[] = {&source, &a, &b, &c};
        ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {kGroup, 1, 1}, 0, args, 4));
        synchronize();
        EXPECT_EQ(download<uint16_t>(a, kGroup), narrow);
        EXPECT_EQ(download<uint32_t>(b, kGroup), wide);
        const std::vector<uint16_t> got = download<uint16_t>(c, kGroup);
        for (uint32_t i = 0; i < kGroup; ++i) {
            const bool bothNan = std::isnan(widened(got[i])) && std::isnan(widened(dots[i]));
            EXPECT_TRUE(bothNan || got[i] == dots[i]) << i << ": " << widened(got[i]) << ", not " << widened(dots[i]);
        }
    }
}
