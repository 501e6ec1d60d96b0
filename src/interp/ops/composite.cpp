// Building, taking apart and copying composites: moves of cells.
#include "interp/ops/lane.h"

#include "spv/module.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

// ---- CompositeConstruct: the constituents one after the other; a cooperative matrix is filled with one scalar

void construct(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    for (size_t i = 0; i < in.size(); ++i)
        out = std::copy_n(in[i], op.types[i]->cells, out);
}
void replicate(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint32_t part = op.types[0]->cells;
    for (uint32_t cell = 0; part != 0 && cell < op.resultType->cells; ++cell)
        out[cell] = in[0][cell % part];
}

// The type of part `index` of a composite, and the number of its first cell; null when there is none.
const Type* partOf(const Type& composite, uint64_t index, uint64_t& cell) {
    switch (composite.kind) {
    case Kind::Vector:
    case Kind::Matrix:
    case Kind::Array:
        if (index >= composite.count)
            return nullptr;
        cell += index * composite.element->cells;
        return composite.element;
    case Kind::CooperativeMatrix:
        if (index >= composite.cells)
            return nullptr;
        cell += index;
        return composite.element;
    case Kind::Struct:
        if (index >= composite.members.size())
            return nullptr;
        for (uint64_t i = 0; i < index; ++i)
            cell += composite.members[i]->cells;
        return composite.members[index];
    default:
        return nullptr;
    }
}

uint64_t partCount(const Type& type) {
    return type.kind == Kind::Struct ? type.members.size() : type.count;
}

// A vector may be made of scalars and vectors; every other composite has one operand for each part.
bool checkVectorParts(Binding& binding) {
    const Type& result = *binding.resultType();
    uint64_t cells = 0;
    for (uint32_t i = 0; i < binding.operandCount(); ++i) {
        const Type* type = binding.addValue(i);
        if (type == nullptr)
            return false;
        const bool fits = (type->kind == Kind::Vector || type->isScalar() || type->kind == Kind::Pointer) &&
                          sameScalar(type->scalar(), result.scalar());
        if (!fits)
            return binding.invalid("has a constituent of another type than the vector's components");
        cells += type->cells;
    }
    return cells == result.cells || binding.invalid("has another number of components than its vector");
}
bool checkConstruct(Binding& binding) {
    const Type& result = *binding.resultType();
    if (result.kind == Kind::Vector)
        return checkVectorParts(binding);
    if (result.kind == Kind::CooperativeMatrix) {
        binding.operation.evaluate = replicate;
        const Type* value = binding.operandCount() == 1 ? binding.addValue(0) : nullptr;
        return (value != nullptr && sameShape(*value, *result.element)) ||
               binding.invalid("must fill the matrix with one scalar");
    }
    if (result.kind != Kind::Struct && result.kind != Kind::Array && result.kind != Kind::Matrix)
        return binding.invalid("must give a composite");
    if (binding.operandCount() != partCount(result))
        return binding.invalid("has another number of constituents than its type");
    for (uint32_t i = 0; i < binding.operandCount(); ++i) {
        const Type* type = binding.addValue(i);
        if (type == nullptr)
            return false;
        const Type& part = result.kind == Kind::Struct ? *result.members[i] : *result.element;
        if (!sameShape(*type, part))
            return binding.invalid("has a constituent of the wrong type");
    }
    return true;
}
bool checkReplicate(Binding& binding) {
    const Type& result = *binding.resultType();
    const Type& value = *binding.operation.types[0];
    const bool composite = result.kind == Kind::Vector || result.kind == Kind::Array || result.kind == Kind::Matrix ||
                           result.kind == Kind::CooperativeMatrix;
    if (result.kind == Kind::Struct)
        return std::all_of(result.members.begin(), result.members.end(),
                           [&](const Type* member) { return sameShape(*member, value); }) ||
               binding.invalid("has members of another type than its value");
    return (composite && sameShape(*result.element, value)) || binding.invalid("cannot repeat its value");
}

// ---- CompositeExtract, CompositeInsert: `literals` becomes the first cell of the part

