#include "jit/targets/spirv/spirv_target.h"

#include "jit/passes/kernel.h"
#include "jit/targets/spirv/emitter.h"
#include "jit/targets/spirv/kernel_emitter.h"
#include "jit/targets/spirv/library.h"
#include "jit/targets/spirv/prepare.h"
#include "jit/targets/spirv/soften.h"
#include "jit/targets/spirv/tier.h"

#include <mutex>

#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

namespace halyard::jit::spirv {
namespace {

constexpr const char* kTriple =
    "spirv64-unknown-unknown"; // its cost model and data layout; its code generator is not used

// Invocations of a workgroup whose size is not known, for what needs memory for each.
constexpr uint32_t kMostInvocations = 1024;

// What the two flavours do differently around the emitter.
struct Policy {
    bool definesPrint; // printf goes through the launch's print buffer
    bool exactFma;
    bool anyWorkgroup; // memory for each of kMostInvocations will do: the backend keeps launches within it
    // Writes the module; the last argument is the workgroup size that the code is for, zero for any.
    halyard::spv::Result<Words> (*emit)(llvm::Function&, const halyard::spv::KernelInfo&, const Emitter::Facts&,
                                        const std::array<uint32_t, 3>&);
};

halyard::spv::Result<Words> emitShader(llvm::Function& kernel, const halyard::spv::KernelInfo& info,
                                       const Emitter::Facts& facts, const std::array<uint32_t, 3>&) {
    return Emitter(kernel, info, facts).run();
}

halyard::spv::Result<Words> emitKernel(llvm::Function& kernel, const halyard::spv::KernelInfo& info,
                                       const Emitter::Facts& facts, const std::array<uint32_t, 3>& workgroupSize) {
    return KernelEmitter(kernel, info, facts, workgroupSize).run();
}

constexpr Policy kVulkan{true, false, true, emitShader};
constexpr Policy kKernel{false, true, false, emitKernel};

class SpirvTarget final : public Target {
public:
    SpirvTarget(std::unique_ptr<llvm::TargetMachine> machine, Tier tier, const Policy& policy)
        : machine_(std::move(machine)), tier_(std::move(tier)), policy_(policy) {}

    std::string triple() const override { return kTriple; }
    std::string dataLayout() const override { return machine_->createDataLayout().getStringRepresentation(); }

    // No cooperative matrices; any other subgroup size is the device's affair.
    halyard::spv::Result<uint32_t> subgroupSize(const halyard::spv::KernelInfo&, const CompileOptions&) const override {
        return 0u;
    }

    halyard::spv::Result<std::string> compile(std::unique_ptr<llvm::Module> module,
                                              const halyard::spv::KernelInfo& info, const CompileOptions& options,
                                              Stages& stages) override {
        stages.enter("passes");
        halyard::spv::Result<llvm::Function*> kernel = findKernel(*module);
        if (!kernel) {
            return kernel.error();
        }
        const std::array<uint32_t, 3>& fixed =
            options.workgroupSize == std::array<uint32_t, 3>{} ? info.requiredWorkgroupSize : options.workgroupSize;
        const uint32_t invocations = fixed[0] != 0 ? fixed[0] * fixed[1] * fixed[2] : kMostInvocations;
        Emitter::Facts facts;
        facts.prints = policy_.definesPrint && definePrint(*module);
        defineClusters(*module);
        const bool subgroups = tier_.has(::spv::Capability::GroupNonUniformArithmetic);
        facts.mostInvocations = defineWorkgroupOperations(*module, invocations, subgroups) ? invocations : 0;
        if (facts.mostInvocations != 0 && fixed[0] == 0 && !policy_.anyWorkgroup) {
            return halyard::spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                                       "kernel '" + info.name + "' has operations of a whole workgroup, of any size",
                                       "compile it for one workgroup size"};
        }
        if (halyard::spv::Status status = soften(*module, policy_.exactFma); !status) {
            return status.error();
        }
        if (halyard::spv::Status status = inlineAll(*module, **kernel); !status) {
            return status.error();
        }
        dropLoopHints(**kernel);
        applyWorkgroupSize(**kernel, fixed);
        stages.enter("optimise");
        prepare(*module, **kernel, *machine_);
        if (options.emit == Emit::Ir) {
            return print(*module);
        }
        stages.enter("codegen");
        separateBlocks(**kernel);
        std::string message;
        llvm::raw_string_ostream stream(message);
        if (llvm::verifyModule(*module, &stream)) {
            return halyard::spv::Error{HY_ERROR_INTERNAL, "invalid LLVM IR before SPIR-V is written: " + message,
                                       "please report this with the kernel"};
        }
        if (options.emit == Emit::Asm) { // what the instructions are made from, one for one
            return print(*module);
        }
        halyard::spv::Result<Words> words = policy_.emit(**kernel, info, facts, fixed);
        if (!words) {
            return words.error();
        }
        if (const std::string missing = tier_.missing(*words); !missing.empty()) {
            return halyard::spv::Error{HY_ERROR_UNSUPPORTED,
                                       "kernel '" + info.name + "' needs what the device lacks: " + missing,
                                       "use another device, or a kernel without it"};
        }
        stages.enter("link");
        return std::string(reinterpret_cast<const char*>(words->data()), words->size() * sizeof(uint32_t));
    }

private:
    static std::string print(const llvm::Module& module) {
        std::string text;
        llvm::raw_string_ostream stream(text);
        module.print(stream, nullptr);
        return text;
    }

    std::unique_ptr<llvm::TargetMachine> machine_;
    Tier tier_;
    const Policy& policy_;
};

} // namespace

namespace {

halyard::spv::Result<std::unique_ptr<Target>> create(const char* name, const Policy& policy, const std::string& cpu,
                                                     const std::string& features) {
    if (!cpu.empty() && cpu != "native") {
        return halyard::spv::Error{HY_ERROR_INVALID_ARGUMENT,
                                   std::string("the target ") + name + " has no processors to choose from",
                                   "its features say what a device lacks"};
    }
    halyard::spv::Result<Tier> tier = Tier::parse(features);
    if (!tier) {
        return tier.error();
    }
    static std::once_flag once;
    std::call_once(once, [] {
        LLVMInitializeSPIRVTargetInfo();
        LLVMInitializeSPIRVTarget();
        LLVMInitializeSPIRVTargetMC();
    });
    std::string why;
    const llvm::Triple triple(kTriple);
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, why);
    if (target == nullptr) {
        return halyard::spv::Error{HY_ERROR_UNSUPPORTED, "this LLVM has no SPIR-V target: " + why, ""};
    }
    std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
        triple, "", "", llvm::TargetOptions(), std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
    return std::unique_ptr<Target>(std::make_unique<SpirvTarget>(std::move(machine), std::move(*tier), policy));
}

} // namespace

halyard::spv::Result<std::unique_ptr<Target>> createVulkanTarget(const std::string& cpu, const std::string& features) {
    return create("vulkan", kVulkan, cpu, features);
}

halyard::spv::Result<std::unique_ptr<Target>> createKernelTarget(const std::string& cpu, const std::string& features) {
    return create("spirv-kernel", kKernel, cpu, features);
}

} // namespace halyard::jit::spirv
