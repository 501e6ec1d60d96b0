#include "spv/opcodes.h"
#include "spv/spv.h"

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
        if (info->support == Support::No)
            return unsupported(fmt::format("capability {} is not supported", info->name));
    }
    const bool kernel = module.flavour() == Flavour::Kernel;
    if (module.addressingModel() == ::spv::AddressingModel::Physical32)
        return unsupported("addressing model Physical32 is not supported",
                           "compile for 64-bit addresses, with clang --target=spirv64");
    if (kernel && module.addressingModel() != ::spv::AddressingModel::Physical64)
        return unsupported("a Kernel module needs the addressing model Physical64");
    const auto wanted = kernel ? ::spv::ExecutionModel::Kernel : ::spv::ExecutionModel::GLCompute;
    for (const EntryPoint& entry : module.entryPoints()) {
        if (entry.model != wanted)
            return unsupported(fmt::format("entry point '{}' has the execution model {} ({}), not {}", entry.name,
                                           modelName(entry.model), static_cast<uint32_t>(entry.model),
                                           modelName(wanted)),
                               "keep the kernels of each execution model in a module of their own");
    }
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

} // namespace

Status checkSupported(const Module& module) {
    if (Status status = checkHeader(module); !status)
        return status;
    for (const Instruction& instruction : module.instructions()) {
        if (Status status = checkOpcode(module, instruction, instruction.opcode); !status)
            return status;
        if (instruction.op() == Op::OpExtInst) {
            if (Status status = checkExtended(module, instruction); !status)
                return status;
        } else if (instruction.op() == Op::OpSpecConstantOp && instruction.operandCount() > 0) {
            if (Status status = checkOpcode(module, instruction, instruction.operand(0)); !status)
                return status;
        }
    }
    return Unit{};
}

} // namespace halyard::spv
