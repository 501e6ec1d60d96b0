#include "spv/reflect.h"
#include "spv/interface.h"

#include <algorithm>

#include <fmt/format.h>

namespace halyard::spv {

using Op = ::spv::Op;
using Mode = ::spv::ExecutionMode;
using Size3 = std::array<uint32_t, 3>;

Error interfaceError(HyResult code, const KernelInfo& kernel, const std::string& what) {
    return {code, fmt::format("kernel '{}': {}", kernel.name, what), {}};
}

namespace {

constexpr uint32_t kLengthSize = 8;
constexpr uint64_t kMaxArgumentBytes = UINT32_MAX;

// The constant that carries BuiltIn WorkgroupSize: it overrides every LocalSize of the module.
const Instruction* workgroupSizeConstant(const Module& module) {
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == Op::OpFunction)
            break;
        if (instruction.op() != Op::OpConstantComposite && instruction.op() != Op::OpSpecConstantComposite)
            continue;
        const Decoration* builtIn = module.findDecoration(instruction.result, ::spv::Decoration::BuiltIn);
        if (builtIn != nullptr && !builtIn->operands.empty() &&
            builtIn->operands[0] == static_cast<uint32_t>(::spv::BuiltIn::WorkgroupSize))
            return &instruction;
    }
    return nullptr;
}

class Reflector {
public:
    explicit Reflector(const Module& module)
        : context_(module), module_(module), workgroupSize_(workgroupSizeConstant(module)) {}
    Result<Reflection> run();

private:
    Status kernel(const EntryPoint& entry, KernelInfo& info);
    Status modes(const EntryPoint& entry, KernelInfo& info) const;
    Status size3(const EntryPoint::Mode& mode, const KernelInfo& info, Size3& out) const;
    Status overrideSize(KernelInfo& info) const;
    Status localMemory(const Reach& reach, KernelInfo& info);
    Status pack(KernelInfo& info) const;
    Status specConstantTable(std::vector<Reflection::SpecConstant>& out) const;

    InterfaceContext context_;
    const Module& module_;
    const Instruction* workgroupSize_;
};

Status Reflector::size3(const EntryPoint::Mode& mode, const KernelInfo& info, Size3& out) const {
    if (mode.operands.size() < 3)
        return interfaceError(HY_ERROR_INVALID_MODULE, info, "its workgroup size has fewer than 3 dimensions");
    const bool ids = mode.operandsAreIds || mode.mode == Mode::LocalSizeId || mode.mode == Mode::LocalSizeHintId;
    for (size_t i = 0; i < 3; ++i) {
        const std::optional<uint32_t> value = ids ? context_.folder.scalar32(mode.operands[i]) : mode.operands[i];
        if (!value)
            return interfaceError(
                HY_ERROR_INVALID_MODULE, info,
                fmt::format("its workgroup size names %{}, which is no 32-bit constant", mode.operands[i]));
        if (*value == 0)
            return interfaceError(HY_ERROR_INVALID_MODULE, info,
                                  fmt::format("its workgroup size is 0 in dimension {}", i));
        out[i] = *value;
    }
    return Unit{};
}

Status Reflector::overrideSize(KernelInfo& info) const {
    if (workgroupSize_ == nullptr)
        return Unit{};
    EntryPoint::Mode mode;
    mode.mode = Mode::LocalSizeId;
    for (uint32_t i = 0; i < workgroupSize_->operandCount(); ++i)
        mode.operands.push_back(workgroupSize_->operand(i));
    return size3(mode, info, info.requiredWorkgroupSize);
}

Status Reflector::modes(const EntryPoint& entry, KernelInfo& info) const {
    for (const EntryPoint::Mode& mode : entry.modes) {
        Status status = Unit{};
        switch (mode.mode) {
        case Mode::LocalSize:
        case Mode::LocalSizeId:
            // The built-in constant wins, and glslang leaves zeros or defaults beside it.
            if (workgroupSize_ == nullptr)
                status = size3(mode, info, info.requiredWorkgroupSize);
            break;
        case Mode::LocalSizeHint:
        case Mode::LocalSizeHintId:
            status = size3(mode, info, info.workgroupSizeHint);
            break;
        case Mode::SubgroupSize:
            info.requiredSubgroupSize = mode.operands.empty() ? 0 : mode.operands[0];
            break;
        case Mode::SubgroupsPerWorkgroup:
            info.requiredSubgroups = mode.operands.empty() ? 0 : mode.operands[0];
            break;
        case Mode::SubgroupsPerWorkgroupId: {
            const std::optional<uint32_t> count =
                mode.operands.empty() ? std::nullopt : context_.folder.scalar32(mode.operands[0]);
            if (!count)
                return interfaceError(HY_ERROR_INVALID_MODULE, info, "its number of subgroups is no 32-bit constant");
            info.requiredSubgroups = *count;
            break;
        }
        default:
            break;
        }
        if (!status)
            return status;
    }
    if (Status status = overrideSize(info); !status)
        return status;
    if (info.flavour == Flavour::GLCompute && info.requiredWorkgroupSize[0] == 0)
        return interfaceError(HY_ERROR_INVALID_MODULE, info, "it declares no workgroup size");
    return Unit{};
}

