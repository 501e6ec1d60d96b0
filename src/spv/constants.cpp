#include "spv/constants.h"
#include "spv/scalar_ops.h"

#include <algorithm>
#include <array>

namespace halyard::spv {

using Op = ::spv::Op;

namespace {

// As many components as any vector type has.
constexpr uint32_t kMaxLanes = 16;
constexpr Id kMaxIds = 4'194'303; // SPIR-V's universal limit

uint64_t literal(const Instruction& instruction, ScalarType type) {
    uint64_t bits = instruction.operandCount() > 0 ? instruction.operand(0) : 0;
    if (type.width == 64 && instruction.operandCount() > 1)
        bits |= static_cast<uint64_t>(instruction.operand(1)) << 32;
    return truncate(bits, type.width);
}

bool isSpecScalar(Op op) {
    return op == Op::OpSpecConstantTrue || op == Op::OpSpecConstantFalse || op == Op::OpSpecConstant;
}

} // namespace

std::optional<ScalarType> scalarType(const Module& module, Id id) {
    const Instruction* type = module.definition(id);
    if (type == nullptr)
        return std::nullopt;
    if (type->op() == Op::OpTypeBool)
        return ScalarType{ScalarType::Kind::Bool, 1, false};
    const bool isInt = type->op() == Op::OpTypeInt && type->operandCount() == 2;
    // A float with an encoding operand is no IEEE float.
    const bool isFloat = type->op() == Op::OpTypeFloat && type->operandCount() == 1;
    if (!isInt && !isFloat)
        return std::nullopt;
    const uint32_t width = type->operand(0);
    if (width != 16 && width != 32 && width != 64 && (isFloat || width != 8))
        return std::nullopt;
    if (isFloat)
        return ScalarType{ScalarType::Kind::Float, width, true};
    return ScalarType{ScalarType::Kind::Int, width, type->operand(1) != 0};
}

std::vector<SpecConstant> specConstants(const Module& module) {
    std::vector<SpecConstant> constants;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == Op::OpFunction)
            break;
        if (!isSpecScalar(instruction.op()))
            continue;
        const Decoration* specId = module.findDecoration(instruction.result, ::spv::Decoration::SpecId);
        const std::optional<ScalarType> type = scalarType(module, instruction.resultType);
        if (specId == nullptr || specId->operands.empty() || !type)
            continue;
        SpecConstant constant;
        constant.id = instruction.result;
        constant.specId = specId->operands[0];
        constant.size = std::max(type->width / 8, 1u);
        constant.defaultValue = instruction.op() == Op::OpSpecConstant ? literal(instruction, *type)
                                                                       : instruction.op() == Op::OpSpecConstantTrue;
        constants.push_back(constant);
    }
    return constants;
}

ConstantFolder::ConstantFolder(const Module& module, std::unordered_map<Id, uint64_t> values)
    : module_(module), values_(std::move(values)), nextId_(module.bound()), budget_(65536 + 4 * module.words().size()) {
    const auto& instructions = module.instructions();
    for (uint32_t index = 0; index < instructions.size() && !overflowed_; ++index) {
        if (instructions[index].op() == Op::OpFunction)
            break;
        if (instructions[index].op() == Op::OpSpecConstantOp)
            fold(instructions[index], index);
    }
}

Constant ConstantFolder::lookup(Id id) const {
    if (auto it = folded_.find(id); it != folded_.end())
        return it->second.constant;
    const Instruction* definition = module_.definition(id);
    if (definition == nullptr)
        return {};
    Constant constant;
    constant.type = definition->resultType;
    switch (definition->op()) {
    case Op::OpConstantTrue:
    case Op::OpConstantFalse:
    case Op::OpConstant:
    case Op::OpSpecConstantTrue:
    case Op::OpSpecConstantFalse:
    case Op::OpSpecConstant: {
        const std::optional<ScalarType> type = scalarType(module_, definition->resultType);
        if (!type)
            return constant;
        constant.kind = Constant::Kind::Scalar;
        if (auto given = values_.find(id); given != values_.end())
            constant.bits =
                type->kind == ScalarType::Kind::Bool ? given->second != 0 : truncate(given->second, type->width);
        else if (definition->op() == Op::OpConstant || definition->op() == Op::OpSpecConstant)
            constant.bits = literal(*definition, *type);
        else
            constant.bits = definition->op() == Op::OpConstantTrue || definition->op() == Op::OpSpecConstantTrue;
        return constant;
    }
    case Op::OpConstantComposite:
    case Op::OpSpecConstantComposite:
        constant.kind = Constant::Kind::Composite;
        constant.elements = {definition->words + definition->operandStart, definition->operandCount()};
        return constant;
    case Op::OpConstantNull:
    case Op::OpUndef: // any value will do, and zero is one
        constant.kind = Constant::Kind::Null;
        return constant;
    default:
        return constant;
    }
}

