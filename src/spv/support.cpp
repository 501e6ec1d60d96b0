#include "spv/callgraph.h"
#include "spv/opcodes.h"
#include "spv/spv.h"

#include <algorithm>

#include <fmt/format.h>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

enum class InstructionSet { OpenClStd, GlslStd450, Debug, Unknown };

InstructionSet instructionSet(std::string_view name) {
    if (name == "OpenCL.std")
        return InstructionSet::OpenClStd;
    if (name == "GLSL.std.450")
        return InstructionSet::GlslStd450;
    // These sets describe the source and may be dropped without changing what a kernel computes.
    if (name.starts_with("NonSemantic.") || name == "OpenCL.DebugInfo.100" || name == "DebugInfo" ||
        name.starts_with("SPIRV.debug"))
        return InstructionSet::Debug;
    return InstructionSet::Unknown;
}

Error unsupported(std::string what, std::string hint = {}) {
    return {HY_ERROR_UNSUPPORTED_SPIRV, std::move(what), std::move(hint)};
}

std::string_view modelName(::spv::ExecutionModel model) {
    switch (model) {
    case ::spv::ExecutionModel::Vertex:
        return "Vertex";
    case ::spv::ExecutionModel::Fragment:
        return "Fragment";
    case ::spv::ExecutionModel::Geometry:
        return "Geometry";
    case ::spv::ExecutionModel::GLCompute:
        return "GLCompute";
    case ::spv::ExecutionModel::Kernel:
        return "Kernel";
    default:
        return "other";
    }
}

Status checkHeader(const Module& module) {
    for (::spv::Capability capability : module.capabilities()) {
        const auto number = static_cast<uint32_t>(capability);
        const NameInfo* info = findCapability(number);
        if (info == nullptr)
            return unsupported(fmt::format("capability {} is unknown", number));
    }
    const bool kernel = module.flavour() == Flavour::Kernel;
    if (module.addressingModel() == ::spv::AddressingModel::Physical32)
        return unsupported("addressing model Physical32 is not supported",
                           "compile for 64-bit addresses, with clang --target=spirv64");
    if (kernel && module.addressingModel() != ::spv::AddressingModel::Physical64)
        return unsupported("a Kernel module needs the addressing model Physical64");
    const auto wanted = kernel ? ::spv::ExecutionModel::Kernel : ::spv::ExecutionModel::GLCompute;
    const std::vector<EntryPoint>& entries = module.entryPoints();
    const bool any =
        std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.model == wanted; });
    if (!entries.empty() && !any)
        return unsupported(
            fmt::format("entry point '{}' has the execution model {} ({}), not {}, and so have all others",
                        entries[0].name, modelName(entries[0].model), static_cast<uint32_t>(entries[0].model),
                        modelName(wanted)),
            "only compute kernels can be launched");
    return Unit{};
}

Status checkExtended(const Module& module, const Instruction& instruction) {
    if (instruction.operandCount() < 2)
        return Error{HY_ERROR_INVALID_MODULE, module.describe(instruction) + " names no instruction", {}};
    auto import = module.extInstImports().find(instruction.operand(0));
    if (import == module.extInstImports().end())
        return Error{HY_ERROR_INVALID_MODULE,
                     fmt::format("{} uses %{}, which is no instruction set", module.describe(instruction),
                                 instruction.operand(0)),
                     {}};
    const uint32_t number = instruction.operand(1);
    const NameInfo* info = nullptr;
    switch (instructionSet(import->second)) {
    case InstructionSet::Debug:
        return Unit{};
    case InstructionSet::OpenClStd:
        info = findOpenClStd(number);
        break;
    case InstructionSet::GlslStd450:
        info = findGlslStd450(number);
        break;
    case InstructionSet::Unknown:
        return unsupported(
            fmt::format("{}: the instruction set {} is not supported", module.describe(instruction), import->second));
    }
    if (info == nullptr)
        return unsupported(fmt::format("{}: {} has no instruction {} that is known", module.describe(instruction),
                                       import->second, number));
    if (info->support == Support::No)
        return unsupported(
            fmt::format("{}: {} {} is not supported", module.describe(instruction), import->second, info->name));
    return Unit{};
}

Status checkOpcode(const Module& module, const Instruction& instruction, uint32_t opcode) {
    const OpcodeInfo* info = findOpcode(opcode);
    if (info != nullptr && info->support == Support::Yes)
        return Unit{};
    if (opcode == instruction.opcode)
        return unsupported(module.describe(instruction) + " is not supported");
    return unsupported(fmt::format("{}: {} is not supported", module.describe(instruction), opcodeName(opcode)));
}

Status checkInstruction(const Module& module, const Instruction& instruction) {
    if (Status status = checkOpcode(module, instruction, instruction.opcode); !status)
        return status;
    return instruction.op() == Op::OpExtInst ? checkExtended(module, instruction) : Status(Unit{});
}

// Looks at each function once, however many kernels share it.
class KernelChecker {
public:
    explicit KernelChecker(const Module& module) : module_(module), calls_(module) {}
    Status check(const KernelInfo& kernel) {
        Result<Reach> reach = calls_.from(kernel.function);
        if (!reach)
            return reach.error();
        for (Id function : reach->functions) {
            if (const Status& status = body(*module_.findFunction(function)); !status)
                return status;
        }
        return Unit{};
    }

private:
    const Status& body(const Function& function) {
        auto [it, isNew] = known_.try_emplace(function.id, Unit{});
        if (!isNew)
            return it->second;
        for (const Block& block : function.blocks) {
            for (uint32_t i = block.firstInstruction; i < block.endInstruction && it->second; ++i)
                it->second = checkInstruction(module_, module_.instructions()[i]);
        }
        return it->second;
    }

    const Module& module_;
    CallGraph calls_;
    std::unordered_map<Id, Status> known_;
};

} // namespace

Status checkSupported(const Module& module) {
    if (Status status = checkHeader(module); !status)
        return status;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == Op::OpFunction)
            break;
        if (instruction.op() == Op::OpSpecConstantOp && instruction.operandCount() > 0) {
            if (Status status = checkOpcode(module, instruction, instruction.operand(0)); !status)
                return status;
        }
    }
    return Unit{};
}

Status checkKernels(const Module& module, Reflection& reflection) {
    KernelChecker checker(module);
    size_t refused = 0;
    for (KernelInfo& kernel : reflection.kernels) {
        // The instruction says more than the interface that led to it.
        if (Status status = checker.check(kernel); !status) {
            if (status.error().code != HY_ERROR_UNSUPPORTED_SPIRV)
                return status;
            Error error = status.error();
            error.message = fmt::format("kernel '{}': {}", kernel.name, error.message);
            if (kernel.refusal)
                error.message += fmt::format("; {}", kernel.refusal->message);
            kernel.refusal = std::move(error);
        }
        refused += kernel.refusal.has_value();
    }
    if (refused != 0 && refused == reflection.kernels.size())
        return *reflection.kernels.front().refusal;
    return Unit{};
}

} // namespace halyard::spv
