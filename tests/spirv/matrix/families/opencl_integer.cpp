// The integer instructions of OpenCL.std, shuffle, bitselect and select.
#include "matrix/families.h"

#include <algorithm>

namespace halyard::spirvtest {

namespace {

using Wide = __int128;

struct IntOp {
    OpenCl instruction;
    const char* name;
    int operands;
    bool isSigned;
    // Operands extended as isSigned says; the result's low bits count.
    Wide (*host)(Scalar, Wide, Wide, Wide);
};

Wide lowest(Scalar s) {
    return -(Wide(1) << (bitsOf(s) - 1));
}
Wide highest(Scalar s, bool isSigned) {
    return (Wide(1) << (bitsOf(s) - (isSigned ? 1 : 0))) - 1;
}
Wide clampSigned(Scalar s, Wide v) {
    return std::clamp(v, lowest(s), highest(s, true));
}
Wide clampUnsigned(Scalar s, Wide v) {
    return std::clamp(v, Wide(0), highest(s, false));
}
// Products of 64-bit unsigned operands need all 128 bits, unsigned.
Wide unsignedHigh(Scalar s, Wide a, Wide b) {
    return static_cast<Wide>(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b) >> bitsOf(s));
}

const IntOp kOps[] = {
    {OpenCl::s_abs, "s_abs", 1, true, [](Scalar, Wide a, Wide, Wide) { return a < 0 ? -a : a; }},
    {OpenCl::u_abs, "u_abs", 1, false, [](Scalar, Wide a, Wide, Wide) { return a; }},
    {OpenCl::s_abs_diff, "s_abs_diff", 2, true, [](Scalar, Wide a, Wide b, Wide) { return a < b ? b - a : a - b; }},
    {OpenCl::u_abs_diff, "u_abs_diff", 2, false, [](Scalar, Wide a, Wide b, Wide) { return a < b ? b - a : a - b; }},
    {OpenCl::s_add_sat, "s_add_sat", 2, true, [](Scalar s, Wide a, Wide b, Wide) { return clampSigned(s, a + b); }},
    {OpenCl::u_add_sat, "u_add_sat", 2, false, [](Scalar s, Wide a, Wide b, Wide) { return clampUnsigned(s, a + b); }},
    {OpenCl::s_sub_sat, "s_sub_sat", 2, true, [](Scalar s, Wide a, Wide b, Wide) { return clampSigned(s, a - b); }},
    {OpenCl::u_sub_sat, "u_sub_sat", 2, false, [](Scalar s, Wide a, Wide b, Wide) { return clampUnsigned(s, a - b); }},
    {OpenCl::s_hadd, "s_hadd", 2, true, [](Scalar, Wide a, Wide b, Wide) { return (a + b) >> 1; }},
    {OpenCl::u_hadd, "u_hadd", 2, false, [](Scalar, Wide a, Wide b, Wide) { return (a + b) >> 1; }},
    {OpenCl::s_rhadd, "s_rhadd", 2, true, [](Scalar, Wide a, Wide b, Wide) { return (a + b + 1) >> 1; }},
    {OpenCl::u_rhadd, "u_rhadd", 2, false, [](Scalar, Wide a, Wide b, Wide) { return (a + b + 1) >> 1; }},
    {OpenCl::s_clamp, "s_clamp", 3, true, [](Scalar, Wide a, Wide b, Wide c) { return std::min(std::max(a, b), c); }},
    {OpenCl::u_clamp, "u_clamp", 3, false, [](Scalar, Wide a, Wide b, Wide c) { return std::min(std::max(a, b), c); }},
    {OpenCl::clz, "clz", 1, false,
     [](Scalar s, Wide a, Wide, Wide) {
         return Wide(a == 0 ? bitsOf(s) : static_cast<uint32_t>(__builtin_clzll(static_cast<uint64_t>(a))) - (64 - bitsOf(s)));
     }},
    {OpenCl::ctz, "ctz", 1, false,
     [](Scalar s, Wide a, Wide, Wide) {
         return Wide(a == 0 ? bitsOf(s) : static_cast<uint32_t>(__builtin_ctzll(static_cast<uint64_t>(a))));
     }},
    {OpenCl::popcount, "popcount", 1, false,
     [](Scalar, Wide a, Wide, Wide) { return Wide(__builtin_popcountll(static_cast<uint64_t>(a))); }},
    {OpenCl::s_mad_hi, "s_mad_hi", 3, true, [](Scalar s, Wide a, Wide b, Wide c) { return ((a * b) >> bitsOf(s)) + c; }},
    {OpenCl::u_mad_hi, "u_mad_hi", 3, false, [](Scalar s, Wide a, Wide b, Wide c) { return unsignedHigh(s, a, b) + c; }},
    {OpenCl::s_mul_hi, "s_mul_hi", 2, true, [](Scalar s, Wide a, Wide b, Wide) { return (a * b) >> bitsOf(s); }},
    {OpenCl::u_mul_hi, "u_mul_hi", 2, false, [](Scalar s, Wide a, Wide b, Wide) { return unsignedHigh(s, a, b); }},
    {OpenCl::s_mad_sat, "s_mad_sat", 3, true, [](Scalar s, Wide a, Wide b, Wide c) { return clampSigned(s, a * b + c); }},
    {OpenCl::u_mad_sat, "u_mad_sat", 3, false,
     [](Scalar s, Wide a, Wide b, Wide c) {
         if (unsignedHigh(s, a, b) != 0) {
             return highest(s, false);
         }
         return clampUnsigned(s, a * b + c);
     }},
    {OpenCl::s_max, "s_max", 2, true, [](Scalar, Wide a, Wide b, Wide) { return std::max(a, b); }},
    {OpenCl::u_max, "u_max", 2, false, [](Scalar, Wide a, Wide b, Wide) { return std::max(a, b); }},
    {OpenCl::s_min, "s_min", 2, true, [](Scalar, Wide a, Wide b, Wide) { return std::min(a, b); }},
    {OpenCl::u_min, "u_min", 2, false, [](Scalar, Wide a, Wide b, Wide) { return std::min(a, b); }},
    {OpenCl::rotate, "rotate", 2, false,
     [](Scalar s, Wide a, Wide b, Wide) {
         const auto count = static_cast<uint32_t>(b % bitsOf(s));
         return count == 0 ? a : (a << count) | (a >> (bitsOf(s) - count));
     }},
};

struct Mul24 {
    OpenCl instruction;
    const char* name;
    int operands;
    bool isSigned;
};
const Mul24 kMul24[] = {
    {OpenCl::s_mul24, "s_mul24", 2, true},
    {OpenCl::u_mul24, "u_mul24", 2, false},
    {OpenCl::s_mad24, "s_mad24", 3, true},
    {OpenCl::u_mad24, "u_mad24", 3, false},
};

Wide extended(Scalar scalar, uint64_t bits, bool isSigned) {
    return isSigned ? static_cast<Wide>(signedOf(scalar, bits)) : static_cast<Wide>(bits);
}

void addInts(Cases& cases, uint32_t width) {
    for (const IntOp& each : kOps) {
        for (Scalar scalar : kInts) {
            const Type type{scalar, width};
            const auto [host, isSigned] = std::make_pair(each.host, each.isSigned);
            Case item =
                openClCase(each.instruction, each.name, std::vector<Type>(static_cast<size_t>(each.operands), type),
                           type, [=, host = host, isSigned = isSigned](const uint64_t* v) {
                               return static_cast<uint64_t>(host(scalar, extended(scalar, v[0], isSigned),
                                                                 extended(scalar, v[1], isSigned),
                                                                 extended(scalar, v[2], isSigned)));
                           });
            if (each.instruction == OpenCl::s_clamp || each.instruction == OpenCl::u_clamp) {
                item.adjust = eachComponent([scalar, isSigned = isSigned](uint64_t* v) {
                    if (extended(scalar, v[1], isSigned) > extended(scalar, v[2], isSigned)) {
                        std::swap(v[1], v[2]);
                    }
                });
            }
            item.weight = each.operands == 3 ? 2 * width : width;
            cases.push_back(std::move(item));
        }
    }
    for (const Mul24& each : kMul24) {
        const Type type{Scalar::I32, width};
        const bool isSigned = each.isSigned;
        Case item = openClCase(each.instruction, each.name, std::vector<Type>(static_cast<size_t>(each.operands), type),
                               type, [](const uint64_t* v) { return v[0] * v[1] + v[2]; });
        // Operands of 24 bits: others have no defined result.
        const Generator narrow = [isSigned](Random& random, Scalar) {
            const auto value = static_cast<int32_t>(random() & 0xffffff);
            return uint64_t(static_cast<uint32_t>(isSigned ? (value << 8) >> 8 : value));
        };
        item.generators = {narrow, narrow, nullptr};
        cases.push_back(std::move(item));
    }
}

void addUpsample(Cases& cases, uint32_t width) {
    const Scalar narrow[] = {Scalar::I8, Scalar::I16, Scalar::I32};
    for (Scalar scalar : narrow) {
        const auto wide = static_cast<Scalar>(static_cast<int>(scalar) + 1);
        const Type type{scalar, width}, result{wide, width};
        const Host host = [scalar](const uint64_t* v) { return v[0] << bitsOf(scalar) | v[1]; };
        cases.push_back(openClCase(OpenCl::u_upsample, "u_upsample", {type, type}, result, host));
        cases.push_back(openClCase(OpenCl::s_upsample, "s_upsample", {type, type}, result, host));
    }
}

Scalar integerOf(Scalar scalar) {
    return bitsOf(scalar) == 16   ? Scalar::I16
           : bitsOf(scalar) == 32 ? Scalar::I32
           : bitsOf(scalar) == 64 ? Scalar::I64
                                  : Scalar::I8;
}

void addSelects(Cases& cases, uint32_t width) {
    for (Scalar scalar : kNumbers) {
        const Type type{scalar, width}, mask{integerOf(scalar), width};
        Case bits = openClCase(OpenCl::bitselect, "bitselect", {type, type, type}, type,
                               [](const uint64_t* v) { return (v[0] & ~v[2]) | (v[1] & v[2]); });
        cases.push_back(std::move(bits));
        // A vector's condition is its components' top bits, a scalar's any bit.
        Case choice = openClCase(OpenCl::select, "select", {type, type, mask}, type, [=](const uint64_t* v) {
            const bool second = width == 1 ? v[2] != 0 : signedOf(mask.scalar, v[2]) < 0;
            return v[second ? 1 : 0];
        });
        choice.comparison = exactly();
        cases.push_back(std::move(choice));
    }
}

void addShuffles(Cases& cases, uint32_t from, uint32_t to) {
    for (Scalar scalar : kNumbers) {
        const Type source{scalar, from}, mask{integerOf(scalar), to}, result{scalar, to};
        Case one = openClCase(OpenCl::shuffle, "shuffle", {source, mask}, result);
        one.expected = perRow([](const Row& row) {
            Value value;
            for (uint64_t index : row[1]) { // the index's low bits count
                value.push_back(row[0][index % row[0].size()]);
            }
            return value;
        });
        one.comparison = exactly();
        one.weight = 4 * to;
        cases.push_back(std::move(one));
        Case two = openClCase(OpenCl::shuffle2, "shuffle2", {source, source, mask}, result);
        two.expected = perRow([](const Row& row) {
            Value value;
            for (uint64_t index : row[2]) {
                const uint64_t at = index % (2 * row[0].size());
                value.push_back(row[at / row[0].size()][at % row[0].size()]);
            }
            return value;
        });
        two.comparison = exactly();
        two.weight = 4 * to;
        cases.push_back(std::move(two));
    }
}

} // namespace

Cases openClIntegerCases() {
    Cases cases;
    for (uint32_t width : widthsOf(Flavour::Kernel)) {
        addInts(cases, width);
        addUpsample(cases, width);
        addSelects(cases, width);
    }
    for (uint32_t from : {2u, 4u, 8u, 16u}) {
        for (uint32_t to : {2u, 4u, 8u, 16u}) {
            addShuffles(cases, from, to);
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
