// Time slices: who waits for whom, limits, cancelling.
#include "fixture.h"

#include "compute_cl.spv.h"
#include "waits_cl.spv.h"

#include <atomic>
#include <thread>

namespace halyard::interp::test {
namespace {

using ::testing::HasSubstr;

TEST_F(InterpTest, AWorkgroupMayWaitForALaterOne) {
    const uint64_t data = buffer(std::vector<int32_t>(1)), flag = buffer(std::vector<uint32_t>(1)), out = allocate(4);
    EXPECT_EQ(run(waits_cl_spv, "hand_over", {data, flag, out}, {20, 1, 1}, {1, 1, 1}), "");
    EXPECT_EQ(read<int32_t>(out, 1)[0], 42);
}

TEST_F(InterpTest, InvocationsOfAWorkgroupMayWaitForEachOther) {
    const uint64_t out = buffer(std::vector<int32_t>(1));
    EXPECT_EQ(run(waits_cl_spv, "spin_in_group", {out}, {1, 1, 1}, {4, 1, 1}), "");
    EXPECT_EQ(read<int32_t>(out, 1)[0], 0 * 8 + 1 * 4 + 2 * 2 + 3);
}

TEST_F(InterpTest, EndlessInvocationsAreStopped) {
    const uint64_t go = buffer(std::vector<int32_t>(1));
    settings.stepLimit = 50000;
    EXPECT_THAT(run(waits_cl_spv, "endless", {go}, {1, 1, 1}, {1, 1, 1}), HasSubstr("endless: one invocation"));
    EXPECT_EQ(code, HY_ERROR_TIMEOUT);
    settings.stepLimit = 1'000'000'000;
    settings.launchStepLimit = 50000;
    EXPECT_THAT(run(waits_cl_spv, "endless", {go}, {1, 1, 1}, {1, 1, 1}), HasSubstr("endless: the launch"));
    EXPECT_EQ(code, HY_ERROR_TIMEOUT);
}

TEST_F(InterpTest, ARunCanBeCancelledAndMemoryFreedMeanwhile) {
    const uint64_t go = buffer(std::vector<int32_t>(1)), other = allocate(64);
    auto module = std::make_shared<const spv::Module>(std::move(*spv::Module::parse(waits_cl_spv)));
    const spv::Result<spv::Reflection> reflection = spv::reflect(*module);
    ASSERT_TRUE(reflection);
    spv::KernelInfo info;
    for (const spv::KernelInfo& kernel : reflection->kernels)
        if (kernel.name == "endless")
            info = kernel;
    auto program = Program::prepare(module, info, settings);
    ASSERT_TRUE(program) << program.error().message;
    std::atomic<bool> cancel{false};
    Launch launch;
    launch.workgroups = launch.workgroupSize = {1, 1, 1};
    launch.arguments = &go;
    launch.argumentBytes = sizeof go;
    launch.cancel = &cancel;
    spv::Status status = spv::Unit{};
    std::thread runner([&] { status = (*program)->run(memory, launch); });
    EXPECT_TRUE(memory.free(other)); // does not wait for the kernel to end
    cancel = true;
    runner.join();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, HY_ERROR_TIMEOUT);
}

TEST_F(InterpTest, FreeingWhatAKernelUsesIsReportedByIt) {
    const uint64_t go = buffer(std::vector<int32_t>(1));
    std::string found;
    std::thread runner([&] { found = run(waits_cl_spv, "endless", {go}, {1, 1, 1}, {1, 1, 1}); });
    // Before or while it runs: either way it meets freed memory.
    EXPECT_TRUE(memory.free(go));
    runner.join();
    EXPECT_THAT(found, HasSubstr("use after free"));
}

} // namespace
} // namespace halyard::interp::test
