// The floating-point instructions of OpenCL.std. Values are sampled here, to see that every type and width is right;
// accuracy is measured by spirv_ulp_test.
#include "matrix/families.h"

#include "reference.h"

#include <algorithm>
#include <cmath>

namespace halyard::spirvtest {

namespace {

namespace truth = halyard::jit::reference;

// Evaluated in double for half and float, and in __float128 for double: enough for a bound of units in the last place.
using One = Quad (*)(Scalar, Quad);
using Two = Quad (*)(Scalar, Quad, Quad);
using Power = Quad (*)(Scalar, Quad, int);

struct Function {
    OpenCl instruction;
    const char* name;
    double bound;
    One one;
    Two two;
    Power power;
};

#define HALYARD_NARROW(call)                                                                                           \
    if (s != Scalar::F64) {                                                                                            \
        return static_cast<Quad>(call);                                                                                \
    }
#define ONE(name, bound)                                                                                               \
    {OpenCl::name,                                                                                                     \
     #name,                                                                                                            \
     bound,                                                                                                            \
     [](Scalar s, Quad x) -> Quad {                                                                                    \
         HALYARD_NARROW(truth::name(static_cast<double>(x)))                                                           \
         return truth::name(x);                                                                                        \
     },                                                                                                                \
     nullptr,                                                                                                          \
     nullptr},
#define TWO(name, bound)                                                                                               \
    {OpenCl::name,                                                                                                     \
     #name,                                                                                                            \
     bound,                                                                                                            \
     nullptr,                                                                                                          \
     [](Scalar s, Quad x, Quad y) -> Quad {                                                                            \
         HALYARD_NARROW(truth::name(static_cast<double>(x), static_cast<double>(y)))                                   \
         return truth::name(x, y);                                                                                     \
     },                                                                                                                \
     nullptr},
#define POWER(name, bound)                                                                                             \
    {OpenCl::name, #name, bound, nullptr, nullptr, [](Scalar s, Quad x, int n) -> Quad {                               \
         HALYARD_NARROW(truth::name(static_cast<double>(x), n))                                                        \
         return truth::name(x, n);                                                                                     \
     }},
const Function kFunctions[] = {
#include "opencl_bounds.def"
};
#undef ONE
#undef TWO
#undef POWER

// Half functions are float functions rounded.
double boundOf(Scalar scalar, double bound) {
    return scalar == Scalar::F16 ? std::min(bound, 1.0) : bound;
}

// The big functions take long to compile, and vectors are computed component by component: scalars are tried with every
// function, floats to width 4 too, and every function in one more width of each type.
bool sampled(Scalar scalar, uint32_t width, size_t number) {
    static constexpr uint32_t wide[] = {2, 3, 4, 8, 16};
    return width == 1 || (scalar == Scalar::F32 && width <= 4) || wide[number % std::size(wide)] == width;
}

void addFunctions(Cases& cases, Scalar scalar, uint32_t width) {
    const Type type{scalar, width}, count{Scalar::I32, width};
    size_t number = 0;
    for (const Function& each : kFunctions) {
        if (!sampled(scalar, width, number++)) {
            continue;
        }
        Case item;
        if (each.one != nullptr) {
            item = openClCase(each.instruction, each.name, {type}, type, [scalar, f = each.one](const uint64_t* v) {
                return fromQuad(scalar, f(scalar, toQuad(scalar, v[0])));
            });
        } else if (each.two != nullptr) {
            item =
                openClCase(each.instruction, each.name, {type, type}, type, [scalar, f = each.two](const uint64_t* v) {
                    return fromQuad(scalar, f(scalar, toQuad(scalar, v[0]), toQuad(scalar, v[1])));
                });
        } else {
            item = openClCase(each.instruction, each.name, {type, count}, type,
                              [scalar, f = each.power](const uint64_t* v) {
                                  return fromQuad(scalar, f(scalar, toQuad(scalar, v[0]), static_cast<int>(v[1])));
                              });
        }
        item.comparison = each.bound == 0 ? Comparison{} : within(boundOf(scalar, each.bound));
        item.comparison.eitherZero = each.instruction == OpenCl::maxmag || each.instruction == OpenCl::minmag;
        item.weight = (scalar == Scalar::F64 ? 12 : 8) * width;
        if (each.instruction == OpenCl::lgamma) {
            // No bound near the zeros at negative arguments.
            item.generators = {[](Random& random, Scalar s) { return moderateValue(random, s) & (maskOf(s) >> 1); }};
            item.comparison = near(
                scalar, 16, [scalar, f = each.one](const Quad* v) { return f(scalar, v[0]); },
                [scalar, f = each.one](const Quad* v) { return fmaxq(fabsq(f(scalar, v[0])), 1); });
            item.adjust =
                eachComponent([scalar](uint64_t* v) { v[0] = isZero(scalar, v[0]) ? fromQuad(scalar, 1) : v[0]; });
            item.expected = nullptr;
        }
        cases.push_back(std::move(item));
    }
}

struct ExactOp {
    OpenCl instruction;
    const char* name;
    int operands;
    Quad (*host)(const Quad*);
    bool eitherZero;
};
Quad signOf(Quad x) {
    return isnanq(x) != 0 ? 0 : x > 0 ? 1 : x < 0 ? -1 : x;
}
const ExactOp kExact[] = {
    {OpenCl::ceil, "ceil", 1, [](const Quad* v) { return ceilq(v[0]); }, false},
    {OpenCl::floor, "floor", 1, [](const Quad* v) { return floorq(v[0]); }, false},
    {OpenCl::rint, "rint", 1, [](const Quad* v) { return rintq(v[0]); }, false},
    {OpenCl::round, "round", 1, [](const Quad* v) { return roundq(v[0]); }, false},
    {OpenCl::trunc, "trunc", 1, [](const Quad* v) { return truncq(v[0]); }, false},
    {OpenCl::fabs, "fabs", 1, [](const Quad* v) { return fabsq(v[0]); }, false},
    {OpenCl::sqrt, "sqrt", 1, [](const Quad* v) { return sqrtq(v[0]); }, false},
    {OpenCl::sign, "sign", 1, [](const Quad* v) { return signOf(v[0]); }, false},
    {OpenCl::copysign, "copysign", 2, [](const Quad* v) { return copysignq(v[0], v[1]); }, false},
    {OpenCl::fmax, "fmax", 2, [](const Quad* v) { return fmaxq(v[0], v[1]); }, true},
    {OpenCl::fmin, "fmin", 2, [](const Quad* v) { return fminq(v[0], v[1]); }, true},
    {OpenCl::step, "step", 2, [](const Quad* v) -> Quad { return v[1] < v[0] ? 0 : 1; }, false},
};

void addExact(Cases& cases, Scalar scalar, uint32_t width) {
    const Type type{scalar, width};
    for (const ExactOp& each : kExact) {
        Case item = openClCase(each.instruction, each.name, std::vector<Type>(static_cast<size_t>(each.operands), type),
                               type, [scalar, f = each.host](const uint64_t* v) {
                                   const Quad values[] = {toQuad(scalar, v[0]), toQuad(scalar, v[1])};
                                   return fromQuad(scalar, f(values));
                               });
        item.comparison.eitherZero = each.eitherZero;
        if (each.instruction == OpenCl::step || each.instruction == OpenCl::copysign) {
            item.generators = {finiteValue, finiteValue};
        }
        cases.push_back(std::move(item));
    }
    const auto fused = [scalar](const uint64_t* v) -> uint64_t {
        // Exact in __float128 for halves; the C library rounds once for the others.
        if (scalar == Scalar::F16) {
            return fromQuad(scalar, toQuad(scalar, v[0]) * toQuad(scalar, v[1]) + toQuad(scalar, v[2]));
        }
        if (scalar == Scalar::F32) {
            return fromQuad(scalar,
                            std::fma(static_cast<float>(toQuad(scalar, v[0])), static_cast<float>(toQuad(scalar, v[1])),
                                     static_cast<float>(toQuad(scalar, v[2]))));
        }
        return fromQuad(scalar,
                        std::fma(static_cast<double>(toQuad(scalar, v[0])), static_cast<double>(toQuad(scalar, v[1])),
                                 static_cast<double>(toQuad(scalar, v[2]))));
    };
    cases.push_back(openClCase(OpenCl::fma, "fma", {type, type, type}, type, fused));
    // mad rounds once or twice.
    Case mad = openClCase(OpenCl::mad, "mad", {type, type, type}, type);
    mad.generators = {moderateValue, moderateValue, moderateValue};
    const Exact product = [](const Quad* v) { return v[0] * v[1] + v[2]; };
    const Exact size = [](const Quad* v) { return fabsq(v[0] * v[1]) + fabsq(v[2]); };
    mad.comparison = near(scalar, 1, product, size);
    cases.push_back(std::move(mad));
    Case mix = openClCase(OpenCl::mix, "mix", {type, type, type}, type);
    mix.generators =
        mad.generators.empty() ? std::vector<Generator>{moderateValue, moderateValue, moderateValue} : mad.generators;
    mix.comparison = near(
        scalar, 4, [](const Quad* v) { return v[0] + (v[1] - v[0]) * v[2]; },
        [](const Quad* v) { return fabsq(v[0]) + fabsq((v[1] - v[0]) * v[2]); });
    cases.push_back(std::move(mix));
    Case clamp = openClCase(OpenCl::fclamp, "fclamp", {type, type, type}, type, [scalar](const uint64_t* v) {
        return fromQuad(scalar, fminq(fmaxq(toQuad(scalar, v[0]), toQuad(scalar, v[1])), toQuad(scalar, v[2])));
    });
    clamp.generators = {finiteValue, finiteValue, finiteValue};
    clamp.adjust = eachComponent([scalar](uint64_t* v) {
        if (toQuad(scalar, v[1]) > toQuad(scalar, v[2])) {
            std::swap(v[1], v[2]);
        }
    });
    clamp.comparison = eitherZero();
    cases.push_back(std::move(clamp));
    for (const auto& [op, name, high] : {std::make_tuple(OpenCl::fmax_common, "fmax_common", true),
                                         std::make_tuple(OpenCl::fmin_common, "fmin_common", false)}) {
        Case common = openClCase(op, name, {type, type}, type, [scalar, high = high](const uint64_t* v) {
            const Quad a = toQuad(scalar, v[0]), b = toQuad(scalar, v[1]);
            return fromQuad(scalar, high ? fmaxq(a, b) : fminq(a, b));
        });
        common.generators = {finiteValue, finiteValue};
        common.comparison = eitherZero();
        cases.push_back(std::move(common));
    }
    for (const auto& [op, name, factor] : {std::make_tuple(OpenCl::degrees, "degrees", 180 / truth::Pi<Quad>::value),
                                           std::make_tuple(OpenCl::radians, "radians", truth::Pi<Quad>::value / 180)}) {
        Case item = openClCase(op, name, {type}, type, [scalar, factor = factor](const uint64_t* v) {
            return fromQuad(scalar, toQuad(scalar, v[0]) * factor);
        });
        item.comparison = within(2);
        cases.push_back(std::move(item));
    }
    Case smooth = openClCase(OpenCl::smoothstep, "smoothstep", {type, type, type}, type);
    smooth.generators = {moderateValue, moderateValue, moderateValue};
    smooth.adjust = eachComponent([scalar](uint64_t* v) { // edges one to five apart
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
    // nan: the payload is the operand's.
    const Type whole{bitsOf(scalar) == 16 ? Scalar::I16 : bitsOf(scalar) == 32 ? Scalar::I32 : Scalar::I64, width};
    Case nan = openClCase(OpenCl::nan, "nan", {whole}, type, [scalar](const uint64_t*) { return quietNan(scalar); });
    cases.push_back(std::move(nan));
    Case ilogb =
        openClCase(OpenCl::ilogb, "ilogb", {type}, {Scalar::I32, width}, [scalar](const uint64_t* v) -> uint64_t {
            if (isZero(scalar, v[0])) {
                return 0x80000000; // FP_ILOGB0, and FP_ILOGBNAN below
            }
            const bool finite = !isNan(scalar, v[0]) && !isInf(scalar, v[0]);
            return finite ? static_cast<uint32_t>(ilogbq(toQuad(scalar, v[0]))) : 0x7fffffff;
        });
    cases.push_back(std::move(ilogb));
    Case next = openClCase(OpenCl::nextafter, "nextafter", {type, type}, type, [scalar](const uint64_t* v) -> uint64_t {
        const Quad x = toQuad(scalar, v[0]), y = toQuad(scalar, v[1]);
        if (isnanq(x) != 0 || isnanq(y) != 0 || x == y) {
            return isnanq(x) != 0 ? v[0] : v[1];
        }
        const uint64_t top = uint64_t(1) << (bitsOf(scalar) - 1);
        if (x == 0) {
            return y > 0 ? 1 : top | 1;
        }
        return (y > x) == (x > 0) ? v[0] + 1 : v[0] - 1;
    });
    cases.push_back(std::move(next));
}

// Functions with a second result behind a pointer: each result is a case.
struct PointerOp {
    OpenCl instruction;
    const char* name;
    int operands;
    bool integer; // the second result
    double bound;
    Quad (*first)(Scalar, Quad, Quad);
    Quad (*second)(Scalar, Quad, Quad);
};
const PointerOp kPointerOps[] = {
    {OpenCl::fract, "fract", 1, false, 0,
     [](Scalar s, Quad x, Quad) -> Quad {
         const Quad below = toQuad(s, fromQuad(s, 1) - 1);
         return x == 0 || isnanq(x) != 0 ? x : isinfq(x) != 0 ? copysignq(0, x) : fminq(x - floorq(x), below);
     },
     [](Scalar, Quad x, Quad) -> Quad { return floorq(x); }},
    {OpenCl::modf, "modf", 1, false, 0, [](Scalar, Quad x, Quad) -> Quad { return truth::modf_value(x); },
     [](Scalar, Quad x, Quad) -> Quad { return truncq(x); }},
    {OpenCl::frexp, "frexp", 1, true, 0, [](Scalar, Quad x, Quad) -> Quad { return truth::frexp_value(x); },
     [](Scalar, Quad x, Quad) -> Quad { return x == 0 || isnanq(x - x) != 0 ? 0 : ilogbq(x) + 1; }},
    {OpenCl::sincos, "sincos", 1, false, 4, [](Scalar, Quad x, Quad) -> Quad { return sinq(x); },
     [](Scalar, Quad x, Quad) -> Quad { return cosq(x); }},
    {OpenCl::remquo, "remquo", 2, true, 0, [](Scalar, Quad x, Quad y) -> Quad { return remainderq(x, y); },
     [](Scalar, Quad x, Quad y) -> Quad { return rintq((x - remainderq(x, y)) / y); }},
};

void addPointerOps(Cases& cases, Scalar scalar, uint32_t width) {
    const Type type{scalar, width}, count{Scalar::I32, width};
    for (const PointerOp& each : kPointerOps) {
        for (bool second : {false, true}) {
            const Type other = each.integer ? count : type, result = second ? other : type;
            const auto f = second ? each.second : each.first;
            Case item =
                openClCase(each.instruction, each.name, std::vector<Type>(static_cast<size_t>(each.operands), type),
                           result, [=](const uint64_t* v) {
                               const Quad value = f(scalar, toQuad(scalar, v[0]), toQuad(scalar, v[1]));
                               return isFloat(result.scalar) ? fromQuad(scalar, value)
                                                             : static_cast<uint64_t>(static_cast<int64_t>(value));
                           });
            item.name += second ? "/second" : "/first";
            item.emit = [=, instruction = each.instruction](Module& m, Kernel&, const Ids& ids) {
                const Id variable = m.localVariable(other.id(m));
                Words operands = ids;
                operands.push_back(variable);
                const Id value = m.openCl(instruction, type.id(m), operands);
                return second ? m.value(Op::Load, other.id(m), {variable}) : value;
            };
            if (each.bound != 0) {
                item.comparison = within(boundOf(scalar, each.bound));
            }
            if (each.instruction == OpenCl::remquo) { // the quotient's low seven bits are defined: keep it small
                item.generators = {moderateValue, moderateValue};
                item.adjust = eachComponent([scalar](uint64_t* v) {
                    if (fabsq(toQuad(scalar, v[1])) < fabsq(toQuad(scalar, v[0])) / 60 || isZero(scalar, v[1])) {
                        v[1] = isZero(scalar, v[0]) ? fromQuad(scalar, 1) : v[0];
                    }
                });
            }
            item.weight = 12 * width;
            cases.push_back(std::move(item));
        }
    }
    Case gamma = openClCase(OpenCl::lgamma_r, "lgamma_r", {type}, count, [scalar](const uint64_t* v) {
        const Quad x = toQuad(scalar, v[0]);
        return static_cast<uint64_t>(x > 0 || fmodq(floorq(x), 2) == 0 ? 1 : -1);
    });
    gamma.generators = {[](Random& random, Scalar s) { // no integers, which are poles on the left
        return fromQuad(s, floorq(toQuad(s, moderateValue(random, s))) + Quad(0.375));
    }};
    gamma.emit = [=](Module& m, Kernel&, const Ids& ids) {
        const Id variable = m.localVariable(count.id(m));
        m.openCl(OpenCl::lgamma_r, type.id(m), {ids[0], variable});
        return m.value(Op::Load, count.id(m), {variable});
    };
    gamma.weight = 16 * width;
    cases.push_back(std::move(gamma));
}

Quad lengthOf(Scalar scalar, const Row& row, bool distance) {
    Quad sum = 0;
    for (size_t c = 0; c < row[0].size(); ++c) {
        const Quad part = toQuad(scalar, row[0][c]) - (distance ? toQuad(scalar, row[1][c]) : 0);
        sum += part * part;
    }
    return sqrtq(sum);
}

void addGeometry(Cases& cases, Scalar scalar, uint32_t width) {
    const Type vector{scalar, width}, number{scalar};
    // Bounds: a sum of squares of rounded differences, a root and a division, each of half a unit.
    const double bound = scalar == Scalar::F16 ? 8 : 4.5;
    const double fast = 8192;
    for (const auto& [op, name, ulps, distance] :
         {std::make_tuple(OpenCl::length, "length", bound, false),
          std::make_tuple(OpenCl::distance, "distance", bound, true),
          std::make_tuple(OpenCl::fast_length, "fast_length", fast, false),
          std::make_tuple(OpenCl::fast_distance, "fast_distance", fast, true)}) {
        Case item = openClCase(op, name, std::vector<Type>(distance ? 2 : 1, vector), number);
        item.generators = {moderateValue, moderateValue};
        item.expected = perRow([scalar, distance = distance](const Row& row) {
            return Value{fromQuad(scalar, lengthOf(scalar, row, distance))};
        });
        item.comparison = within(ulps);
        item.weight = 2 * width;
        cases.push_back(std::move(item));
    }
    for (const auto& [op, name, ulps] : {std::make_tuple(OpenCl::normalize, "normalize", bound),
                                         std::make_tuple(OpenCl::fast_normalize, "fast_normalize", fast)}) {
        Case item = openClCase(op, name, {vector}, vector);
        item.generators = {moderateValue};
        item.expected = perRow([scalar](const Row& row) {
            Value value;
            for (uint64_t component : row[0]) {
                value.push_back(fromQuad(scalar, toQuad(scalar, component) / lengthOf(scalar, row, false)));
            }
            return value;
        });
        item.comparison = within(ulps);
        item.weight = 2 * width;
        cases.push_back(std::move(item));
    }
    if (width < 3) {
        return;
    }
    Case cross = openClCase(OpenCl::cross, "cross", {vector, vector}, vector);
    const Generator small = [](Random& random, Scalar s) { return fromQuad(s, static_cast<int>(random() % 41) - 20); };
    cross.generators = {small, small};
    cross.expected = perRow([=](const Row& row) {
        Value value(width);
        for (size_t c = 0; c < 3; ++c) {
            const size_t i = (c + 1) % 3, j = (c + 2) % 3;
            value[c] = fromQuad(scalar, toQuad(scalar, row[0][i]) * toQuad(scalar, row[1][j]) -
                                            toQuad(scalar, row[0][j]) * toQuad(scalar, row[1][i]));
        }
        return value;
    });
    cross.comparison = eitherZero();
    cases.push_back(std::move(cross));
}

// half_ and native_ functions: float alone, results for ordinary operands within 8,192 units.
struct Quick {
    OpenCl instruction;
    const char* name;
    int operands;
    Quad (*host)(Quad, Quad);
};
#define HALYARD_QUICK(name, operands, expression)                                                                      \
    {OpenCl::half_##name, "half_" #name, operands,                                                                     \
     []([[maybe_unused]] Quad x, [[maybe_unused]] Quad y) -> Quad { return expression; }},                             \
    {                                                                                                                  \
        OpenCl::native_##name, "native_" #name, operands,                                                              \
            []([[maybe_unused]] Quad x, [[maybe_unused]] Quad y) -> Quad { return expression; }                        \
    }
const Quick kQuick[] = {
    HALYARD_QUICK(cos, 1, cosq(x)),     HALYARD_QUICK(sin, 1, sinq(x)),     HALYARD_QUICK(tan, 1, tanq(x)),
    HALYARD_QUICK(exp, 1, expq(x)),     HALYARD_QUICK(exp2, 1, powq(2, x)), HALYARD_QUICK(exp10, 1, powq(10, x)),
    HALYARD_QUICK(log, 1, logq(x)),     HALYARD_QUICK(log2, 1, log2q(x)),   HALYARD_QUICK(log10, 1, log10q(x)),
    HALYARD_QUICK(recip, 1, 1 / x),     HALYARD_QUICK(sqrt, 1, sqrtq(x)),   HALYARD_QUICK(rsqrt, 1, 1 / sqrtq(x)),
    HALYARD_QUICK(powr, 2, powq(x, y)), HALYARD_QUICK(divide, 2, x / y),
};

void addQuick(Cases& cases, uint32_t width) {
    const Type type{Scalar::F32, width};
    for (const Quick& each : kQuick) {
        Case item =
            openClCase(each.instruction, each.name, std::vector<Type>(static_cast<size_t>(each.operands), type), type,
                       [f = each.host](const uint64_t* v) {
                           return fromQuad(Scalar::F32, f(toQuad(Scalar::F32, v[0]), toQuad(Scalar::F32, v[1])));
                       });
        const Generator positive = [](Random& random, Scalar s) { // 1/16 to 8
            return fromQuad(s, fabsq(toQuad(s, moderateValue(random, s))) + Quad(0.0625));
        };
        item.generators = {positive, positive};
        item.comparison = within(8192);
        item.weight = 6 * width;
        cases.push_back(std::move(item));
    }
}

} // namespace

Cases openClFloatCases() {
    Cases cases;
    for (uint32_t width : widthsOf(Flavour::Kernel)) {
        for (Scalar scalar : kFloats) {
            addFunctions(cases, scalar, width);
            addExact(cases, scalar, width);
            addPointerOps(cases, scalar, width);
            if (width <= 4) {
                addGeometry(cases, scalar, width);
            }
        }
        addQuick(cases, width);
    }
    return cases;
}

} // namespace halyard::spirvtest
