// What SPV_KHR_cooperative_matrix leaves to the implementation, and its numbers that the installed headers may lack.
// The importer and the interpreter share it, so that they agree.
//
// A matrix of R x C elements belongs to the N invocations of a subgroup: each holds K = ceil(R * C / N) of them, and
// invocation i those that are number i * K to i * K + K - 1 row after row, unless a target's matrix instructions lay
// them out otherwise. What is beyond the last element is zero after a load, and otherwise has no meaning.
//
// Multiplication is the same everywhere, bit for bit, but for the matrix instructions below. Floating-point: the sum
// starts with the element of C and takes a fused multiply-add for each k in ascending order, in 32 bits (64 where a
// component type has 64), and is rounded to the result's type once, at the end. Integers: the products are summed
// modulo 2^width of the result; then C is added, modulo 2^width or saturating.
//
// A target with matrix instructions may use them for factors of up to 16 bits and results of up to 32. Integers come
// out the same. Of floating-point numbers the products are exact, but the sum may be taken in any order, with partial
// sums of 32 bits that are rounded or cut off. Before the one rounding to the result's type it is then off the exact
// value by at most matrixSumError(inner) times (|c| + the sum of |a * b|). Zeros may have either sign, NaNs any
// payload.
#pragma once

#include <cstdint>

namespace halyard::spv {

// Larger matrices are refused: an invocation holds its elements in registers.
inline constexpr uint32_t kMaxMatrixDimension = 256; // rows, columns
inline constexpr uint32_t kMaxMatrixElements = 4096; // rows times columns

constexpr bool isPossibleMatrix(uint64_t rows, uint64_t columns) {
    return rows != 0 && columns != 0 && rows <= kMaxMatrixDimension && columns <= kMaxMatrixDimension &&
           rows * columns <= kMaxMatrixElements;
}

// K, the elements that one invocation holds.
constexpr uint32_t matrixElementsPerInvocation(uint32_t rows, uint32_t columns, uint32_t subgroupSize) {
    return (rows * columns + subgroupSize - 1) / subgroupSize;
}

enum class MatrixUse : uint32_t { A = 0, B = 1, Accumulator = 2 };
enum class MatrixMemory : uint32_t { RowMajor = 0, ColumnMajor = 1 };

// Cooperative Matrix Operands.
inline constexpr uint32_t kMatrixASigned = 1;
inline constexpr uint32_t kMatrixBSigned = 2;
inline constexpr uint32_t kMatrixCSigned = 4;
inline constexpr uint32_t kMatrixResultSigned = 8;
inline constexpr uint32_t kMatrixSaturating = 16;
inline constexpr uint32_t kMatrixKnownOperands = 31;

// Opcodes.
inline constexpr uint16_t kOpTypeCooperativeMatrix = 4456;
inline constexpr uint16_t kOpCooperativeMatrixLoad = 4457;
inline constexpr uint16_t kOpCooperativeMatrixStore = 4458;
inline constexpr uint16_t kOpCooperativeMatrixMulAdd = 4459;
inline constexpr uint16_t kOpCooperativeMatrixLength = 4460;

// See above.
constexpr double matrixSumError(uint32_t inner) {
    return (inner + 1) * 0x1p-22;
}

} // namespace halyard::spv
