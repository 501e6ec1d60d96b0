#include "jit/targets/nvptx/nvptx_target.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/kernel.h"
#include "jit/passes/optimise.h"
#include "jit/ptx_kernel_abi.h"
#include "jit/targets/host/reconvergence.h"
#include "jit/targets/nvptx/atomics.h"
#include "jit/targets/nvptx/bfloat.h"
#include "jit/targets/nvptx/collectives.h"
#include "jit/targets/nvptx/constant_bytes.h"
#include "jit/targets/nvptx/entry.h"
#include "jit/targets/nvptx/generic_atomics.h"
#include "jit/targets/nvptx/legality.h"
#include "jit/targets/nvptx/local_memory.h"
#include "jit/targets/nvptx/machine.h"
#include "jit/targets/nvptx/matrix.h"
#include "jit/targets/nvptx/print.h"
#include "jit/targets/nvptx/program_data.h"
#include "jit/targets/nvptx/shared_addresses.h"
#include "jit/targets/nvptx/synchronisation.h"
#include "jit/targets/nvptx/work_item.h"

#include <fmt/format.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

namespace halyard::jit::nvptx {
namespace {

constexpr uint32_t kWarp = 32;
constexpr uint64_t kMaxMovedBytes = 1u << 30; // below what addresses of 32 bits reach, and far above any device's
constexpr uint64_t kArrayBytes = 512;         // an invocation has 255 registers; two such arrays fit

spv::Status verify(const llvm::Module& module, const char* when) {
    std::string message;
    llvm::raw_string_ostream stream(message);
    if (llvm::verifyModule(module, &stream)) {
        return spv::Error{HY_ERROR_INTERNAL, std::string("invalid LLVM IR ") + when + ": " + message,
                          "please report this with the kernel"};
    }
    return spv::Unit{};
}

// What another compiler said about its processor, as the device library's code carries it, means nothing here.
void forgetProcessors(llvm::Module& module) {
    for (llvm::Function& function : module) {
        function.removeFnAttr("target-cpu");
        function.removeFnAttr("target-features");
        function.removeFnAttr("tune-cpu");
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

// A null pointer of one address space is null in every other one (SPIR-V, OpPtrCastToGeneric and OpGenericCastToPtr);
// PTX's conversion would make the address of the window.
void castNulls(llvm::Function& kernel) {
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        for (llvm::Use& operand : instruction.operands()) {
            const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(operand.get());
            if (expression != nullptr && expression->getOpcode() == llvm::Instruction::AddrSpaceCast &&
                llvm::isa<llvm::ConstantPointerNull>(expression->getOperand(0))) {
                operand.set(llvm::Constant::getNullValue(expression->getType()));
            }
        }
    }
}

// The code generator keeps an arithmetic fence, but writes operations that may be contracted without a rounding, and
// ptxas, which sees no fence, would make one of a product before it and a sum behind it. Those with a rounding it
// leaves as they are.
void contractNothingBesideFences(llvm::Module& module) {
    for (llvm::Function& function : module) {
        const bool fenced = llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
            const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
            return call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::arithmetic_fence;
        });
        if (!fenced) {
            continue;
        }
        for (llvm::Instruction& instruction : llvm::instructions(function)) {
            if (llvm::isa<llvm::FPMathOperator>(instruction)) {
                instruction.setHasAllowContract(false);
            }
        }
    }
}

void lowerPointerSpaces(llvm::Function& kernel) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        if (builtinOf(instruction) != Builtin::PointerSpace) {
            continue;
        }
        auto& call = llvm::cast<llvm::CallInst>(instruction);
        llvm::IRBuilder<> at(&call);
        const auto is = [&](llvm::Intrinsic::ID id) { return at.CreateIntrinsic(id, {call.getArgOperand(0)}); };
        llvm::Value* rest = at.CreateSelect(is(llvm::Intrinsic::nvvm_isspacep_local), at.getInt32(kir::kPrivate),
                                            at.getInt32(kir::kGlobal));
        call.replaceAllUsesWith(
            at.CreateSelect(is(llvm::Intrinsic::nvvm_isspacep_shared), at.getInt32(kir::kWorkgroup), rest));
        call.eraseFromParent();
    }
}

// SubgroupsPerWorkgroup is a promise that only the workgroup size can keep here.
spv::Status checkSubgroupCount(const spv::KernelInfo& info, uint64_t items) {
    const uint64_t count = (items + kWarp - 1) / kWarp;
    if (info.requiredSubgroups == 0 || (items != 0 && count == info.requiredSubgroups)) {
        return spv::Unit{};
    }
    const std::string needs =
        fmt::format("kernel '{}' needs workgroups of {} subgroups; ", info.name, info.requiredSubgroups);
    return spv::Error{
        HY_ERROR_UNSUPPORTED_SPIRV,
        items == 0 ? needs + "its workgroup size is not known when it is compiled"
                   : needs + fmt::format("{} invocations are {} of them on NVIDIA's devices, which have "
                                         "subgroups of {}",
                                         items, count, kWarp),
        fmt::format("require a workgroup size of {} invocations", uint64_t{info.requiredSubgroups} * kWarp)};
}

