// The backend itself over a driver: the tests' software driver, or NVIDIA's where there is a device.
#pragma once

#include "halyard/backend.h"

#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace halyard::cuda::testing {

inline thread_local std::string lastMessage;

inline void log(void*, HyLogLevel, const char*) {}
inline void setError(void*, const HyBackendError* error) {
    lastMessage = error->message != nullptr ? error->message : "";
}
inline const char* getEnv(void*, const char*) {
    return nullptr;
}

constexpr const char* kAddPtx = R"(
.version 7.0
.target sm_70
.address_size 64
.visible .entry add(.param .u64 data, .param .u32 value) {
    .reg .b32 %r<5>;
    .reg .b64 %rd<4>;
    ld.param.u64 %rd1, [data];
    ld.param.u32 %r1, [value];
    mov.u32 %r2, %tid.x;
    mul.wide.u32 %rd2, %r2, 4;
    add.s64 %rd3, %rd1, %rd2;
    ld.global.u32 %r3, [%rd3];
    add.u32 %r4, %r3, %r1;
    st.global.u32 [%rd3], %r4;
    ret;
}
)";

class CudaDriver : public ::testing::Test {
protected:
    void SetUp() override {
        void* library = dlopen(CUDA_BACKEND, RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(library, nullptr) << dlerror();
        services_.structSize = sizeof services_;
        services_.abi = HY_BACKEND_ABI;
        services_.log = log;
        services_.setError = setError;
        services_.getEnv = getEnv;
        const auto get = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library, "hyBackendGetInterface"));
        ASSERT_EQ(get(HY_BACKEND_ABI, &services_, &api_), HY_SUCCESS);
        const HyResult started = api_->initialise(&services_, &context_);
        if (started == HY_ERROR_NOT_FOUND)
            GTEST_SKIP() << lastMessage;
        ASSERT_EQ(started, HY_SUCCESS) << lastMessage;
        ASSERT_EQ(api_->device->open(context_, 0, &device_), HY_SUCCESS) << lastMessage;
        HyBackendStreamDesc desc{};
        desc.structSize = sizeof desc;
        desc.label = "stream 'test'";
        ASSERT_EQ(api_->stream->create(device_, &desc, &stream_), HY_SUCCESS) << lastMessage;
    }
    void TearDown() override {
        if (stream_ != nullptr) {
            EXPECT_EQ(api_->stream->destroy(stream_), HY_SUCCESS);
        }
        if (device_ != nullptr) {
            EXPECT_EQ(api_->device->close(device_, kLimit), HY_SUCCESS) << lastMessage;
        }
        if (context_ != nullptr)
            api_->shutdown(context_);
    }
    HyDevicePtr allocate(uint64_t bytes) {
        HyDevicePtr ptr = 0;
        void* host = nullptr;
        EXPECT_EQ(api_->memory->allocate(device_, bytes, &ptr, &host), HY_SUCCESS) << lastMessage;
        return ptr;
    }
    void finish() { ASSERT_EQ(api_->stream->synchronize(stream_, kLimit), HY_SUCCESS) << lastMessage; }
    std::vector<uint8_t> read(HyDevicePtr from, uint64_t bytes) {
        std::vector<uint8_t> out(bytes);
        EXPECT_EQ(api_->stream->copy(stream_, hyHostAddress(out.data()), from, bytes, HY_BACKEND_COPY_DST_HOST),
                  HY_SUCCESS)
            << lastMessage;
        finish();
        return out;
    }

    // A kernel of a module of its own, which the test ends with.
    struct Loaded {
        HyBackendModule module = nullptr;
        HyBackendKernel kernel = nullptr;
    };
    Loaded loadAdd() {
        HyBackendModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.format = HY_MODULE_FORMAT_PTX;
        desc.data = kAddPtx;
        desc.dataBytes = std::strlen(kAddPtx);
        Loaded out;
        EXPECT_EQ(api_->module->load(device_, &desc, &out.module), HY_SUCCESS) << lastMessage;
        const HyBackendParameter parameters[2] = {{HY_PARAMETER_GLOBAL_POINTER, 8, 8, 0},
                                                  {HY_PARAMETER_VALUE, 4, 4, 8}};
        HyBackendKernelDesc kernelDesc{};
        kernelDesc.structSize = sizeof kernelDesc;
        kernelDesc.name = "add";
        kernelDesc.parameters = parameters;
        kernelDesc.parameterCount = 2;
        kernelDesc.argumentBytes = 12;
        EXPECT_EQ(api_->module->createKernel(out.module, &kernelDesc, &out.kernel), HY_SUCCESS) << lastMessage;
        return out;
    }
    void unload(const Loaded& loaded) {
        EXPECT_EQ(api_->module->destroyKernel(loaded.kernel), HY_SUCCESS);
        EXPECT_EQ(api_->module->unload(loaded.module), HY_SUCCESS);
    }

    static constexpr uint64_t kLimit = 20'000'000'000;
    HyHostServices services_{};
    const HyBackendInterface* api_ = nullptr;
    HyBackendContext context_ = nullptr;
    HyBackendDevice device_ = nullptr;
    HyBackendStream stream_ = nullptr;
};

} // namespace halyard::cuda::testing
