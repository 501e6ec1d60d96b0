// What a failing driver and failing kernels look like: a clear error each, and a process that lives on.
#include "run_trial.h"

#include "halyard/halyard.h"

#include <gtest/gtest.h>
#include <set>
#include <string_view>

namespace halyard::test {
namespace {

TEST(FailingCall, GivesTheDriversCodeOrDoesNotMatter) {
    std::set<std::string> reported;
    for (const SymbolRow& row : symbolRows()) {
        const Outcome seen = runTrial(std::string("fail=") + row.name + "@0:999", "7.0 70");
        EXPECT_EQ(seen.status, 0) << row.name;
        if (seen.worked("first"))
            continue;
        const Line line = seen.line("first");
        reported.insert(row.name);
        // The call after this one finds no context and tells that.
        const bool isContext = std::string_view(row.name) == "cuCtxSetCurrent";
        EXPECT_EQ(line.nativeName, isContext ? "CUDA_ERROR_INVALID_CONTEXT" : "CUDA_ERROR_UNKNOWN")
            << row.name << " in " << line.step;
        EXPECT_EQ(line.nativeCode, isContext ? "201" : "999") << row.name;
        EXPECT_NE(line.result, HY_ERROR_INTERNAL) << row.name << ": " << line.message;
        EXPECT_GT(line.message.size(), 20U) << row.name << ": " << line.message;
    }
    // What the small program cannot do without.
    for (const char* name :
         {"cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceTotalMem_v2",
          "cuDevicePrimaryCtxRetain", "cuMemAlloc_v2", "cuModuleLoadDataEx", "cuModuleGetFunction", "cuLaunchKernel"})
        EXPECT_TRUE(reported.contains(name)) << name;
}

// Call after call of the functions that take memory, until the program no longer gets that far.
TEST(OutOfMemory, AtEachCallIsToldAndLeaksNothing) {
    const std::string whole = runTrial("", "7.0 70").lines.at("free first");
    for (const char* name :
         {"cuMemAlloc_v2", "cuMemHostAlloc", "cuStreamCreateWithPriority", "cuModuleLoadDataEx", "cuEventCreate",
          "cuDevicePrimaryCtxRetain", "cuLaunchKernel", "cuMemcpyDtoHAsync_v2", "cuMemsetD32Async"}) {
        bool reached = true;
        for (int call = 1; reached && call < 20; ++call) {
            const std::string order = std::string("fail=") + name + "@" + std::to_string(call) + ":2";
            const Outcome seen = runTrial(order, "7.0 70");
            EXPECT_EQ(seen.status, 0) << order;
            reached = !seen.worked("first") || !seen.worked("second");
            if (!reached)
                continue;
            const bool isFirst = !seen.worked("first");
            const Line line = seen.line(isFirst ? "first" : "second");
            EXPECT_EQ(line.result, HY_ERROR_OUT_OF_DEVICE_MEMORY) << order << ": " << line.message;
            EXPECT_EQ(line.nativeName, "CUDA_ERROR_OUT_OF_MEMORY") << order;
            if (isFirst) {
                ASSERT_TRUE(seen.worked("second")) << order << ": " << seen.line("second").message;
                EXPECT_EQ(seen.lines.at("free second"), whole) << order;
            }
        }
        EXPECT_FALSE(reached) << name << " fails at each call";
    }
}

struct Fault {
    const char* kernel;
    const char* settings;
    HyResult result;
    const char* nativeName;
    const char* words;
};

class FaultingKernel : public testing::TestWithParam<Fault> {};

TEST_P(FaultingKernel, IsNamedAndTheErrorStays) {
    const Fault fault = GetParam();
    const Outcome seen = runTrial(fault.settings, std::string("7.0 70 ") + fault.kernel);
    EXPECT_EQ(seen.status, 0);
    const Line line = seen.line("fault");
    EXPECT_EQ(line.result, fault.result) << line.message;
    EXPECT_EQ(line.nativeName, fault.nativeName) << line.message;
    EXPECT_NE(line.message.find(fault.words), std::string::npos) << line.message;
    EXPECT_NE(line.message.find(std::string("'") + fault.kernel + "'"), std::string::npos) << line.message;
    EXPECT_EQ(seen.line("again").result, fault.result);
    EXPECT_EQ(seen.line("launch").result, fault.result);
    // Another user of the same context is told so instead of getting wrong results.
    const Line next = seen.line("beside");
    EXPECT_EQ(next.result, fault.result);
    EXPECT_EQ(next.nativeName, fault.nativeName) << next.step << ": " << next.message;
    EXPECT_EQ(seen.lines.at("bounded"), "1");
    // A reset gives the device back.
    EXPECT_EQ(seen.line("reset").step, "") << seen.line("reset").message;
    EXPECT_EQ(seen.line("anew").step, "") << seen.line("anew").message;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FaultingKernel,
    testing::Values(Fault{"astray", "", HY_ERROR_LAUNCH_FAILED, "CUDA_ERROR_ILLEGAL_ADDRESS", "not there"},
                    Fault{"crooked", "", HY_ERROR_LAUNCH_FAILED, "CUDA_ERROR_MISALIGNED_ADDRESS", "not aligned"},
                    Fault{"trapped", "", HY_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "failed"},
                    Fault{"endless", "timeout=50", HY_ERROR_LAUNCH_TIMEOUT, "CUDA_ERROR_LAUNCH_TIMEOUT", "longer"}),
    [](const auto& info) { return std::string(info.param.kernel); });

TEST(LostDevice, IsToldByEachCall) {
    const Outcome seen = runTrial("lost=1", "7.0 70 add");
    EXPECT_EQ(seen.status, 0);
    EXPECT_EQ(seen.line("fault").result, HY_ERROR_DEVICE_LOST) << seen.line("fault").message;
    EXPECT_EQ(seen.line("fault").nativeName, "CUDA_ERROR_DEVICE_UNAVAILABLE");
    EXPECT_EQ(seen.line("launch").result, HY_ERROR_DEVICE_LOST);
    EXPECT_EQ(seen.line("beside").result, HY_ERROR_DEVICE_LOST) << seen.line("beside").message;
    // Nor does a reset help here.
    for (const char* what : {"reset", "anew"}) {
        EXPECT_EQ(seen.line(what).result, HY_ERROR_DEVICE_LOST) << what << seen.line(what).message;
        EXPECT_EQ(seen.line(what).nativeName, "CUDA_ERROR_DEVICE_UNAVAILABLE") << what;
    }
}

// Drivers since CUDA 12.9 say more about a failure than its code.
TEST(DriverLog, IsPassedOnWhereThereIsOne) {
    const std::string error = "log " + std::to_string(HY_LOG_ERROR);
    const Outcome seen = runTrial("driver=12090,fail=cuMemAlloc_v2@1:2", "7.0 70");
    EXPECT_EQ(seen.status, 0);
    ASSERT_EQ(seen.lines.count(error), 1u);
    EXPECT_NE(seen.lines.at(error).find("the driver: "), std::string::npos) << seen.lines.at(error);
    EXPECT_NE(seen.lines.at(error).find("cuMemAlloc_v2"), std::string::npos) << seen.lines.at(error);
    EXPECT_EQ(runTrial("driver=12080,fail=cuMemAlloc_v2@1:2", "7.0 70").lines.count(error), 0u);
    EXPECT_EQ(runTrial("driver=12090", "7.0 70").lines.count(error), 0u) << "nothing fails in good order";
    const Outcome without = runTrial("driver=12090,fail=cuLogsRegisterCallback@0:999", "7.0 70");
    EXPECT_TRUE(without.worked("second")) << without.line("second").message;
}

// A driver may refuse the reset of a device whose context is damaged.
TEST(FailingReset, IsTold) {
    const Outcome seen = runTrial("fail=cuDevicePrimaryCtxReset_v2@0:700", "7.0 70 astray");
    EXPECT_EQ(seen.status, 0);
    EXPECT_EQ(seen.line("reset").result, HY_ERROR_DEVICE_LOST) << seen.line("reset").message;
    EXPECT_EQ(seen.line("reset").nativeName, "CUDA_ERROR_ILLEGAL_ADDRESS");
}

TEST(HungKernel, IsWaitedForNoLongerThanAsked) {
    for (const char* settings : {"", "hang=endless"}) {
        const Outcome seen = runTrial(settings, "7.0 70 endless");
        EXPECT_EQ(seen.status, 0);
        const Line line = seen.line("fault");
        EXPECT_EQ(line.step, "wait");
        EXPECT_EQ(line.result, HY_ERROR_TIMEOUT) << line.message;
        EXPECT_NE(line.message.find("stream 'trial'"), std::string::npos) << line.message;
        EXPECT_EQ(seen.lines.at("closed"), std::to_string(static_cast<int>(HY_ERROR_TIMEOUT)));
        EXPECT_EQ(seen.lines.at("bounded"), "1");
        EXPECT_EQ(seen.line("anew").step, "") << seen.line("anew").message;
    }
}

} // namespace
} // namespace halyard::test
