// Old drivers, drivers that lack functions, and devices of each generation.
#include "run_trial.h"

#include "halyard/halyard.h"

#include <gtest/gtest.h>

namespace halyard::test {
namespace {

struct Driver {
    int version;
    const char* ptx;
    bool hasClusters; // cuLaunchKernelEx came with 11.6
};

class OldDriver : public testing::TestWithParam<Driver> {};

TEST_P(OldDriver, RunsAKernelOfItsOwnPtxVersion) {
    const Driver driver = GetParam();
    const Outcome seen = runTrial("driver=" + std::to_string(driver.version), std::string(driver.ptx) + " 70");
    EXPECT_EQ(seen.status, 0);
    EXPECT_TRUE(seen.worked("first")) << seen.line("first").step << ": " << seen.line("first").message;
    EXPECT_TRUE(seen.worked("second"));
    EXPECT_EQ(seen.lines.at("clusters"), driver.hasClusters ? "1" : "0");
}

TEST_P(OldDriver, RefusesPtxThatIsNewer) {
    const Outcome seen = runTrial("driver=" + std::to_string(GetParam().version), "9.3 70");
    EXPECT_EQ(seen.status, 0);
    const Line line = seen.line("first");
    EXPECT_EQ(line.step, "module");
    EXPECT_EQ(line.result, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(line.nativeName, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION");
    EXPECT_NE(line.message.find("newer than the driver"), std::string::npos) << line.message;
}

INSTANTIATE_TEST_SUITE_P(Versions, OldDriver,
                         testing::Values(Driver{11000, "7.0", false}, Driver{11040, "7.4", false},
                                         Driver{12000, "8.0", true}, Driver{12040, "8.4", true},
                                         Driver{12080, "8.7", true}, Driver{13000, "9.0", true}),
                         [](const auto& info) { return "Cuda" + std::to_string(info.param.version); });

TEST(TooOldADevice, IsPassedOverWithItsName) {
    const Line line = runTrial("sm=61", "7.0 61").line("first");
    EXPECT_EQ(line.step, "initialise");
    EXPECT_EQ(line.result, HY_ERROR_NOT_FOUND);
    EXPECT_NE(line.message.find("sm_61) is older than sm_70"), std::string::npos) << line.message;
}

TEST(NoDevice, IsNoFault) {
    const Line line = runTrial("devices=0", "7.0 70").line("first");
    EXPECT_EQ(line.step, "initialise");
    EXPECT_EQ(line.result, HY_ERROR_NOT_FOUND);
}

#if !HALYARD_SANITIZED // a sanitizer's own memory exceeds the limit
// Such as valgrind leaves.
TEST(LittleAddressSpace, IsEnough) {
    const Outcome seen = runTrial("", "7.0 70", "ulimit -v 25000000; ");
    EXPECT_EQ(seen.status, 0);
    EXPECT_TRUE(seen.worked("first")) << seen.line("first").message;
}
#endif

TEST(UnknownSetting, StopsTheSoftwareDriver) {
    for (const char* settings : {"sn=70", "sm=x", "fail=cuInit", "driver=1"}) {
        const Line line = runTrial(settings, "7.0 70").line("first");
        EXPECT_EQ(line.step, "initialise") << settings;
        EXPECT_NE(line.nativeCode, "0") << settings << line.message;
    }
}

class Processor : public testing::TestWithParam<const char*> {};

TEST_P(Processor, RunsAKernel) {
    const std::string sm = GetParam();
    const Outcome seen = runTrial("sm=" + sm, "8.7 " + sm);
    EXPECT_EQ(seen.status, 0);
    EXPECT_TRUE(seen.worked("first")) << seen.line("first").message;
    EXPECT_EQ(seen.lines.at("clusters"), sm == "90" || sm == "100" ? "1" : "0");
}

INSTANTIATE_TEST_SUITE_P(Generations, Processor, testing::Values("70", "75", "80", "86", "90", "100"),
                         [](const auto& info) { return std::string("sm_") + info.param; });

TEST(ARequiredFunction, MissingIsNamedWithItsVersion) {
    int tried = 0;
    for (const SymbolRow& row : symbolRows()) {
        if (!row.isRequired)
            continue;
        ++tried;
        const Outcome seen = runTrial(std::string("missing=") + row.name, "7.0 70");
        const Line line = seen.line("first");
        EXPECT_EQ(seen.status, 0) << row.name;
        EXPECT_EQ(line.step, "initialise") << row.name;
        EXPECT_EQ(line.result, HY_ERROR_UNSUPPORTED) << row.name;
        const std::string wanted = std::string("lacks ") + row.name + " (CUDA " + std::to_string(row.version / 1000);
        EXPECT_NE(line.message.find(wanted), std::string::npos) << row.name << ": " << line.message;
    }
    EXPECT_GT(tried, 40);
}

TEST(AnOptionalFunction, MissingLeavesAWorkingDevice) {
    int tried = 0;
    for (const SymbolRow& row : symbolRows()) {
        if (row.isRequired)
            continue;
        ++tried;
        const Outcome seen = runTrial(std::string("missing=") + row.name, "7.0 70");
        EXPECT_EQ(seen.status, 0) << row.name;
        EXPECT_TRUE(seen.worked("first")) << row.name << ": " << seen.line("first").message;
    }
    EXPECT_GT(tried, 40);
}

TEST(AllOptionalFunctions, MissingLeaveAWorkingDevice) {
    std::string all = "missing=";
    for (const SymbolRow& row : symbolRows())
        if (!row.isRequired)
            all += std::string(row.name) + ":";
    const Outcome seen = runTrial(all, "7.0 70");
    EXPECT_EQ(seen.status, 0);
    EXPECT_TRUE(seen.worked("first")) << seen.line("first").message;
    EXPECT_EQ(seen.lines.at("clusters"), "0");
}

} // namespace
} // namespace halyard::test
