// What kernels print, in both flavours.
#include "fixture.h"

#include "print_cl.spv.h"
#include "print_comp.spv.h"

#include <algorithm>
#include <mutex>

using namespace halyard::conformance;

class Print : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        ASSERT_OK(hyInstanceSetPrintCallback(instance, keep, this));
        module = loadModule(print_cl_spv, print_cl_spv_size);
    }
    static void keep(void* user, const char* text, uint64_t bytes) {
        auto* self = static_cast<Print*>(user);
        const std::lock_guard lock(self->mutex);
        self->lines.emplace_back(text, bytes);
    }
    void run(HyKernel kernel, HyDim3 groups, HyDim3 size, std::initializer_list<const void*> args) {
        ASSERT_OK(hyLaunchKernel(stream, kernel, groups, size, 0, args.begin(), static_cast<uint32_t>(args.size())));
        synchronize();
        std::sort(lines.begin(), lines.end());
    }
    std::mutex mutex;
    std::vector<std::string> lines; // one a call of printf
    HyModule module = nullptr;
};

TEST_F(Print, FormatsEveryKindOfArgument) {
    const HyDevicePtr x = upload<int32_t>({-7, 100});
    const float v[4] = {1, 2.5F, -3, 0};
    run(makeKernel(module, "print_values"), {2, 1, 1}, {1, 1, 1}, {&x, &v});
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "item -7: first 1.000000,2.500000,-3.000000,0.000000 c 0x123456789ab  2.50%\n",
                         "item 100: other 1.000000,2.500000,-3.000000,0.000000 c 0x123456789ab  2.50%\n"}));
}

TEST_F(Print, OnlyWhereControlFlowGoesAndReturnsZero) {
    constexpr int32_t kCount = 1000, kDivisor = 9;
    const HyDevicePtr results = upload(std::vector<int32_t>(kCount, -1));
    run(makeKernel(module, "print_some"), {10, 1, 1}, {100, 1, 1}, {&results, &kDivisor});
    std::vector<std::string> expected;
    std::vector<int32_t> values;
    for (int32_t i = 0; i < kCount; ++i) {
        values.push_back(i % kDivisor == 0 ? 0 : 5);
        if (i % kDivisor == 0)
            expected.push_back(std::to_string(i) + "\n");
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(lines, expected);
    EXPECT_EQ(download<int32_t>(results, kCount), values);
}

TEST_F(Print, AroundBarriers) {
    const uint64_t bytes = 16;
    run(makeKernel(module, "print_across_barrier"), {1, 1, 1}, {4, 1, 1}, {&bytes});
    EXPECT_EQ(lines, (std::vector<std::string>{"0\n", "10\n", "20\n", "30\n", "before\n", "before\n", "before\n",
                                               "before\n"}));
}

TEST_F(Print, DebugPrintfOfGlsl) {
    const HyDevicePtr data = upload<uint32_t>({3, 4000000000U});
    run(makeKernel(loadModule(print_comp_spv, print_comp_spv_size), "main"), {1, 1, 1}, {2, 1, 1}, {&data});
    EXPECT_EQ(lines, (std::vector<std::string>{"glsl 3 1.500000,-2.000000", "glsl 4000000000 1.500000,-2.000000"}));
}

TEST_F(Print, ArrivesBeforeTheStreamPasses) {
    const HyDevicePtr results = upload(std::vector<int32_t>(8, 0));
    const int32_t divisor = 1;
    const HyKernel kernel = makeKernel(module, "print_some");
    const void* args[] = {&results, &divisor};
    for (size_t launches = 1; launches <= 20; ++launches) {
        ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {8, 1, 1}, 0, args, 2));
        synchronize();
        EXPECT_EQ(lines.size(), launches * 8);
    }
}

TEST_F(Print, WithoutACallbackGoesToStdout) {
    ASSERT_OK(hyInstanceSetPrintCallback(instance, nullptr, nullptr));
    const HyDevicePtr results = upload(std::vector<int32_t>(1, 0));
    const int32_t divisor = 1;
    testing::internal::CaptureStdout();
    run(makeKernel(module, "print_some"), {1, 1, 1}, {1, 1, 1}, {&results, &divisor});
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "0\n");
    EXPECT_TRUE(lines.empty());
}

TEST_F(Print, SetCallbackRefusesWhatIsNoInstance) {
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyInstanceSetPrintCallback, nullptr, keep, this);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyInstanceSetPrintCallback, wrongType<HyInstance>(device), keep,
                 this);
}
