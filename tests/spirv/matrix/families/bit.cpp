// Shifts, bitwise logic, bit fields, bit counts.
#include "matrix/families.h"

namespace halyard::spirvtest {

namespace {

struct BitOp {
    Op op;
    int operands;
    uint64_t (*host)(Scalar, uint64_t, uint64_t);
};

uint64_t reversed(Scalar s, uint64_t value) {
    uint64_t result = 0;
    for (uint32_t i = 0; i < bitsOf(s); ++i) {
        result |= (value >> i & 1) << (bitsOf(s) - 1 - i);
    }
    return result;
}

const BitOp kBitOps[] = {
    {Op::ShiftRightLogical, 2, [](Scalar, uint64_t a, uint64_t b) { return a >> b; }},
    {Op::ShiftRightArithmetic, 2,
     [](Scalar s, uint64_t a, uint64_t b) { return static_cast<uint64_t>(signedOf(s, a) >> b); }},
    {Op::ShiftLeftLogical, 2, [](Scalar, uint64_t a, uint64_t b) { return a << b; }},
    {Op::BitwiseOr, 2, [](Scalar, uint64_t a, uint64_t b) { return a | b; }},
    {Op::BitwiseXor, 2, [](Scalar, uint64_t a, uint64_t b) { return a ^ b; }},
    {Op::BitwiseAnd, 2, [](Scalar, uint64_t a, uint64_t b) { return a & b; }},
    {Op::Not, 1, [](Scalar, uint64_t a, uint64_t) { return ~a; }},
    {Op::BitReverse, 1, [](Scalar s, uint64_t a, uint64_t) { return reversed(s, a); }},
    {Op::BitCount, 1, [](Scalar, uint64_t a, uint64_t) { return static_cast<uint64_t>(__builtin_popcountll(a)); }},
};

bool shifts(Op op) {
    return op == Op::ShiftRightLogical || op == Op::ShiftRightArithmetic || op == Op::ShiftLeftLogical;
}

// The bit instructions are of Shader; kernels have them through an extension.
void needBitInstructions(Case& item) {
    if (item.flavour == Flavour::Kernel) {
        item.capabilities.push_back(Capability::BitInstructions);
        item.extensions.emplace_back("SPV_KHR_bit_instructions");
    }
}

// SPIR-V before the maintenance of Vulkan 1.4 has bit fields, reversal and counts of 32 bits in shaders.
bool allowed(Op op, Flavour flavour, Scalar scalar) {
    const bool narrow = op == Op::BitReverse || op == Op::BitCount || op >= Op::BitFieldInsert;
    return flavour == Flavour::Kernel || !narrow || scalar == Scalar::I32;
}

uint64_t extracted(Scalar s, uint64_t base, uint64_t offset, uint64_t count, bool isSigned) {
    if (count == 0) {
        return 0;
    }
    const uint64_t field = base >> offset & maskOf(static_cast<uint32_t>(count));
    const bool negative = isSigned && (field >> (count - 1) & 1) != 0;
    return (negative ? field | ~maskOf(static_cast<uint32_t>(count)) : field) & maskOf(s);
}

void addFields(Cases& cases, Flavour flavour, uint32_t width, Scalar scalar) {
    const Type type{scalar, width}, number{Scalar::I32};
    const uint64_t bits = bitsOf(scalar);
    const auto inside = [bits](size_t first) {
        return [bits, first](Row& row) { row[first + 1][0] %= bits - row[first][0] + 1; };
    };
    for (Op op : {Op::BitFieldSExtract, Op::BitFieldUExtract}) {
        const bool isSigned = op == Op::BitFieldSExtract;
        const Type whole{scalar, width, 0, isSigned && flavour == Flavour::GLCompute};
        Case item = opCase(op, flavour, {whole, number, number}, whole,
                           [=](const uint64_t* v) { return extracted(scalar, v[0], v[1], v[2], isSigned); });
        item.generators = {nullptr, below(bits), below(1000)};
        item.adjust = inside(1);
        needBitInstructions(item);
        cases.push_back(std::move(item));
    }
    Case insert = opCase(Op::BitFieldInsert, flavour, {type, type, number, number}, type, [](const uint64_t* v) {
        const uint64_t field = v[3] == 0 ? 0 : maskOf(static_cast<uint32_t>(v[3])) << v[2];
        return (v[0] & ~field) | (v[1] << (v[2] & 63) & field);
    });
    insert.generators = {nullptr, nullptr, below(bits), below(1000)};
    insert.adjust = inside(2);
    needBitInstructions(insert);
    cases.push_back(std::move(insert));
}

} // namespace

Cases bitCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (uint32_t width : widthsOf(flavour)) {
            for (Scalar scalar : kInts) {
                for (const BitOp& each : kBitOps) {
                    if (!allowed(each.op, flavour, scalar)) {
                        continue;
                    }
                    const Type type{scalar, width};
                    const auto host = each.host;
                    Case item = opCase(each.op, flavour, std::vector<Type>(static_cast<size_t>(each.operands), type),
                                       type, [host, scalar](const uint64_t* v) { return host(scalar, v[0], v[1]); });
                    if (shifts(each.op)) {
                        item.generators = {nullptr, below(bitsOf(scalar))};
                    }
                    if (each.op == Op::BitReverse) {
                        needBitInstructions(item);
                    }
                    cases.push_back(std::move(item));
                }
                // A shift count of another width than the base.
                for (Scalar count : {Scalar::I8, Scalar::I32, Scalar::I64}) {
                    const Type type{scalar, width}, amount{count, width};
                    if (count != scalar) {
                        Case item = opCase(Op::ShiftRightArithmetic, flavour, {type, amount}, type,
                                           [scalar](const uint64_t* v) {
                                               return static_cast<uint64_t>(signedOf(scalar, v[0]) >> v[1]);
                                           });
                        item.generators = {nullptr, below(bitsOf(scalar))};
                        cases.push_back(std::move(item));
                    }
                }
                if (allowed(Op::BitFieldInsert, flavour, scalar)) {
                    addFields(cases, flavour, width, scalar);
                }
            }
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