Status Reflector::localMemory(const Reach& reach, KernelInfo& info) {
    std::vector<const Instruction*> variables;
    for (Id id : reach.variables) {
        const Instruction* variable = module_.definition(id);
        if (variable->operandCount() > 0 &&
            static_cast<::spv::StorageClass>(variable->operand(0)) == ::spv::StorageClass::Workgroup)
            variables.push_back(variable);
    }
    std::sort(variables.begin(), variables.end()); // module order: they point into one array
    for (const Instruction* variable : variables) {
        const Instruction* pointer = module_.definition(variable->resultType);
        if (pointer == nullptr || pointer->op() != Op::OpTypePointer || pointer->operandCount() < 2)
            return interfaceError(HY_ERROR_INVALID_MODULE, info, module_.describe(*variable) + " has no pointer type");
        Result<TypeLayout> layout = context_.openCl.of(pointer->operand(1));
        if (!layout)
            return interfaceError(layout.error().code, info,
                                  module_.describe(*variable) + " cannot be laid out: " + layout.error().message);
        const uint64_t start = alignUp(info.staticLocalBytes, layout->alignment);
        if (__builtin_add_overflow(start, layout->size, &info.staticLocalBytes))
            return interfaceError(HY_ERROR_INVALID_MODULE, info, "its workgroup memory exceeds 2^64 bytes");
    }
    return Unit{};
}

Status Reflector::pack(KernelInfo& info) const {
    uint64_t end = 0;
    for (Parameter& parameter : info.parameters) {
        end = alignUp(end, parameter.alignment);
        parameter.offset = static_cast<uint32_t>(end);
        end += parameter.size;
        if (end > kMaxArgumentBytes / 2)
            return interfaceError(HY_ERROR_UNSUPPORTED_SPIRV, info, "its arguments exceed 2 GiB");
    }
    for (Parameter& parameter : info.parameters) {
        if (!parameter.needsLength)
            continue;
        end = alignUp(end, kLengthSize);
        parameter.lengthOffset = static_cast<uint32_t>(end);
        end += kLengthSize;
    }
    info.argumentBytes = static_cast<uint32_t>(end);
    return Unit{};
}

Status Reflector::kernel(const EntryPoint& entry, KernelInfo& info) {
    info.name = entry.name;
    info.function = entry.function;
    info.flavour = module_.flavour();
    if (Status status = modes(entry, info); !status)
        return status;
    Result<Reach> reach = context_.calls.from(entry.function);
    if (!reach)
        return interfaceError(reach.error().code, info, reach.error().message);
    info.usesBarrier = !reach->barriers.empty();
    info.usesGridBarrier = std::any_of(reach->barriers.begin(), reach->barriers.end(), [&](Id scope) {
        return context_.folder.scalar32(scope) == static_cast<uint32_t>(::spv::Scope::Device);
    });
    if (Status status = localMemory(*reach, info); !status)
        return status;
    Status status = info.flavour == Flavour::Kernel ? readKernelParameters(context_, info)
                                                    : readComputeParameters(context_, *reach, info);
    return status ? pack(info) : status;
}

Status Reflector::specConstantTable(std::vector<Reflection::SpecConstant>& out) const {
    std::unordered_map<uint32_t, size_t> known;
    for (const SpecConstant& constant : specConstants(module_)) {
        auto [it, isNew] = known.try_emplace(constant.specId, out.size());
        if (isNew) {
            out.push_back(
                {constant.specId, constant.size, constant.defaultValue, std::string(module_.name(constant.id))});
        } else if (out[it->second].size != constant.size) {
            return Error{HY_ERROR_INVALID_MODULE,
                         fmt::format("specialisation constant {} names constants of {} and of {} bytes",
                                     constant.specId, out[it->second].size, constant.size),
                         {}};
        }
    }
    return Unit{};
}

Result<Reflection> Reflector::run() {
    Reflection reflection;
    if (Status status = specConstantTable(reflection.specConstants); !status)
        return status.error();
    const auto wanted =
        module_.flavour() == Flavour::Kernel ? ::spv::ExecutionModel::Kernel : ::spv::ExecutionModel::GLCompute;
    for (const EntryPoint& entry : module_.entryPoints()) {
        if (entry.model != wanted)
            continue;
        KernelInfo& info = reflection.kernels.emplace_back();
        Status status = kernel(entry, info);
        if (status)
            continue;
        // The other kernels of the module are none the worse for it.
        if (status.error().code != HY_ERROR_UNSUPPORTED_SPIRV)
            return status.error();
        info.parameters.clear();
        info.refusal = status.error();
    }
    return reflection;
}

} // namespace

Result<Reflection> reflect(const Module& module) {
    return Reflector(module).run();
}

} // namespace halyard::spv
