// What tests of memory share: kernels that use it, and patterns that tell where a byte came from.
#pragma once

#include "fixture.h"

#include "memory_cl.spv.h"

#include <numeric>

namespace halyard::conformance {

class MemoryTest : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        module = loadModule(memory_cl_spv, memory_cl_spv_size);
    }
    bool has(HyCapabilities capability) const { return claims(capability); }

    // values[i] += 1, by a kernel.
    void increment(HyDevicePtr values, uint32_t count) {
        const HyKernel kernel = makeKernel(module, "increment");
        const void* args[] = {&values, &count};
        EXPECT_OK(hyLaunchKernel(stream, kernel, {(count + 63) / 64, 1, 1}, {64, 1, 1}, 0, args, 2));
        synchronize();
        EXPECT_OK(hyKernelDestroy(kernel));
    }
    static std::vector<uint32_t> counting(size_t count, uint32_t first) {
        std::vector<uint32_t> values(count);
        std::iota(values.begin(), values.end(), first);
        return values;
    }
    void write(HyDevicePtr to, const std::vector<uint32_t>& values) {
        ASSERT_OK(hyMemcpyAsync(stream, to, hyHostAddress(values.data()), values.size() * sizeof(uint32_t)));
        synchronize();
    }
    HyPointerInfo describe(HyDevicePtr ptr) {
        HyPointerInfo info{};
        info.structSize = sizeof info;
        EXPECT_OK(hyPointerGetInfo(instance, ptr, &info));
        return info;
    }
    uint64_t freeMemory() {
        uint64_t bytes = 0;
        EXPECT_OK(hyDeviceGetMemoryInfo(device, &bytes, nullptr));
        return bytes;
    }

    HyModule module = nullptr;
};

} // namespace halyard::conformance
