// Integer dot products, with and without an accumulator, of vectors and of packed bytes.
#include "matrix/families.h"

#include <algorithm>

namespace halyard::spirvtest {

namespace {

struct Dot {
    Op op, saturating;
    bool firstSigned, secondSigned;
};
const Dot kDots[] = {
    {Op::SDot, Op::SDotAccSat, true, true},
    {Op::UDot, Op::UDotAccSat, false, false},
    {Op::SUDot, Op::SUDotAccSat, true, false},
};

using Wide = __int128;

Wide extended(Scalar scalar, uint64_t bits, bool isSigned) {
    return isSigned ? static_cast<Wide>(signedOf(scalar, bits)) : static_cast<Wide>(bits);
}

Value finished(Scalar result, Wide sum, const Row& row, bool saturating, bool isSigned) {
    if (!saturating) {
        return {static_cast<uint64_t>(sum) & maskOf(result)};
    }
    // The product wraps to the result's width before it is added with saturation.
    const Wide wrapped = extended(result, static_cast<uint64_t>(sum) & maskOf(result), isSigned);
    const Wide total = wrapped + extended(result, row[2][0], isSigned);
    const Wide low = isSigned ? -(Wide(1) << (bitsOf(result) - 1)) : 0;
    const Wide high = (Wide(1) << (bitsOf(result) - (isSigned ? 1 : 0))) - 1;
    return {static_cast<uint64_t>(std::clamp(total, low, high)) & maskOf(result)};
}

void add(Cases& cases, Flavour flavour, const Dot& dot, bool saturating, Type vector, Scalar result, bool packed) {
    const Op op = saturating ? dot.saturating : dot.op;
    std::vector<Type> operands = {vector, vector};
    if (flavour == Flavour::GLCompute && !packed) { // the signedness of types is that of the operands
        operands[0].isSigned = dot.firstSigned;
        operands[1].isSigned = dot.secondSigned;
    }
    const Type number{result, 1, 0, flavour == Flavour::GLCompute && dot.firstSigned};
    if (saturating) {
        operands.push_back(number);
    }
    Case item = opCase(op, flavour, operands, number);
    item.name += packed ? "/packed" : "";
    item.op = Op::Nop;
    item.extensions = {"SPV_KHR_integer_dot_product"};
    item.capabilities = {Capability::DotProduct, packed ? Capability::DotProductInput4x8BitPacked
                                                 : vector.scalar == Scalar::I8 && vector.width == 4
                                                     ? Capability::DotProductInput4x8Bit
                                                     : Capability::DotProductInputAll};
    item.emit = [=](Module& m, Kernel&, const Ids& ids) {
        Words words = ids;
        if (packed) {
            words.push_back(0); // PackedVectorFormat4x8Bit
        }
        return m.value(op, number.id(m), words);
    };
    item.expected = perRow([=](const Row& row) {
        Wide sum = 0;
        for (size_t c = 0; c < (packed ? 4 : row[0].size()); ++c) {
            const uint64_t a = packed ? row[0][0] >> (8 * c) & 0xff : row[0][c];
            const uint64_t b = packed ? row[1][0] >> (8 * c) & 0xff : row[1][c];
            const Scalar scalar = packed ? Scalar::I8 : vector.scalar;
            sum += extended(scalar, a, dot.firstSigned) * extended(scalar, b, dot.secondSigned);
        }
        return finished(result, sum, row, saturating, dot.firstSigned);
    });
    if (saturating && bitsOf(result) < 2 * bitsOf(packed ? Scalar::I8 : vector.scalar) + 4) {
        // A product that does not fit the result has no defined saturating sum: keep the factors small.
        const Generator tiny = below(4);
        item.generators = {tiny, tiny};
    }
    item.weight = 2 * vector.width + 4;
    cases.push_back(std::move(item));
}

} // namespace

Cases dotCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (const Dot& dot : kDots) {
            for (bool saturating : {false, true}) {
                for (Scalar result : {Scalar::I32, Scalar::I64}) {
                    add(cases, flavour, dot, saturating, {Scalar::I32}, result, true);
                }
                for (Scalar scalar : kInts) {
                    for (uint32_t width : widthsOf(flavour)) {
                        for (Scalar result : kInts) {
                            if (width > 1 && result >= scalar) {
                                add(cases, flavour, dot, saturating, {scalar, width}, result, false);
                            }
                        }
                    }
                }
            }
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