// PTX ISA, "Kernel function parameters": 32,764 bytes since 8.1.
spv::Status checkParameterBytes(const llvm::Function& entry, const spv::KernelInfo& info, uint32_t ptx) {
    const llvm::DataLayout& data = entry.getParent()->getDataLayout();
    uint64_t bytes = 0;
    for (const llvm::Argument& argument : entry.args()) {
        llvm::Type* type = argument.hasByValAttr() ? argument.getParamByValType() : argument.getType();
        const llvm::Align align = std::max(argument.getParamAlign().valueOrOne(), data.getABITypeAlign(type));
        bytes = llvm::alignTo(bytes, align) + data.getTypeAllocSize(type);
    }
    const uint64_t most = ptx >= 81 ? 32764 : 4352;
    if (bytes <= most) {
        return spv::Unit{};
    }
    return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                      fmt::format("kernel '{}' has {} bytes of arguments; PTX {}.{} takes up to {}", info.name, bytes,
                                  ptx / 10, ptx % 10, most),
                      ptx >= 81 ? "pass them in a buffer" : "pass them in a buffer, or update the NVIDIA driver"};
}

class NvptxTarget final : public Target {
public:
    NvptxTarget(std::unique_ptr<llvm::TargetMachine> machine, const Processor& processor)
        : machine_(std::move(machine)), processor_(processor) {}

    std::string triple() const override { return machine_->getTargetTriple().str(); }
    std::string dataLayout() const override { return machine_->createDataLayout().getStringRepresentation(); }

    spv::Result<uint32_t> subgroupSize(const spv::KernelInfo& kernel, const CompileOptions& options) const override {
        const uint32_t wanted = kernel.requiredSubgroupSize != 0 ? kernel.requiredSubgroupSize : options.subgroupSize;
        if (wanted != 0 && wanted != kWarp) {
            return spv::Error{
                HY_ERROR_UNSUPPORTED_SPIRV,
                fmt::format("kernel '{}' needs subgroups of {} invocations; those of NVIDIA's devices have {}",
                            kernel.name, wanted, kWarp),
                ""};
        }
        return kWarp;
    }

    spv::Result<std::string> compile(std::unique_ptr<llvm::Module> module, const spv::KernelInfo& info,
                                     const CompileOptions& options, Stages& stages) override {
        if (const spv::Result<uint32_t> subgroup = subgroupSize(info, options); !subgroup) {
            return subgroup.error();
        }
        stages.enter("passes");
        Artifact artifact;
        if (spv::Status status = lower(*module, info, options, artifact); !status) {
            return status.error();
        }
        stages.enter("optimise");
        optimise(*module, *machine_);
        shareIndices(*module, *machine_);
        if (llvm::Function* kernel = module->getFunction(entryName(info.name)); kernel != nullptr) {
            narrowSharedAddresses(*kernel);
            removeRepetitions(*module, *machine_);
        }
        flattenConstants(*module);
        contractNothingBesideFences(*module);
        if (spv::Status status = checkLegality(*module, info); !status) {
            return status.error();
        }
        if (options.emit == Emit::Ir) {
            std::string text;
            llvm::raw_string_ostream stream(text);
            module->print(stream, nullptr);
            return text;
        }
        stages.enter("codegen");
        spv::Result<std::string> text = generate(*module);
        stages.enter("link");
        if (!text || options.emit == Emit::Asm) {
            return text;
        }
        std::string hidden;
        for (const auto& [present, name] :
             {std::pair(artifact.hidden.print, "print"), std::pair(artifact.hidden.program, "program"),
              std::pair(artifact.hidden.grid, "grid")}) {
            hidden += present ? (hidden.empty() ? "" : ",") + std::string(name) : "";
        }
        std::string whole =
            fmt::format("// halyard-ptx abi={} entry={} static={} dynamic={} maxthreads={} multiple={} hidden={}\n{}",
                        HY_PTX_KERNEL_ABI, entryName(info.name), artifact.staticBytes, artifact.movedBytes,
                        artifact.maxThreads, artifact.multiple, hidden.empty() ? "none" : hidden, *text);
        whole.push_back('\0');
        return whole;
    }

private:
    struct Artifact {
        Hidden hidden;
        uint64_t staticBytes = 0;
        uint64_t movedBytes = 0;
        uint64_t maxThreads = 0;
        uint32_t multiple = 1;
    };

