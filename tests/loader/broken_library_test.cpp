// Libraries that cannot be used: each ends as one record whose reason a person can act on, and never as a crash.
#include "fixture.h"

#include "base/error.h"

#include <elf.h>
#include <fstream>
#include <sys/stat.h>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class BrokenLibraryTest : public LoaderTest {
protected:
    // Loads a file made by the test instead of a mock.
    BackendRecord loadFile(const fs::path& path) {
        placeManifest("it.json", "it", path.string());
        load();
        EXPECT_EQ(result_.records.size(), 1u);
        return result_.records.empty() ? BackendRecord{} : result_.records.front();
    }
    // A mock with some bytes replaced.
    template <typename T> fs::path patchedMock(size_t offset, T value) {
        const fs::path path = placeMock("good");
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset));
        file.write(reinterpret_cast<const char*>(&value), sizeof value);
        return path;
    }
};

// The candidate failed for that reason, and nothing else was loaded.
#define EXPECT_FAILED(record, matcher)                                                                                 \
    do {                                                                                                               \
        const BackendRecord& failedRecord = record;                                                                    \
        EXPECT_EQ(failedRecord.status, HY_BACKEND_FAILED);                                                             \
        EXPECT_THAT(failedRecord.reason, matcher);                                                                     \
        EXPECT_TRUE(result_.backends.empty());                                                                         \
    } while (false)

TEST_F(BrokenLibraryTest, GoodOneLoads) {
    const BackendRecord seen = loadOnly("good");
    EXPECT_EQ(seen.status, HY_BACKEND_LOADED);
    EXPECT_EQ(seen.name, "good");
    EXPECT_EQ(seen.vendor, "Mock vendor");
    EXPECT_EQ(seen.buildId, "");
    EXPECT_EQ(seen.reason, "");
    EXPECT_EQ(seen.abiMajor, HY_BACKEND_ABI_MAJOR);
    EXPECT_EQ(seen.deviceCount, 1u);
    EXPECT_EQ(fs::path(seen.libraryPath), root_ / "lib" / "halyard" / "good.so");
    EXPECT_EQ(fs::path(seen.manifestPath), root_ / "lib" / "halyard" / "backends.d" / "good.json");
    EXPECT_THAT(servicesAsked_, ElementsAre("good"));
    shutDownBackend(*result_.backends.front(), log_);
    EXPECT_THAT(events(), ElementsAre("open good", "initialise good", "shutdown good"));
}

