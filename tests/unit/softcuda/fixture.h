// The driver as a program opens it, with a context.
#pragma once

#include "symbols.h"

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <string>

namespace halyard::cuda {

// Two devices, and a driver so new that it has every function of the table.
inline constexpr const char* kSettings = "devices=2,driver=13000";

// The functions that the library at SOFTCUDA_STUB has.
inline const Symbols& driverSymbols() {
    static const Symbols& only = *[] {
        auto* symbols = new Symbols;
        setenv("HALYARD_SOFTWARE_CUDA", kSettings, 1);
        void* library = dlopen(SOFTCUDA_STUB, RTLD_NOW | RTLD_LOCAL);
#define HALYARD_TEST_RESOLVE(presence, version, result, name, parameters)                                              \
    symbols->name = library ? reinterpret_cast<decltype(symbols->name)>(dlsym(library, #name)) : nullptr;
        HALYARD_CUDA_SYMBOLS(HALYARD_TEST_RESOLVE)
#undef HALYARD_TEST_RESOLVE
        return symbols;
    }();
    return only;
}

// Calls one of them and counts: coverage_test.cpp wants each called.
template <auto Member, class Function> struct Counted;
template <auto Member, class Result, class... Arguments> struct Counted<Member, Result (*)(Arguments...)> {
    static Result call(Arguments... arguments) {
        calls.fetch_add(1, std::memory_order_relaxed);
        return (driverSymbols().*Member)(arguments...);
    }
    static inline std::atomic<uint64_t> calls{0};
};

inline const Symbols& cu() {
    static const Symbols& only = *[] {
        auto* symbols = new Symbols;
#define HALYARD_TEST_COUNT(presence, version, result, name, parameters)                                                \
    if (driverSymbols().name)                                                                                          \
        symbols->name = &Counted<&Symbols::name, decltype(Symbols::name)>::call;
        HALYARD_CUDA_SYMBOLS(HALYARD_TEST_COUNT)
#undef HALYARD_TEST_COUNT
        return symbols;
    }();
    return only;
}

inline const char* kModule = ".version 8.0\n.entry store .entry wait .entry append .entry trap .entry crooked "
                             ".entry unknown .entry greedy .entry shared .entry small .entry required .global data";

// cuGetErrorName, which says more than a number.
inline std::string name(CUresult result) {
    const char* words = nullptr;
    cu().cuGetErrorName(result, &words);
    return words ? words : std::to_string(result);
}

#define EXPECT_CU(expected, call) EXPECT_EQ(name(expected), name(call))
#define ASSERT_CU(call) ASSERT_EQ("CUDA_SUCCESS", name(call))

// Each test retains the primary context and gives it up: what the context had is gone with it, its error too.
class DriverTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(nullptr, cu().cuInit);
        ASSERT_CU(cu().cuInit(0));
        ASSERT_CU(cu().cuDevicePrimaryCtxRetain(&context_, 0));
        ASSERT_CU(cu().cuCtxSetCurrent(context_));
        ASSERT_CU(cu().cuStreamCreateWithPriority(&stream_, CU_STREAM_NON_BLOCKING, 0));
        ASSERT_CU(cu().cuModuleLoadDataEx(&module_, kModule, 0, nullptr, nullptr));
        ASSERT_CU(cu().cuMemAlloc_v2(&memory_, 4096));
        ASSERT_CU(cu().cuMemHostAlloc(&pinned_, 4096, 0));
        *word() = 0;
    }
    void TearDown() override {
        EXPECT_CU(CUDA_SUCCESS, cu().cuDevicePrimaryCtxRelease_v2(0));
        cu().cuCtxSetCurrent(nullptr);
    }

    uint32_t* word() const { return static_cast<uint32_t*>(pinned_); }
    CUdeviceptr pinned() const { return reinterpret_cast<CUdeviceptr>(pinned_); }

    CUfunction function(const char* kernel) {
        CUfunction result = nullptr;
        EXPECT_CU(CUDA_SUCCESS, cu().cuModuleGetFunction(&result, module_, kernel));
        return result;
    }
    CUresult launch(const char* kernel, CUdeviceptr address, uint32_t value, CUstream stream, unsigned grid = 1,
                    unsigned block = 1, unsigned shared = 0) {
        void* parameters[] = {&address, &value};
        return cu().cuLaunchKernel(function(kernel), grid, 1, 1, block, 1, 1, shared, stream, parameters, nullptr);
    }
    uint32_t read(CUdeviceptr address) {
        uint32_t value = 0;
        EXPECT_CU(CUDA_SUCCESS, cu().cuMemcpyDtoHAsync_v2(&value, address, 4, stream_));
        EXPECT_CU(CUDA_SUCCESS, cu().cuStreamSynchronize(stream_));
        return value;
    }
    // Lets a "wait" kernel on the pinned word go on.
    void release(uint32_t value) { std::atomic_ref<uint32_t>(*word()).store(value); }

    CUcontext context_ = nullptr;
    CUstream stream_ = nullptr;
    CUmodule module_ = nullptr;
    CUdeviceptr memory_ = 0;
    void* pinned_ = nullptr;
};

} // namespace halyard::cuda
