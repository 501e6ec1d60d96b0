// GLSL.std.450, as far as it is of compute.
#include "matrix/families.h"

#include "reference.h"

#include <algorithm>
#include <cmath>

namespace halyard::spirvtest {

namespace {

namespace truth = halyard::jit::reference;

struct FloatOp {
    Glsl instruction;
    const char* name;
    int operands;
    double bound; // 0: exact
    Quad (*host)(const Quad*);
    bool eitherZero = false;
    bool finite = false; // operands; results for NaN and infinities are not defined
};

const FloatOp kOps[] = {
    {Glsl::RoundEven, "RoundEven", 1, 0, [](const Quad* v) { return rintq(v[0]); }},
    {Glsl::Trunc, "Trunc", 1, 0, [](const Quad* v) { return truncq(v[0]); }},
    {Glsl::FAbs, "FAbs", 1, 0, [](const Quad* v) { return fabsq(v[0]); }},
    {Glsl::FSign, "FSign", 1, 0, [](const Quad* v) -> Quad { return v[0] > 0   ? 1
                                                                    : v[0] < 0 ? -1
                                                                               : 0; }, true, true},
    {Glsl::Floor, "Floor", 1, 0, [](const Quad* v) { return floorq(v[0]); }},
    {Glsl::Ceil, "Ceil", 1, 0, [](const Quad* v) { return ceilq(v[0]); }},
    {Glsl::Fract, "Fract", 1, 1, [](const Quad* v) { return v[0] - floorq(v[0]); }, true, true},
    {Glsl::Radians, "Radians", 1, 2, [](const Quad* v) { return v[0] * (truth::Pi<Quad>::value / 180); }, false, true},
    {Glsl::Degrees, "Degrees", 1, 2, [](const Quad* v) { return v[0] * (180 / truth::Pi<Quad>::value); }, false, true},
    {Glsl::Sin, "Sin", 1, 4, [](const Quad* v) { return sinq(v[0]); }},
    {Glsl::Cos, "Cos", 1, 4, [](const Quad* v) { return cosq(v[0]); }},
    {Glsl::Tan, "Tan", 1, 5, [](const Quad* v) { return tanq(v[0]); }},
    {Glsl::Asin, "Asin", 1, 4, [](const Quad* v) { return asinq(v[0]); }},
    {Glsl::Acos, "Acos", 1, 4, [](const Quad* v) { return acosq(v[0]); }},
    {Glsl::Atan, "Atan", 1, 5, [](const Quad* v) { return atanq(v[0]); }},
    {Glsl::Sinh, "Sinh", 1, 4, [](const Quad* v) { return sinhq(v[0]); }},
    {Glsl::Cosh, "Cosh", 1, 4, [](const Quad* v) { return coshq(v[0]); }},
    {Glsl::Tanh, "Tanh", 1, 5, [](const Quad* v) { return tanhq(v[0]); }},
    {Glsl::Asinh, "Asinh", 1, 4, [](const Quad* v) { return asinhq(v[0]); }},
    {Glsl::Acosh, "Acosh", 1, 4, [](const Quad* v) { return acoshq(v[0]); }},
    {Glsl::Atanh, "Atanh", 1, 5, [](const Quad* v) { return atanhq(v[0]); }},
    {Glsl::Atan2, "Atan2", 2, 6, [](const Quad* v) { return atan2q(v[0], v[1]); }, true, true},
    {Glsl::Exp, "Exp", 1, 3, [](const Quad* v) { return expq(v[0]); }},
    {Glsl::Log, "Log", 1, 3, [](const Quad* v) { return logq(v[0]); }},
    {Glsl::Exp2, "Exp2", 1, 3, [](const Quad* v) { return truth::exp2(v[0]); }},
    {Glsl::Log2, "Log2", 1, 3, [](const Quad* v) { return log2q(v[0]); }},
    {Glsl::Sqrt, "Sqrt", 1, 0, [](const Quad* v) { return sqrtq(v[0]); }},
    {Glsl::InverseSqrt, "InverseSqrt", 1, 2, [](const Quad* v) { return 1 / sqrtq(v[0]); }},
    {Glsl::FMin, "FMin", 2, 0, [](const Quad* v) { return fminq(v[0], v[1]); }, true, true},
    {Glsl::FMax, "FMax", 2, 0, [](const Quad* v) { return fmaxq(v[0], v[1]); }, true, true},
    {Glsl::NMin, "NMin", 2, 0, [](const Quad* v) { return fminq(v[0], v[1]); }, true},
    {Glsl::NMax, "NMax", 2, 0, [](const Quad* v) { return fmaxq(v[0], v[1]); }, true},
    {Glsl::Step, "Step", 2, 0, [](const Quad* v) -> Quad { return v[1] < v[0] ? 0 : 1; }, false, true},
};

Host hosted(Scalar scalar, Quad (*f)(const Quad*)) {
    return [=](const uint64_t* v) {
        const Quad values[] = {toQuad(scalar, v[0]), toQuad(scalar, v[1]), toQuad(scalar, v[2])};
        return fromQuad(scalar, f(values));
    };
}

double boundOf(Scalar scalar, double bound) {
    return scalar == Scalar::F16 ? std::min(bound, 1.0) : bound;
}

void addFloats(Cases& cases, Scalar scalar, uint32_t width) {
    const Type type{scalar, width};
    for (const FloatOp& each : kOps) {
        // The elementary functions are of 16 and 32 bits.
        if (scalar == Scalar::F64 && each.bound >= 2 && each.instruction != Glsl::InverseSqrt) {
            continue;
        }
        Case item = glslCase(each.instruction, each.name, std::vector<Type>(static_cast<size_t>(each.operands), type),
                             type, hosted(scalar, each.host));
        if (each.bound != 0) {
            item.comparison = within(boundOf(scalar, each.bound));
            item.weight = 6 * width;
        }
        item.comparison.eitherZero = each.eitherZero;
        if (each.finite) {
            item.generators = {finiteValue, finiteValue};
        }
        cases.push_back(std::move(item));
    }
    // Halfway cases of Round go where the implementation likes.
    Case round = glslCase(Glsl::Round, "Round", {type}, type);
    round.comparison.kind = Comparison::Kind::Accept;
    round.comparison.accept = [scalar](const Row& row, uint64_t got, size_t c) {
        const Quad x = toQuad(scalar, row[0][c]);
        return got == fromQuad(scalar, roundq(x)) || got == fromQuad(scalar, rintq(x)) ||
               (isnanq(x) != 0 && isNan(scalar, got));
    };
    cases.push_back(std::move(round));

    Case pow = glslCase(Glsl::Pow, "Pow", {type, type}, type, [scalar](const uint64_t* v) {
        return fromQuad(scalar, powq(toQuad(scalar, v[0]), toQuad(scalar, v[1])));
    });
    const Generator positive = [](Random& random, Scalar s) {
        return fromQuad(s, fabsq(toQuad(s, moderateValue(random, s))) + Quad(0.0625));
    };
    pow.generators = {positive, moderateValue};
    pow.comparison = within(boundOf(scalar, 16));
    pow.weight = 10 * width;
    if (scalar != Scalar::F64) {
        cases.push_back(std::move(pow));
    }

    for (const auto& [op, name] : {std::make_pair(Glsl::FClamp, "FClamp"), std::make_pair(Glsl::NClamp, "NClamp")}) {
        Case clamp = glslCase(op, name, {type, type, type}, type,
                              hosted(scalar, [](const Quad* v) { return fminq(fmaxq(v[0], v[1]), v[2]); }));
        clamp.generators = {op == Glsl::NClamp ? Generator(anyValue) : Generator(finiteValue), finiteValue,
                            finiteValue};
        clamp.adjust = eachComponent([scalar](uint64_t* v) {
            if (toQuad(scalar, v[1]) > toQuad(scalar, v[2])) {
                std::swap(v[1], v[2]);
            }
        });
        clamp.comparison = eitherZero();
        cases.push_back(std::move(clamp));
    }
    Case mix = glslCase(Glsl::FMix, "FMix", {type, type, type}, type);
    mix.generators = {moderateValue, moderateValue, moderateValue};
    mix.comparison = near(
        scalar, 4, [](const Quad* v) { return v[0] * (1 - v[2]) + v[1] * v[2]; },
        [](const Quad* v) { return fabsq(v[0] * (1 - v[2])) + fabsq(v[1] * v[2]) + fabsq(v[0]); });
    cases.push_back(std::move(mix));
    // One rounding or two.
    Case fma = glslCase(Glsl::Fma, "Fma", {type, type, type}, type);
    fma.generators = {moderateValue, moderateValue, moderateValue};
    fma.comparison = near(
        scalar, 1, [](const Quad* v) { return v[0] * v[1] + v[2]; },
        [](const Quad* v) { return fabsq(v[0] * v[1]) + fabsq(v[2]); });
    cases.push_back(std::move(fma));
    Case smooth = glslCase(Glsl::SmoothStep, "SmoothStep", {type, type, type}, type);
    smooth.generators = {moderateValue, moderateValue, moderateValue};
    smooth.adjust = eachComponent([scalar](uint64_t* v) {
        v[1] = fromQuad(scalar, toQuad(scalar, v[0]) + 1 + fmodq(fabsq(toQuad(scalar, v[1])), 4));
    });
    smooth.comparison = near(
        scalar, 16,
        [](const Quad* v) {
            const Quad t = fminq(fmaxq((v[2] - v[0]) / (v[1] - v[0]), 0), 1);
            return t * t * (3 - 2 * t);
        },
        [](const Quad* v) { return 1 + fabsq(v[0]) + fabsq(v[2]); });
    cases.push_back(std::move(smooth));
    Case ldexp =
        glslCase(Glsl::Ldexp, "Ldexp", {type, {Scalar::I32, width, 0, true}}, type, [scalar](const uint64_t* v) {
            return fromQuad(scalar, ldexpq(toQuad(scalar, v[0]), static_cast<int>(v[1])));
        });
    const int limit = formatOf(scalar).maxExponent;
    ldexp.generators = {moderateValue, [limit](Random& random, Scalar) {
                            return uint64_t(
                                static_cast<uint32_t>(static_cast<int>(random() % 17) - 8 - (limit > 15 ? 20 : 0)));
                        }};
    cases.push_back(std::move(ldexp));
}

// Modf and Frexp, by pointer and by structure, each result a case.
void addPairs(Cases& cases, Scalar scalar, uint32_t width) {
    const Type type{scalar, width}, count{Scalar::I32, width, 0, true};
    struct Pair {
        Glsl byPointer, byStruct;
        const char *pointerName, *structName;
        bool integer;
        Quad (*first)(const Quad*);
        Quad (*second)(const Quad*);
    };
    const Pair pairs[] = {
        {Glsl::Modf, Glsl::ModfStruct, "Modf", "ModfStruct", false,
         [](const Quad* v) { return truth::modf_value(v[0]); }, [](const Quad* v) { return truncq(v[0]); }},
        {Glsl::Frexp, Glsl::FrexpStruct, "Frexp", "FrexpStruct", true,
         [](const Quad* v) { return truth::frexp_value(v[0]); },
         [](const Quad* v) -> Quad { return v[0] == 0 ? 0 : ilogbq(v[0]) + 1; }},
    };
    for (const Pair& each : pairs) {
        for (bool second : {false, true}) {
            for (bool isStruct : {false, true}) {
                const Type other = each.integer ? count : type, result = second ? other : type;
                const auto f = second ? each.second : each.first;
                Case item =
                    glslCase(isStruct ? each.byStruct : each.byPointer, isStruct ? each.structName : each.pointerName,
                             {type}, result, [=](const uint64_t* v) {
                                 const Quad x = toQuad(scalar, v[0]);
                                 const Quad value = f(&x);
                                 return isFloat(result.scalar) ? fromQuad(scalar, value)
                                                               : static_cast<uint64_t>(static_cast<int64_t>(value));
                             });
                item.name += second ? "/second" : "/first";
                item.generators = {finiteValue};
                item.comparison.eitherZero = true;
                item.emit = [=](Module& m, Kernel&, const Ids& ids) {
                    const Id t = type.id(m), o = other.id(m);
                    if (isStruct) {
                        const Id both = m.glsl(each.byStruct, m.structType({t, o}), {ids[0]});
                        return m.value(Op::CompositeExtract, second ? o : t, {both, second ? 1u : 0u});
                    }
                    const Id variable = m.localVariable(o);
                    const Id first = m.glsl(each.byPointer, t, {ids[0], variable});
                    return second ? m.value(Op::Load, o, {variable}) : first;
                };
                item.weight = 4 * width;
                cases.push_back(std::move(item));
            }
        }
    }
}

using Vector = std::vector<Quad>;
Vector vectorOf(Scalar scalar, const Value& value) {
    Vector all;
    for (uint64_t bits : value) {
        all.push_back(toQuad(scalar, bits));
    }
    return all;
}
Quad dot(const Vector& a, const Vector& b) {
    Quad sum = 0;
    for (size_t c = 0; c < a.size(); ++c) {
        sum += a[c] * b[c];
    }
    return sum;
}

void addGeometry(Cases& cases, Scalar scalar, uint32_t width) {
    const Type vector{scalar, width}, number{scalar};
    const Generator small = [](Random& random, Scalar s) { return fromQuad(s, static_cast<int>(random() % 15) - 7); };
    const auto bits = [scalar](const Vector& v) {
        Value value;
        for (Quad part : v) {
            value.push_back(fromQuad(scalar, part));
        }
        return value;
    };
    const double bound = scalar == Scalar::F16 ? 8 : 4.5;
    Case length = glslCase(Glsl::Length, "Length", {vector}, number);
    length.generators = {moderateValue};
    length.expected = perRow([=](const Row& row) {
        const Vector a = vectorOf(scalar, row[0]);
        return Value{fromQuad(scalar, sqrtq(dot(a, a)))};
    });
    length.comparison = within(bound);
    cases.push_back(std::move(length));
    Case distance = glslCase(Glsl::Distance, "Distance", {vector, vector}, number);
    distance.generators = {small, small};
    distance.expected = perRow([=](const Row& row) {
        Vector a = vectorOf(scalar, row[0]);
        const Vector b = vectorOf(scalar, row[1]);
        for (size_t c = 0; c < a.size(); ++c) {
            a[c] -= b[c];
        }
        return Value{fromQuad(scalar, sqrtq(dot(a, a)))};
    });
    distance.comparison = within(bound);
    cases.push_back(std::move(distance));
    Case normalize = glslCase(Glsl::Normalize, "Normalize", {vector}, vector);
    normalize.generators = {moderateValue};
    normalize.expected = perRow([=](const Row& row) {
        Vector a = vectorOf(scalar, row[0]);
        const Quad size = sqrtq(dot(a, a));
        for (Quad& part : a) {
            part /= size;
        }
        return bits(a);
    });
    normalize.comparison = within(bound);
    cases.push_back(std::move(normalize));
    Case faced = glslCase(Glsl::FaceForward, "FaceForward", {vector, vector, vector}, vector);
    faced.generators = {moderateValue, small, small};
    faced.expected = perRow([=](const Row& row) {
        Vector n = vectorOf(scalar, row[0]);
        const bool keep = dot(vectorOf(scalar, row[1]), vectorOf(scalar, row[2])) < 0;
        for (Quad& part : n) {
            part = keep ? part : -part;
        }
        return bits(n);
    });
    cases.push_back(std::move(faced));
    Case reflect = glslCase(Glsl::Reflect, "Reflect", {vector, vector}, vector);
    reflect.generators = {small, small};
    reflect.expected = perRow([=](const Row& row) {
        Vector i = vectorOf(scalar, row[0]);
        const Vector n = vectorOf(scalar, row[1]);
        const Quad twice = 2 * dot(n, i);
        for (size_t c = 0; c < i.size(); ++c) {
            i[c] -= twice * n[c];
        }
        return bits(i);
    });
    reflect.comparison = eitherZero();
    if (scalar == Scalar::F16) {
        reflect.generators = {[](Random& random, Scalar s) { return fromQuad(s, static_cast<int>(random() % 5) - 2); },
                              small};
        reflect.generators[1] = reflect.generators[0];
    }
    cases.push_back(std::move(reflect));
    Case refract = glslCase(Glsl::Refract, "Refract", {vector, vector, {scalar}}, vector);
    // Unit vectors along the axes: every term but the root is exact.
    refract.adjust = [=](Row& row) {
        const size_t axis = row[0][0] % width, other = row[1][0] % width;
        row[0].assign(width, 0);
        row[1].assign(width, 0);
        row[0][axis] = fromQuad(scalar, -1);
        row[1][other] = fromQuad(scalar, 1);
        row[2][0] = fromQuad(scalar, row[2][0] % 3 == 0 ? 1.5 : row[2][0] % 3 == 1 ? 0.75 : 1.0);
    };
    refract.expected = perRow([=](const Row& row) {
        Vector i = vectorOf(scalar, row[0]);
        const Vector n = vectorOf(scalar, row[1]);
        const Quad eta = toQuad(scalar, row[2][0]), d = dot(n, i), k = 1 - eta * eta * (1 - d * d);
        for (size_t c = 0; c < i.size(); ++c) {
            i[c] = k < 0 ? 0 : eta * i[c] - (eta * d + sqrtq(k)) * n[c];
        }
        return bits(i);
    });
    refract.comparison = within(4);
    refract.comparison.eitherZero = true;
    cases.push_back(std::move(refract));
    if (width == 3) {
        Case cross = glslCase(Glsl::Cross, "Cross", {vector, vector}, vector);
        cross.generators = {small, small};
        cross.expected = perRow([=](const Row& row) {
            const Vector a = vectorOf(scalar, row[0]), b = vectorOf(scalar, row[1]);
            return bits({a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]});
        });
        cross.comparison = eitherZero();
        cases.push_back(std::move(cross));
    }
}

struct IntOp {
    Glsl instruction;
    const char* name;
    int operands;
    bool isSigned;
    int64_t (*asSigned)(int64_t, int64_t, int64_t);
    uint64_t (*asUnsigned)(uint64_t, uint64_t, uint64_t);
};
const IntOp kInts450[] = {
    {Glsl::SAbs, "SAbs", 1, true,
     [](int64_t a, int64_t, int64_t) { return a < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(a)) : a; },
     nullptr},
    {Glsl::SSign, "SSign", 1, true, [](int64_t a, int64_t, int64_t) -> int64_t { return a > 0   ? 1
                                                                                        : a < 0 ? -1
                                                                                                : 0; },
     nullptr},
    {Glsl::SMin, "SMin", 2, true, [](int64_t a, int64_t b, int64_t) { return std::min(a, b); }, nullptr},
    {Glsl::SMax, "SMax", 2, true, [](int64_t a, int64_t b, int64_t) { return std::max(a, b); }, nullptr},
    {Glsl::SClamp, "SClamp", 3, true, [](int64_t a, int64_t b, int64_t c) { return std::min(std::max(a, b), c); },
     nullptr},
    {Glsl::UMin, "UMin", 2, false, nullptr, [](uint64_t a, uint64_t b, uint64_t) { return std::min(a, b); }},
    {Glsl::UMax, "UMax", 2, false, nullptr, [](uint64_t a, uint64_t b, uint64_t) { return std::max(a, b); }},
    {Glsl::UClamp, "UClamp", 3, false, nullptr,
     [](uint64_t a, uint64_t b, uint64_t c) { return std::min(std::max(a, b), c); }},
};

