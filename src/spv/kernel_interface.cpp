#include "spv/interface.h"
#include "spv/opcodes.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;
using StorageClass = ::spv::StorageClass;

constexpr uint32_t kPointerSize = 8;
constexpr uint32_t kMaxAlignment = 4096;

bool hasParameterAttribute(const Module& module, Id id, ::spv::FunctionParameterAttribute attribute) {
    for (const Decoration& decoration : module.decorations(id)) {
        if (decoration.kind == ::spv::Decoration::FuncParamAttr && !decoration.operands.empty() &&
            decoration.operands[0] == static_cast<uint32_t>(attribute))
            return true;
    }
    return false;
}

// The Alignment decoration, or 0 when there is none or it is no power of two.
uint32_t decoratedAlignment(const Module& module, Id id) {
    const Decoration* decoration = module.findDecoration(id, ::spv::Decoration::Alignment);
    if (decoration == nullptr || decoration->operands.empty() || !std::has_single_bit(decoration->operands[0]))
        return 0;
    return std::min(decoration->operands[0], kMaxAlignment);
}

const char* opaqueKind(Op op) {
    switch (op) {
    case Op::OpTypeImage:
        return "an image";
    case Op::OpTypeSampler:
        return "a sampler";
    case Op::OpTypeSampledImage:
        return "a sampled image";
    case Op::OpTypePipe:
        return "a pipe";
    case Op::OpTypeEvent:
    case Op::OpTypeDeviceEvent:
        return "an event";
    case Op::OpTypeQueue:
        return "a queue";
    case Op::OpTypeReserveId:
        return "a reservation";
    default:
        return nullptr;
    }
}

class KernelReader {
public:
    KernelReader(InterfaceContext& context, KernelInfo& kernel) : context_(context), kernel_(kernel) {}
    Status read(Id id);

private:
    Status pointer(const Instruction& type, Parameter& parameter);
    Status value(Id type, Parameter& parameter);
    void pointee(Id type, Parameter& parameter);
    Error refuse(HyResult code, const Parameter& parameter, const std::string& what) const {
        const std::string label = parameter.name.empty() ? std::string() : fmt::format(" '{}'", parameter.name);
        return interfaceError(code, kernel_, fmt::format("parameter {}{} {}", kernel_.parameters.size(), label, what));
    }

    InterfaceContext& context_;
    KernelInfo& kernel_;
};

Status KernelReader::read(Id id) {
    const Module& module = context_.module;
    const Instruction* definition = module.definition(id);
    Parameter parameter;
    parameter.id = id;
    parameter.name = module.name(id);
    const Instruction* type = definition != nullptr ? module.definition(definition->resultType) : nullptr;
    if (type == nullptr)
        return refuse(HY_ERROR_INVALID_MODULE, parameter, "has no type");
    if (const char* kind = opaqueKind(type->op()))
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, parameter, fmt::format("is {}, which is not supported", kind));
    Status status = type->op() == Op::OpTypePointer ? pointer(*type, parameter) : value(type->result, parameter);
    if (status)
        kernel_.parameters.push_back(std::move(parameter));
    return status;
}

void KernelReader::pointee(Id type, Parameter& parameter) {
    parameter.pointeeAlignment = decoratedAlignment(context_.module, parameter.id);
    if (parameter.pointeeAlignment != 0)
        return;
    // A pointee without a layout (an opaque structure) promises nothing about its address.
    Result<TypeLayout> layout = context_.openCl.of(type);
    parameter.pointeeAlignment = layout ? std::min(layout->alignment, kMaxAlignment) : 1;
}

Status KernelReader::pointer(const Instruction& type, Parameter& parameter) {
    using Attribute = ::spv::FunctionParameterAttribute;
    if (type.operandCount() < 2)
        return refuse(HY_ERROR_INVALID_MODULE, parameter, "has a pointer type without a pointee");
    const Module& module = context_.module;
    const Id target = type.operand(1);
    const Instruction* targetType = module.definition(target);
    if (const char* kind = targetType != nullptr ? opaqueKind(targetType->op()) : nullptr)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, parameter, fmt::format("points to {}, which is not supported", kind));
    const auto storage = static_cast<StorageClass>(type.operand(0));
    parameter.size = kPointerSize;
    parameter.alignment = kPointerSize;
    parameter.readOnly = storage == StorageClass::UniformConstant ||
                         module.findDecoration(parameter.id, ::spv::Decoration::NonWritable) != nullptr ||
                         hasParameterAttribute(module, parameter.id, Attribute::NoWrite);
    parameter.writeOnly = module.findDecoration(parameter.id, ::spv::Decoration::NonReadable) != nullptr;
    switch (storage) {
    case StorageClass::CrossWorkgroup:
    case StorageClass::UniformConstant:
        parameter.kind = ParameterKind::GlobalPointer;
        pointee(target, parameter);
        return Unit{};
    case StorageClass::Workgroup:
        parameter.kind = ParameterKind::LocalPointer;
        pointee(target, parameter);
        return Unit{};
    case StorageClass::Function: {
        if (!hasParameterAttribute(module, parameter.id, Attribute::ByVal))
            return refuse(HY_ERROR_UNSUPPORTED_SPIRV, parameter, "is a private pointer that is not passed by value");
        parameter.readOnly = false;
        parameter.writeOnly = false;
        Status status = value(target, parameter);
        parameter.alignment = std::max(parameter.alignment, decoratedAlignment(module, parameter.id));
        return status;
    }
    default:
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, parameter,
                      fmt::format("is a pointer of storage class {}, not global, constant or local memory",
                                  static_cast<uint32_t>(storage)));
    }
}

Status KernelReader::value(Id type, Parameter& parameter) {
    parameter.kind = ParameterKind::Value;
    const Instruction* definition = context_.module.definition(type);
    if (definition != nullptr && definition->op() == Op::OpTypeBool)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, parameter, "is a boolean, whose size the language leaves open");
    Result<TypeLayout> layout = context_.openCl.of(type);
    if (!layout)
        return refuse(layout.error().code, parameter, "cannot be passed: " + layout.error().message);
    if (layout->endsOpen || layout->size == 0 || layout->size > UINT32_MAX / 2)
        return refuse(HY_ERROR_UNSUPPORTED_SPIRV, parameter, fmt::format("has a size of {} bytes", layout->size));
    parameter.size = static_cast<uint32_t>(layout->size);
    parameter.alignment = layout->alignment;
    return Unit{};
}

} // namespace

Status readKernelParameters(InterfaceContext& context, KernelInfo& kernel) {
    const Function* function = context.module.findFunction(kernel.function);
    if (function->parameters.size() > context.parametersLeft)
        return interfaceError(HY_ERROR_UNSUPPORTED_SPIRV, kernel, "the module's kernels have too many parameters");
    context.parametersLeft -= function->parameters.size();
    KernelReader reader(context, kernel);
    for (Id parameter : function->parameters) {
        if (Status status = reader.read(parameter); !status)
            return status;
    }
    return Unit{};
}

} // namespace halyard::spv
