#include "jit/targets/host/host_target.h"

#include "jit/kir.h"
#include "jit/passes/bfloat.h"
#include "jit/passes/builtin.h"
#include "jit/passes/common_iterations.h"
#include "jit/passes/kernel.h"
#include "jit/passes/optimise.h"
#include "jit/passes/spmd/vectorise.h"
#include "jit/targets/host/cancel_polls.h"
#include "jit/targets/host/cuts.h"
#include "jit/targets/host/debug_lines.h"
#include "jit/targets/host/entry_function.h"
#include "jit/targets/host/group_function.h"
#include "jit/targets/host/half_min_max.h"
#include "jit/targets/host/legality.h"
#include "jit/targets/host/link.h"
#include "jit/targets/host/local_memory.h"
#include "jit/targets/host/matrix_memory.h"
#include "jit/targets/host/pointer_space.h"
#include "jit/targets/host/print.h"
#include "jit/targets/host/program_data.h"
#include "jit/targets/host/reconvergence.h"
#include "jit/targets/host/side_by_side.h"
#include "jit/targets/host/slots.h"
#include "jit/targets/host/soft_operations.h"
#include "jit/targets/host/subgroup_size.h"
#include "jit/targets/host/tiles.h"

#include <mutex>
#include <set>
#include <vector>

#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>

namespace halyard::jit::host {

namespace {

constexpr uint64_t kArrayBytes = 128; // 32 vector registers

spv::Status verify(const llvm::Module& module, const char* when) {
    std::string message;
    llvm::raw_string_ostream stream(message);
    if (llvm::verifyModule(module, &stream)) {
        return spv::Error{HY_ERROR_INTERNAL, std::string("invalid LLVM IR ") + when + ": " + message,
                          "please report this with the kernel"};
    }
    return spv::Unit{};
}

spv::Error undefinedError(const std::set<std::string>& wanted, const std::set<std::string>& defined) {
    std::string names;
    for (const std::string& name : wanted) {
        if (!defined.contains(name)) {
            names += (names.empty() ? "'" : ", '") + name + "'";
        }
    }
    return {HY_ERROR_COMPILE_FAILED, "the kernel's code calls " + names + ", which does not exist on the host target",
            "the processor may lack the instruction for it: compile for a newer one"};
}

bool isLaneBarrier(const llvm::CallInst& call) {
    const auto* scope = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
    return scope != nullptr && scope->getZExtValue() >= kir::kScopeIdSubgroup;
}

// Removes what has no meaning once a function runs many work-items, or where a subgroup is one of them.
void dropMarkers(llvm::Function& kernel, uint32_t subgroupSize) {
    llvm::SmallVector<llvm::Instruction*, 16> dead;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        // Scopes of one inlined call would otherwise be shared by clones of it in several pieces.
        instruction.setMetadata(llvm::LLVMContext::MD_alias_scope, nullptr);
        instruction.setMetadata(llvm::LLVMContext::MD_noalias, nullptr);
        const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call == nullptr) {
            continue;
        }
        const bool marker = call->isLifetimeStartOrEnd() || llvm::isa<llvm::NoAliasScopeDeclInst>(call);
        if (marker || (subgroupSize == 1 && builtinOf(*call) == Builtin::Barrier && isLaneBarrier(*call))) {
            dead.push_back(&instruction);
        }
    }
    for (llvm::Instruction* instruction : dead) {
        instruction->eraseFromParent();
    }
}

// What other workgroups write between two barriers of the whole grid is not written through this workgroup's pointers.
void allowOtherWriters(llvm::Function& kernel) {
    for (llvm::Argument& argument : kernel.args()) {
        if (argument.getType()->isPointerTy() && argument.getType()->getPointerAddressSpace() == kir::kGlobal) {
            argument.removeAttr(llvm::Attribute::NoAlias);
        }
    }
}

spv::Status checkWholeSubgroups(const spv::KernelInfo& kernel, const std::array<uint32_t, 3>& size,
                                uint32_t subgroupSize) {
    const uint64_t items = uint64_t{size[0]} * size[1] * size[2];
    if (items % subgroupSize == 0) {
        return spv::Unit{};
    }
    return spv::Error{
        HY_ERROR_UNSUPPORTED_SPIRV,
        "kernel '" + kernel.name + "' has cooperative matrices, which need whole subgroups: its workgroup of " +
            std::to_string(items) + " invocations is no multiple of the subgroup size, " + std::to_string(subgroupSize),
        "choose another workgroup size, or another subgroup size (HALYARD_CPU_SUBGROUP_SIZE)"};
}

// A kernel cut into pieces, from which functions for workgroups can be built. The kernel is changed for good.
struct CutKernel {
    explicit CutKernel(llvm::Function& function)
        : kernel(function), cuts(formCuts(function, /*liftUniformLoops=*/true)), slots(function, cuts),
          context(function, cuts, slots) {}

