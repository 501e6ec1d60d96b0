// HALYARD_CPU_CODE_DIR: code as files, for debuggers and profilers.
#include "fixture.h"

#include <filesystem>
#include <fstream>

namespace halyard::cpu_test {
namespace {

namespace fs = std::filesystem;

uint32_t runOnce(Device& device) {
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = device.kernel("variant", {pointer(0)});
    uint32_t* out = device.memory(1);
    *out = 99;
    EXPECT_EQ(device.launch(stream, kernel, {1, 1, 1}, {64, 1, 1}, {&out}), HY_SUCCESS);
    device.wait(stream);
    return *out;
}

TEST(CpuCodeDir, KeepsTheCodeThatRuns) {
    const fs::path folder = fs::path(testing::TempDir()) / "halyard_code_dir_test";
    fs::remove_all(folder);
    fs::create_directory(folder);
    {
        Device device("HALYARD_CPU_CODE_DIR", folder.c_str());
        EXPECT_EQ(runOnce(device), 0u);
        std::ifstream maps("/proc/self/maps");
        const std::string mapped((std::istreambuf_iterator<char>(maps)), std::istreambuf_iterator<char>());
        EXPECT_NE(mapped.find(folder.string() + "/variant-"), std::string::npos) << "a profiler names what is mapped";
        EXPECT_TRUE(device.services().warnings().empty());
    }
    ASSERT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
    const fs::path file = fs::directory_iterator(folder)->path();
    EXPECT_EQ(file.extension(), ".so");
    EXPECT_EQ(fs::file_size(file), fs::file_size(fs::path(CPU_KERNELS) / "variant.so"));
    fs::remove_all(folder);
}

TEST(CpuCodeDir, AFolderThatIsMissingIsAWarning) {
    Device device("HALYARD_CPU_CODE_DIR", "/nonexistent/folder");
    EXPECT_EQ(runOnce(device), 0u);
    ASSERT_EQ(device.services().warnings().size(), 1u);
    EXPECT_NE(device.services().warnings()[0].find("HALYARD_CPU_CODE_DIR"), std::string::npos);
    EXPECT_NE(device.services().warnings()[0].find("/nonexistent/folder"), std::string::npos);
}

} // namespace
} // namespace halyard::cpu_test
