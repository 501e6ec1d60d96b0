// Moves of cells, and matrices.
#include "bench.h"

#include <cmath>
#include <random>

using namespace halyard::interp::test;
using halyard::interp::Cell;

namespace {

using Row = std::vector<uint64_t>;

Row floats(std::initializer_list<float> values) {
    Row row;
    for (const float value : values)
        row.push_back(f32(value));
    return row;
}

} // namespace

TEST(InterpComposite, ConstructExtractInsert) {
    EXPECT_EQ(Bench("OpCompositeConstruct", "u32x4", {"u32", "u32x2", "u32"}).bits({{1}, {2, 3}, {4}}),
              (Row{1, 2, 3, 4}));
    const Row whole = {1, 2, 3, 4, 5, 6}; // u32, f32x2, three floats
    EXPECT_EQ(Bench("OpCompositeConstruct", "struct", {"u32", "f32x2", "array"}).bits({{1}, {2, 3}, {4, 5, 6}}), whole);
    EXPECT_EQ(Bench("OpCompositeExtract", "f32", {"struct"}, "1 1").bits({whole}), (Row{3}));
    EXPECT_EQ(Bench("OpCompositeExtract", "array", {"struct"}, "2").bits({whole}), (Row{4, 5, 6}));
    EXPECT_EQ(Bench("OpCompositeInsert", "struct", {"f32x2", "struct"}, "1").bits({{8, 9}, whole}),
              (Row{1, 8, 9, 4, 5, 6}));
    EXPECT_EQ(Bench("OpCompositeExtract", "f32x2", {"m23"}, "2").bits({{1, 2, 3, 4, 5, 6}}), (Row{5, 6}));
    EXPECT_EQ(Bench("OpCopyLogical", "struct", {"struct"}).bits({whole}), whole);
}

TEST(InterpComposite, ShuffleAndDynamicComponents) {
    const auto cells = Bench("OpVectorShuffle", "u32x4", {"u32x2", "u32x3"}, "4 0 0xFFFFFFFF 2")
                           .run({{{1, false}, {2, false}}, {{3, false}, {4, false}, {5, false}}});
    EXPECT_EQ(cells[0].bits, 5U);
    EXPECT_EQ(cells[1].bits, 1U);
    EXPECT_TRUE(cells[2].undefined);
    EXPECT_EQ(cells[3].bits, 3U);
    Bench take("OpVectorExtractDynamic", "u32", {"u32x3", "u8"});
    EXPECT_EQ(take.bits({{7, 8, 9}, {2}}), Row{9});
    EXPECT_TRUE(take.run({{{7, false}, {8, false}, {9, false}}, {{3, false}}})[0].undefined);
    EXPECT_EQ(Bench("OpVectorInsertDynamic", "u32x2", {"u32x2", "u32", "u32"}).bits({{7, 8}, {5}, {0}}), (Row{5, 8}));
    EXPECT_EQ(Bench("cl shuffle", "u32x4", {"u32x2", "u32x4"}).bits({{10, 20}, {1, 0, 3, 2}}), (Row{20, 10, 20, 10}));
    EXPECT_EQ(Bench("cl shuffle2", "u32x4", {"u32x2", "u32x2", "u32x4"}).bits({{10, 20}, {30, 40}, {3, 2, 1, 4}}),
              (Row{40, 30, 20, 10}));
}

TEST(InterpComposite, SelectOfVectorsAndComposites) {
    EXPECT_EQ(Bench("OpSelect", "u32x2", {"bool2", "u32x2", "u32x2"}).bits({{1, 0}, {1, 2}, {3, 4}}), (Row{1, 4}));
    EXPECT_EQ(Bench("OpSelect", "pair32", {"bool", "pair32", "pair32"}).bits({{0}, {1, 2}, {3, 4}}), (Row{3, 4}));
    EXPECT_EQ(Bench("cl select", "u32x2", {"u32x2", "u32x2", "u32x2"}).bits({{1, 2}, {3, 4}, {0x80000000, 1}}),
              (Row{3, 2}));
    EXPECT_EQ(Bench("cl select", "f32", {"f32", "f32", "u32"}).bits({{1}, {3}, {1}}), (Row{3}));
    EXPECT_EQ(Bench("cl bitselect", "f32", {"f32", "f32", "f32"}).bits({{0xff00}, {0x0ff0}, {0x00ff}}), (Row{0xfff0}));
    EXPECT_EQ(Bench("OpAny", "bool", {"bool4"}).bits({{0, 0, 1, 0}}), Row{1});
    EXPECT_EQ(Bench("OpAll", "bool", {"bool4"}).bits({{1, 1, 0, 1}}), Row{0});
}