std::optional<uint64_t> ConstantFolder::scalar(Id id) const {
    const Constant constant = lookup(id);
    if (constant.kind == Constant::Kind::Scalar)
        return constant.bits;
    if (constant.kind == Constant::Kind::Null && scalarType(module_, constant.type))
        return 0;
    return std::nullopt;
}

std::optional<uint32_t> ConstantFolder::scalar32(Id id) const {
    const std::optional<uint64_t> value = scalar(id);
    if (!value || *value > UINT32_MAX)
        return std::nullopt;
    return static_cast<uint32_t>(*value);
}

std::span<const Id> ConstantFolder::createdFor(uint32_t index) const {
    auto it = createdRange_.find(index);
    if (it == createdRange_.end())
        return {};
    return std::span(created_).subspan(it->second.first, it->second.second - it->second.first);
}

bool ConstantFolder::spend(size_t items) {
    if (items > budget_ || items > kMaxIds - std::min(nextId_, kMaxIds)) {
        overflowed_ = true;
        return false;
    }
    budget_ -= items;
    return true;
}

bool ConstantFolder::vectorShape(Id type, Id& component, uint32_t& count) const {
    const Instruction* definition = module_.definition(type);
    if (definition == nullptr || definition->op() != Op::OpTypeVector || definition->operandCount() < 2)
        return false;
    component = definition->operand(0);
    count = definition->operand(1);
    return count >= 1 && count <= kMaxLanes;
}

bool ConstantFolder::elementShape(Id type, uint32_t index, Id& element, uint64_t& count) const {
    const Instruction* definition = module_.definition(type);
    if (definition == nullptr || definition->operandCount() == 0)
        return false;
    switch (definition->op()) {
    case Op::OpTypeVector:
    case Op::OpTypeMatrix:
        if (definition->operandCount() < 2)
            return false;
        element = definition->operand(0);
        count = definition->operand(1);
        break;
    case Op::OpTypeArray: {
        if (definition->operandCount() < 2)
            return false;
        element = definition->operand(0);
        const std::optional<uint64_t> length = scalar(definition->operand(1));
        if (!length)
            return false;
        count = *length;
        break;
    }
    case Op::OpTypeStruct:
        count = definition->operandCount();
        if (index < count)
            element = definition->operand(index);
        break;
    default:
        return false;
    }
    return index < count;
}

Id ConstantFolder::create(uint32_t index) {
    const Id id = nextId_++;
    const auto range = createdRange_.try_emplace(index, created_.size(), created_.size()).first;
    created_.push_back(id);
    range->second.second = created_.size();
    return id;
}

void ConstantFolder::storeScalar(Id id, Id type, uint64_t bits) {
    Folded& folded = folded_[id];
    folded.constant.kind = Constant::Kind::Scalar;
    folded.constant.type = type;
    folded.constant.bits = bits;
}

void ConstantFolder::storeNull(Id id, Id type) {
    Folded& folded = folded_[id];
    folded.constant.kind = Constant::Kind::Null;
    folded.constant.type = type;
}

void ConstantFolder::storeComposite(Id id, Id type, std::vector<Id> elements) {
    Folded& folded = folded_[id];
    folded.elements = std::move(elements);
    folded.constant.kind = Constant::Kind::Composite;
    folded.constant.type = type;
    folded.constant.elements = folded.elements;
}