// Follows the index literals from operand `first` on; null, with the error set, when they lead nowhere.
const Type* follow(Binding& binding, const Type& composite, uint32_t first) {
    const Type* type = &composite;
    uint64_t cell = 0;
    for (uint32_t i = first; i < binding.operandCount(); ++i) {
        type = partOf(*type, binding.word(i), cell);
        if (type == nullptr) {
            binding.invalid("has an index beyond its composite");
            return nullptr;
        }
    }
    binding.operation.literals = {static_cast<uint32_t>(cell)};
    return type;
}
bool checkExtract(Binding& binding) {
    const Type* part = follow(binding, *binding.operation.types[0], 1);
    return part != nullptr &&
           (sameShape(*part, *binding.resultType()) || binding.invalid("has another type than the part that it names"));
}
bool checkInsert(Binding& binding) {
    const Type* part = follow(binding, *binding.operation.types[1], 2);
    return part != nullptr && ((sameShape(*part, *binding.operation.types[0]) &&
                                sameShape(*binding.operation.types[1], *binding.resultType())) ||
                               binding.invalid("has another type than the part that it names"));
}
void extract(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    std::copy_n(in[0] + op.literals[0], op.resultType->cells, out);
}
void insert(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    std::copy_n(in[1], op.resultType->cells, out);
    std::copy_n(in[0], op.types[0]->cells, out + op.literals[0]);
}

// ---- Vectors

constexpr uint32_t kNoComponent = 0xFFFFFFFF;

bool checkShuffle(Binding& binding) {
    const Type& a = *binding.operation.types[0];
    const Type& b = *binding.operation.types[1];
    const Type& result = *binding.resultType();
    if (a.kind != Kind::Vector || b.kind != Kind::Vector || result.kind != Kind::Vector ||
        !sameScalar(a.scalar(), b.scalar()) || !sameScalar(a.scalar(), result.scalar()))
        return binding.invalid("must shuffle two vectors of one component type");
    for (uint32_t i = 2; i < binding.operandCount(); ++i) {
        const uint32_t component = binding.word(i);
        if (component != kNoComponent && component >= a.cells + b.cells)
            return binding.invalid("names a component that neither vector has");
        binding.operation.literals.push_back(component);
    }
    return binding.operation.literals.size() == result.cells || binding.invalid("names too few or many components");
}
void shuffle(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint32_t first = op.types[0]->cells;
    for (size_t i = 0; i < op.literals.size(); ++i) {
        const uint32_t from = op.literals[i];
        out[i] = from == kNoComponent ? kUndefinedCell : from < first ? in[0][from] : in[1][from - first];
    }
}

bool checkExtractDynamic(Binding& binding) {
    const Type& vector = *binding.operation.types[0];
    return (vector.kind == Kind::Vector && sameShape(*vector.element, *binding.resultType())) ||
           binding.invalid("must take a component of a vector");
}
bool checkInsertDynamic(Binding& binding) {
    const Type& vector = *binding.operation.types[0];
    return (vector.kind == Kind::Vector && sameShape(vector, *binding.resultType()) &&
            sameShape(*vector.element, *binding.operation.types[1])) ||
           binding.invalid("must set a component of a vector");
}
void extractDynamic(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const Cell index = in[1][0];
    out[0] = index.undefined || index.bits >= op.types[0]->cells ? kUndefinedCell : in[0][index.bits];
}
void insertDynamic(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const Cell index = in[2][0];
    if (index.undefined || index.bits >= op.resultType->cells)
        return setUndefined(op, out);
    std::copy_n(in[0], op.resultType->cells, out);
    out[index.bits] = in[1][0];
}

// ---- Copies

void copy(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    std::copy_n(in[0], op.resultType->cells, out);
}
// An assumption computes nothing; that it holds is the module's promise.
void nothing(const Operation&, Operands, Cell*, MemoryPort&) {}

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpCompositeConstruct), ".=*", construct, checkConstruct},
    {4463 /* OpCompositeConstructReplicateEXT */, ".=v", replicate, checkReplicate},
    {static_cast<uint32_t>(Op::OpCompositeExtract), ".=v*", extract, checkExtract},
    {static_cast<uint32_t>(Op::OpCompositeInsert), ".=vv*", insert, checkInsert},
    {static_cast<uint32_t>(Op::OpVectorShuffle), ".=vv*", shuffle, checkShuffle},
    {static_cast<uint32_t>(Op::OpVectorExtractDynamic), ".=vn", extractDynamic, checkExtractDynamic},
    {static_cast<uint32_t>(Op::OpVectorInsertDynamic), ".=vvn", insertDynamic, checkInsertDynamic},
    {static_cast<uint32_t>(Op::OpCopyObject), ".=T", copy},
    {static_cast<uint32_t>(Op::OpCopyLogical), ".=T", copy},
    {5630 /* OpAssumeTrueKHR */, "V=v", nothing},
    {5631 /* OpExpectKHR */, ".=TT", copy},
    {6145 /* OpArithmeticFenceEXT */, ".=T", copy},
};

} // namespace

std::span<const Rule> compositeRules() {
    return kRules;
}

} // namespace halyard::interp::ops
