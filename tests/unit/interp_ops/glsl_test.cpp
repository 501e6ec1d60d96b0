// GLSL.std.450.
#include "bench.h"

#include <cmath>

using namespace halyard::interp::test;
using halyard::interp::Cell;

namespace {

std::vector<uint64_t> floats(std::initializer_list<float> values) {
    std::vector<uint64_t> row;
    for (const float value : values)
        row.push_back(f32(value));
    return row;
}

} // namespace

TEST(InterpGlsl, Packing) {
    EXPECT_EQ(Bench("glsl PackSnorm4x8", "u32", {"f32x4"}).bits({floats({-1, -2, 1, 0})})[0], 0x007f8181U);
    EXPECT_EQ(Bench("glsl PackUnorm4x8", "u32", {"f32x4"}).bits({floats({-1, 0.5F, 1, 2})})[0], 0xffff8000U);
    EXPECT_EQ(Bench("glsl PackSnorm2x16", "u32", {"f32x2"}).bits({floats({1, -1})})[0], 0x80017fffU);
    EXPECT_EQ(Bench("glsl PackUnorm2x16", "u32", {"f32x2"}).bits({floats({1, 0.25F})})[0], 0x4000ffffU);
    EXPECT_EQ(Bench("glsl PackHalf2x16", "u32", {"f32x2"}).bits({floats({1, -2})})[0], 0xc0003c00U);
    EXPECT_EQ(Bench("glsl PackDouble2x32", "f64", {"u32x2"}).bits({{1, 2}})[0], 0x200000001U);
    EXPECT_EQ(Bench("glsl UnpackDouble2x32", "u32x2", {"f64"}).bits({{0x200000001}}), (std::vector<uint64_t>{1, 2}));
    EXPECT_EQ(Bench("glsl UnpackHalf2x16", "f32x2", {"u32"}).bits({{0xc0003c00}}), floats({1, -2}));
    EXPECT_EQ(Bench("glsl UnpackSnorm4x8", "f32x4", {"u32"}).bits({{0x00807f01}}), floats({1.0F / 127, 1, -1, 0}));
    EXPECT_EQ(Bench("glsl UnpackUnorm4x8", "f32x4", {"u32"}).bits({{0x00ff3301}}),
              floats({1.0F / 255, 51.0F / 255, 1, 0}));
    EXPECT_EQ(Bench("glsl UnpackSnorm2x16", "f32x2", {"u32"}).bits({{0x80007fff}}), floats({1, -1}));
    EXPECT_EQ(Bench("glsl UnpackUnorm2x16", "f32x2", {"u32"}).bits({{0x0001ffff}}), floats({1, 1.0F / 65535}));
}

TEST(InterpGlsl, PackingGoesRoundForEveryByte) {
    Bench pack("glsl PackUnorm4x8", "u32", {"f32x4"});
    Bench unpack("glsl UnpackUnorm4x8", "f32x4", {"u32"});
    for (uint64_t byte = 0; byte < 256; ++byte) {
        const uint64_t word = byte | (255 - byte) << 8 | byte << 16 | byte << 24;
        EXPECT_EQ(pack.bits({unpack.bits({{word}})})[0], word);
    }
}

TEST(InterpGlsl, StructuresAndPointers) {
    EXPECT_EQ(Bench("glsl ModfStruct", "modf", {"f32"}).bits({floats({-2.75F})}), floats({-0.75F, -2}));
    EXPECT_EQ(Bench("glsl FrexpStruct", "frexp", {"f32x2"}).bits({floats({6, 0})}),
              (std::vector<uint64_t>{f32(0.75F), 0, 3, 0}));
    Bench modf("glsl Modf", "f32x2", {"f32x2", "ptr2"});
    EXPECT_EQ(modf.bits({floats({1.5F, -2.25F}), {0x1000}}), floats({0.5F, -0.25F}));
    Cell whole;
    modf.memory.read(0x1004, 4, whole);
    EXPECT_EQ(whole.bits, f32(-2));
    EXPECT_EQ(Bench("glsl Ldexp", "f32", {"f32", "u32"}).scalar({f32(3), static_cast<uint32_t>(-1)}).bits, f32(1.5F));
}

TEST(InterpGlsl, Geometry) {
    EXPECT_EQ(Bench("glsl FaceForward", "f32x2", {"f32x2", "f32x2", "f32x2"})
                  .bits({floats({1, 2}), floats({1, 0}), floats({1, 0})}),
              floats({-1, -2}));
    EXPECT_EQ(Bench("glsl Reflect", "f32x2", {"f32x2", "f32x2"}).bits({floats({1, -1}), floats({0, 1})}),
              floats({1, 1}));
    EXPECT_EQ(
        Bench("glsl Refract", "f32x2", {"f32x2", "f32x2", "f32"}).bits({floats({1, 0}), floats({0, 1}), floats({2})}),
        floats({0, 0})); // total reflection
    EXPECT_EQ(Bench("glsl Refract", "f32x2", {"f32x2", "f32x2", "f32"})
                  .bits({floats({0, -1}), floats({0, 1}), floats({0.5F})}),
              floats({0, -1}));
    EXPECT_EQ(Bench("glsl Normalize", "f32x2", {"f32x2"}).bits({floats({3, 4})}), floats({0.6F, 0.8F}));
    EXPECT_EQ(Bench("glsl Cross", "f32x3", {"f32x3", "f32x3"}).bits({floats({1, 2, 3}), floats({4, 5, 6})}),
              floats({-3, 6, -3}));
    EXPECT_EQ(Bench("glsl Distance", "f32", {"f32x3", "f32x3"}).bits({floats({1, 2, 3}), floats({1, 2, 8})}),
              floats({5}));
}

TEST(InterpGlsl, Choices) {
    EXPECT_EQ(Bench("glsl NMin", "f32", {"f32", "f32"}).bits({floats({NAN}), floats({2})}), floats({2}));
    EXPECT_EQ(Bench("glsl NClamp", "f32", {"f32", "f32", "f32"}).bits({floats({NAN}), floats({2}), floats({3})}),
              floats({2}));
    EXPECT_EQ(Bench("glsl FClamp", "f32", {"f32", "f32", "f32"}).bits({floats({9}), floats({2}), floats({3})}),
              floats({3}));
    EXPECT_EQ(Bench("glsl FSign", "f32", {"f32"}).bits({floats({-3})}), floats({-1}));
    EXPECT_EQ(Bench("glsl SSign", "u32", {"u32"}).scalar({0xfffffff0}).bits, 0xffffffffU);
    EXPECT_EQ(Bench("glsl SAbs", "u8", {"u8"}).scalar({0x80}).bits, 0x80U);
    EXPECT_TRUE(Bench("glsl UClamp", "u32", {"u32", "u32", "u32"}).scalar({1, 3, 2}).undefined);
    EXPECT_EQ(Bench("glsl RoundEven", "f32", {"f32"}).bits({floats({2.5F})}), floats({2}));
    EXPECT_EQ(Bench("glsl Fract", "f32", {"f32"}).bits({floats({-1.25F})}), floats({0.75F}));
    EXPECT_EQ(Bench("glsl FMix", "f32", {"f32", "f32", "f32"}).bits({floats({1}), floats({3}), floats({0.25F})}),
              floats({1.5F}));
    EXPECT_EQ(Bench("glsl InverseSqrt", "f16", {"f16"}).scalar({0x4400}).bits, 0x3800U);
}