bool ConstantFolder::storeAlias(Id id, const Constant& value) {
    if (value.kind == Constant::Kind::Opaque)
        return false;
    if (value.kind == Constant::Kind::Composite) {
        if (!spend(value.elements.size()))
            return false;
        storeComposite(id, value.type, {value.elements.begin(), value.elements.end()});
        return true;
    }
    folded_[id].constant = value;
    return true;
}

bool ConstantFolder::lanes(Id id, Lanes& out) const {
    const Constant constant = lookup(id);
    Id component = constant.type;
    uint32_t count = 1;
    out.isVector = vectorShape(constant.type, component, count);
    const std::optional<ScalarType> type = scalarType(module_, component);
    constexpr uint32_t kMaxComponents = 16; // a null of a vector type can claim any number
    if (!type || count > kMaxComponents)
        return false;
    out.type = *type;
    out.bits.assign(count, 0);
    switch (constant.kind) {
    case Constant::Kind::Null:
        return true;
    case Constant::Kind::Scalar:
        out.bits[0] = constant.bits;
        return !out.isVector;
    case Constant::Kind::Composite:
        if (!out.isVector || constant.elements.size() != count)
            return false;
        for (uint32_t i = 0; i < count; ++i) {
            const std::optional<uint64_t> lane = scalar(constant.elements[i]);
            if (!lane)
                return false;
            out.bits[i] = *lane;
        }
        return true;
    default:
        return false;
    }
}

bool ConstantFolder::store(const Instruction& instruction, uint32_t index, const std::vector<uint64_t>& bits) {
    Id component = 0;
    uint32_t count = 0;
    if (!vectorShape(instruction.resultType, component, count)) {
        if (bits.size() != 1)
            return false;
        storeScalar(instruction.result, instruction.resultType, bits[0]);
        return true;
    }
    if (bits.size() != count || !spend(count))
        return false;
    std::vector<Id> elements;
    for (uint64_t lane : bits) {
        elements.push_back(create(index));
        storeScalar(elements.back(), component, lane);
    }
    storeComposite(instruction.result, instruction.resultType, std::move(elements));
    return true;
}

// The ids of every element of a composite; those of a null one are made. `index` is the instruction that needs them.
bool ConstantFolder::elementIds(const Constant& composite, uint32_t index, std::vector<Id>& out) {
    if (composite.kind == Constant::Kind::Composite) {
        if (!spend(composite.elements.size()))
            return false;
        out.assign(composite.elements.begin(), composite.elements.end());
        return true;
    }
    Id element = 0;
    uint64_t count = 0;
    if (composite.kind != Constant::Kind::Null || !elementShape(composite.type, 0, element, count) || !spend(count))
        return false;
    for (uint32_t i = 0; i < count; ++i) {
        elementShape(composite.type, i, element, count);
        out.push_back(create(index));
        storeNull(out.back(), element);
    }
    return true;
}

bool ConstantFolder::foldExtract(const Instruction& instruction) {
    if (instruction.operandCount() < 2)
        return false;
    Constant value = lookup(instruction.operand(1));
    for (uint32_t i = 2; i < instruction.operandCount(); ++i) {
        const uint32_t index = instruction.operand(i);
        if (value.kind == Constant::Kind::Composite) {
            if (index >= value.elements.size())
                return false;
            value = lookup(value.elements[index]);
        } else if (value.kind == Constant::Kind::Null) {
            uint64_t count = 0;
            Id element = 0;
            if (!elementShape(value.type, index, element, count))
                return false;
            value.type = element;
        } else {
            return false;
        }
    }
    return storeAlias(instruction.result, value);
}

bool ConstantFolder::foldInsert(const Instruction& instruction, uint32_t index) {
    if (instruction.operandCount() < 4)
        return false;
    // Down the path, then up again with a new composite at each level.
    struct Level {
        Id type = 0;
        uint32_t index = 0;
        std::vector<Id> elements;
    };
    std::vector<Level> path;
    Id current = instruction.operand(2);
    for (uint32_t i = 3; i < instruction.operandCount(); ++i) {
        const Constant composite = lookup(current);
        Level level{composite.type, instruction.operand(i), {}};
        if (!elementIds(composite, index, level.elements) || level.index >= level.elements.size())
            return false;
        current = level.elements[level.index];
        path.push_back(std::move(level));
    }
    Id inserted = instruction.operand(1);
    while (path.size() > 1) {
        Level& level = path.back();
        level.elements[level.index] = inserted;
        if (!spend(1))
            return false;
        inserted = create(index);
        storeComposite(inserted, level.type, std::move(level.elements));
        path.pop_back();
    }
    path[0].elements[path[0].index] = inserted;
    storeComposite(instruction.result, instruction.resultType, std::move(path[0].elements));
    return true;
}

