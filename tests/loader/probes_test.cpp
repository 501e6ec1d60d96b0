// Probes decide without opening anything.
#include "fixture.h"

#include <dlfcn.h>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class ProbesTest : public LoaderTest {
protected:
    bool isPresent(Probe probe) const { return checkProbes({{{std::move(probe)}, ""}}, environment_).empty(); }
};

TEST_F(ProbesTest, AbsentHardwareKeepsTheLibraryShut) {
    placeBackend("good",
                 R"(, "probes": [{"anyOf": [{"soname": "libhalyard-absent.so.1"}, {"device": "/dev/halyard-absent"},
        {"pciVendor": "0x10de"}], "hint": "install the driver"}])");
    load();
    const BackendRecord& seen = record("good");
    EXPECT_EQ(seen.status, HY_BACKEND_SKIPPED);
    EXPECT_EQ(seen.reason,
              "not opened: libhalyard-absent.so.1, /dev/halyard-absent, PCI vendor 0x10de not found; install "
              "the driver");
    EXPECT_THAT(events(), testing::IsEmpty());
    EXPECT_EQ(dlopen((root_ / "lib/halyard/good.so").c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr);
}

TEST_F(ProbesTest, PresentHardwareOpensIt) {
    placeBackend("good", R"(, "probes": [{"anyOf": [{"device": "/dev/halyard-absent"}, {"device": "/dev/null"}]}])");
    load();
    EXPECT_EQ(record("good").status, HY_BACKEND_LOADED);
}

TEST_F(ProbesTest, EveryGroupMustHold) {
    const ProbeGroup present{{DeviceProbe{"/dev/null"}}, ""};
    const ProbeGroup absent{{DeviceProbe{"/dev/halyard-absent"}}, "second"};
    EXPECT_EQ(checkProbes({}, environment_), "");
    EXPECT_EQ(checkProbes({present, present}, environment_), "");
    EXPECT_THAT(checkProbes({present, absent}, environment_), HasSubstr("second"));
    EXPECT_THAT(checkProbes({absent, present}, environment_), HasSubstr("second"));
}

TEST_F(ProbesTest, UnknownKindCannotRuleOut) {
    EXPECT_TRUE(isPresent(UnknownProbe{"later"}));
    EXPECT_EQ(checkProbes({{{DeviceProbe{"/dev/halyard-absent"}, UnknownProbe{"later"}}, ""}}, environment_), "");
}

TEST_F(ProbesTest, PciVendor) {
    writeFile(root_ / "pci/0000:00:00.0/vendor", "0x8086\n");
    writeFile(root_ / "pci/0000:01:00.0/vendor", "0x10de\n");
    writeFile(root_ / "pci/0000:02:00.0/vendor", "garbage");
    EXPECT_TRUE(isPresent(PciVendorProbe{0x8086}));
    EXPECT_TRUE(isPresent(PciVendorProbe{0x10de}));
    EXPECT_FALSE(isPresent(PciVendorProbe{0x1002}));
    EXPECT_FALSE(isPresent(PciVendorProbe{0}));
    environment_.pciDevices = root_ / "absent";
    EXPECT_FALSE(isPresent(PciVendorProbe{0x8086}));
}

TEST_F(ProbesTest, SonameInADirectoryMustBeALibraryForThisProcess) {
    environment_.libraryDirectories = {root_ / "drivers"};
    EXPECT_FALSE(isPresent(SonameProbe{"libdriver.so.1"}));
    writeFile(root_ / "drivers/libdriver.so.1", "text");
    EXPECT_FALSE(isPresent(SonameProbe{"libdriver.so.1"}));
    fs::copy_file(placeMock("good"), root_ / "drivers/libdriver.so.1", fs::copy_options::overwrite_existing);
    EXPECT_TRUE(isPresent(SonameProbe{"libdriver.so.1"}));
    EXPECT_THAT(events(), testing::IsEmpty());
}

TEST_F(ProbesTest, SonameInTheLinkerCache) {
    const std::string path = placeMock("good").string();
    const std::string stale = "/gone/stale.so";
    const std::string head = "glibc-ld.so.cache1.1";
    writeFile(environment_.linkerCache, head + '\0' + "good.so" + '\0' + path + '\0' + stale + '\0');
    EXPECT_TRUE(isPresent(SonameProbe{"good.so"}));
    EXPECT_FALSE(isPresent(SonameProbe{"stale.so"}));
    EXPECT_FALSE(isPresent(SonameProbe{"good"}));
    EXPECT_FALSE(isPresent(SonameProbe{"ood.so"}));
    writeFile(environment_.linkerCache, path); // cut off: no nul behind it
    EXPECT_FALSE(isPresent(SonameProbe{"good.so"}));
    writeFile(environment_.linkerCache, path + '\0'); // no nul before it
    EXPECT_TRUE(isPresent(SonameProbe{"good.so"}));
    fs::remove(environment_.linkerCache);
    EXPECT_FALSE(isPresent(SonameProbe{"good.so"}));
}

TEST_F(ProbesTest, LibraryThatTheProcessHasLoadedIsPresent) {
    EXPECT_TRUE(isPresent(SonameProbe{"libc.so.6"}));
}

TEST_F(ProbesTest, ThisSystemHasTheMathsLibraryAndNoSuchDriver) {
    environment_ = ProbeEnvironment::ofProcess();
    EXPECT_TRUE(isPresent(SonameProbe{"libm.so.6"}));
    EXPECT_FALSE(isPresent(SonameProbe{"libhalyard-absent.so.1"}));
}

TEST_F(ProbesTest, LibraryPathIsSearchedButNotItsRelativeEntries) {
    const std::string old = getenv("LD_LIBRARY_PATH") != nullptr ? getenv("LD_LIBRARY_PATH") : "";
    setenv("LD_LIBRARY_PATH", ("relative::" + (root_ / "drivers").string() + ";/other").c_str(), 1);
    const std::vector<fs::path> directories = ProbeEnvironment::ofProcess().libraryDirectories;
    setenv("LD_LIBRARY_PATH", old.c_str(), 1);
    ASSERT_GE(directories.size(), 2u);
    EXPECT_EQ(directories[0], root_ / "drivers");
    EXPECT_EQ(directories[1], "/other");
    for (const fs::path& directory : directories)
        EXPECT_TRUE(directory.is_absolute()) << directory;
}

} // namespace
} // namespace halyard::test
