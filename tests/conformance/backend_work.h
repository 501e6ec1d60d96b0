// An open device of the backend under test with a stream and memory, driven without the runtime.
#pragma once

#include "backend_fixture.h"

#include <numeric>

namespace halyard::conformance {

class BackendWork : public BackendDeviceTest {
protected:
    static constexpr uint64_t kBytes = 1 << 16;

    void SetUp() override {
        BackendDeviceTest::SetUp();
        if (HasFatalFailure())
            return;
        if (!claims(HY_CAP_KERNELS))
            GTEST_SKIP() << "the device claims no HY_CAP_KERNELS: it has nothing to work with";
        stream = makeStream();
        ASSERT_NE(stream, nullptr);
    }
    void TearDown() override {
        for (const HyDevicePtr ptr : allocations)
            EXPECT_DONE(interface_->memory->free(device, ptr));
        if (stream != nullptr) {
            EXPECT_DONE(interface_->stream->destroy(stream));
        }
        BackendDeviceTest::TearDown();
    }
    HyDevicePtr allocate(uint64_t bytes) {
        HyDevicePtr ptr = 0;
        void* host = nullptr;
        EXPECT_DONE(interface_->memory->allocate(device, bytes, &ptr, &host));
        if (ptr != 0)
            allocations.push_back(ptr);
        return ptr;
    }
    void wait() { EXPECT_DONE(interface_->stream->synchronize(stream, kLimitNs)); }
    void toDevice(HyDevicePtr dst, const void* src, uint64_t bytes) {
        EXPECT_DONE(interface_->stream->copy(stream, dst, hyHostAddress(src), bytes, HY_BACKEND_COPY_SRC_HOST));
    }
    void toHost(void* dst, HyDevicePtr src, uint64_t bytes) {
        EXPECT_DONE(interface_->stream->copy(stream, hyHostAddress(dst), src, bytes, HY_BACKEND_COPY_DST_HOST));
        wait();
    }
    static std::vector<uint8_t> counting() {
        std::vector<uint8_t> bytes(kBytes);
        std::iota(bytes.begin(), bytes.end(), uint8_t(3));
        return bytes;
    }

    HyBackendStream stream = nullptr;
    std::vector<HyDevicePtr> allocations;
};

} // namespace halyard::conformance
