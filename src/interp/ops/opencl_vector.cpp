// The functions of OpenCL.std on whole vectors, and those that choose bits or lanes.
#include "interp/ops/geometry.h"
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

constexpr auto kBitSelect = [](const LaneContext&, const uint64_t* v) {
    return Cell{(v[0] & ~v[2]) | (v[1] & v[2]), false};
};

// A vector's condition is the highest bit, a scalar's is any bit.
void select(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const bool vector = op.resultType->kind == Kind::Vector;
    const uint32_t width = op.types[2]->scalar().bits;
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        const Cell condition = in[2][lane];
        const bool second = vector ? (condition.bits >> (width - 1)) != 0 : condition.bits != 0;
        out[lane] = condition.undefined ? kUndefinedCell : in[second ? 1 : 0][lane];
    }
}

// The last operand is the mask; only the bits that number a component of the sources count.
void shuffle(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint32_t perSource = op.types[0]->cells;
    const Cell* mask = in[in.size() - 1];
    const uint64_t total = uint64_t{perSource} * (in.size() - 1);
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        const uint64_t from = mask[lane].bits % total;
        out[lane] = mask[lane].undefined ? kUndefinedCell : in[from / perSource][from % perSource];
    }
}

void nothing(const Operation&, Operands, Cell*, MemoryPort&) {}

bool checkBits(Binding& binding) {
    const Kind kind = binding.resultType()->scalar().kind;
    return (lanesOf(*binding.resultType()) != 0 && (kind == Kind::Int || kind == Kind::Float)) ||
           binding.invalid("must give integers or floats");
}
bool checkSelect(Binding& binding) {
    const Type& condition = *binding.operation.types[2];
    const Type& result = *binding.resultType();
    return checkBits(binding) && ((condition.scalar().kind == Kind::Int && lanesOf(condition) == lanesOf(result) &&
                                   condition.scalar().bits == result.scalar().bits) ||
                                  binding.invalid("has a condition of the wrong shape"));
}
bool checkShuffle(Binding& binding) {
    const Type& source = *binding.operation.types[0];
    const Type& mask = *binding.operation.types.back();
    const Type& result = *binding.resultType();
    return (source.kind == Kind::Vector && result.kind == Kind::Vector && mask.kind == Kind::Vector &&
            mask.scalar().kind == Kind::Int && mask.cells == result.cells &&
            sameScalar(source.scalar(), result.scalar()) &&
            (binding.operation.types.size() == 2 || sameShape(source, *binding.operation.types[1]))) ||
           binding.invalid("must shuffle vectors of one type by a mask of integers");
}
bool checkCross(Binding& binding) {
    const uint32_t cells = binding.resultType()->cells;
    return checkVectors(binding) && (cells == 3 || cells == 4 || binding.invalid("takes vectors of 3 or 4 components"));
}

constexpr Rule kRules[] = {
    {104 /* cross */, "F=FF", whole<evaluateCross>, checkCross},
    {105 /* distance */, "W=WW", whole<evaluateDistance>, checkVectors},
    {106 /* length */, "W=W", whole<evaluateLength>, checkVectors},
    {107 /* normalize */, "F=F", whole<normalizeOpenCl>, checkVectors},
    {108 /* fast_distance */, "W=WW", whole<evaluateDistance>, checkVectors},
    {109 /* fast_length */, "W=W", whole<evaluateLength>, checkVectors},
    {110 /* fast_normalize */, "F=F", whole<normalizeOpenCl>, checkVectors},
    {182 /* shuffle */, ".=vv", shuffle, checkShuffle},
    {183 /* shuffle2 */, ".=vvv", shuffle, checkShuffle},
    {185 /* prefetch */, "V=pn", nothing},
    {186 /* bitselect */, ".=TTT", lanes<kBitSelect>, checkBits},
    {187 /* select */, ".=TTv", select, checkSelect},
};

} // namespace

std::span<const Rule> openclVectorRules() {
    return kRules;
}

} // namespace halyard::interp::ops
