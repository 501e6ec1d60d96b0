// The same bits as another type; pointers are numbers here.
#include "interp/address.h"
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

constexpr uint32_t kPointerBits = 64;

uint32_t cellBits(const Type& type) {
    const Type& scalar = type.scalar();
    return scalar.kind == Kind::Pointer ? kPointerBits : scalar.bits;
}

// Bits go from low to high, component 0 first, whatever the widths.
void bitcast(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint32_t from = cellBits(*op.types[0]);
    const uint32_t to = cellBits(*op.resultType);
    for (uint32_t cell = 0; cell < op.resultType->cells; ++cell) {
        Cell result;
        for (uint32_t bit = 0; bit < to; bit += std::min(from, to)) {
            const uint32_t at = cell * to + bit;
            const Cell& source = in[0][at / from];
            result.undefined |= source.undefined;
            result.bits |= truncate(source.bits >> at % from, std::min(from, to)) << bit;
        }
        out[cell] = result;
    }
}

void copy(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    std::copy_n(in[0], op.resultType->cells, out);
}

bool isBits(const Type& type) {
    const Kind kind = type.scalar().kind;
    return (lanesOf(type) != 0 && (kind == Kind::Int || kind == Kind::Float)) || type.kind == Kind::Pointer ||
           (type.kind == Kind::Vector && kind == Kind::Pointer);
}
bool checkBitcast(Binding& binding) {
    const Type& from = *binding.operation.types[0];
    const Type& to = *binding.resultType();
    if (!isBits(from) || !isBits(to) || from.cells * cellBits(from) != to.cells * cellBits(to))
        return binding.invalid("casts between types of different sizes");
    if (from.cells == to.cells)
        binding.operation.evaluate = copy;
    return true;
}

// The pointer itself when it points into the storage class that the literal names, else null.
void castToStorage(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const Space space = spaceOf(in[0][0].bits);
    bool belongs = false;
    switch (static_cast<::spv::StorageClass>(op.literals[0])) {
    case ::spv::StorageClass::Workgroup:
        belongs = space == Space::Workgroup;
        break;
    case ::spv::StorageClass::Function:
        belongs = space == Space::Private;
        break;
    default: // CrossWorkgroup
        belongs = space == Space::Global || space == Space::Program;
        break;
    }
    out[0] = {belongs ? in[0][0].bits : 0, in[0][0].undefined};
}

bool checkPointerCast(Binding& binding) {
    return binding.resultType()->kind == Kind::Pointer || binding.invalid("must give a pointer");
}

bool checkStorage(Binding& binding) {
    const auto storage = static_cast<::spv::StorageClass>(binding.operation.literals[0]);
    const bool known = storage == ::spv::StorageClass::Workgroup || storage == ::spv::StorageClass::Function ||
                       storage == ::spv::StorageClass::CrossWorkgroup;
    return checkPointerCast(binding) && (known || binding.invalid("casts to a storage class that it cannot name"));
}

constexpr auto kPointerToInteger = [](const LaneContext& c, const uint64_t* v) { return integer(c, v[0]); };
constexpr auto kIntegerToPointer = [](const LaneContext&, const uint64_t* v) { return Cell{v[0], false}; };

bool checkPointerToInteger(Binding& binding) {
    return binding.resultType()->kind == Kind::Int || binding.invalid("must give an integer");
}
bool checkPointerCompare(Binding& binding) {
    return binding.resultType()->kind == Kind::Bool || binding.invalid("must give a boolean");
}

constexpr auto kSame = [](const LaneContext&, const uint64_t* v) { return boolean(v[0] == v[1]); };
constexpr auto kDifferent = [](const LaneContext&, const uint64_t* v) { return boolean(v[0] != v[1]); };

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpBitcast), ".=v", bitcast, checkBitcast},
    {static_cast<uint32_t>(Op::OpConvertPtrToU), ".=p", lanes<kPointerToInteger>, checkPointerToInteger},
    {static_cast<uint32_t>(Op::OpConvertUToPtr), ".=n", lanes<kIntegerToPointer>, checkPointerCast},
    {static_cast<uint32_t>(Op::OpPtrCastToGeneric), ".=p", copy, checkPointerCast},
    {static_cast<uint32_t>(Op::OpGenericCastToPtr), ".=p", copy, checkPointerCast},
    {static_cast<uint32_t>(Op::OpGenericCastToPtrExplicit), ".=p#", castToStorage, checkStorage},
    {static_cast<uint32_t>(Op::OpPtrEqual), ".=pp", lanes<kSame>, checkPointerCompare},
    {static_cast<uint32_t>(Op::OpPtrNotEqual), ".=pp", lanes<kDifferent>, checkPointerCompare},
};

} // namespace

std::span<const Rule> castRules() {
    return kRules;
}

} // namespace halyard::interp::ops