TEST_F(BrokenLibraryTest, MissingFile) {
    EXPECT_FAILED(loadFile(root_ / "nowhere.so"), AllOf(HasSubstr("nowhere.so"), HasSubstr("No such file")));
}
TEST_F(BrokenLibraryTest, Directory) {
    EXPECT_FAILED(loadFile(root_ / "lib"), HasSubstr("is a directory"));
}
TEST_F(BrokenLibraryTest, PipeDoesNotHang) {
    ASSERT_EQ(mkfifo((root_ / "pipe.so").c_str(), 0600), 0);
    EXPECT_FAILED(loadFile(root_ / "pipe.so"), HasSubstr("not a regular file"));
}
TEST_F(BrokenLibraryTest, EmptyFile) {
    EXPECT_FAILED(loadFile(writeFile(root_ / "empty.so", "")), HasSubstr("is an empty file"));
}
TEST_F(BrokenLibraryTest, TextFile) {
    EXPECT_FAILED(loadFile(writeFile(root_ / "script.so", "INPUT(-lreal)\n")), HasSubstr("is a text file"));
}
TEST_F(BrokenLibraryTest, OtherBinaryFile) {
    EXPECT_FAILED(loadFile(writeFile(root_ / "image.so", "\x89PNG\r\n\x1a\n")), HasSubstr("is not a shared library"));
}
TEST_F(BrokenLibraryTest, ThirtyTwoBit) {
    EXPECT_FAILED(loadFile(patchedMock<uint8_t>(EI_CLASS, ELFCLASS32)),
                  HasSubstr("is a 32-bit library; this process is 64-bit"));
}
TEST_F(BrokenLibraryTest, BigEndian) {
    EXPECT_FAILED(loadFile(patchedMock<uint8_t>(EI_DATA, ELFDATA2MSB)), HasSubstr("big-endian"));
}
TEST_F(BrokenLibraryTest, OtherMachine) {
    EXPECT_FAILED(loadFile(patchedMock<uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_PPC64)),
                  HasSubstr("is built for POWER; this process is"));
}
TEST_F(BrokenLibraryTest, UnknownMachine) {
    EXPECT_FAILED(loadFile(patchedMock<uint16_t>(offsetof(Elf64_Ehdr, e_machine), 0xfefe)),
                  HasSubstr("is built for ELF machine 65278"));
}
TEST_F(BrokenLibraryTest, ObjectFile) {
    EXPECT_FAILED(loadFile(patchedMock<uint16_t>(offsetof(Elf64_Ehdr, e_type), ET_REL)),
                  HasSubstr("not a shared library"));
}
TEST_F(BrokenLibraryTest, ProgramHeadersOutsideTheFile) {
    EXPECT_FAILED(loadFile(patchedMock<uint64_t>(offsetof(Elf64_Ehdr, e_phoff), ~uint64_t{0} - 8)),
                  HasSubstr("truncated"));
}
// The dynamic linker maps what the headers promise: opening such a file would end in SIGBUS.
TEST_F(BrokenLibraryTest, TruncatedAnywhere) {
    const fs::path path = placeMock("good");
    for (const uintmax_t size :
         {fs::file_size(path) / 2, uintmax_t{4096}, uintmax_t{100}, uintmax_t{63}, uintmax_t{5}}) {
        fs::resize_file(path, size);
        EXPECT_FAILED(loadFile(path), HasSubstr("is a truncated shared library"));
    }
    EXPECT_THAT(events(), testing::IsEmpty());
}
TEST_F(BrokenLibraryTest, NoEntryPoint) {
    EXPECT_FAILED(loadOnly("no_entry_point"), HasSubstr("does not export hyBackendGetInterface"));
}
TEST_F(BrokenLibraryTest, UnresolvedSymbol) {
    EXPECT_FAILED(loadOnly("unresolved"),
                  AllOf(HasSubstr("cannot be loaded"), HasSubstr("halyardMockMissingFunction")));
}
TEST_F(BrokenLibraryTest, GetInterfaceFailsWithWords) {
    EXPECT_FAILED(loadOnly("get_fails"), "the mock wants another Halyard; update the mock");
}
TEST_F(BrokenLibraryTest, GetInterfaceFailsWithoutWords) {
    EXPECT_FAILED(loadOnly("get_silent"), "hyBackendGetInterface returned HY_ERROR_INTERNAL without any explanation");
}
TEST_F(BrokenLibraryTest, GetInterfaceReturnsNothing) {
    EXPECT_FAILED(loadOnly("get_null"), HasSubstr("returned HY_SUCCESS but no interface"));
}
TEST_F(BrokenLibraryTest, GetInterfaceThrows) {
    EXPECT_FAILED(loadOnly("get_throws"), "hyBackendGetInterface threw a C++ exception: mock exception");
}
TEST_F(BrokenLibraryTest, GetInterfaceAsksForTheCompilerTooEarly) {
    EXPECT_FAILED(loadOnly("get_uses_compiler"), AllOf(HasSubstr("jitCompile"), HasSubstr("initialise or later")));
}
// Its root table has eight bytes: only the version may be read.
TEST_F(BrokenLibraryTest, NewerMajor) {
    const BackendRecord seen = loadOnly("newer_major");
    EXPECT_FAILED(seen, AllOf(HasSubstr("built for backend ABI 2.2, this Halyard has 1.2"),
                              HasSubstr("install a newer Halyard")));
    EXPECT_EQ(seen.abiMajor, 2u);
    EXPECT_THAT(events(), ElementsAre("open newer_major"));
}
TEST_F(BrokenLibraryTest, OlderMajor) {
    EXPECT_FAILED(loadOnly("older_major"), HasSubstr("install a newer version of the backend"));
}
TEST_F(BrokenLibraryTest, ManifestOfAnotherMajorKeepsTheLibraryShut) {
    placeMock("good");
    writeFile(root_ / "lib/halyard/backends.d/good.json",
              R"({"halyardBackendManifest": 1, "name": "good", "library": "../good.so", "abi": "3.1"})");
    load();
    EXPECT_FAILED(record("good"), HasSubstr("built for backend ABI 3.1"));
    EXPECT_THAT(events(), testing::IsEmpty());
}
TEST_F(BrokenLibraryTest, RootTooSmall) {
    EXPECT_FAILED(loadOnly("small_root"), HasSubstr("has 40 bytes, fewer than the 88 of backend ABI 1.0"));
}
TEST_F(BrokenLibraryTest, RequiredFunctionsMissing) {
    EXPECT_FAILED(loadOnly("no_initialise"), HasSubstr("no initialise function"));
    fs::remove_all(root_ / "lib" / "halyard");
    EXPECT_FAILED(loadOnly("no_shutdown"), HasSubstr("no shutdown function"));
}
TEST_F(BrokenLibraryTest, BadNames) {
    EXPECT_FAILED(loadOnly("bad_name"), HasSubstr("the backend calls itself \"Not A Name\""));
    fs::remove_all(root_ / "lib" / "halyard");
    EXPECT_FAILED(loadOnly("null_name"), HasSubstr("the backend calls itself \"\""));
}
TEST_F(BrokenLibraryTest, InitialiseFailsWithWords) {
    EXPECT_FAILED(loadOnly("init_fails"), "the mock driver is too old (MOCK_ERROR_TOO_OLD, 35); install version 12 of "
                                          "the mock driver");
}
TEST_F(BrokenLibraryTest, InitialiseFailsWithoutWords) {
    EXPECT_FAILED(loadOnly("init_silent"), "initialise returned HY_ERROR_DEVICE_LOST without any explanation");
}
TEST_F(BrokenLibraryTest, InitialiseThrows) {
    EXPECT_FAILED(loadOnly("init_throws"), "initialise threw a C++ exception: mock exception");
    fs::remove_all(root_ / "lib" / "halyard");
    EXPECT_FAILED(loadOnly("init_throws_int"), "initialise threw a C++ exception of an unknown type");
}
TEST_F(BrokenLibraryTest, AbsentHardwareIsNoFailure) {
    const BackendRecord seen = loadOnly("no_hardware");
    EXPECT_EQ(seen.status, HY_BACKEND_SKIPPED);
    EXPECT_EQ(seen.reason, "no mock hardware in this machine");
}
TEST_F(BrokenLibraryTest, NoDevicesIsSkippedAndShutDown) {
    const BackendRecord seen = loadOnly("no_devices");
    EXPECT_EQ(seen.status, HY_BACKEND_SKIPPED);
    EXPECT_EQ(seen.reason, "the backend found no device");
    EXPECT_THAT(events(), Contains("shutdown no_devices"));
}
TEST_F(BrokenLibraryTest, CountFailsAndShutsDown) {
    EXPECT_FAILED(loadOnly("count_fails"), "the mock bus is gone");
    EXPECT_THAT(events(), Contains("shutdown count_fails"));
}
TEST_F(BrokenLibraryTest, AbsurdCount) {
    const BackendRecord seen = loadOnly("many_devices");
    EXPECT_FAILED(seen, HasSubstr("reports 4000000000 devices"));
    EXPECT_EQ(seen.deviceCount, 0u);
}
TEST_F(BrokenLibraryTest, NoDeviceTable) {
    EXPECT_FAILED(loadOnly("no_device_table"), HasSubstr("does not implement device.getCount"));
}
TEST_F(BrokenLibraryTest, ShutdownThrows) {
    placeBackend("shutdown_throws");
    const auto services = [](const std::string&) { return &testServices(); };
    const LoadResult result = loadBackends(places_, environment_, services, log_);
    ASSERT_EQ(result.records.size(), 1u);
    EXPECT_EQ(result.records[0].status, HY_BACKEND_SKIPPED);
    ASSERT_EQ(countLines(HY_LOG_WARNING), 1u);
    EXPECT_THAT(lines_[0].text, HasSubstr("shutdown threw a C++ exception: mock shutdown"));
}
// Reasons belong to records: the thread's own error stays what it was.
TEST_F(BrokenLibraryTest, ErrorRecordIsUntouched) {
    fail(HY_ERROR_MISALIGNED, "dst", "", "an earlier failure");
    EXPECT_FAILED(loadOnly("init_fails"), HasSubstr("too old"));
    HyErrorInfo info{};
    info.structSize = sizeof info;
    ASSERT_EQ(hyGetLastError(&info), HY_SUCCESS);
    EXPECT_EQ(info.code, HY_ERROR_MISALIGNED);
    EXPECT_STREQ(info.message, "an earlier failure");
}

} // namespace
} // namespace halyard::test
