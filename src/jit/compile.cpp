#include "jit/compile.h"

#include "jit/devlib/devlib.h"
#include "jit/import/import.h"
#include "spv/spv.h"

#include <cstring>
#include <vector>

#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

namespace halyard::jit {

namespace {

// Errors that LLVM reports without stopping; remarks and warnings are dropped.
class DiagnosticCollector : public llvm::DiagnosticHandler {
public:
    explicit DiagnosticCollector(std::string& errors) : errors_(errors) {}
    bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
        if (info.getSeverity() == llvm::DS_Error) {
            llvm::raw_string_ostream stream(errors_);
            llvm::DiagnosticPrinterRawOStream printer(stream);
            stream << (errors_.empty() ? "" : "; ");
            info.print(printer);
        }
        return true;
    }

private:
    std::string& errors_;
};

spv::Result<spv::Module> parse(std::span<const std::byte> spirv) {
    if (spirv.size() % 4 != 0) {
        return spv::Error{HY_ERROR_INVALID_MODULE,
                          "the module's size, " + std::to_string(spirv.size()) + " bytes, is not a multiple of 4", ""};
    }
    std::vector<uint32_t> words(spirv.size() / 4);
    if (!words.empty()) {
        std::memcpy(words.data(), spirv.data(), spirv.size());
    }
    return spv::Module::parse(words);
}

spv::Result<spv::KernelInfo> findKernel(const spv::Module& module, const std::string& name) {
    spv::Result<spv::Reflection> reflection = spv::reflect(module);
    if (!reflection) {
        return reflection.error();
    }
    std::string names;
    for (const spv::KernelInfo& kernel : reflection->kernels) {
        if (kernel.name == name) {
            return kernel.refusal ? spv::Result<spv::KernelInfo>(*kernel.refusal) : kernel;
        }
        names += (names.empty() ? "" : ", ") + kernel.name;
    }
    return spv::Error{HY_ERROR_NOT_FOUND, "the module has no kernel '" + name + "'",
                      names.empty() ? "" : "it has: " + names};
}

} // namespace

spv::Result<std::string> compile(std::span<const std::byte> spirv, const CompileRequest& request, Stages& stages) {
    stages.enter("import");
    spv::Result<std::unique_ptr<Target>> target = createTarget(request.target, request.cpu, request.features);
    if (!target) {
        return target.error();
    }
    spv::Result<spv::Module> module = parse(spirv);
    if (!module) {
        return module.error();
    }
    spv::Result<spv::KernelInfo> kernel = findKernel(*module, request.kernel);
    if (!kernel) {
        return kernel.error();
    }
    spv::Result<uint32_t> subgroup = (*target)->subgroupSize(*kernel, request.options);
    if (!subgroup) {
        return subgroup.error();
    }
    std::string errors;
    llvm::LLVMContext context;
    context.setDiagnosticHandler(std::make_unique<DiagnosticCollector>(errors));
    spv::Result<std::unique_ptr<llvm::Module>> kir = importKernel(
        context, *module, *kernel, (*target)->triple(), (*target)->dataLayout(), {request.fastMath, *subgroup});
    if (!kir) {
        return kir.error();
    }
    if (request.options.emit == Emit::Kir) {
        std::string text;
        llvm::raw_string_ostream stream(text);
        (*kir)->print(stream, nullptr);
        return text;
    }
    if (spv::Status status = linkDevlib(**kir); !status) {
        return status.error();
    }
    spv::Result<std::string> artifact = (*target)->compile(std::move(*kir), *kernel, request.options, stages);
    if (artifact && !errors.empty()) {
        return spv::Error{HY_ERROR_COMPILE_FAILED, errors, ""};
    }
    return artifact;
}

} // namespace halyard::jit
