// Matrix multiply-accumulate on whole matrices. Each step of a float sum is one fused multiply-add in the result's
// precision, k ascending, starting from c; integers are exact before they wrap or saturate.
#include "interp/ops/arithmetic.h"
#include "interp/ops/lane.h"

namespace halyard::interp {
namespace {

using namespace ops;

// CooperativeMatrixOperands of OpCooperativeMatrixMulAddKHR.
constexpr uint32_t kSignedA = 1;
constexpr uint32_t kSignedB = 2;
constexpr uint32_t kSignedC = 4;
constexpr uint32_t kSignedResult = 8;
constexpr uint32_t kSaturating = 16;

__int128 number(const Cell& cell, const Type& type, bool isSigned) {
    return isSigned ? static_cast<__int128>(signExtend(cell.bits, type.bits)) : static_cast<__int128>(cell.bits);
}

// Operand types of at most 32 bits each: nothing here can leave 127 bits. Wider ones wrap.
__int128 multiplyStep(__int128 sum, __int128 a, __int128 b) {
    return static_cast<__int128>(static_cast<unsigned __int128>(sum) +
                                 static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b));
}

uint64_t fitInteger(__int128 sum, uint32_t width, uint32_t flags) {
    if ((flags & kSaturating) == 0)
        return truncate(static_cast<uint64_t>(sum), width);
    const bool isSigned = (flags & kSignedResult) != 0;
    const __int128 lowest = isSigned ? minSigned(width) : 0;
    const __int128 highest = isSigned ? static_cast<__int128>(maxSigned(width)) : maxUnsigned(width);
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
    const FloatMode mode = isFloat ? FloatMode{formatOf(rs)} : FloatMode{kSingle};
    const uint32_t inner = a.columns;
    for (uint32_t m = 0; m < a.rows; ++m) {
        for (uint32_t n = 0; n < b.columns; ++n) {
            const Cell& start = cv[m * b.columns + n];
            bool undefined = start.undefined;
            __int128 sum = isFloat ? 0 : number(start, cs, (operandFlags & kSignedC) != 0);
            uint64_t bits = isFloat ? encode(decode(start.bits, formatOf(cs)), mode.format) : 0;
            for (uint32_t k = 0; k < inner; ++k) {
                const Cell& x = av[m * inner + k];
                const Cell& y = bv[k * b.columns + n];
                undefined |= x.undefined || y.undefined;
                if (isFloat)
                    bits = mode.result(
                        fmaOdd(decode(x.bits, formatOf(as)), decode(y.bits, formatOf(bs)), decode(bits, mode.format)));
                else
                    sum = multiplyStep(sum, number(x, as, (operandFlags & kSignedA) != 0),
                                       number(y, bs, (operandFlags & kSignedB) != 0));
            }
            out[m * b.columns + n] =
                undefined ? kUndefinedCell : Cell{isFloat ? bits : fitInteger(sum, rs.bits, operandFlags), false};
        }
    }
}

} // namespace halyard::interp