    llvm::Function* group(const LocalLayout& local, const GroupShape& shape) const {
        llvm::Function* group = buildGroupFunction(kernel, cuts, slots, context, local, shape);
        takeLines(kernel, *group);
        return group;
    }

    llvm::Function& kernel;
    const CutList cuts;
    const Slots slots;
    const Context context;
};

class HostTarget final : public Target {
public:
    explicit HostTarget(std::unique_ptr<llvm::TargetMachine> machine) : machine_(std::move(machine)) {}

    std::string triple() const override { return machine_->getTargetTriple().str(); }
    std::string dataLayout() const override { return machine_->createDataLayout().getStringRepresentation(); }

    spv::Result<uint32_t> subgroupSize(const spv::KernelInfo& kernel, const CompileOptions& options) const override {
        return chooseSubgroupSize(kernel, options.subgroupSize, workgroupSize(kernel, options));
    }

    spv::Result<std::string> compile(std::unique_ptr<llvm::Module> module, const spv::KernelInfo& kernel,
                                     const CompileOptions& options, Stages& stages) override {
        stages.enter("passes");
        if (spv::Status status = lower(*module, kernel, options); !status) {
            return status.error();
        }
        stages.enter("optimise");
        optimise(*module, *machine_);
        widenHalfMinMax(*module);
        pollCancel(*module);
        if (options.emit == Emit::Ir) {
            std::string text;
            llvm::raw_string_ostream stream(text);
            module->print(stream, nullptr);
            return text;
        }
        stages.enter("codegen");
        spv::Result<std::string> object = generate(*module, options.emit);
        if (!object || options.emit == Emit::Asm) {
            return object;
        }
        std::vector<std::string> objects{std::move(*object)};
        if (spv::Status status = addSoftOperations(module->getContext(), objects); !status) {
            return status.error();
        }
        stages.enter("link");
        return linkSharedObject(objects);
    }

private:
    std::array<uint32_t, 3> workgroupSize(const spv::KernelInfo& kernel, const CompileOptions& options) const {
        return kernel.requiredWorkgroupSize[0] != 0 ? kernel.requiredWorkgroupSize : options.workgroupSize;
    }

    spv::Status lower(llvm::Module& module, const spv::KernelInfo& info, const CompileOptions& options) {
        spv::Result<llvm::Function*> found = findKernel(module);
        if (!found) {
            return found.error();
        }
        llvm::Function& kernel = **found;
        if (spv::Status status = verify(module, "after import"); !status) {
            return status;
        }
        const std::array<uint32_t, 3> size = workgroupSize(info, options);
        const spv::Result<uint32_t> subgroup = this->subgroupSize(info, options);
        if (!subgroup) {
            return subgroup.error();
        }
        const uint32_t subgroupSize = *subgroup;
        const bool countsPartial = info.flavour == spv::Flavour::Kernel;
        if (spv::Status status = inlineAll(module, kernel); !status) {
            return status;
        }
        if (info.usesGridBarrier) {
            allowOtherWriters(kernel);
        }
        for (llvm::Function& function : module) {
            setProcessor(function);
        }
        const bool wholeSubgroups = usesMatrices(kernel);
        if (wholeSubgroups) {
            if (spv::Status status = checkWholeSubgroups(info, size, subgroupSize); !status) {
                return status;
            }
            lowerMatrixMemory(kernel, subgroupSize);
        }
        lowerBfloat(kernel);
        dropLoopHints(kernel);
        keepRegions(kernel);
        applyWorkgroupSize(kernel, size);
        applySubgroupSize(kernel, subgroupSize, countsPartial, size);
        liftQueries(kernel);
        dropMarkers(kernel, subgroupSize);
        simplify(module, *machine_, kArrayBytes);
        dropMarkers(kernel, subgroupSize);
        if (spv::Status status = checkLegality(kernel); !status) {
            return status;
        }
        if (size[0] != 0 && options.lanes != 1) {
            splitCommonIterations(kernel, size);
        }
        formGroups(module, kernel, info, {size, false, subgroupSize, countsPartial}, wholeSubgroups, options.lanes);
        return verify(module, "after forming workgroups");
    }

