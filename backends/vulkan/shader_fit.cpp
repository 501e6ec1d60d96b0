#include "shader_fit.h"

#include "artifact.h"
#include "spv/reflect.h"

#include <algorithm>
#include <fmt/format.h>
#include <spirv-tools/libspirv.hpp>

namespace halyard::vulkan {
namespace {

using Op = ::spv::Op;

// lavapipe executes both sides of a branch that lies deeper than 80 constructs, without a word
// (LP_MAX_TGSI_NESTING). A shader with fewer constructs than this in all cannot nest so deep once calls are inlined.
constexpr size_t kMostConstructsOnLavapipe = 64;

bool isAtomic(Op op) {
    return (op >= Op::OpAtomicLoad && op <= Op::OpAtomicXor) || op == Op::OpAtomicFAddEXT ||
           op == Op::OpAtomicFMinEXT || op == Op::OpAtomicFMaxEXT;
}

// Of the value that it reads or writes.
bool isOfFloat(const spv::Module& module, const spv::Instruction& atomic) {
    constexpr uint32_t kStored = 3; // after pointer, scope and semantics
    spv::Id type = atomic.resultType;
    if (atomic.op() == Op::OpAtomicStore && atomic.operandCount() > kStored)
        type = module.definition(atomic.operand(kStored))->resultType;
    const spv::Instruction* definition = module.definition(type);
    return definition != nullptr && definition->op() == Op::OpTypeFloat;
}

class Examiner {
public:
    Examiner(const spv::Module& module, const spv::KernelInfo& info, const HyBackendKernelDesc& kernel,
             const Features& enabled, const Adapter& adapter)
        : module_(module), info_(info), kernel_(kernel), enabled_(enabled), adapter_(adapter) {}

    // Empty when it fits.
    std::string examine();
    ShaderFit& fit() { return fit_; }

private:
    std::string examineCode();
    std::string examineWorkgroup() const;
    std::string examineParameters();
    std::string addBuffer(uint32_t index, uint32_t& lengths);
    bool isUniform(spv::Id variable) const;
    std::string validate() const;

