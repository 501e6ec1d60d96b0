// What is refused because the driver, the processor or the text's .version is too old.
#include "device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

using ::testing::HasSubstr;

LoadStatus statusOf(const std::string& text, const LoadOptions& options, std::string* log) {
    TestMemory memory;
    std::unique_ptr<Program> program;
    return Program::load(text, options, memory, program, *log);
}

TEST(Version, TextNewerThanTheDriver) {
    std::string log;
    EXPECT_EQ(statusOf(head(85), {78, 90}, &log), LoadStatus::UnsupportedVersion);
    EXPECT_THAT(log, HasSubstr("unsupported .version 8.5"));
    EXPECT_THAT(log, HasSubstr("7.8"));
    EXPECT_EQ(statusOf(head(78), {78, 90}, &log), LoadStatus::Ok) << log;
}

TEST(Version, TargetAboveTheProcessor) {
    std::string log;
    EXPECT_EQ(statusOf(head(85, 90), {85, 80}, &log), LoadStatus::NoBinaryForDevice);
    EXPECT_THAT(log, HasSubstr("sm_80"));
    EXPECT_EQ(statusOf(head(85, 80), {85, 80}, &log), LoadStatus::Ok) << log;
    EXPECT_EQ(statusOf(".version 8.0\n.target sm_90a\n.address_size 64\n", {87, 100}, &log),
              LoadStatus::NoBinaryForDevice);
    EXPECT_EQ(statusOf(".version 8.0\n.target sm_90a\n.address_size 64\n", {87, 90}, &log), LoadStatus::Ok) << log;
    EXPECT_EQ(statusOf(".version 8.8\n.target sm_100f\n.address_size 64\n", {88, 103}, &log), LoadStatus::Ok) << log;
    EXPECT_EQ(statusOf(".version 8.8\n.target sm_100f\n.address_size 64\n", {88, 120}, &log),
              LoadStatus::NoBinaryForDevice);
}

TEST(Version, TargetThatTheVersionDoesNotKnow) {
    std::string log;
    EXPECT_EQ(statusOf(head(70, 90), {87, 90}, &log), LoadStatus::InvalidPtx);
    EXPECT_THAT(log, HasSubstr("requires PTX ISA .version 7.8"));
    EXPECT_EQ(statusOf(head(87, 33), {87, 90}, &log), LoadStatus::InvalidPtx);
}

struct Case {
    const char* instruction;
    uint32_t version, processor; // the first that have it
};

TEST(Version, InstructionsBelowTheirVersionAndProcessor) {
    const Case cases[] = {{"redux.sync.add.u32 %r2, %r1, -1;", 70, 80},
                          {"elect.sync %r2|%p1, -1;", 80, 90},
                          {"cp.async.wait_all;", 70, 80},
                          {"fma.rn.bf16 %rs1, %rs1, %rs1, %rs1;", 70, 80},
                          {"min.f16 %rs1, %rs1, %rs1;", 70, 80},
                          {"tanh.approx.f32 %f1, %f1;", 70, 75},
                          {"ld.shared::cta.u32 %r2, [%r1];", 78, 75},
                          {"fence.acq_rel.cluster;", 78, 90}};
    for (const Case& entry : cases) {
        SCOPED_TRACE(entry.instruction);
        Device device;
        const std::string text = kernel(entry.instruction);
        EXPECT_TRUE(device.load(text, 87, 90));
        EXPECT_THAT(device.refusal(text, LoadStatus::InvalidPtx, entry.version == 80 ? 78 : entry.version - 1,
                                   entry.version == 70 ? 75 : 80),
                    HasSubstr("requires PTX ISA .version"));
        if (entry.processor > 75) {
            EXPECT_THAT(device.refusal(text, LoadStatus::InvalidPtx, 87, 75), HasSubstr("requires"));
        }
    }
}

} // namespace
} // namespace halyard::softcuda::ptx::test
