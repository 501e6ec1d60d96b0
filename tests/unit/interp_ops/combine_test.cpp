// What atomics and group operations combine with, and matrix multiply-accumulate.
#include "bench.h"

#include <spirv/unified1/spirv.hpp11>

#include <cmath>

using namespace halyard::interp;
using namespace halyard::interp::test;

namespace {

Type scalar(Kind kind, uint8_t bits) {
    Type type;
    type.kind = kind;
    type.bits = bits;
    type.cells = 1;
    return type;
}

Type matrix(const Type& element, uint32_t rows, uint32_t columns) {
    Type type;
    type.kind = Kind::CooperativeMatrix;
    type.element = &element;
    type.rows = rows;
    type.columns = columns;
    return type;
}

Cell defined(uint64_t bits) {
    return {bits, false};
}

constexpr uint16_t code(spv::Op op) {
    return static_cast<uint16_t>(op);
}

} // namespace

// Combining the identity with anything gives that thing.
TEST(InterpCombine, IdentitiesChangeNothing) {
    const Type integer = scalar(Kind::Int, 16);
    const Type real = scalar(Kind::Float, 32);
    const Type boolean = scalar(Kind::Bool, 0);
    const struct {
        std::vector<uint16_t> opcodes;
        const Type* type;
        std::vector<uint64_t> values;
    } kGroups[] = {
        {{code(spv::Op::OpGroupIAdd), code(spv::Op::OpGroupUMin), code(spv::Op::OpGroupSMin),
          code(spv::Op::OpGroupUMax), code(spv::Op::OpGroupSMax), code(spv::Op::OpGroupNonUniformIMul),
          code(spv::Op::OpGroupNonUniformBitwiseAnd), code(spv::Op::OpGroupNonUniformBitwiseOr),
          code(spv::Op::OpGroupNonUniformBitwiseXor), 6401, 6403, 6404, 6405},
         &integer,
         {0, 1, 0x7fff, 0x8000, 0xffff}},
        {{code(spv::Op::OpGroupFAdd), code(spv::Op::OpGroupFMin), code(spv::Op::OpGroupFMax),
          code(spv::Op::OpGroupNonUniformFMul), 6402},
         &real,
         {f32(0), f32(-1.5F), f32(1e38F), f32(INFINITY)}},
        {{code(spv::Op::OpGroupNonUniformLogicalAnd), code(spv::Op::OpGroupNonUniformLogicalOr),
          code(spv::Op::OpGroupNonUniformLogicalXor), 6406, 6407, 6408},
         &boolean,
         {0, 1}},
    };
    for (const auto& group : kGroups) {
        for (const uint16_t opcode : group.opcodes) {
            const Combine combine = combineOf(opcode);
            ASSERT_NE(combine, nullptr) << opcode;
            for (const uint64_t value : group.values) {
                EXPECT_EQ(combine(*group.type, identityOf(opcode, *group.type), defined(value)).bits, value) << opcode;
                EXPECT_TRUE(combine(*group.type, defined(value), {0, true}).undefined);
            }
        }
    }
}

TEST(InterpCombine, Atomics) {
    const Type word = scalar(Kind::Int, 32);
    const Type half = scalar(Kind::Float, 16);
    const auto apply = [](uint16_t opcode, const Type& type, uint64_t a, uint64_t b) {
        return combineOf(opcode)(type, defined(a), defined(b)).bits;
    };
    EXPECT_EQ(apply(code(spv::Op::OpAtomicIAdd), word, 0xffffffff, 2), 1U);
    EXPECT_EQ(apply(code(spv::Op::OpAtomicISub), word, 1, 2), 0xffffffffU);
    EXPECT_EQ(apply(code(spv::Op::OpAtomicIIncrement), word, 0xffffffff, 0), 0U);
    EXPECT_EQ(apply(code(spv::Op::OpAtomicSMin), word, 1, 0xffffffff), 0xffffffffU);
    EXPECT_EQ(apply(code(spv::Op::OpAtomicUMin), word, 1, 0xffffffff), 1U);
    EXPECT_EQ(apply(6035, half, 0x3c00, 0x3c00), 0x4000U);
    EXPECT_EQ(apply(5614, half, kHalfNan, 0x3c00), 0x3c00U);
    EXPECT_EQ(apply(5615, half, 0xc000, 0x3c00), 0x3c00U);
    EXPECT_EQ(combineOf(code(spv::Op::OpAtomicExchange)), nullptr);
    EXPECT_EQ(combineOf(code(spv::Op::OpAtomicLoad)), nullptr);
    EXPECT_EQ(combineOf(code(spv::Op::OpIAdd)), nullptr);
}

TEST(InterpCombine, MatrixMultiplyAdd) {
    const Type byte = scalar(Kind::Int, 8);
    const Type word = scalar(Kind::Int, 32);
    const std::vector<Cell> a = {defined(1), defined(0xff), defined(2), defined(3)}; // 2 x 2
    const std::vector<Cell> b = {defined(5), defined(6), defined(7), defined(0x80)};
    const std::vector<Cell> c = {defined(100), defined(0), defined(0), defined(0)};
    std::vector<Cell> out(4);
    constexpr uint32_t kAllSigned = 15;
    multiplyAdd(matrix(byte, 2, 2), matrix(byte, 2, 2), matrix(word, 2, 2), matrix(word, 2, 2), kAllSigned, a.data(),
                b.data(), c.data(), out.data());
    EXPECT_EQ(out[0].bits, 98U);         // 100 + 5 - 7
    EXPECT_EQ(out[1].bits, 6U + 128U);   // 6 + 128
    EXPECT_EQ(out[2].bits, 31U);         // 10 + 21
    EXPECT_EQ(out[3].bits, 0xfffffe8cU); // 12 - 384
    multiplyAdd(matrix(byte, 2, 2), matrix(byte, 2, 2), matrix(word, 2, 2), matrix(word, 2, 2), 0, a.data(), b.data(),
                c.data(), out.data());
    EXPECT_EQ(out[0].bits, 100U + 5 + 255 * 7);
    constexpr uint32_t kSaturating = 16;
    const std::vector<Cell> full(4, defined(0x7fffffff));
    multiplyAdd(matrix(byte, 2, 2), matrix(byte, 2, 2), matrix(word, 2, 2), matrix(word, 2, 2),
                kAllSigned | kSaturating, a.data(), b.data(), full.data(), out.data());
    EXPECT_EQ(out[2].bits, 0x7fffffffU);

    const Type half = scalar(Kind::Float, 16);
    const Type single = scalar(Kind::Float, 32);
    std::vector<Cell> halves = {defined(0x3c00), defined(0x3c01), defined(0x4000), {0, true}};
    const std::vector<Cell> zero(4, defined(0));
    multiplyAdd(matrix(half, 2, 2), matrix(half, 2, 2), matrix(single, 2, 2), matrix(single, 2, 2), 0, halves.data(),
                halves.data(), zero.data(), out.data());
    const double x = halfValue(0x3c01);
    EXPECT_EQ(out[0].bits, f32(static_cast<float>(1 + x * 2)));
    EXPECT_TRUE(out[1].undefined && out[2].undefined && out[3].undefined);
}
