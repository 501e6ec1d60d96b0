// The functions of OpenCL.std that read or write through a pointer.
#include "interp/ops/math_functions.h"

namespace halyard::interp::ops {
namespace {

uint32_t bytesOf(const Type& scalar) {
    return scalar.kind == Kind::Bool ? 1 : scalar.bits / 8U;
}

// ---- vload and vstore: element `offset * stride` of the pointer on

uint64_t elementAddress(const Cell& pointer, const Cell& offset, uint64_t stride) {
    return pointer.undefined || offset.undefined ? kNowhere : pointer.bits + offset.bits * stride;
}

constexpr uint32_t kHalfBytes = 2;

// vloada_half3 and vstorea_half3 step by 4 halves.
template <bool Aligned> uint64_t halfStride(uint32_t lanes) {
    return uint64_t{kHalfBytes} * (Aligned && lanes == 3 ? 4 : lanes);
}

void loadVector(const Operation& op, Operands in, Cell* out, MemoryPort& port) {
    const uint32_t bytes = bytesOf(op.resultType->scalar());
    const uint64_t from = elementAddress(in[1][0], in[0][0], uint64_t{bytes} * op.resultType->cells);
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane)
        if (!port.read(from + uint64_t{lane} * bytes, bytes, out[lane]))
            return;
}
void storeVector(const Operation& op, Operands in, Cell* /*out*/, MemoryPort& port) {
    const Type& data = *op.types[0];
    const uint32_t bytes = bytesOf(data.scalar());
    const uint64_t to = elementAddress(in[2][0], in[1][0], uint64_t{bytes} * data.cells);
    for (uint32_t lane = 0; lane < data.cells; ++lane)
        if (!port.write(to + uint64_t{lane} * bytes, bytes, in[0][lane]))
            return;
}
template <bool Aligned> void loadHalf(const Operation& op, Operands in, Cell* out, MemoryPort& port) {
    const uint32_t lanes = op.resultType->cells;
    const Format format = formatOf(op.resultType->scalar());
    const uint64_t from = elementAddress(in[1][0], in[0][0], halfStride<Aligned>(lanes));
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        Cell half;
        if (!port.read(from + uint64_t{lane} * kHalfBytes, kHalfBytes, half))
            return;
        out[lane] = half.undefined ? kUndefinedCell : Cell{encode(decode(half.bits, kHalf), format), false};
    }
}
template <bool Aligned> void storeHalf(const Operation& op, Operands in, Cell* /*out*/, MemoryPort& port) {
    const Type& data = *op.types[0];
    const Format format = formatOf(data.scalar());
    const Rounding rounding = op.literals.empty() ? Rounding::NearestEven : static_cast<Rounding>(op.literals[0]);
    const uint64_t to = elementAddress(in[2][0], in[1][0], halfStride<Aligned>(data.cells));
    for (uint32_t lane = 0; lane < data.cells; ++lane) {
        const Cell value = in[0][lane];
        const Cell half =
            value.undefined ? kUndefinedCell : Cell{encode(decode(value.bits, format), kHalf, rounding), false};
        if (!port.write(to + uint64_t{lane} * kHalfBytes, kHalfBytes, half))
            return;
    }
}

bool checkLoad(Binding& binding) {
    const Type& result = *binding.resultType();
    if (binding.operandCount() != 3 || binding.word(2) != lanesOf(result))
        return binding.invalid("names another number of components than its result has");
    return (lanesOf(result) != 0 && result.scalar().kind != Kind::Bool) || binding.invalid("must give numbers");
}
bool checkStore(Binding& binding) {
    const Type& data = *binding.operation.types[0];
    return (lanesOf(data) != 0 && data.scalar().kind != Kind::Bool) || binding.invalid("must store numbers");
}
bool checkLoadHalf(Binding& binding) {
    return binding.resultType()->scalar().kind == Kind::Float || binding.invalid("must give floats");
}
bool checkLoadHalves(Binding& binding) {
    return checkLoad(binding) && checkLoadHalf(binding);
}
bool checkStoreHalf(Binding& binding) {
    if (lanesOf(*binding.operation.types[0]) == 0 || binding.operation.types[0]->scalar().kind != Kind::Float)
        return binding.invalid("must store floats");
    return binding.operation.literals.empty() ||
           binding.operation.literals[0] <= static_cast<uint32_t>(Rounding::Down) ||
           binding.invalid("names an unknown rounding mode");
}

// ---- Functions with a second result behind a pointer

// Writes `value` as lane `lane` of the pointee.
bool writeLane(MemoryPort& port, const Cell& pointer, uint32_t lane, uint32_t bytes, const Cell& value) {
    const uint64_t address = pointer.undefined ? kNowhere : pointer.bits;
    return port.write(address + uint64_t{lane} * bytes, bytes, value);
}

// Function(mode, first operand's value, second operand's value, out first, out second) for each lane.
template <auto Function> void twoResults(const Operation& op, Operands in, Cell* out, MemoryPort& port) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const bool binary = in.size() == 3;
    const Cell& pointer = in[in.size() - 1][0];
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        const Cell a = in[0][lane];
        const Cell b = binary ? in[1][lane] : Cell{};
        Cell second = kUndefinedCell;
        out[lane] = kUndefinedCell;
        if (!a.undefined && !b.undefined) {
            second.undefined = out[lane].undefined = false;
            Function(mode, mode.value(a.bits), mode.value(b.bits), out[lane].bits, second.bits);
        }
        if (!writeLane(port, pointer, lane, op.literals[0], second))
            return;
    }
}