    spv::Status lower(llvm::Module& module, const spv::KernelInfo& info, const CompileOptions& options,
                      Artifact& artifact) {
        spv::Result<llvm::Function*> found = findKernel(module);
        if (!found) {
            return found.error();
        }
        llvm::Function* kernel = *found;
        if (spv::Status status = verify(module, "after import"); !status) {
            return status;
        }
        if (spv::Status status = inlineAll(module, *kernel); !status) {
            return status;
        }
        llvm::StripDebugInfo(module);
        forgetProcessors(module);
        const bool required = info.requiredWorkgroupSize[0] != 0;
        const std::array<uint32_t, 3> size = required ? info.requiredWorkgroupSize : options.workgroupSize;
        const bool countsPartial = info.flavour == spv::Flavour::Kernel;
        artifact.maxThreads = uint64_t{size[0]} * size[1] * size[2];
        if (info.usesGridBarrier) {
            allowOtherWriters(*kernel);
        }
        lowerBfloat(*kernel, processor_.sm);
        dropLoopHints(*kernel);
        host::keepRegions(*kernel);
        applyWorkgroupSize(*kernel, size);
        applySubgroupSize(*kernel, kWarp, countsPartial, size);
        if (spv::Status status = checkSubgroupCount(info, artifact.maxThreads); !status) {
            return status;
        }
        simplify(module, *machine_, kArrayBytes);
        artifact.multiple = usesMatrices(*kernel) ? kWarp : 1;
        if (spv::Status status = lowerCollectives(module, *kernel, info, size, processor_.sm, processor_.ptx);
            !status) {
            return status;
        }
        applyWorkgroupSize(*kernel, size);
        lowerWorkItems(*kernel, countsPartial);
        castNulls(*kernel);
        lowerPointerSpaces(*kernel);
        separatePrivateAtomics(*kernel);
        if (spv::Status status = lowerAtomics(*kernel, info.name); !status) {
            return status;
        }
        artifact.hidden = {prints(module), usesProgramData(module), usesGridBarrier(*kernel)};
        artifact.movedBytes = moveToDynamicLocal(module);
        spv::Result<Entry> entry = makeEntry(module, *kernel, info, artifact.hidden, artifact.movedBytes);
        if (!entry) {
            return entry.error();
        }
        kernel = entry->function;
        if (spv::Status status = checkParameterBytes(*kernel, info, processor_.ptx); !status) {
            return status;
        }
        lowerSynchronisation(*kernel, entry->grid);
        if (artifact.hidden.print) {
            if (spv::Status status = lowerPrint(module, *kernel, entry->print, info.name); !status) {
                return status;
            }
        }
        if (artifact.hidden.program) {
            shareProgramData(module, entry->program);
        }
        if (artifact.maxThreads != 0) {
            kernel->addFnAttr(required ? "nvvm.reqntid" : "nvvm.maxntid",
                              fmt::format("{},{},{}", size[0], size[1], size[2]));
        }
        artifact.staticBytes = staticLocalBytes(module);
        if (artifact.staticBytes > kMaxStaticLocalBytes || artifact.movedBytes > kMaxMovedBytes) {
            return spv::Error{
                HY_ERROR_UNSUPPORTED_SPIRV,
                fmt::format("kernel '{}' has workgroup variables of {} bytes; the target nvptx places up to {}",
                            info.name, artifact.staticBytes + artifact.movedBytes, kMaxMovedBytes),
                "declare less workgroup memory; devices have some hundred KiB"};
        }
        return verify(module, "after lowering");
    }

    spv::Result<std::string> generate(llvm::Module& module) {
        llvm::SmallString<0> bytes;
        llvm::raw_svector_ostream stream(bytes);
        llvm::legacy::PassManager passes;
        if (machine_->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile)) {
            return spv::Error{HY_ERROR_COMPILE_FAILED, "LLVM cannot write PTX", ""};
        }
        passes.run(module);
        return std::string(bytes.str());
    }

    std::unique_ptr<llvm::TargetMachine> machine_;
    Processor processor_;
};

} // namespace

spv::Result<std::unique_ptr<Target>> createNvptxTarget(const std::string& cpu, const std::string& features) {
    const spv::Result<Processor> processor = chooseProcessor(cpu, features);
    if (!processor) {
        return processor.error();
    }
    spv::Result<std::unique_ptr<llvm::TargetMachine>> machine = createMachine(*processor);
    if (!machine) {
        return machine.error();
    }
    return std::unique_ptr<Target>(std::make_unique<NvptxTarget>(std::move(*machine), *processor));
}

} // namespace halyard::jit::nvptx
