#include "interp/ops/arithmetic.h"

#include <cmath>

namespace halyard::interp::ops {
namespace {

// A NaN is always the same one, so that results do not depend on the processor.
uint64_t bitsOf(double value) {
    return std::isnan(value) ? kDouble.quietNan() : std::bit_cast<uint64_t>(value);
}
uint64_t bitsOf(float value) {
    return std::isnan(value) ? kSingle.quietNan() : std::bit_cast<uint32_t>(value);
}
float single(uint64_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
}
double twofold(uint64_t bits) {
    return std::bit_cast<double>(bits);
}

bool isPlainSingle(const FloatMode& mode) {
    return mode.format.mantissaBits == kSingle.mantissaBits && mode.isPlain();
}
bool isPlainDouble(const FloatMode& mode) {
    return mode.format.mantissaBits == kDouble.mantissaBits && mode.isPlain();
}

// The host's own arithmetic where it is what is asked for; the exact way for everything else.
template <typename Native, typename Exact> uint64_t choose(const FloatMode& mode, Native&& native, Exact&& exact) {
    if (isPlainSingle(mode))
        return bitsOf(native(single));
    if (isPlainDouble(mode))
        return bitsOf(native(twofold));
    return mode.result(exact());
}

} // namespace

uint64_t add(const FloatMode& mode, uint64_t a, uint64_t b) {
    return choose(
        mode, [&](auto load) { return load(a) + load(b); },
        [&] {
            const double x = mode.value(a);
            const double y = mode.value(b);
            // Rounding down is the one direction in which x - x is -0.
            if (mode.rounding == Rounding::Down && x == -y && std::isfinite(x) &&
                (x != 0 || std::signbit(x) != std::signbit(y)))
                return static_cast<Quad>(-0.0);
            return addOdd(x, y);
        });
}

uint64_t multiply(const FloatMode& mode, uint64_t a, uint64_t b) {
    return choose(
        mode, [&](auto load) { return load(a) * load(b); },
        [&] { return static_cast<Quad>(mode.value(a)) * mode.value(b); });
}

uint64_t divide(const FloatMode& mode, uint64_t a, uint64_t b) {
    return choose(
        mode, [&](auto load) { return load(a) / load(b); }, [&] { return divideOdd(mode.value(a), mode.value(b)); });
}

uint64_t squareRoot(const FloatMode& mode, uint64_t a) {
    return choose(
        mode, [&](auto load) { return std::sqrt(load(a)); }, [&] { return sqrtOdd(mode.value(a)); });
}

uint64_t fusedMultiplyAdd(const FloatMode& mode, uint64_t a, uint64_t b, uint64_t c) {
    return choose(
        mode, [&](auto load) { return std::fma(load(a), load(b), load(c)); },
        [&] { return fmaOdd(mode.value(a), mode.value(b), mode.value(c)); });
}

} // namespace halyard::interp::ops