TEST(InterpComposite, MatrixProducts) {
    // Columns (1 2) (3 4) (5 6).
    const Row matrix = floats({1, 2, 3, 4, 5, 6});
    EXPECT_EQ(Bench("OpMatrixTimesVector", "f32x2", {"m23", "f32x3"}).bits({matrix, floats({1, 10, 100})}),
              floats({531, 642}));
    EXPECT_EQ(Bench("OpVectorTimesMatrix", "f32x3", {"f32x2", "m23"}).bits({floats({1, 10}), matrix}),
              floats({21, 43, 65}));
    EXPECT_EQ(Bench("OpTranspose", "m32", {"m23"}).bits({matrix}), floats({1, 3, 5, 2, 4, 6}));
    EXPECT_EQ(Bench("OpMatrixTimesMatrix", "m2", {"m23", "m32"}).bits({matrix, floats({1, 0, 0, 0, 1, 10})}),
              floats({1, 2, 53, 64}));
    EXPECT_EQ(Bench("OpOuterProduct", "m23", {"f32x2", "f32x3"}).bits({floats({1, 2}), floats({3, 4, 5})}),
              floats({3, 6, 4, 8, 5, 10}));
    EXPECT_EQ(Bench("OpMatrixTimesScalar", "m23", {"m23", "f32"}).bits({matrix, floats({2})}),
              floats({2, 4, 6, 8, 10, 12}));
    EXPECT_EQ(Bench("OpVectorTimesScalar", "f32x2", {"f32x2", "f32"}).bits({floats({1, 2}), floats({3})}),
              floats({3, 6}));
}

TEST(InterpComposite, DotRoundsEachStep) {
    Bench dot("OpDot", "f32", {"f32x3", "f32x3"});
    // The first sum absorbs the 1; the exact value would be 1.
    EXPECT_EQ(dot.bits({floats({1e8F, 1, -1e8F}), floats({1, 1, 1})}), floats({0}));
    EXPECT_EQ(dot.bits({floats({1, 2, 3}), floats({4, 5, 6})}), floats({32}));
}

TEST(InterpComposite, InverseTimesMatrixIsOne) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> any(-4, 4);
    const struct {
        const char* type;
        size_t size;
    } kSizes[] = {{"m2", 2}, {"m3", 3}, {"m4", 4}};
    for (const auto& [type, size] : kSizes) {
        Bench inverse("glsl MatrixInverse", type, {type});
        Row matrix;
        for (size_t i = 0; i < size * size; ++i)
            matrix.push_back(f32(any(random) + (i % (size + 1) == 0 ? 9.0F : 0.0F)));
        const Row inverted = inverse.bits({matrix});
        for (size_t row = 0; row < size; ++row) {
            for (size_t column = 0; column < size; ++column) {
                double sum = 0;
                for (size_t k = 0; k < size; ++k)
                    sum += static_cast<double>(asFloat(matrix[k * size + row])) * asFloat(inverted[column * size + k]);
                EXPECT_NEAR(sum, row == column ? 1 : 0, 1e-6) << type;
            }
        }
    }
    EXPECT_EQ(Bench("glsl Determinant", "f32", {"m2"}).bits({floats({1, 2, 3, 4})}), floats({-2}));
    EXPECT_EQ(Bench("glsl Determinant", "f32", {"m3"}).bits({floats({2, 0, 0, 0, 3, 0, 0, 0, 4})}), floats({24}));
    EXPECT_EQ(Bench("glsl Determinant", "f32", {"m4"}).bits({floats({0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 5})}),
              floats({-15}));
}

TEST(InterpComposite, PointerCasts) {
    constexpr uint64_t kWorkgroupAddress = uint64_t{2} << 62 | 0x40;
    Bench global("OpGenericCastToPtrExplicit", "ptr32", {"generic"}, "CrossWorkgroup");
    EXPECT_EQ(global.bits({{0x7000}}), Row{0x7000});
    EXPECT_EQ(global.bits({{kWorkgroupAddress}}), Row{0});
    EXPECT_EQ(Bench("OpPtrCastToGeneric", "generic", {"ptr32"}).bits({{0x7000}}), Row{0x7000});
    EXPECT_EQ(Bench("OpConvertPtrToU", "u32", {"ptr32"}).bits({{0x123456789}}), Row{0x23456789});
    EXPECT_EQ(Bench("OpConvertUToPtr", "ptr32", {"u64"}).bits({{0x123456789}}), Row{0x123456789});
}