constexpr auto kFract = [](const FloatMode& m, double x, double, uint64_t& first, uint64_t& second) {
    second = m.result(std::floor(x));
    if (!std::isfinite(x) || x == 0) {
        first = std::isnan(x) ? m.format.quietNan() : m.result(std::copysign(0.0, x));
        return;
    }
    // The result stays below 1 even where rounding would give 1.
    first = std::min(m.result(static_cast<Quad>(x) - std::floor(x)), encode(1, m.format) - 1);
};
constexpr auto kModf = [](const FloatMode& m, double x, double, uint64_t& first, uint64_t& second) {
    double whole = 0;
    first = m.result(std::modf(x, &whole));
    second = m.result(whole);
};
constexpr auto kFrexp = [](const FloatMode& m, double x, double, uint64_t& first, uint64_t& second) {
    int exponent = 0;
    const double fraction = std::frexp(x, &exponent);
    first = m.result(fraction);
    second = std::isfinite(x) ? static_cast<uint32_t>(exponent) : 0;
};
// The sign of gamma(x); 0 at its poles.
int gammaSign(double x) {
    if (std::isnan(x) || x > 0)
        return 1;
    if (x == std::floor(x))
        return 0;
    return std::fmod(std::floor(x), 2) == 0 ? 1 : -1;
}
constexpr auto kLgammaR = [](const FloatMode& m, double x, double, uint64_t& first, uint64_t& second) {
    first = m.format.mantissaBits == kDouble.mantissaBits ? m.result(real::lgamma(static_cast<Quad>(x)))
                                                          : m.result(real::lgamma(x));
    second = static_cast<uint32_t>(gammaSign(x));
};
constexpr auto kSinCos = [](const FloatMode& m, double x, double, uint64_t& first, uint64_t& second) {
    const bool wide = m.format.mantissaBits == kDouble.mantissaBits;
    first = wide ? m.result(sinq(x)) : m.result(std::sin(x));
    second = wide ? m.result(cosq(x)) : m.result(std::cos(x));
};
constexpr auto kRemquo = [](const FloatMode& m, double x, double y, uint64_t& first, uint64_t& second) {
    first = m.result(std::remainder(x, y));
    second = 0;
    if (!std::isfinite(x) || !std::isfinite(y) || y == 0)
        return;
    // The quotient's lowest 7 bits: all the rest goes with multiples of 128 y.
    constexpr int kQuotients = 128;
    const Quad size = std::fabs(y);
    const Quad part = fmodq(std::fabs(x), kQuotients * size);
    const auto quotient = static_cast<int>((part - remainderq(part, size)) / size) % kQuotients;
    second = static_cast<uint32_t>(std::signbit(x) != std::signbit(y) ? -quotient : quotient);
};

// `literals` becomes the bytes of one lane behind the pointer.
bool checkFloatPointer(Binding& binding) {
    binding.operation.literals = {bytesOf(binding.resultType()->scalar())};
    return true;
}
bool checkIntPointer(Binding& binding) {
    constexpr uint32_t kIntBytes = 4;
    binding.operation.literals = {kIntBytes};
    return true;
}

constexpr Rule kRules[] = {
    {30 /* fract */, "F=Fp", twoResults<kFract>, checkFloatPointer},
    {31 /* frexp */, "F=Fp", twoResults<kFrexp>, checkIntPointer},
    {36 /* lgamma_r */, "F=Fp", twoResults<kLgammaR>, checkIntPointer},
    {45 /* modf */, "F=Fp", twoResults<kModf>, checkFloatPointer},
    {52 /* remquo */, "F=FFp", twoResults<kRemquo>, checkIntPointer},
    {58 /* sincos */, "F=Fp", twoResults<kSinCos>, checkFloatPointer},
    {171 /* vloadn */, ".=np*", loadVector, checkLoad},
    {172 /* vstoren */, "V=vnp", storeVector, checkStore},
    {173 /* vload_half */, ".=np", loadHalf<false>, checkLoadHalf},
    {174 /* vload_halfn */, ".=np*", loadHalf<false>, checkLoadHalves},
    {175 /* vstore_half */, "V=vnp", storeHalf<false>, checkStoreHalf},
    {176 /* vstore_half_r */, "V=vnp#", storeHalf<false>, checkStoreHalf},
    {177 /* vstore_halfn */, "V=vnp", storeHalf<false>, checkStoreHalf},
    {178 /* vstore_halfn_r */, "V=vnp#", storeHalf<false>, checkStoreHalf},
    {179 /* vloada_halfn */, ".=np*", loadHalf<true>, checkLoadHalves},
    {180 /* vstorea_halfn */, "V=vnp", storeHalf<true>, checkStoreHalf},
    {181 /* vstorea_halfn_r */, "V=vnp#", storeHalf<true>, checkStoreHalf},
};

} // namespace

std::span<const Rule> openclMemoryRules() {
    return kRules;
}

} // namespace halyard::interp::ops
