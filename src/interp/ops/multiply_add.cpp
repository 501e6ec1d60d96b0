// Matrix multiply-accumulate on whole matrices, as spv/cooperative_matrix.h says.
#include "interp/ops/arithmetic.h"
#include "interp/ops/lane.h"
#include "spv/cooperative_matrix.h"

namespace halyard::interp {
namespace {

using namespace ops;

__int128 number(uint64_t bits, uint32_t width, bool isSigned) {
    return isSigned ? static_cast<__int128>(signExtend(bits, width)) : static_cast<__int128>(bits);
}

uint64_t bitsOf(const Cell& cell, const Type& type, bool isSigned) {
    return isSigned ? static_cast<uint64_t>(signExtend(cell.bits, type.bits)) : cell.bits;
}

uint64_t addTo(const Cell& c, const Type& type, uint64_t products, uint32_t width, uint32_t flags) {
    if ((flags & spv::kMatrixSaturating) == 0)
        return truncate(bitsOf(c, type, (flags & spv::kMatrixCSigned) != 0) + products, width);
    const bool isSigned = (flags & spv::kMatrixResultSigned) != 0;
    const __int128 lowest = isSigned ? minSigned(width) : 0;
    const __int128 highest = isSigned ? static_cast<__int128>(maxSigned(width)) : maxUnsigned(width);
    const __int128 sum = number(c.bits, type.bits, (flags & spv::kMatrixCSigned) != 0) +
                         number(truncate(products, width), width, isSigned);
    return truncate(static_cast<uint64_t>(std::clamp(sum, lowest, highest)), width);
}

} // namespace

void multiplyAdd(const Type& a, const Type& b, const Type& c, const Type& result, uint32_t operandFlags, const Cell* av,
                 const Cell* bv, const Cell* cv, Cell* out) {
    const Type& as = a.scalar();
    const Type& bs = b.scalar();
    const Type& cs = c.scalar();
    const Type& rs = result.scalar();
    const bool isFloat = rs.kind == Kind::Float;
    const FloatMode sums{as.bits == 64 || bs.bits == 64 || rs.bits == 64 ? kDouble : kSingle};
    const uint32_t inner = a.columns;
    for (uint32_t m = 0; m < a.rows; ++m) {
        for (uint32_t n = 0; n < b.columns; ++n) {
            const Cell& start = cv[m * b.columns + n];
            bool undefined = start.undefined;
            uint64_t sum = isFloat ? encode(decode(start.bits, formatOf(cs)), sums.format) : 0;
            for (uint32_t k = 0; k < inner; ++k) {
                const Cell& x = av[m * inner + k];
                const Cell& y = bv[k * b.columns + n];
                undefined |= x.undefined || y.undefined;
                if (isFloat)
                    sum = sums.result(
                        fmaOdd(decode(x.bits, formatOf(as)), decode(y.bits, formatOf(bs)), decode(sum, sums.format)));
                else
                    sum += bitsOf(x, as, (operandFlags & spv::kMatrixASigned) != 0) *
                           bitsOf(y, bs, (operandFlags & spv::kMatrixBSigned) != 0);
            }
            const uint64_t bits =
                isFloat ? encode(decode(sum, sums.format), formatOf(rs)) : addTo(start, cs, sum, rs.bits, operandFlags);
            out[m * b.columns + n] = undefined ? kUndefinedCell : Cell{bits, false};
        }
    }
}

} // namespace halyard::interp
