// The symbol table with drivers that lack something. They are libraries of this test with one function each.
#include "symbols.h"

#include <gtest/gtest.h>

namespace halyard::cuda {
namespace {

TEST(Symbols, noDriverIsNotFoundAndNamesTheLibrary) {
    Symbols symbols;
    const SymbolReport report = loadSymbols("libno_such_driver.so.1", symbols);
    EXPECT_FALSE(report.found);
    EXPECT_NE(report.fault.find("libno_such_driver.so.1"), std::string::npos) << report.fault;
}

TEST(Symbols, aMissingRequiredFunctionIsNamedWithItsVersion) {
    Symbols symbols;
    const SymbolReport report = loadSymbols(MOCK_BROKEN, symbols);
    EXPECT_TRUE(report.found);
    EXPECT_NE(report.fault.find("cuDevicePrimaryCtxRelease_v2 (CUDA 11.0)"), std::string::npos) << report.fault;
    EXPECT_EQ(report.fault.find("cuInit"), std::string::npos) << report.fault;
}

TEST(Symbols, aMissingOptionalFunctionIsNoFault) {
    Symbols symbols;
    const SymbolReport report = loadSymbols(MOCK_OLD, symbols);
    EXPECT_TRUE(report.found);
    EXPECT_EQ(report.fault, "");
    EXPECT_NE(report.missingOptional.find("cuLaunchKernelEx (CUDA 11.6)"), std::string::npos) << report.missingOptional;
    EXPECT_EQ(symbols.cuLaunchKernelEx, nullptr);
    ASSERT_NE(symbols.cuInit, nullptr);
    EXPECT_EQ(symbols.cuInit(0), CUDA_ERROR_NO_DEVICE);
    EXPECT_STREQ(lastFailedCall().name, "cuInit"); // for messages
    EXPECT_EQ(lastFailedCall().code, CUDA_ERROR_NO_DEVICE);
}

TEST(Symbols, thoseOfADeadContextDoNothing) {
    CUdeviceptr memory = 7;
    EXPECT_EQ(deadSymbols().cuMemAlloc_v2(&memory, 64), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    EXPECT_EQ(memory, 7u);
    EXPECT_EQ(deadSymbols().cuLogsDumpToMemory(nullptr, nullptr, nullptr, 0), CUDA_ERROR_CONTEXT_IS_DESTROYED);
}

} // namespace
} // namespace halyard::cuda
