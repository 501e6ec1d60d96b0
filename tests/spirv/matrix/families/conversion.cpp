// Conversions between every pair of types, with every rounding mode and with saturation; bit casts.
#include "matrix/families.h"

#include <algorithm>
#include <quadmath.h>

namespace halyard::spirvtest {

namespace {

constexpr Rounding kRoundings[] = {Rounding::ToNearestEven, Rounding::TowardZero, Rounding::Up, Rounding::Down};
const char* roundingName(Rounding rounding) {
    static constexpr const char* names[] = {"rte", "rtz", "rtp", "rtn"};
    return names[static_cast<size_t>(rounding)];
}

// The range of an integer type.
Quad least(Scalar to, bool isSigned) {
    return isSigned ? -ldexpq(1, static_cast<int>(bitsOf(to)) - 1) : 0;
}
Quad greatest(Scalar to, bool isSigned) {
    return ldexpq(1, static_cast<int>(bitsOf(to)) - (isSigned ? 1 : 0)) - 1;
}

uint64_t integerBits(Quad value) {
    return value < 0 ? static_cast<uint64_t>(static_cast<int64_t>(value)) : static_cast<uint64_t>(value);
}

Quad fromInteger(Scalar scalar, uint64_t bits, bool isSigned) {
    return isSigned ? static_cast<Quad>(signedOf(scalar, bits)) : static_cast<Quad>(bits);
}

struct Modes {
    bool rounded = false;
    Rounding rounding = Rounding::ToNearestEven;
    bool saturated = false;