bool ConstantFolder::foldShuffle(const Instruction& instruction, uint32_t index) {
    Lanes first;
    Lanes second;
    if (instruction.operandCount() < 4 || !lanes(instruction.operand(1), first) ||
        !lanes(instruction.operand(2), second))
        return false;
    first.bits.insert(first.bits.end(), second.bits.begin(), second.bits.end());
    std::vector<uint64_t> bits;
    for (uint32_t i = 3; i < instruction.operandCount(); ++i) {
        const uint32_t pick = instruction.operand(i);
        if (pick != ~0u && pick >= first.bits.size())
            return false;
        bits.push_back(pick != ~0u ? first.bits[pick] : 0);
    }
    return store(instruction, index, bits);
}

bool ConstantFolder::foldBitcast(const Instruction& instruction, uint32_t index) {
    Lanes from;
    Id component = instruction.resultType;
    uint32_t count = 1;
    vectorShape(instruction.resultType, component, count);
    const std::optional<ScalarType> to = scalarType(module_, component);
    if (instruction.operandCount() < 2 || !lanes(instruction.operand(1), from) || !to || to->width == 1 ||
        from.type.width == 1 || from.bits.size() * from.type.width != size_t{count} * to->width)
        return false;
    std::vector<uint64_t> bits(count);
    for (uint32_t i = 0; i < count; ++i) {
        if (to->width >= from.type.width) {
            const uint32_t parts = to->width / from.type.width;
            for (uint32_t part = 0; part < parts; ++part)
                bits[i] |= from.bits[i * parts + part] << (part * from.type.width);
        } else {
            const uint32_t parts = from.type.width / to->width;
            bits[i] = truncate(from.bits[i / parts] >> (i % parts * to->width), to->width);
        }
    }
    return store(instruction, index, bits);
}

bool ConstantFolder::foldLanes(const Instruction& instruction, uint32_t index) {
    const auto op = static_cast<Op>(instruction.operand(0));
    Id component = instruction.resultType;
    uint32_t count = 1;
    vectorShape(instruction.resultType, component, count);
    const std::optional<ScalarType> result = scalarType(module_, component);
    const uint32_t arity = instruction.operandCount() - 1;
    if (!result || arity == 0 || arity > 3)
        return false;
    std::vector<Lanes> operands(arity);
    for (uint32_t i = 0; i < arity; ++i) {
        if (!lanes(instruction.operand(1 + i), operands[i]))
            return false;
        // A scalar condition may select between vectors.
        if (op == Op::OpSelect && i == 0 && !operands[i].isVector)
            operands[i].bits.assign(count, operands[i].bits[0]);
        if (operands[i].bits.size() != count)
            return false;
    }
    std::vector<uint64_t> bits(count);
    for (uint32_t lane = 0; lane < count; ++lane) {
        std::array<uint64_t, 3> values{};
        for (uint32_t i = 0; i < arity; ++i)
            values[i] = operands[i].bits[lane];
        const std::optional<uint64_t> value =
            evaluateScalar(op, *result, operands[0].type, std::span(values).first(arity));
        if (!value)
            return false;
        bits[lane] = *value;
    }
    return store(instruction, index, bits);
}

void ConstantFolder::fold(const Instruction& instruction, uint32_t index) {
    if (instruction.operandCount() < 2)
        return;
    switch (static_cast<Op>(instruction.operand(0))) {
    case Op::OpCompositeExtract:
        foldExtract(instruction);
        break;
    case Op::OpCompositeInsert:
        foldInsert(instruction, index);
        break;
    case Op::OpVectorShuffle:
        foldShuffle(instruction, index);
        break;
    case Op::OpBitcast:
        foldBitcast(instruction, index);
        break;
    default:
        foldLanes(instruction, index);
        break;
    }
}

} // namespace halyard::spv
