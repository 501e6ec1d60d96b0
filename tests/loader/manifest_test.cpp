// Manifests: what is accepted, and the words for what is not.
#include "fixture.h"

#include <fmt/format.h>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class ManifestTest : public LoaderTest {
protected:
    std::string parse(std::string_view text) {
        manifest_ = {};
        return parseManifest(text, "/opt/lib/halyard/backends.d", manifest_, log_);
    }
    // A manifest whose only unusual part is `more`.
    std::string parseWith(const std::string& more) {
        return parse(fmt::format(
            R"({{"halyardBackendManifest": 1, "name": "it", "library": "../it.so", "abi": "1.0", {}}})", more));
    }
    Manifest manifest_;
};

TEST_F(ManifestTest, Complete) {
    EXPECT_EQ(parseWith(R"("priority": 7, "somethingLater": {"a": [1]}, "probes": [
        {"anyOf": [{"soname": "libcuda.so.1"}, {"device": "/dev/nvidia0"}, {"pciVendor": "0x10DE"}], "hint": "install it"},
        {"anyOf": [{"device": "/dev/x"}]}])"),
              "");
    EXPECT_EQ(manifest_.name, "it");
    EXPECT_EQ(manifest_.library, "/opt/lib/halyard/it.so");
    EXPECT_EQ(manifest_.abiMajor, 1u);
    EXPECT_EQ(manifest_.abiMinor, 0u);
    EXPECT_EQ(manifest_.priority, 7);
    ASSERT_EQ(manifest_.probes.size(), 2u);
    const ProbeGroup& group = manifest_.probes[0];
    EXPECT_EQ(group.hint, "install it");
    ASSERT_EQ(group.anyOf.size(), 3u);
    EXPECT_EQ(std::get<SonameProbe>(group.anyOf[0]).soname, "libcuda.so.1");
    EXPECT_EQ(std::get<DeviceProbe>(group.anyOf[1]).path, "/dev/nvidia0");
    EXPECT_EQ(std::get<PciVendorProbe>(group.anyOf[2]).vendor, 0x10de);
    EXPECT_EQ(manifest_.probes[1].hint, "");
}

TEST_F(ManifestTest, LibraryPaths) {
    const auto library = [this](const char* path) {
        EXPECT_EQ(
            parse(fmt::format(R"({{"halyardBackendManifest": 1, "name": "it", "library": "{}", "abi": "1.0"}})", path)),
            "");
        return manifest_.library;
    };
    EXPECT_EQ(library("/abs/it.so"), "/abs/it.so");
    EXPECT_EQ(library("it.so"), "/opt/lib/halyard/backends.d/it.so"); // never a search by the dynamic linker
    EXPECT_EQ(library("../../../../../../../etc/passwd"), "/etc/passwd");
}

TEST_F(ManifestTest, NotAManifest) {
    EXPECT_EQ(parse(""), "is not JSON");
    EXPECT_EQ(parse("{\"name\": "), "is not JSON");
    EXPECT_EQ(parse("{} // comment"), "is not JSON");
    EXPECT_EQ(parse(std::string("\xff\xfe\0{", 4)), "is not JSON");
    EXPECT_EQ(parse("[1]"), "must be a JSON object");
    EXPECT_THAT(parse("{}"), HasSubstr("\"halyardBackendManifest\" is missing"));
    EXPECT_THAT(parse(R"({"ICD": {"library_path": "x"}})"), HasSubstr("not a backend manifest"));
}

TEST_F(ManifestTest, DeepNestingIsHarmless) {
    EXPECT_EQ(parse(std::string(500000, '[')), "is not JSON");
    EXPECT_EQ(parseWith("\"deep\": " + std::string(100000, '[') + std::string(100000, ']')), "");
}

