#include "spv/interface.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;
using StorageClass = ::spv::StorageClass;
using Kind = ::spv::Decoration;

constexpr uint32_t kPointerSize = 8;
constexpr uint32_t kMaxPushConstantAlignment = 16;
constexpr uint32_t kMaxElements = 256; // of an array of buffers: each is an argument of every launch

class ComputeReader {
public:
    ComputeReader(InterfaceContext& context, const Reach& reach, KernelInfo& kernel)
        : context_(context), module_(context.module), reach_(reach), kernel_(kernel) {}
    Status read();

private:
    Status variable(const Instruction& variable);
    Status buffer(const Instruction& variable, StorageClass storage, Id block, uint32_t elements, bool isArray);
    Result<uint32_t> arrayLength(const Instruction& variable, const Instruction& array);
    Status pushConstants(const Instruction& variable, Id block);
    void markLengths();
    std::string label(const Instruction& variable, Id block) const;
    bool everyMember(Id block, Kind decoration) const;
    Error refuse(HyResult code, const Instruction& variable, const std::string& what) const {
        const std::string_view name = module_.name(variable.result);
        return interfaceError(
            code, kernel_,
            fmt::format("variable %{}{} {}", variable.result, name.empty() ? "" : fmt::format(" '{}'", name), what));
    }

    InterfaceContext& context_;
    const Module& module_;
    const Reach& reach_;
    KernelInfo& kernel_;
    struct Place {
        uint32_t set = 0, binding = 0, element = 0;
        auto operator<=>(const Place&) const = default;
    };
    void requireLength(Id variable);

    std::map<Place, Parameter> buffers_;                // in the order of the parameters
    std::unordered_map<Id, std::vector<Place>> places_; // of a variable, by element
    std::optional<Parameter> pushConstants_;
};

// An anonymous GLSL block has a variable without a name and a type with one.
std::string ComputeReader::label(const Instruction& variable, Id block) const {
    const std::string_view own = module_.name(variable.result);
    return std::string(own.empty() ? module_.name(block) : own);
}

bool ComputeReader::everyMember(Id block, Kind decoration) const {
    const Instruction* type = module_.definition(block);
    for (uint32_t i = 0; i < type->operandCount(); ++i) {
        if (module_.findDecoration(block, decoration, i) == nullptr)
            return false;
    }
    return type->operandCount() > 0;
}

Status ComputeReader::variable(const Instruction& variable) {
    const auto storage = static_cast<StorageClass>(variable.operandCount() > 0 ? variable.operand(0) : 0);
    const Instruction* pointer = module_.definition(variable.resultType);
    const bool isPointer = pointer != nullptr && pointer->op() == Op::OpTypePointer && pointer->operandCount() == 2;
    const Instruction* type = isPointer ? module_.definition(pointer->operand(1)) : nullptr;
    if (type == nullptr)
        return refuse(HY_ERROR_INVALID_MODULE, variable, "has no pointer type");
    switch (storage) {
    case StorageClass::StorageBuffer:
    case StorageClass::Uniform:
    case StorageClass::PushConstant:
        break;
    case StorageClass::UniformConstant:
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, variable, "is an image or a sampler, which are not supported");
    case StorageClass::Input:
    case StorageClass::Private:
    case StorageClass::Workgroup:
        return Unit{};
    default:
        return refuse(
            HY_ERROR_UNSUPPORTED_SPIRV, variable,
            fmt::format("has the storage class {}, which no compute kernel may use", static_cast<uint32_t>(storage)));
    }
    uint32_t elements = 1;
    const bool isArray = type->op() == Op::OpTypeArray || type->op() == Op::OpTypeRuntimeArray;
    if (isArray) {
        Result<uint32_t> length = arrayLength(variable, *type);
        if (!length)
            return length.error();
        elements = *length;
        type = module_.definition(type->operand(0));
    }
    if (type == nullptr || type->op() == Op::OpTypeArray)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, variable, "is an array of arrays of buffers, which is not supported");
    if (type->op() != Op::OpTypeStruct)
        return refuse(HY_ERROR_INVALID_MODULE, variable, "is a buffer but no structure");
    if (storage != StorageClass::PushConstant)
        return buffer(variable, storage, type->result, elements, isArray);
    if (isArray)
        return refuse(HY_ERROR_INVALID_MODULE, variable, "is an array of push-constant blocks");
    return pushConstants(variable, type->result);
}

// How many arguments an array of buffers stands for.
Result<uint32_t> ComputeReader::arrayLength(const Instruction& variable, const Instruction& array) {
    if (array.op() == Op::OpTypeRuntimeArray)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, variable,
                      "is an array of buffers without a length, so nobody can say how many arguments it stands for");
    const std::optional<uint32_t> length =
        array.operandCount() > 1 ? context_.folder.scalar32(array.operand(1)) : std::nullopt;
    if (!length || *length == 0)
        return refuse(HY_ERROR_INVALID_MODULE, variable, "is an array of buffers whose length is no positive constant");
    if (*length > kMaxElements)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, variable,
                      fmt::format("is an array of {} buffers, more than {}", *length, kMaxElements));
    return *length;
}

