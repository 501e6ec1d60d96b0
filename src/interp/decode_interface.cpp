// Module-scope variables and kernel parameters: what the registers of an invocation begin with.
#include "interp/decoder.h"

#include "interp/address.h"
#include "interp/builtins.h"

#include <algorithm>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

using StorageClass = ::spv::StorageClass;

constexpr uint64_t kMaxPrivateObject = uint64_t{1} << (kPrivateOffsetBits - 1);
constexpr uint64_t kMaxPrivateBytes = uint64_t{1} << kPrivateOffsetBits;
constexpr uint64_t kMaxWorkgroupBytes = uint64_t{1} << 30;

uint64_t alignUp(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

} // namespace

uint32_t Decoder::privateSlot(const Instruction& user, Id id, const Layout& layout) {
    const uint64_t offset = alignUp(prepared_->privateBytes, std::max<uint32_t>(layout.align, 16));
    if (layout.endsOpen || layout.size > kMaxPrivateObject || offset + layout.size > kMaxPrivateBytes ||
        prepared_->privateSlots.size() >= (1u << kPrivateObjectBits))
        unsupported(user, "needs more private memory than the interpreter gives an invocation");
    PrivateSlot slot;
    slot.id = id;
    slot.offset = offset;
    slot.size = layout.size;
    slot.plan = layout.type->cells != 0 ? &declarations_.layouts().plan(layout) : nullptr;
    prepared_->privateBytes = offset + layout.size;
    prepared_->privateSlots.push_back(slot);
    return static_cast<uint32_t>(prepared_->privateSlots.size() - 1);
}

uint32_t Decoder::workgroupObject(const ModuleVariable& variable) {
    // Blocks with an explicit layout are views of the same bytes.
    const bool shared = variable.type->kind == Kind::Struct &&
                        module_.findDecoration(variable.type->id, ::spv::Decoration::Block) != nullptr;
    const bool zero = variable.initialiser != ~0u && !declarations_.constants().at(variable.initialiser).undefined;
    if (shared && explicitWorkgroup_ != kNone) {
        WorkgroupObject& object = prepared_->workgroupObjects[explicitWorkgroup_];
        object.size = std::max(object.size, variable.layout->size);
        object.zero |= zero;
        return explicitWorkgroup_;
    }
    WorkgroupObject object;
    object.id = variable.id;
    object.size = variable.layout->size;
    object.zero = zero;
    prepared_->workgroupObjects.push_back(object);
    const auto index = static_cast<uint32_t>(prepared_->workgroupObjects.size() - 1);
    if (shared)
        explicitWorkgroup_ = index;
    return index;
}

void Decoder::finishWorkgroup() {
    constexpr uint64_t kAlignment = 256;
    uint64_t end = 0;
    for (WorkgroupObject& object : prepared_->workgroupObjects) {
        object.offset = end;
        end = alignUp(end + object.size, kAlignment);
        if (object.size > kMaxWorkgroupBytes || end > kMaxWorkgroupBytes)
            unsupported(*module_.definition(object.id), "needs more workgroup memory than the interpreter gives");
    }
    if (prepared_->workgroupObjects.size() >= (1u << kWorkgroupObjectBits))
        throw Refusal{{HY_ERROR_UNSUPPORTED_SPIRV, "the kernel has too many Workgroup variables", {}}};
    prepared_->workgroupBytes = end;
}

// The parameters that stand for the variable: one, or one for each element of an array of buffers.
std::vector<uint32_t> Decoder::parametersOf(const Instruction& user, Id variable) const {
    const auto& parameters = prepared_->kernel.parameters;
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < parameters.size(); ++i) {
        const auto& aliases = parameters[i].aliases;
        if (parameters[i].id == variable || std::find(aliases.begin(), aliases.end(), variable) != aliases.end())
            found.push_back(i);
    }
    const Type& type = *declarations_.findVariable(variable)->type;
    if (found.size() != (type.kind == Kind::Array ? type.count : 1))
        unsupported(user, fmt::format("uses %{}, which is no parameter of the kernel", variable));
    return found;
}

// The address of one buffer of an array of them.
Ref Decoder::selectBuffer(const Instruction& instruction, const ModuleVariable& variable, Id index) {
    if (valueType(instruction, index).kind != Kind::Int)
        invalid(instruction, fmt::format("has the index %{}, which is no integer", index));
    const Ref table = useVariable(instruction, variable);
    const Ref place = ref(instruction, index);
    Step& step = emit(instruction, Code::Descriptor, {});
    step.operandCount = 2;
    step.payload = static_cast<uint32_t>(variable.type->count);
    step.result = code_->frameCells++;
    step.cells = 1;
    const Ref selected = makeRef(RefBase::Frame, step.result);
    prepared_->operands.insert(prepared_->operands.end(), {table, place});
    return selected;
}