void addInts(Cases& cases, uint32_t width) {
    for (const IntOp& each : kInts450) {
        for (Scalar scalar : kInts) {
            const Type type{scalar, width, 0, each.isSigned};
            const IntOp op = each;
            const auto host = [op, scalar](const uint64_t* v) {
                return op.isSigned ? static_cast<uint64_t>(op.asSigned(signedOf(scalar, v[0]), signedOf(scalar, v[1]),
                                                                       signedOf(scalar, v[2])))
                                   : op.asUnsigned(v[0], v[1], v[2]);
            };
            Case item = glslCase(each.instruction, each.name,
                                 std::vector<Type>(static_cast<size_t>(each.operands), type), type, host);
            if (each.operands == 3) {
                item.adjust = eachComponent([op, scalar](uint64_t* v) {
                    if (op.isSigned ? signedOf(scalar, v[1]) > signedOf(scalar, v[2]) : v[1] > v[2]) {
                        std::swap(v[1], v[2]);
                    }
                });
            }
            cases.push_back(std::move(item));
        }
    }
    const Type word{Scalar::I32, width}, number{Scalar::I32, width, 0, true};
    const auto highest = [](uint32_t v) { return v == 0 ? uint64_t(0xffffffff) : uint64_t(31 - __builtin_clz(v)); };
    cases.push_back(glslCase(Glsl::FindILsb, "FindILsb", {word}, number, [](const uint64_t* v) {
        return v[0] == 0 ? uint64_t(0xffffffff) : uint64_t(__builtin_ctzll(v[0]));
    }));
    cases.push_back(glslCase(Glsl::FindUMsb, "FindUMsb", {word}, number,
                             [=](const uint64_t* v) { return highest(static_cast<uint32_t>(v[0])); }));
    cases.push_back(glslCase(Glsl::FindSMsb, "FindSMsb", {number}, number, [=](const uint64_t* v) {
        const auto value = static_cast<uint32_t>(v[0]);
        return highest((value & 0x80000000) != 0 ? ~value : value);
    }));
}