    void formGroups(llvm::Module& module, llvm::Function& kernel, const spv::KernelInfo& info, GroupShape shape,
                    bool wholeSubgroups, uint32_t askedLanes) {
        bool readsGlobalId = false;
        for (const llvm::Instruction& instruction : llvm::instructions(kernel)) {
            const Builtin builtin = builtinOf(instruction);
            readsGlobalId = readsGlobalId || builtin == Builtin::GlobalId || builtin == Builtin::GlobalLinearId;
        }
        llvm::Function* lanes = wholeSubgroups ? nullptr : formLanes(kernel, shape, askedLanes);
        const LocalLayout local = layOutLocalMemory(module);
        EntryPlan plan;
        plan.workgroupSize = shape.workgroupSize;
        plan.subgroupSize = shape.subgroupSize;
        plan.wholeSubgroups = wholeSubgroups;
        plan.staticLocalBytes = local.bytes;
        const auto isSideBySide = [&](const CutKernel& cut) {
            const bool hasBlocks = llvm::any_of(info.parameters, [](const spv::Parameter& parameter) {
                return parameter.kind == spv::ParameterKind::LocalPointer;
            });
            const bool alone =
                cut.cuts.cuts.size() > 1 || cut.context.bytesPerItem != 0 || local.bytes != 0 || hasBlocks;
            plan.sideBySide = alone ? 1 : groupsSideBySide(kernel, shape);
            return plan.sideBySide > 1;
        };
        if (lanes != nullptr) {
            {
                const CutKernel cut(*lanes);
                shape.sideBySide = isSideBySide(cut);
                shape.tile = tileOf(cut.cuts, cut.slots, cut.context, shape, registerBytes(*lanes));
                plan.group = cut.group(local, shape);
                plan.scratchBytesPerItem = shape.tile[0] == 0 ? bytesPerItem(cut.context.bytesPerItem, shape) : 0;
            }
            lanes->eraseFromParent();
            shape.lanes = 1;
            shape.tile = {};
            if (readsGlobalId) {
                shape.wideIds = true;
                formWideGroup(CutKernel(kernel), local, shape, plan);
            }
        } else {
            // Two copies of that much code would take twice as long to compile, for ids that are a little cheaper.
            constexpr size_t kMaxCutsForTwoGroups = 48;
            const CutKernel cut(kernel);
            const bool oneGroup = cut.cuts.cuts.size() > kMaxCutsForTwoGroups;
            shape.sideBySide = isSideBySide(cut);
            shape.wideIds = oneGroup && readsGlobalId;
            plan.scratchBytesPerItem = cut.context.bytesPerItem;
            plan.group = cut.group(local, shape);
            if (readsGlobalId && !oneGroup) {
                shape.wideIds = true;
                formWideGroup(cut, local, shape, plan);
            }
        }
        plan.group->addFnAttr(llvm::Attribute::AlwaysInline);
        const auto parameters = static_cast<unsigned>(kernel.arg_size());
        for (llvm::Function* group : {plan.group, plan.wideGroup}) {
            if (group != nullptr) {
                lowerPointerSpaces(*group, parameters, plan.scratchBytesPerItem);
            }
        }
        emitEntry(module, kernel, info, plan);
        kernel.eraseFromParent();
        definePrint(module);
        shareProgramData(module);
        relaxAtomics(module);
        for (llvm::Function& function : module) {
            setProcessor(function);
        }
    }

    // The vector form of the kernel, and in `shape` its lanes; null: work-items one by one.
    llvm::Function* formLanes(llvm::Function& kernel, GroupShape& shape, uint32_t asked) {
        if (shape.workgroupSize[0] == 0 || asked == 1) {
            return nullptr;
        }
        spmd::Lanes lanes{asked, shape.workgroupSize, shape.subgroupSize, spmd::maskedMemory(*machine_)};
        if (asked == 0) {
            lanes.count = spmd::chooseLanes(kernel, *machine_, shape.workgroupSize, shape.subgroupSize);
        }
        if (lanes.count < 2 || shape.workgroupSize[0] % lanes.count != 0) {
            return nullptr;
        }
        std::string why;
        llvm::Function* vector = spmd::vectorise(kernel, lanes, asked != 0 ? nullptr : machine_.get(), why);
        if (vector != nullptr) {
            setProcessor(*vector);
            tidy(*vector, *machine_);
            shape.lanes = lanes.count;
        }
        return vector;
    }