TEST_F(ManifestTest, FormatVersion) {
    EXPECT_THAT(parse(R"({"halyardBackendManifest": 2})"), AllOf(HasSubstr("format 2"), HasSubstr("update Halyard")));
    for (const char* version : {"0", "-1", "1.0", "\"1\"", "null", "true"})
        EXPECT_EQ(parse(fmt::format(R"({{"halyardBackendManifest": {}}})", version)),
                  "\"halyardBackendManifest\" must be 1")
            << version;
    EXPECT_NE(parse(R"({"halyardBackendManifest": 18446744073709551615})"), "");
}

TEST_F(ManifestTest, FieldsMissingOrOfAnotherType) {
    EXPECT_EQ(parse(R"({"halyardBackendManifest": 1, "library": "x", "abi": "1.0"})"), "\"name\" is missing");
    EXPECT_EQ(parse(R"({"halyardBackendManifest": 1, "name": "x", "abi": "1.0"})"), "\"library\" is missing");
    EXPECT_EQ(parse(R"({"halyardBackendManifest": 1, "name": "x", "library": "x"})"), "\"abi\" is missing");
    for (const char* value : {"7", "null", "\"\"", "[]", "\"a\\u0000b\""}) {
        EXPECT_THAT(
            parse(fmt::format(R"({{"halyardBackendManifest": 1, "name": "x", "library": {}, "abi": "1.0"}})", value)),
            HasSubstr("\"library\" must be a string"))
            << value;
        EXPECT_THAT(
            parse(fmt::format(R"({{"halyardBackendManifest": 1, "name": {}, "library": "x", "abi": "1.0"}})", value)),
            HasSubstr("\"name\" must be a string"))
            << value;
    }
}

TEST_F(ManifestTest, Names) {
    const auto parseName = [this](const std::string& name) {
        return parse(
            fmt::format(R"({{"halyardBackendManifest": 1, "name": "{}", "library": "x", "abi": "1.0"}})", name));
    };
    EXPECT_EQ(parseName("level_zero"), "");
    EXPECT_EQ(parseName(std::string(31, 'a')), "");
    for (const std::string& name : {std::string("CUDA"), std::string("cuda:0"), std::string("0x"), std::string("a b"),
                                    std::string("uuid"), std::string("\xc3\xa9t\xc3\xa9"), std::string(32, 'a')})
        EXPECT_THAT(parseName(name), HasSubstr("\"name\" is \"")) << name;
}

TEST_F(ManifestTest, Abi) {
    for (const char* abi : {"1", "1.", ".0", "1.0.0", "one", "-1.0", " 1.0", "1.0 ", "65536.0", "1.65536", "1,0"})
        EXPECT_THAT(
            parse(fmt::format(R"({{"halyardBackendManifest": 1, "name": "x", "library": "x", "abi": "{}"}})", abi)),
            HasSubstr("\"abi\" must be"))
            << abi;
}

TEST_F(ManifestTest, Priority) {
    for (const char* priority : {"-1", "1000", "1.5", "\"1\"", "null", "18446744073709551615"})
        EXPECT_THAT(parseWith(fmt::format("\"priority\": {}", priority)), HasSubstr("\"priority\" must be"))
            << priority;
}

TEST_F(ManifestTest, ProbeFaultsNameTheField) {
    const auto probes = [this](const std::string& text) { return parseWith("\"probes\": " + text); };
    EXPECT_EQ(probes("{}"), "\"probes\" must be an array");
    EXPECT_EQ(probes("[]"), "");
    EXPECT_THAT(probes("[7]"), HasSubstr("\"probes[0].anyOf\" must be an array"));
    EXPECT_THAT(probes(R"([{"anyOf": []}])"), HasSubstr("\"probes[0].anyOf\" must be an array"));
    EXPECT_THAT(probes(R"([{"anyOf": [{"device": "/x"}], "hint": 4}])"),
                HasSubstr("\"probes[0].hint\" must be a string"));
    EXPECT_THAT(probes(R"([{"anyOf": [{"device": "/x"}, {"soname": 5}]}])"),
                HasSubstr("\"probes[0].anyOf[1].soname\" must be a string"));
    EXPECT_THAT(probes(R"([{"anyOf": [{"soname": "../evil.so"}]}])"), HasSubstr("without '/'"));
    EXPECT_THAT(probes(R"([{"anyOf": [{"device": "dri/card0"}]}])"), HasSubstr("must be an absolute path"));
    for (const char* vendor : {"10de", "0x10d", "0x10de0", "0x10dg", "0x-1de"})
        EXPECT_THAT(probes(fmt::format(R"([{{"anyOf": [{{"pciVendor": "{}"}}]}}])", vendor)), HasSubstr("hexadecimal"))
            << vendor;
    EXPECT_THAT(probes(R"([{"anyOf": [{"device": "/x", "soname": "y"}]}])"), HasSubstr("one key"));
}