// Packing: no operand times the scale is near halfway between integers, since it may be rounded first.
void addPacking(Cases& cases) {
    const Type word{Scalar::I32}, pair{Scalar::F32, 2}, four{Scalar::F32, 4};
    struct Pack {
        Glsl pack, unpack;
        const char *packName, *unpackName;
        Type vector;
        int bits;
        bool isSigned;
    };
    const Pack packs[] = {
        {Glsl::PackSnorm4x8, Glsl::UnpackSnorm4x8, "PackSnorm4x8", "UnpackSnorm4x8", four, 8, true},
        {Glsl::PackUnorm4x8, Glsl::UnpackUnorm4x8, "PackUnorm4x8", "UnpackUnorm4x8", four, 8, false},
        {Glsl::PackSnorm2x16, Glsl::UnpackSnorm2x16, "PackSnorm2x16", "UnpackSnorm2x16", pair, 16, true},
        {Glsl::PackUnorm2x16, Glsl::UnpackUnorm2x16, "PackUnorm2x16", "UnpackUnorm2x16", pair, 16, false},
    };
    for (const Pack& each : packs) {
        const Quad scale = each.isSigned ? (1 << (each.bits - 1)) - 1 : (1 << each.bits) - 1;
        Case pack = glslCase(each.pack, each.packName, {each.vector}, word);
        pack.generators = {[scale](Random& random, Scalar s) { // from -1.3 to 1.3
            const Quad whole = rintq((static_cast<Quad>(random() % 1000003) / 1000003 - Quad(0.5)) * Quad(2.6) * scale);
            return fromQuad(s, (whole + static_cast<Quad>(random() % 101) / 125 - Quad(0.4)) / scale);
        }};
        pack.expected = perRow([=](const Row& row) {
            uint64_t packed = 0;
            for (size_t c = 0; c < row[0].size(); ++c) {
                const Quad x = fminq(fmaxq(toQuad(Scalar::F32, row[0][c]), each.isSigned ? -1 : 0), 1);
                const auto part = static_cast<uint64_t>(static_cast<int64_t>(rintq(x * scale)));
                packed |= (part & maskOf(static_cast<uint32_t>(each.bits))) << (c * static_cast<size_t>(each.bits));
            }
            return Value{packed};
        });
        pack.weight = 8;
        cases.push_back(std::move(pack));
        Case unpack = glslCase(each.unpack, each.unpackName, {word}, each.vector);
        unpack.expected = perRow([=](const Row& row) {
            Value value;
            for (uint32_t c = 0; c < each.vector.width; ++c) {
                const auto part =
                    row[0][0] >> (c * static_cast<uint32_t>(each.bits)) & maskOf(static_cast<uint32_t>(each.bits));
                const Scalar whole = each.bits == 8 ? Scalar::I8 : Scalar::I16;
                const Quad x =
                    (each.isSigned ? static_cast<Quad>(signedOf(whole, part)) : static_cast<Quad>(part)) / scale;
                value.push_back(fromQuad(Scalar::F32, fmaxq(x, -1)));
            }
            return value;
        });
        unpack.comparison = within(2);
        unpack.weight = 8;
        cases.push_back(std::move(unpack));
    }
    Case half = glslCase(Glsl::PackHalf2x16, "PackHalf2x16", {pair}, word);
    half.generators = {[](Random& random, Scalar s) { // NaN payloads are nobody's business
        const uint64_t value = anyValue(random, s);
        return isNan(s, value) ? 0 : value;
    }};
    half.expected = perRow([](const Row& row) {
        return Value{fromQuad(Scalar::F16, toQuad(Scalar::F32, row[0][0])) |
                     fromQuad(Scalar::F16, toQuad(Scalar::F32, row[0][1])) << 16};
    });
    cases.push_back(std::move(half));
    Case unhalf = glslCase(Glsl::UnpackHalf2x16, "UnpackHalf2x16", {word}, pair);
    unhalf.expected = perRow([](const Row& row) {
        return Value{fromQuad(Scalar::F32, toQuad(Scalar::F16, row[0][0] & 0xffff)),
                     fromQuad(Scalar::F32, toQuad(Scalar::F16, row[0][0] >> 16))};
    });
    cases.push_back(std::move(unhalf));
    Case join = glslCase(Glsl::PackDouble2x32, "PackDouble2x32", {{Scalar::I32, 2}}, {Scalar::F64});
    join.expected = perRow([](const Row& row) { return Value{row[0][0] | row[0][1] << 32}; });
    cases.push_back(std::move(join));
    Case split = glslCase(Glsl::UnpackDouble2x32, "UnpackDouble2x32", {{Scalar::F64}}, {Scalar::I32, 2});
    split.expected = perRow([](const Row& row) { return Value{row[0][0] & 0xffffffff, row[0][0] >> 32}; });
    cases.push_back(std::move(split));
}

} // namespace

Cases glslCases() {
    Cases cases;
    for (uint32_t width : widthsOf(Flavour::GLCompute)) {
        for (Scalar scalar : kFloats) {
            addFloats(cases, scalar, width);
            addPairs(cases, scalar, width);
            addGeometry(cases, scalar, width);
        }
        addInts(cases, width);
    }
    addPacking(cases);
    return cases;
}

} // namespace halyard::spirvtest