    std::string name() const {
        return std::string(rounded ? "/" : "") + (rounded ? roundingName(rounding) : "") + (saturated ? "/sat" : "");
    }
};

// A conversion with its decorations.
Case converted(Op op, Flavour flavour, Type from, Type to, const Modes& modes, Host host) {
    Case item = opCase(op, flavour, {from}, to, std::move(host));
    item.name += modes.name();
    item.emit = [op, to, modes](Module& module, Kernel&, const Ids& ids) {
        const Id result = module.value(op, to.id(module), ids);
        if (modes.rounded) {
            module.decorate(result, Decoration::FPRoundingMode, {static_cast<uint32_t>(modes.rounding)});
        }
        if (modes.saturated) {
            module.decorate(result, Decoration::SaturatedConversion);
        }
        return result;
    };
    return item;
}

void floatToInt(Cases& cases, Flavour flavour, uint32_t width, Scalar from, Scalar to, bool isSigned, Modes modes) {
    const Type source{from, width}, target{to, width, 0, isSigned && flavour == Flavour::GLCompute};
    // Without a mode an integer is made by truncation.
    const Rounding rounding = modes.rounded ? modes.rounding : Rounding::TowardZero;
    const auto host = [=](const uint64_t* v) {
        if (isNan(from, v[0])) {
            return uint64_t(0);
        }
        const Quad value = integral(toQuad(from, v[0]), rounding);
        return integerBits(fmaxq(least(to, isSigned), fminq(greatest(to, isSigned), value)));
    };
    Case item = converted(isSigned ? Op::ConvertFToS : Op::ConvertFToU, flavour, source, target, modes, host);
    if (!modes.saturated) {
        item.adjust = eachComponent([=](uint64_t* v) {
            const Quad value = toQuad(from, v[0]);
            const Quad whole = integral(value, rounding);
            if (!(whole >= least(to, isSigned) && whole <= greatest(to, isSigned))) {
                const Quad folded = isNan(from, v[0]) || isInf(from, v[0]) ? Quad(1.5) : fmodq(value, 100);
                v[0] = fromQuad(from, isSigned ? folded : fabsq(folded));
            }
        });
    }
    cases.push_back(std::move(item));
}

void intToFloat(Cases& cases, Flavour flavour, uint32_t width, Scalar from, Scalar to, bool isSigned, Modes modes) {
    const Type source{from, width, 0, isSigned && flavour == Flavour::GLCompute}, target{to, width};
    cases.push_back(
        converted(isSigned ? Op::ConvertSToF : Op::ConvertUToF, flavour, source, target, modes,
                  [=](const uint64_t* v) { return fromQuad(to, fromInteger(from, v[0], isSigned), modes.rounding); }));
}

void betweenFloatAndInt(Cases& cases, Flavour flavour, uint32_t width) {
    std::vector<Modes> modes = {{}};
    if (flavour == Flavour::Kernel) {
        modes.push_back({false, Rounding::ToNearestEven, true});
        // Every mode at two widths, the scalar and the widest that fits a register of sixteen lanes.
        for (Rounding rounding : kRoundings) {
            if (width == 1 || width == 4) {
                modes.push_back({true, rounding, false});
                modes.push_back({true, rounding, true});
            }
        }
    }
    for (Scalar real : kFloats) {
        for (Scalar whole : kInts) {
            for (bool isSigned : {false, true}) {
                for (const Modes& mode : modes) {
                    floatToInt(cases, flavour, width, real, whole, isSigned, mode);
                    if (!mode.saturated) {
                        intToFloat(cases, flavour, width, whole, real, isSigned, mode);
                    }
                }
            }
        }
    }
}

void betweenFloats(Cases& cases, Flavour flavour, uint32_t width) {
    std::vector<Modes> modes = {{}};
    for (Rounding rounding : kRoundings) {
        // Shaders may only choose RTE and RTZ, for storage of 16 bits.
        if (flavour == Flavour::Kernel) {
            modes.push_back({true, rounding, false});
        }
    }
    for (Scalar from : kFloats) {
        for (Scalar to : kFloats) {
            if (from == to) {
                continue;
            }
            for (const Modes& mode : modes) {
                cases.push_back(
                    converted(Op::FConvert, flavour, {from, width}, {to, width}, mode,
                              [=](const uint64_t* v) { return fromQuad(to, toQuad(from, v[0]), mode.rounding); }));
            }
        }
    }
}

void betweenInts(Cases& cases, Flavour flavour, uint32_t width) {
    const bool kernel = flavour == Flavour::Kernel;
    for (Scalar from : kInts) {
        for (Scalar to : kInts) {
            const Type source{from, width}, target{to, width};
            if (from != to) {
                cases.push_back(
                    opCase(Op::UConvert, flavour, {source}, target, [](const uint64_t* v) { return v[0]; }));
                Type signedSource = source, signedTarget = target;
                signedSource.isSigned = signedTarget.isSigned = !kernel;
                cases.push_back(opCase(Op::SConvert, flavour, {signedSource}, signedTarget, [from](const uint64_t* v) {
                    return static_cast<uint64_t>(signedOf(from, v[0]));
                }));
            }
            if (!kernel) {
                continue;
            }
            for (bool isSigned : {false, true}) {
                if (from != to) {
                    const Op op = isSigned ? Op::SConvert : Op::UConvert;
                    cases.push_back(converted(op, flavour, source, target, {false, {}, true}, [=](const uint64_t* v) {
                        const Quad value = fromInteger(from, v[0], isSigned);
                        return integerBits(fmaxq(least(to, isSigned), fminq(greatest(to, isSigned), value)));
                    }));
                }
                const Op op = isSigned ? Op::SatConvertSToU : Op::SatConvertUToS;
                cases.push_back(opCase(op, flavour, {source}, target, [=](const uint64_t* v) {
                    const Quad value = fromInteger(from, v[0], isSigned);
                    return integerBits(fmaxq(least(to, !isSigned), fminq(greatest(to, !isSigned), value)));
                }));
            }
        }
    }
}

void casts(Cases& cases, Flavour flavour, uint32_t width) {
    const auto copyBits = [](Type from, Type to) {
        return perRow([from, to](const Row& row) {
            Value result(to.components());
            const uint32_t in = bitsOf(from.scalar), out = bitsOf(to.scalar);
            for (uint32_t bit = 0; bit < in * from.components(); ++bit) {
                result[bit / out] |= (row[0][bit / in] >> (bit % in) & 1) << (bit % out);
            }
            return result;
        });
    };
    for (Scalar from : kNumbers) {
        for (Scalar to : kNumbers) {
            const uint32_t bits = bitsOf(from) * width, count = bits / bitsOf(to);
            const auto& widths = widthsOf(flavour);
            const bool whole = bits % bitsOf(to) == 0 && std::find(widths.begin(), widths.end(), count) != widths.end();
            // A vector of three is cast only to another of three.
            if (!whole || from == to || ((width == 3 || count == 3) && width != count)) {
                continue;
            }
            Case item = opCase(Op::Bitcast, flavour, {{from, width}}, {to, count});
            item.expected = copyBits({from, width}, {to, count});
            item.comparison = exactly();
            cases.push_back(std::move(item));
        }
    }
}

} // namespace

Cases conversionCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (uint32_t width : widthsOf(flavour)) {
            betweenFloatAndInt(cases, flavour, width);
            betweenFloats(cases, flavour, width);
            betweenInts(cases, flavour, width);
            casts(cases, flavour, width);
        }
    }
    for (uint32_t width : widthsOf(Flavour::GLCompute)) {
        const Type type{Scalar::F32, width};
        Case item = opCase(Op::QuantizeToF16, Flavour::GLCompute, {type}, type, [](const uint64_t* v) {
            const uint64_t half = fromQuad(Scalar::F16, toQuad(Scalar::F32, v[0]));
            // What is too small for a normal half becomes a zero of the same sign.
            const uint64_t flushed = isSubnormal(Scalar::F16, half) ? half & 0x8000 : half;
            return fromQuad(Scalar::F32, toQuad(Scalar::F16, flushed));
        });
        cases.push_back(std::move(item));
    }
    return cases;
}

} // namespace halyard::spirvtest
