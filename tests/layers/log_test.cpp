#include "fixture.h"

#include <algorithm>
#include <filesystem>
#include <regex>

#include <unistd.h>

namespace halyard::layers {
namespace {

class LogTest : public LayerTest {
protected:
    LogTest() : LayerTest("log") {}

    bool has(const std::string& pattern) {
        const std::regex expression(pattern);
        const std::vector<std::string> all = lines.from("log");
        return std::any_of(all.begin(), all.end(),
                           [&](const std::string& line) { return std::regex_search(line, expression); });
    }
};

TEST_F(LogTest, CallsAreDecoded) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAlloc(device, kBytes, &data));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyMemFree(device, data));
    EXPECT_TRUE(has(
        R"(^\[\d+\] hyMemAlloc\(device=device#\d+\.\d+, bytes=64, outPtr=0x[0-9a-f]+\) = HY_SUCCESS, \d+\.\d+ us$)"));
    EXPECT_TRUE(has(R"(hyDeviceFind\(instance=instance#\d+\.\d+, selector="cpu", outDevice=device#)"));
    EXPECT_TRUE(has(R"(hyStreamCreate\(device=device#\d+\.\d+, desc=null, outStream=stream#\d+\.\d+\))"));
    EXPECT_TRUE(has(R"(hyKernelCreate\(module=module#\d+\.\d+, name="increment", outKernel=kernel#)"));
    EXPECT_TRUE(has(R"(hyModuleLoad\(.*desc=\{flags=0x0, \d+ bytes at 0x[0-9a-f]+, format auto)"));
    EXPECT_TRUE(has(R"(hyStreamSynchronize\(stream=stream#\d+\.\d+, timeoutNs=infinite\))"));
    char launch[160];
    std::snprintf(launch, sizeof launch,
                  R"(hyLaunchKernel\(.*workgroups=16x1x1, workgroupSize=1x1x1, .*; increment\((data=)?%#lx\)\))",
                  static_cast<unsigned long>(data));
    EXPECT_TRUE(has(launch)) << launch;
}

TEST_F(LogTest, FailureComesWithItsWords) {
    EXPECT_EQ(hyMemFree(device, 0x10), HY_ERROR_INVALID_ADDRESS);
    const std::string words = lastError().message;
    EXPECT_STREQ(lastError().call, "hyMemFree"); // the record is the runtime's
    EXPECT_TRUE(has(R"(hyMemFree\(.*ptr=0x10\) = HY_ERROR_INVALID_ADDRESS, .* us: .)"));
    EXPECT_NE(lines.from("log").back().find(words), std::string::npos);
}

TEST_F(LogTest, WrongArgumentsAreNotFollowed) {
    EXPECT_LT(hyMemAlloc(nullptr, 1, nullptr), 0);
    EXPECT_LT(hyMemAlloc(device, 1, nullptr), 0);
    EXPECT_TRUE(has(R"(hyMemAlloc\(.*bytes=1, outPtr=null\) = HY_ERROR_INVALID_ARGUMENT)"));
    EXPECT_LT(hyMemcpy3DAsync(stream, nullptr), 0);
    EXPECT_TRUE(has(R"(hyMemcpy3DAsync\(.*copy=null\))"));
    HyPointerInfo info{};
    info.structSize = sizeof info;
    EXPECT_LT(hyPointerGetInfo(instance, 1, &info), 0);
    EXPECT_TRUE(has(R"(hyPointerGetInfo\(.*ptr=0x1, outInfo=0x[0-9a-f]+\) = HY_ERROR)")); // not filled, so not read
    HyCopy3D shortOne{};
    shortOne.structSize = 2;
    EXPECT_LT(hyMemcpy3DAsync(stream, &shortOne), 0);
    EXPECT_TRUE(has(R"(copy=\{structSize=2: not readable\})"));
}

TEST(LogFile, LinesGoToTheFile) {
    const std::string file = ::testing::TempDir() + "layer_log_" + std::to_string(getpid());
    const Variable path("HALYARD_LOG_LAYER_FILE", file);
    Lines lines;
    const HyInstanceDesc desc = describe("log", lines);
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(&desc, &instance));
    uint32_t count = 0;
    ASSERT_OK(hyDeviceGetCount(instance, &count));
    ASSERT_OK(hyInstanceDestroy(instance));
    const std::string text = readFile(file);
    EXPECT_NE(text.find("hyDeviceGetCount(instance=instance#"), std::string::npos) << text;
    EXPECT_NE(text.find("outCount=" + std::to_string(count) + ")"), std::string::npos) << text;
    EXPECT_NE(text.find("hyInstanceDestroy("), std::string::npos) << text;
    EXPECT_TRUE(lines.from("log").empty());
    std::filesystem::remove(file);
}

TEST(LogFile, FileThatCannotBeWrittenIsRefused) {
    const Variable path("HALYARD_LOG_LAYER_FILE", "/nonexistent/folder/file");
    Lines lines;
    const HyInstanceDesc desc = describe("log", lines);
    HyInstance instance = nullptr;
    EXPECT_EQ(hyInstanceCreate(&desc, &instance), HY_ERROR_IO);
    EXPECT_NE(std::string(lastError().message).find("/nonexistent/folder/file"), std::string::npos);
}

} // namespace
} // namespace halyard::layers
