// What conformance tests share: the device under test and checks of failures. The device is HALYARD_TEST_DEVICE ("cpu"
// when unset); when it is missing every test fails, so an absence cannot look like a pass.
#pragma once

#include "halyard/halyard.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace halyard::conformance {

inline const char* deviceUnderTest() {
    const char* name = std::getenv("HALYARD_TEST_DEVICE");
    return name != nullptr ? name : "cpu";
}

// Where a test's random choices begin: halyard-cts --seed, 1 without it.
inline uint64_t seed() {
    const char* text = std::getenv("HALYARD_CTS_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

inline HyErrorInfo lastError() {
    HyErrorInfo info{};
    info.structSize = sizeof info;
    EXPECT_EQ(hyGetLastError(&info), HY_SUCCESS);
    return info;
}

// The call gives exactly this code, names itself and the argument, and says what to do.
inline ::testing::AssertionResult failsWith(const char* expression, HyResult expected, const char* call,
                                            const char* argument, const std::function<HyResult()>& body) {
    hyClearLastError();
    const HyResult result = body();
    const HyErrorInfo info = lastError();
    if (result != expected) {
        return ::testing::AssertionFailure() << expression << " gave " << hyResultName(result) << ", not "
                                             << hyResultName(expected) << ": " << info.message;
    }
    if (info.code != expected || std::string(info.call) != call) {
        return ::testing::AssertionFailure() << expression << ": the record says " << hyResultName(info.code) << " in '"
                                             << info.call << "', not in " << call;
    }
    if (std::string(info.argument).find(argument) == std::string::npos) {
        return ::testing::AssertionFailure()
               << expression << ": the record blames argument '" << info.argument << "', not '" << argument << "'";
    }
    if (std::string(info.message).empty() || std::string(info.hint).empty())
        return ::testing::AssertionFailure() << expression << ": no message or no hint";
    return ::testing::AssertionSuccess();
}

// EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAlloc, device, 0, &ptr)
#define EXPECT_FAILS(code, argument, function, ...)                                                                    \
    EXPECT_TRUE(::halyard::conformance::failsWith(#function "(" #__VA_ARGS__ ")", code, #function, argument,           \
                                                  [&] { return function(__VA_ARGS__); }))

#define ASSERT_OK(expression) ASSERT_EQ(expression, HY_SUCCESS) << ::halyard::conformance::lastError().message
#define EXPECT_OK(expression) EXPECT_EQ(expression, HY_SUCCESS) << ::halyard::conformance::lastError().message

// In a test of DeviceTest: skips it on a device without the capability. One test of each group asserts the refusal.
#define SKIP_WITHOUT(capability)                                                                                       \
    if (!claims(capability))                                                                                           \
    GTEST_SKIP() << "the device has no " #capability

// An instance, the device under test, a stream, and what a test makes.
class DeviceTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
        ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
        properties.structSize = sizeof properties;
        ASSERT_OK(hyDeviceGetProperties(device, &properties));
        ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    }
    void TearDown() override {
        if (instance != nullptr) {
            EXPECT_OK(hyInstanceDestroy(instance));
        }
    }

    bool claims(HyCapabilities capability) const { return (properties.capabilities & capability) == capability; }
    // Whether this is the test of a group that asserts the refusal, where the fixture skips all others.
    static bool isTest(const char* name) {
        return std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) == name;
    }

    HyDevicePtr allocate(uint64_t bytes) {
        HyDevicePtr ptr = 0;
        EXPECT_OK(hyMemAlloc(device, bytes, &ptr));
        return ptr;
    }
    template <typename T> HyDevicePtr upload(const std::vector<T>& values) {
        const HyDevicePtr ptr = allocate(values.size() * sizeof(T));
        EXPECT_OK(hyMemcpyAsync(stream, ptr, hyHostAddress(values.data()), values.size() * sizeof(T)));
        synchronize();
        return ptr;
    }
    template <typename T> std::vector<T> download(HyDevicePtr ptr, size_t count) {
        std::vector<T> values(count);
        EXPECT_OK(hyMemcpyAsync(stream, hyHostAddress(values.data()), ptr, count * sizeof(T)));
        synchronize();
        return values;
    }
    void synchronize() { EXPECT_OK(hyStreamSynchronize(stream, kLimitNs)); }

    HyModule loadModule(const uint32_t* words, size_t bytes, std::initializer_list<HySpecConstant> constants = {}) {
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = words;
        desc.dataBytes = bytes;
        desc.specConstants = constants.begin();
        desc.specConstantCount = static_cast<uint32_t>(constants.size());
        HyModule module = nullptr;
        EXPECT_OK(hyModuleLoad(device, &desc, &module));
        return module;
    }
    HyKernel makeKernel(HyModule module, const char* name) {
        HyKernel kernel = nullptr;
        EXPECT_OK(hyKernelCreate(module, name, &kernel));
        return kernel;
    }

    static constexpr uint64_t kLimitNs = 30'000'000'000; // long enough for a loaded machine, short enough to see a hang
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HyDeviceProperties properties{};
};

// A handle of each type that is not a HyStream, and so on: what a wrong-type test passes.
template <typename To, typename From> To wrongType(From handle) {
    return reinterpret_cast<To>(handle);
}
// Words that were never handles.
template <typename T> T invented(uint64_t word = 0x12345678) {
    return reinterpret_cast<T>(word);
}

} // namespace halyard::conformance