Status ComputeReader::buffer(const Instruction& variable, StorageClass storage, Id block, uint32_t elements,
                             bool isArray) {
    const Id id = variable.result;
    const Decoration* set = module_.findDecoration(id, Kind::DescriptorSet);
    const Decoration* binding = module_.findDecoration(id, Kind::Binding);
    if (set == nullptr || binding == nullptr || set->operands.empty() || binding->operands.empty())
        return refuse(HY_ERROR_INVALID_MODULE, variable, "is a buffer without DescriptorSet and Binding");
    Result<TypeLayout> layout = context_.blocks.of(block);
    if (!layout)
        return refuse(layout.error().code, variable, "has no layout: " + layout.error().message);
    const bool isUniform =
        storage == StorageClass::Uniform && module_.findDecoration(block, Kind::BufferBlock) == nullptr;
    const bool readOnly =
        isUniform || module_.findDecoration(id, Kind::NonWritable) != nullptr || everyMember(block, Kind::NonWritable);
    const bool writeOnly =
        module_.findDecoration(id, Kind::NonReadable) != nullptr || everyMember(block, Kind::NonReadable);

    if (elements > context_.parametersLeft)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, variable, "gives the module's kernels too many parameters");
    context_.parametersLeft -= elements;
    for (uint32_t element = 0; element < elements; ++element) {
        const Place place{set->operands[0], binding->operands[0], element};
        places_[id].push_back(place);
        auto [it, isNew] = buffers_.try_emplace(place);
        Parameter& parameter = it->second;
        if (!isNew) {
            // The same buffer seen through another type.
            parameter.aliases.push_back(id);
            parameter.readOnly &= readOnly;
            parameter.writeOnly &= writeOnly;
            parameter.pointeeAlignment = std::max(parameter.pointeeAlignment, layout->alignment);
            continue;
        }
        parameter.kind = ParameterKind::GlobalPointer;
        parameter.size = kPointerSize;
        parameter.alignment = kPointerSize;
        parameter.pointeeAlignment = layout->alignment;
        parameter.readOnly = readOnly;
        parameter.writeOnly = writeOnly;
        parameter.set = place.set;
        parameter.binding = place.binding;
        parameter.element = element;
        parameter.id = id;
        parameter.name = label(variable, block) + (isArray ? fmt::format("[{}]", element) : std::string());
    }
    return Unit{};
}

Status ComputeReader::pushConstants(const Instruction& variable, Id block) {
    if (pushConstants_)
        return refuse(HY_ERROR_INVALID_MODULE, variable, "is a second push-constant block");
    Result<TypeLayout> layout = context_.blocks.of(block);
    if (!layout)
        return refuse(layout.error().code, variable, "has no layout: " + layout.error().message);
    if (layout->endsOpen || layout->size == 0 || layout->size > UINT32_MAX / 2)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, variable, fmt::format("has a size of {} bytes", layout->size));
    Parameter& parameter = pushConstants_.emplace();
    parameter.kind = ParameterKind::PushConstants;
    parameter.size = static_cast<uint32_t>(layout->size);
    parameter.alignment = std::min(layout->alignment, kMaxPushConstantAlignment);
    parameter.readOnly = true;
    parameter.id = variable.result;
    parameter.name = label(variable, block);
    return Unit{};
}

void ComputeReader::requireLength(Id variable) {
    for (const Place& place : places_.at(variable))
        buffers_.at(place).needsLength = true;
}

// OpArrayLength names the buffer itself, or a pointer that may be any buffer of its type.
void ComputeReader::markLengths() {
    std::unordered_set<Id> pointeeTypes;
    for (Id id : reach_.arrayLengths) {
        if (places_.contains(id)) {
            requireLength(id);
            continue;
        }
        const Instruction* pointer = module_.definition(id);
        const Instruction* type = pointer != nullptr ? module_.definition(pointer->resultType) : nullptr;
        if (type != nullptr && type->op() == Op::OpTypePointer && type->operandCount() == 2)
            pointeeTypes.insert(type->operand(1));
    }
    if (pointeeTypes.empty())
        return;
    for (const auto& [id, places] : places_) {
        const Instruction* type = module_.definition(module_.definition(id)->resultType);
        const Instruction* pointee = module_.definition(type->operand(1));
        const Id block = pointee->op() == Op::OpTypeArray ? pointee->operand(0) : pointee->result;
        if (pointeeTypes.contains(block))
            requireLength(id);
    }
}

Status ComputeReader::read() {
    if (reach_.variables.size() > context_.parametersLeft)
        return interfaceError(HY_ERROR_UNSUPPORTED_SPIRV, kernel_, "the module's kernels have too many parameters");
    context_.parametersLeft -= reach_.variables.size();
    for (Id id : reach_.variables) {
        if (Status status = variable(*module_.definition(id)); !status)
            return status;
    }
    markLengths();
    for (auto& [place, parameter] : buffers_)
        kernel_.parameters.push_back(std::move(parameter));
    if (pushConstants_)
        kernel_.parameters.push_back(std::move(*pushConstants_));
    return Unit{};
}

} // namespace

Status readComputeParameters(InterfaceContext& context, const Reach& reach, KernelInfo& kernel) {
    return ComputeReader(context, reach, kernel).read();
}

} // namespace halyard::spv
