#include "spv/constants.h"
#include "spv/scalar_ops.h"
#include "spv/spv.h"

#include <algorithm>

#include <fmt/format.h>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

constexpr Id kMaxBound = 4'194'303; // SPIR-V's universal limit

// SPV_EXT_replicated_composites, newer than the installed headers.
constexpr uint16_t kSpecConstantCompositeReplicate = 4462;
constexpr auto kConstantCompositeReplicate = static_cast<Op>(4461);

Error invalid(std::string message, std::string hint = {}) {
    return {HY_ERROR_INVALID_ARGUMENT, std::move(message), std::move(hint)};
}

// The new value of each constant that `values` names.
Result<std::unordered_map<Id, uint64_t>> resolve(const Module& module, std::span<const SpecValue> values) {
    std::unordered_map<Id, uint64_t> resolved;
    if (values.empty())
        return resolved;
    std::unordered_map<uint32_t, std::vector<SpecConstant>> constants;
    for (const SpecConstant& constant : specConstants(module))
        constants[constant.specId].push_back(constant);
    for (const SpecValue& value : values) {
        auto named = constants.find(value.specId);
        if (named == constants.end())
            return invalid(fmt::format("the module has no specialisation constant {}", value.specId),
                           "list the module's constants with halyard-info or hyModuleGetInfo");
        for (const SpecConstant& constant : named->second) {
            if (value.size != constant.size)
                return invalid(fmt::format("specialisation constant {} has {} bytes, not {}", value.specId,
                                           constant.size, value.size));
            if (truncate(value.value, value.size * 8) != value.value)
                return invalid(fmt::format("the value {:#x} of specialisation constant {} does not fit its {} bytes",
                                           value.value, value.specId, value.size),
                               "extend the value with zeros, not with its sign");
            if (!resolved.emplace(constant.id, value.value).second)
                return invalid(fmt::format("specialisation constant {} is given twice", value.specId));
        }
    }
    return resolved;
}

class Writer {
public:
    Writer(const Module& module, std::unordered_map<Id, uint64_t> values)
        : module_(module), folder_(module, std::move(values)) {}
    Result<std::vector<uint32_t>> run();

private:
    void instruction(const Instruction& instruction, uint32_t index);
    void copy(const Instruction& instruction, Op op);
    void emit(Op op, std::initializer_list<uint32_t> fixed, std::span<const Id> rest = {});
    void constant(Id id);

    const Module& module_;
    ConstantFolder folder_;
    std::vector<uint32_t> out_;
};

void Writer::copy(const Instruction& instruction, Op op) {
    const size_t start = out_.size();
    out_.insert(out_.end(), instruction.words, instruction.words + instruction.wordCount);
    out_[start] = static_cast<uint32_t>(instruction.wordCount) << 16 | static_cast<uint32_t>(op);
}

void Writer::emit(Op op, std::initializer_list<uint32_t> fixed, std::span<const Id> rest) {
    const size_t count = 1 + fixed.size() + rest.size();
    out_.push_back(static_cast<uint32_t>(count) << 16 | static_cast<uint32_t>(op));
    out_.insert(out_.end(), fixed.begin(), fixed.end());
    out_.insert(out_.end(), rest.begin(), rest.end());
}

// Defines `id` with the value that the folder has for it.
void Writer::constant(Id id) {
    const Constant value = folder_.lookup(id);
    if (value.kind == Constant::Kind::Null) {
        emit(Op::OpConstantNull, {value.type, id});
        return;
    }
    if (value.kind == Constant::Kind::Composite) {
        emit(Op::OpConstantComposite, {value.type, id}, value.elements);
        return;
    }
    const ScalarType type = *scalarType(module_, value.type);
    if (type.kind == ScalarType::Kind::Bool) {
        emit(value.bits != 0 ? Op::OpConstantTrue : Op::OpConstantFalse, {value.type, id});
        return;
    }
    if (type.width == 64) {
        emit(Op::OpConstant,
             {value.type, id, static_cast<uint32_t>(value.bits), static_cast<uint32_t>(value.bits >> 32)});
        return;
    }
    // Narrow signed integers are stored sign-extended to the word.
    const bool extend = type.kind == ScalarType::Kind::Int && type.isSigned;
    const uint64_t bits = extend ? static_cast<uint64_t>(signExtend(value.bits, type.width)) : value.bits;
    emit(Op::OpConstant, {value.type, id, static_cast<uint32_t>(bits)});
}

void Writer::instruction(const Instruction& instruction, uint32_t index) {
    if (instruction.opcode == kSpecConstantCompositeReplicate) {
        copy(instruction, kConstantCompositeReplicate);
        return;
    }
    switch (instruction.op()) {
    case Op::OpDecorate:
        // A plain constant may not carry a SpecId.
        if (static_cast<::spv::Decoration>(instruction.operand(1)) != ::spv::Decoration::SpecId)
            copy(instruction, instruction.op());
        return;
    case Op::OpSpecConstantTrue:
    case Op::OpSpecConstantFalse:
    case Op::OpSpecConstant:
        if (folder_.lookup(instruction.result).kind == Constant::Kind::Scalar)
            constant(instruction.result);
        else
            copy(instruction, Op::OpConstant);
        return;
    case Op::OpSpecConstantComposite:
        copy(instruction, Op::OpConstantComposite);
        return;
    case Op::OpSpecConstantOp:
        for (Id created : folder_.createdFor(index))
            constant(created);
        if (folder_.lookup(instruction.result).kind == Constant::Kind::Opaque)
            copy(instruction, instruction.op());
        else
            constant(instruction.result);
        return;
    default:
        copy(instruction, instruction.op());
    }
}

Result<std::vector<uint32_t>> Writer::run() {
    if (folder_.overflowed() || folder_.nextId() > kMaxBound)
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     "folding the specialisation constants needs more ids or space than a module of this size may use",
                     {}};
    const std::span<const uint32_t> words = module_.words();
    out_.reserve(words.size() + 64);
    out_.assign(words.begin(), words.begin() + 5);
    out_[3] = std::max(module_.bound(), folder_.nextId());
    for (uint32_t i = 0; i < module_.instructions().size(); ++i)
        instruction(module_.instructions()[i], i);
    return std::move(out_);
}

} // namespace

Result<std::vector<uint32_t>> specialise(const Module& module, std::span<const SpecValue> values) {
    Result<std::unordered_map<Id, uint64_t>> resolved = resolve(module, values);
    if (!resolved)
        return resolved.error();
    return Writer(module, std::move(*resolved)).run();
}

} // namespace halyard::spv