    // All vector registers together.
    uint64_t registerBytes(const llvm::Function& function) const {
        const llvm::TargetTransformInfo costs = machine_->getTargetTransformInfo(function);
        const auto bits = costs.getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector).getFixedValue();
        return costs.getNumberOfRegisters(costs.getRegisterClassForType(/*Vector=*/true)) * uint64_t{bits} / 8;
    }

    // Lanes share what they keep: bytes for one of their calls as bytes for each work-item.
    static uint64_t bytesPerItem(uint64_t bytesPerCall, const GroupShape& shape) {
        const auto padded = [](uint64_t count) { return (count + 63) & ~uint64_t{63}; };
        const uint64_t items = uint64_t{shape.workgroupSize[0]} * shape.workgroupSize[1] * shape.workgroupSize[2];
        const uint64_t bytes = bytesPerCall * padded(items / shape.lanes);
        return (bytes + padded(items) - 1) / padded(items);
    }

    static void formWideGroup(const CutKernel& cut, const LocalLayout& local, const GroupShape& shape,
                              EntryPlan& plan) {
        plan.wideGroup = cut.group(local, shape);
        plan.scratchBytesPerItem = std::max(plan.scratchBytesPerItem, cut.context.bytesPerItem);
        // Not minsize: code generation then calls libm's fmax and fmin, which do not exist here.
        for (const auto attribute :
             {llvm::Attribute::NoInline, llvm::Attribute::Cold, llvm::Attribute::OptimizeForSize}) {
            plan.wideGroup->addFnAttr(attribute);
        }
    }

    void setProcessor(llvm::Function& function) const {
        if (!function.isDeclaration()) {
            function.addFnAttr("target-cpu", machine_->getTargetCPU());
            function.addFnAttr("target-features", machine_->getTargetFeatureString());
            function.removeFnAttr(llvm::Attribute::Convergent);
        }
    }

    // Adds an object with what the kernel's code wants from a C library, which in turn may want more.
    spv::Status addSoftOperations(llvm::LLVMContext& context, std::vector<std::string>& objects) {
        spv::Result<std::set<std::string>> wanted = undefinedSymbols(objects.front());
        while (wanted && !wanted->empty()) {
            std::set<std::string> defined = *wanted;
            spv::Result<std::unique_ptr<llvm::Module>> soft = softOperations(context, *machine_, defined);
            if (!soft) {
                return soft.error();
            }
            if (defined.size() != wanted->size()) {
                return undefinedError(*wanted, defined);
            }
            for (llvm::Function& function : **soft) {
                setProcessor(function);
            }
            optimise(**soft, *machine_);
            spv::Result<std::string> object = generate(**soft, Emit::Artifact);
            if (!object) {
                return object.error();
            }
            spv::Result<std::set<std::string>> more = undefinedSymbols(*object);
            if (more && more->empty()) {
                objects.push_back(std::move(*object));
                return spv::Unit{};
            }
            if (more) {
                more->merge(defined);
            }
            wanted = std::move(more);
        }
        return wanted ? spv::Status(spv::Unit{}) : spv::Status(wanted.error());
    }

    spv::Result<std::string> generate(llvm::Module& module, Emit emit) {
        llvm::SmallString<0> bytes;
        llvm::raw_svector_ostream stream(bytes);
        llvm::legacy::PassManager passes;
        const auto type = emit == Emit::Asm ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
        if (machine_->addPassesToEmitFile(passes, stream, nullptr, type)) {
            return spv::Error{HY_ERROR_COMPILE_FAILED, "the host target cannot emit this kind of file", ""};
        }
        passes.run(module);
        return std::string(bytes.str());
    }

    std::unique_ptr<llvm::TargetMachine> machine_;
};

std::string nativeFeatures() {
    std::string list;
    for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
        list += (list.empty() ? "" : ",") + std::string(feature.getValue() ? "+" : "-") + feature.getKey().str();
    }
    return list;
}

} // namespace

spv::Result<std::unique_ptr<Target>> createHostTarget(const std::string& cpu, const std::string& features) {
    static std::once_flag registered;
    std::call_once(registered, [] {
        llvm::InitializeNativeTarget();
        llvm::InitializeNativeTargetAsmPrinter();
    });
    const llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
    std::string message;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, message);
    if (target == nullptr) {
        return spv::Error{HY_ERROR_UNSUPPORTED, "LLVM has no code generator for this machine: " + message, ""};
    }
    const bool native = cpu.empty() || cpu == "native";
    const std::string name = native ? llvm::sys::getHostCPUName().str() : cpu;
    std::string all = native ? nativeFeatures() : "";
    if (!features.empty()) {
        all += (all.empty() ? "" : ",") + features;
    }
    if (triple.isX86() && all.find("prefer-256-bit") == std::string::npos) {
        all += (all.empty() ? "" : ",") + std::string("-prefer-256-bit"); // vectors as wide as the registers
    }
    const std::unique_ptr<llvm::MCSubtargetInfo> known(target->createMCSubtargetInfo(triple, "", ""));
    if (!known->isCPUStringValid(name)) {
        return spv::Error{HY_ERROR_INVALID_ARGUMENT, "the host target knows no processor '" + cpu + "'",
                          "use \"native\" or a name as LLVM spells it"};
    }
    llvm::TargetOptions options;
    options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
    options.NoTrappingFPMath = true;
    std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
        triple, name, all, options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
    if (machine == nullptr) {
        return spv::Error{HY_ERROR_COMPILE_FAILED, "LLVM cannot make a code generator for '" + name + "'", ""};
    }
    return std::unique_ptr<Target>(std::make_unique<HostTarget>(std::move(machine)));
}

} // namespace halyard::jit::host