TEST_F(ManifestTest, UnknownProbeKindIsNotedAndCannotRuleOut) {
    EXPECT_EQ(parseWith(R"("probes": [{"anyOf": [{"phaseOfMoon": {"min": 3}}]}])"), "");
    ASSERT_EQ(lines_.size(), 1u);
    EXPECT_EQ(lines_[0].level, HY_LOG_DEBUG);
    EXPECT_THAT(lines_[0].text, HasSubstr("\"phaseOfMoon\""));
    EXPECT_EQ(checkProbes(manifest_.probes, environment_), "");
}

TEST_F(ManifestTest, FaultsBecomeRecordsThatNameTheFile) {
    const fs::path path = writeFile(root_ / "lib/halyard/backends.d/bad.json", R"({"halyardBackendManifest": 1})");
    load();
    ASSERT_EQ(result_.records.size(), 1u);
    const BackendRecord& seen = result_.records[0];
    EXPECT_EQ(seen.status, HY_BACKEND_FAILED);
    EXPECT_EQ(seen.name, "bad.json");
    EXPECT_EQ(seen.manifestPath, path);
    EXPECT_EQ(seen.libraryPath, "");
    EXPECT_EQ(seen.reason, "manifest " + path.string() + ": \"name\" is missing");
}

TEST_F(ManifestTest, HugeFileIsRefused) {
    writeFile(root_ / "lib/halyard/backends.d/huge.json", "{\"a\": \"" + std::string(1 << 20, 'x') + "\"}");
    load();
    ASSERT_EQ(result_.records.size(), 1u);
    EXPECT_THAT(result_.records[0].reason, HasSubstr("larger than 1048576 bytes"));
}

TEST_F(ManifestTest, DirectoryAndDanglingLinkNamedJson) {
    fs::create_directory(root_ / "lib/halyard/backends.d/a.json");
    fs::create_symlink("/nowhere", root_ / "lib/halyard/backends.d/b.json");
    load();
    ASSERT_EQ(result_.records.size(), 2u);
    EXPECT_THAT(record("a.json").reason, HasSubstr("not a regular file"));
    EXPECT_THAT(record("b.json").reason, HasSubstr("cannot be opened"));
}

TEST_F(ManifestTest, NameDiffersFromTheLibrary) {
    placeMock("good");
    placeManifest("x.json", "alias", "../good.so");
    load();
    EXPECT_THAT(loadedNames(), testing::ElementsAre("good"));
    EXPECT_THAT(record("good").reason, AllOf(HasSubstr("\"alias\""), HasSubstr("\"good\", which is used")));
    EXPECT_THAT(servicesAsked_, testing::ElementsAre("good"));
}

TEST_F(ManifestTest, EscapingPathToAnotherFileSaysWhatThatFileIs) {
    placeManifest("x.json", "x", "../../../../../../../../../../etc/passwd");
    load();
    EXPECT_EQ(record("x").libraryPath, "/etc/passwd");
    EXPECT_THAT(record("x").reason, HasSubstr("/etc/passwd is a text file"));
}

} // namespace
} // namespace halyard::test
