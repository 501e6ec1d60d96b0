#include "interp/ops/geometry.h"

#include <cmath>
#include <quadmath.h>

namespace halyard::interp::ops {
namespace {

// 16 is SPIR-V's widest vector.
constexpr uint32_t kMaxComponents = 16;

struct Vector {
    Vector(const Operation& op, Operands in, size_t operand) {
        const FloatMode mode = modeOf(op, op.types[operand]->scalar());
        count = op.types[operand]->cells;
        for (uint32_t i = 0; i < count; ++i)
            at[i] = mode.value(in[operand][i].bits);
    }
    Quad at[kMaxComponents] = {};
    uint32_t count = 0;
};

Quad dot(const Vector& a, const Vector& b) {
    Quad sum = 0;
    for (uint32_t i = 0; i < a.count; ++i)
        sum += a.at[i] * b.at[i];
    return sum;
}

// An infinite component wins over a NaN, as in hypot.
Quad length(const Vector& a) {
    for (uint32_t i = 0; i < a.count; ++i)
        if (isinfq(a.at[i]) != 0)
            return static_cast<Quad>(INFINITY);
    return sqrtq(dot(a, a));
}

template <typename Component> void store(const Operation& op, Cell* out, Component&& component) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    for (uint32_t i = 0; i < op.resultType->cells; ++i)
        out[i] = {mode.result(component(i)), false};
}

} // namespace

bool checkVectors(Binding& binding) {
    const auto isVector = [](const Type* type) {
        return (type->isScalar() || type->kind == Kind::Vector) && type->cells <= kMaxComponents;
    };
    const std::vector<const Type*>& types = binding.operation.types;
    return (isVector(binding.resultType()) && std::all_of(types.begin(), types.end(), isVector)) ||
           binding.invalid("takes scalars and vectors of up to 16 components");
}

void evaluateLength(const Operation& op, Operands in, Cell* out) {
    const Vector a(op, in, 0);
    store(op, out, [&](uint32_t) { return length(a); });
}

void evaluateDistance(const Operation& op, Operands in, Cell* out) {
    Vector a(op, in, 0);
    const Vector b(op, in, 1);
    for (uint32_t i = 0; i < a.count; ++i)
        a.at[i] -= b.at[i];
    store(op, out, [&](uint32_t) { return length(a); });
}

void evaluateCross(const Operation& op, Operands in, Cell* out) {
    const Vector a(op, in, 0);
    const Vector b(op, in, 1);
    store(op, out, [&](uint32_t i) {
        constexpr uint32_t kSpace = 3;
        if (i >= kSpace)
            return Quad{0};
        const uint32_t j = (i + 1) % kSpace;
        const uint32_t k = (i + 2) % kSpace;
        return addOdd(a.at[j] * b.at[k], -(a.at[k] * b.at[j]));
    });
}

void normalizeOpenCl(const Operation& op, Operands in, Cell* out) {
    Vector a(op, in, 0);
    bool infinite = false;
    for (uint32_t i = 0; i < a.count; ++i)
        infinite |= isinfq(a.at[i]) != 0;
    for (uint32_t i = 0; infinite && i < a.count; ++i)
        a.at[i] = isinfq(a.at[i]) != 0 ? copysignq(1, a.at[i]) : 0 * a.at[i];
    const Quad size = length(a);
    store(op, out, [&](uint32_t i) { return size == 0 ? a.at[i] : a.at[i] / size; });
}

void normalizeGlsl(const Operation& op, Operands in, Cell* out) {
    const Vector a(op, in, 0);
    const Quad size = length(a);
    store(op, out, [&](uint32_t i) { return a.at[i] / size; });
}

void evaluateFaceForward(const Operation& op, Operands in, Cell* out) {
    const Vector normal(op, in, 0);
    const Vector incident(op, in, 1);
    const Vector reference(op, in, 2);
    const bool keep = dot(reference, incident) < 0;
    store(op, out, [&](uint32_t i) { return keep ? normal.at[i] : -normal.at[i]; });
}

void evaluateReflect(const Operation& op, Operands in, Cell* out) {
    const Vector incident(op, in, 0);
    const Vector normal(op, in, 1);
    const Quad twice = 2 * dot(normal, incident);
    store(op, out, [&](uint32_t i) { return incident.at[i] - twice * normal.at[i]; });
}

void evaluateRefract(const Operation& op, Operands in, Cell* out) {
    const Vector incident(op, in, 0);
    const Vector normal(op, in, 1);
    const Quad eta = Vector(op, in, 2).at[0];
    const Quad cosine = dot(normal, incident);
    const Quad k = 1 - eta * eta * (1 - cosine * cosine);
    const Quad along = k < 0 ? Quad{0} : eta * cosine + sqrtq(k);
    store(op, out, [&](uint32_t i) { return k < 0 ? Quad{0} : eta * incident.at[i] - along * normal.at[i]; });
}

} // namespace halyard::interp::ops