Ref Decoder::useVariable(const Instruction& user, const ModuleVariable& variable) {
    if (const auto known = globals_.find(variable.id); known != globals_.end())
        return known->second;
    GlobalValue value;
    value.variable = &variable;
    switch (variable.storage) {
    case StorageClass::Private:
        value.kind = GlobalKind::Private;
        value.index = privateSlot(user, variable.id, *variable.layout);
        break;
    case StorageClass::Input:
    case StorageClass::UniformConstant: // builtins of the Kernel flavour may be either
        if (const char* problem = builtInProblem(variable))
            unsupported(*module_.definition(variable.id), problem);
        value.kind = GlobalKind::BuiltIn;
        value.index = privateSlot(user, variable.id, *variable.layout);
        prepared_->privateSlots[value.index].readOnly = true;
        break;
    case StorageClass::Workgroup:
        value.kind = GlobalKind::Workgroup;
        if (variable.layout->endsOpen)
            unsupported(*module_.definition(variable.id), "is workgroup memory without a size");
        value.index = workgroupObject(variable);
        break;
    case StorageClass::StorageBuffer:
    case StorageClass::Uniform:
        value.kind = GlobalKind::Buffer;
        for (const uint32_t parameter : parametersOf(user, variable.id)) {
            value.index = parameter;
            value.cell = prepared_->globalCells++;
            prepared_->globals.push_back(value);
        }
        value.cell = prepared_->globalCells -
                     static_cast<uint32_t>(variable.type->kind == Kind::Array ? variable.type->count : 1);
        return globals_.emplace(variable.id, makeRef(RefBase::Global, value.cell)).first->second;
    case StorageClass::PushConstant:
        value.kind = GlobalKind::PushConstants;
        value.index = parametersOf(user, variable.id).front();
        break;
    default:
        unsupported(*module_.definition(variable.id), fmt::format("is of storage class {}, which is not supported",
                                                                  static_cast<uint32_t>(variable.storage)));
    }
    value.cell = prepared_->globalCells++;
    prepared_->globals.push_back(value);
    const Ref ref = makeRef(RefBase::Global, value.cell);
    globals_.emplace(variable.id, ref);
    return ref;
}

void Decoder::kernelParameters() {
    const auto& parameters = prepared_->kernel.parameters;
    const bool kernel = module_.flavour() == spv::Flavour::Kernel;
    if (function_->parameters.size() != (kernel ? parameters.size() : 0))
        throw Refusal{{HY_ERROR_INVALID_MODULE,
                       fmt::format("kernel '{}' has {} parameters, not the {} of its interface", prepared_->kernel.name,
                                   function_->parameters.size(), kernel ? parameters.size() : 0),
                       {}}};
    for (uint32_t i = 0; i < function_->parameters.size(); ++i) {
        const Id id = function_->parameters[i];
        const Instruction& definition = *module_.definition(id);
        const Type& type = valueType(definition, id);
        const spv::Parameter& parameter = parameters[i];
        KernelParameter target;
        target.cell = registers_.at(id);
        target.parameter = i;
        const Layout* pointee = declarations_.pointeeLayout(type);
        switch (parameter.kind) {
        case spv::ParameterKind::GlobalPointer:
            if (type.kind != Kind::Pointer)
                invalid(definition, "is no pointer");
            break;
        case spv::ParameterKind::LocalPointer: {
            if (type.kind != Kind::Pointer)
                invalid(definition, "is no pointer");
            WorkgroupObject object;
            object.id = id;
            object.parameter = i;
            prepared_->workgroupObjects.push_back(object);
            target.workgroupObject = static_cast<uint32_t>(prepared_->workgroupObjects.size() - 1);
            break;
        }
        default:
            if (type.kind == Kind::Pointer) {
                if (pointee == nullptr || pointee->size > parameter.size)
                    invalid(definition, "is passed by value, but its size is not that of the interface");
                target.privateSlot = privateSlot(definition, id, *pointee);
                break;
            }
            target.plan = &declarations_.layouts().plan(declarations_.layoutOf(type));
            if (target.plan->end > parameter.size)
                invalid(definition, "is larger than its argument");
            break;
        }
        prepared_->parameters.push_back(target);
        Traits traits{pointee, false, false};
        traits.readOnly = parameter.readOnly;
        traits.relaxed = module_.findDecoration(id, ::spv::Decoration::Volatile) != nullptr;
        traits_[id] = traits;
    }
}

} // namespace halyard::interp
