// libFuzzer entry for the importer: any bytes that parse become KIR, or an error in words, for each of their kernels.
// The validator stays out, as it does not look at the whole of every module that the importer is given.
#include "fuzz_words.h"

#include "jit/import/import.h"
#include "spv/spv.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <cstdlib>
#include <cstring>

namespace halyard {
namespace {

// Those of a 64-bit host and of a GPU, where private memory is an address space of its own.
constexpr const char* kHost = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128";
constexpr const char* kGpu = "e-p:64:64-p1:64:64-p3:32:32-p4:64:64-p5:32:32-i64:64-n32:64-S32-A5";
constexpr size_t kMaxKernels = 4; // a module may name one function in thousands of entry points

void importKernel(const spv::Module& module, const spv::KernelInfo& kernel) {
    for (const char* layout : {kHost, kGpu}) {
        llvm::LLVMContext context;
        const auto result = jit::importKernel(context, module, kernel, "x86_64-unknown-linux-gnu", layout, {});
        if (!result && result.error().message.empty())
            std::abort();
    }
}

void importAll(const uint8_t* data, size_t size) {
    std::vector<uint32_t> words(size / sizeof(uint32_t));
    if (!words.empty())
        std::memcpy(words.data(), data, words.size() * sizeof(uint32_t));
    const spv::Result<spv::Module> parsed = spv::Module::parse(words);
    if (!parsed)
        return;
    const spv::Result<std::vector<uint32_t>> specialised = spv::specialise(*parsed, {});
    if (!specialised)
        return;
    const spv::Result<spv::Module> module = spv::Module::parse(*specialised);
    if (!module)
        return;
    const spv::Result<spv::Reflection> reflection = spv::reflect(*module);
    if (!reflection)
        return;
    for (size_t i = 0; i < reflection->kernels.size() && i < kMaxKernels; ++i) {
        if (!reflection->kernels[i].refusal)
            importKernel(*module, reflection->kernels[i]);
    }
}

} // namespace
} // namespace halyard

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    halyard::importAll(data, size);
    return 0;
}
