// Every function compiles for the GPU targets, whole: nothing that their code generators cannot select, no call left
// over.
#include "codegen.h"
#include "jit/devlib/devlib.h"
#include "kir.h"

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Target/TargetMachine.h>

namespace {

using namespace halyard::jit::devlib_test; // NOLINT(google-build-using-namespace): a test of exactly this

struct Gpu {
    const char* name;
    const char* triple;
    const char* cpu;
    const char* call; // the instruction that would call a function
};

class GpuCodegen : public testing::TestWithParam<Gpu> {};

TEST_P(GpuCodegen, EveryFunction) {
    const auto target = machine(GetParam().triple, GetParam().cpu);
    ASSERT_NE(target, nullptr);
    for (const char* suffix : {"f16", "f32", "f64"}) {
        for (const Signature& signature : signatures()) {
            SCOPED_TRACE(std::string(signature.name) + "." + suffix);
            llvm::LLVMContext context;
            llvm::SMDiagnostic diagnostic;
            auto module = llvm::parseAssemblyString(callOnce(signature, suffix), diagnostic, context);
            ASSERT_NE(module, nullptr) << diagnostic.getMessage().str();
            module->setTargetTriple(target->getTargetTriple());
            module->setDataLayout(target->createDataLayout());
            auto status = halyard::jit::linkDevlib(*module);
            ASSERT_TRUE(status) << status.error().message;
            optimise(*module, *target);
            const std::string text = assembly(*module, *target);
            EXPECT_NE(text.find("kernel"), std::string::npos);
            EXPECT_EQ(text.find(GetParam().call), std::string::npos);
            EXPECT_EQ(text.find("hy.math"), std::string::npos);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, GpuCodegen,
                         testing::Values(Gpu{"sm_70", "nvptx64-nvidia-cuda", "sm_70", "call.uni"},
                                         Gpu{"gfx942", "amdgcn-amd-amdhsa", "gfx942", "s_swappc"}),
                         [](const auto& info) { return std::string(info.param.name); });

} // namespace