    const spv::Module& module_;
    const spv::KernelInfo& info_;
    const HyBackendKernelDesc& kernel_;
    const Features& enabled_;
    const Adapter& adapter_;
    ShaderFit fit_;
};

std::string Examiner::examineCode() {
    Artifact artifact;
    artifact.localUnit = sizeof(uint64_t); // 64-bit atomics may be on workgroup memory
    if (std::string missing = missingCapabilities(module_.words(), artifact, enabled_, adapter_); !missing.empty())
        return "the device is not opened with " + missing;
    size_t constructs = 0;
    size_t calls = 0;
    for (const spv::Instruction& instruction : module_.instructions()) {
        switch (instruction.op()) {
        case Op::OpSelectionMerge:
        case Op::OpLoopMerge:
            ++constructs;
            break;
        case Op::OpFunctionCall:
            ++calls;
            break;
        case Op::OpFRem:
        case Op::OpFMod:
        case Op::OpSRem:
        case Op::OpSMod:
        case Op::OpQuantizeToF16:
            return "it has " + module_.describe(instruction) + ", whose results Vulkan leaves open to the driver";
        case Op::OpDecorate:
            if (instruction.operandCount() >= 3 &&
                instruction.operand(1) == static_cast<uint32_t>(::spv::Decoration::BuiltIn) &&
                instruction.operand(2) == static_cast<uint32_t>(::spv::BuiltIn::NumWorkgroups))
                fit_.asksGroupCount = true;
            break;
        default:
            // Devices differ in what they have on floats, and workgroup memory has features of its own.
            if (isAtomic(instruction.op()) && isOfFloat(module_, instruction))
                return "it has " + module_.describe(instruction) + " on floats";
            break;
        }
    }
    if (adapter_.isLavapipe() && constructs * (calls + 1) >= kMostConstructsOnLavapipe && constructs != 0)
        return "its branches may nest deeper than lavapipe executes";
    fit_.usesSubgroups =
        std::any_of(module_.capabilities().begin(), module_.capabilities().end(), [](::spv::Capability capability) {
            return capability >= ::spv::Capability::GroupNonUniform &&
                   capability <= ::spv::Capability::GroupNonUniformQuad;
        });
    for (const auto& [id, name] : module_.extInstImports())
        if (name != "GLSL.std.450" && name != "NonSemantic.Shader.DebugInfo.100")
            return "it prints, or uses the instructions " + name;
    return {};
}

std::string Examiner::examineWorkgroup() const {
    const VkPhysicalDeviceLimits& limits = adapter_.core.limits;
    const HyDim3& size = kernel_.requiredWorkgroupSize;
    const uint64_t invocations = uint64_t{size.x} * size.y * size.z;
    if (invocations == 0)
        return "it has no workgroup size";
    if (size.x > limits.maxComputeWorkGroupSize[0] || size.y > limits.maxComputeWorkGroupSize[1] ||
        size.z > limits.maxComputeWorkGroupSize[2] || invocations > limits.maxComputeWorkGroupInvocations)
        return "the device takes its workgroup size in one dimension only";
    if (kernel_.requiredSubgroupSize != 0)
        return "it asks for a subgroup size";
    // Where the driver lays subgroups along x alone, those of a box are not consecutive invocations.
    if (fit_.usesSubgroups && (size.y * size.z != 1 || size.x % adapter_.core11.subgroupSize != 0))
        return "its workgroups are not whole subgroups along one dimension";
    return {};
}

bool Examiner::isUniform(spv::Id variable) const {
    const spv::Instruction& definition = *module_.definition(variable);
    if (static_cast<::spv::StorageClass>(definition.operand(0)) != ::spv::StorageClass::Uniform)
        return false;
    const spv::Instruction* type = module_.definition(module_.definition(definition.resultType)->operand(1));
    if (type->op() == Op::OpTypeArray)
        type = module_.definition(type->operand(0));
    return module_.findDecoration(type->result, ::spv::Decoration::BufferBlock) == nullptr;
}

std::string Examiner::addBuffer(uint32_t index, uint32_t& lengths) {
    const spv::Parameter& parameter = info_.parameters[index];
    ShaderFit::Buffer buffer{index, parameter.binding, parameter.element, isUniform(parameter.id), std::nullopt};
    if (parameter.set != 0)
        return fmt::format("it has buffers in set {}", parameter.set);
    for (const spv::Id alias : parameter.aliases)
        if (isUniform(alias) != buffer.isUniform)
            return fmt::format("binding {} is a uniform and a storage buffer", parameter.binding);
    if (parameter.needsLength)
        buffer.length = lengths++;
    fit_.buffers.push_back(buffer);
    return {};
}

std::string Examiner::examineParameters() {
    if (info_.parameters.size() != kernel_.parameterCount)
        return "its parameters are not what the runtime says";
    uint32_t lengths = 0;
    for (uint32_t i = 0; i < kernel_.parameterCount; ++i) {
        if (info_.parameters[i].kind == spv::ParameterKind::GlobalPointer) {
            if (std::string why = addBuffer(i, lengths); !why.empty())
                return why;
            continue;
        }
        fit_.pushParameter = i;
        fit_.pushBytes = (info_.parameters[i].size + 3) / 4 * 4;
    }
    if (lengths != kernel_.lengthCount)
        return "its buffers' lengths are not what the runtime says";
    if (fit_.pushBytes > adapter_.core.limits.maxPushConstantsSize)
        return fmt::format("it has {} bytes of push constants", fit_.pushBytes);
    if (fit_.buffers.size() > adapter_.maxPushDescriptors)
        return fmt::format("it has {} buffers", fit_.buffers.size());
    return {};
}

// The runtime validates by the rules that hold for every environment; a driver may do anything with what breaks those
// of its own.
std::string Examiner::validate() const {
    spvtools::SpirvTools tools(SPV_ENV_VULKAN_1_3);
    std::string first;
    tools.SetMessageConsumer([&](spv_message_level_t level, const char*, const spv_position_t&, const char* message) {
        if (level <= SPV_MSG_ERROR && first.empty())
            first = message;
    });
    spvtools::ValidatorOptions options;
    options.SetScalarBlockLayout(true);
    options.SetFriendlyNames(false);
    if (tools.Validate(module_.words().data(), module_.words().size(), options))
        return {};
    return "it is not valid for Vulkan: " + first.substr(0, first.find('\n'));
}

std::string Examiner::examine() {
    if (adapter_.maxPushDescriptors == 0)
        return "the device lacks VK_KHR_push_descriptor";
    if (std::string why = examineCode(); !why.empty())
        return why;
    if (std::string why = examineWorkgroup(); !why.empty())
        return why;
    if (std::string why = examineParameters(); !why.empty())
        return why;
    return validate();
}

} // namespace

std::optional<ShaderFit> fitShader(std::span<const uint32_t> words, const HyBackendKernelDesc& kernel,
                                   const Features& enabled, const Adapter& adapter, std::string* outWhy) {
    const spv::Result<spv::Module> module = spv::Module::parse(words);
    if (!module || module->flavour() != spv::Flavour::GLCompute) {
        *outWhy = "it is of the flavour for OpenCL";
        return std::nullopt;
    }
    const spv::Result<spv::Reflection> reflection = spv::reflect(*module);
    if (!reflection) {
        *outWhy = reflection.error().message;
        return std::nullopt;
    }
    const auto found = std::find_if(reflection->kernels.begin(), reflection->kernels.end(),
                                    [&](const spv::KernelInfo& info) { return info.name == kernel.name; });
    if (found == reflection->kernels.end() || found->refusal) {
        *outWhy = "its interface cannot be read";
        return std::nullopt;
    }
    Examiner examiner(*module, *found, kernel, enabled, adapter);
    *outWhy = examiner.examine();
    if (!outWhy->empty())
        return std::nullopt;
    return std::move(examiner.fit());
}

} // namespace halyard::vulkan
