// Where backends are found, in which order, and what makes two of them the same.
#include "fixture.h"

#include <cstdlib>
#include <map>
#include <optional>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Sets variables for one test.
class Environment {
public:
    void set(const char* name, const std::string& value) {
        if (const char* old = getenv(name); saved_.find(name) == saved_.end())
            saved_[name] = old != nullptr ? std::optional<std::string>(old) : std::nullopt;
        setenv(name, value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : saved_)
            value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }

private:
    std::map<std::string, std::optional<std::string>> saved_;
};

class SearchTest : public LoaderTest {
protected:
    // A manifest outside the runtime's directory that names a file that does not exist: enough to see whether it is
    // considered.
    fs::path manifestAt(const fs::path& path, const std::string& name, int priority = kDefaultPriority) {
        return writeFile(path, R"({"halyardBackendManifest": 1, "abi": "1.0", "library": "/nowhere/)" + name +
                                   R"(.so", "name": ")" + name + R"(", "priority": )" + std::to_string(priority) + "}");
    }
    std::vector<std::string> consideredNames() {
        std::vector<std::string> names;
        for (const Candidate& candidate : findCandidates(places_, log_))
            names.push_back(candidate.manifest.name);
        return names;
    }
    Environment environmentVariables_;
};

TEST_F(SearchTest, AddedFilesThenTheLibrarysDirectoryThenXdgInOrder) {
    manifestAt(root_ / "lib/halyard/backends.d/10-b.json", "beside2");
    manifestAt(root_ / "lib/halyard/backends.d/05-a.json", "beside1");
    manifestAt(root_ / "x1/halyard/backends.d/a.json", "xdg1");
    manifestAt(root_ / "x2/halyard/backends.d/a.json", "xdg2");
    places_.xdgDirectories = {root_ / "x1", root_ / "x2"};
    places_.addedFiles = manifestAt(root_ / "z.json", "added").string() + "::/opt/libhalyard_direct.so";
    EXPECT_THAT(consideredNames(), ElementsAre("added", "direct", "beside1", "beside2", "xdg1", "xdg2"));
}

TEST_F(SearchTest, ReplacingFilesAreAllThereIs) {
    manifestAt(root_ / "lib/halyard/backends.d/a.json", "beside");
    places_.addedFiles = manifestAt(root_ / "added.json", "added");
    places_.replacingFiles = manifestAt(root_ / "only.json", "only");
    EXPECT_THAT(consideredNames(), ElementsAre("only"));
}

TEST_F(SearchTest, PriorityGoesBeforeTheFileName) {
    manifestAt(root_ / "lib/halyard/backends.d/00-late.json", "late", 90);
    manifestAt(root_ / "lib/halyard/backends.d/10-normal.json", "normal");
    manifestAt(root_ / "lib/halyard/backends.d/99-first.json", "first", 0);
    EXPECT_THAT(consideredNames(), ElementsAre("first", "normal", "late"));
}

TEST_F(SearchTest, OtherFilesOfTheDirectoryAreNotManifests) {
    writeFile(root_ / "lib/halyard/backends.d/README", "x");
    writeFile(root_ / "lib/halyard/backends.d/a.json.disabled", "x");
    writeFile(root_ / "lib/halyard/backends.d/b.so", "x");
    EXPECT_THAT(consideredNames(), testing::IsEmpty());
}

TEST_F(SearchTest, SameFileIsConsideredOnce) {
    const fs::path path = manifestAt(root_ / "lib/halyard/backends.d/a.json", "one");
    fs::create_symlink(path, root_ / "lib/halyard/backends.d/b.json");
    places_.xdgDirectories = {root_ / "lib", root_ / "lib/../lib"};
    places_.addedFiles = path.string();
    EXPECT_THAT(consideredNames(), ElementsAre("one"));
}

TEST_F(SearchTest, RelativeEntriesAreRefusedEvenWhenTheFileExists) {
    placeMock("good");
    const fs::path before = fs::current_path();
    fs::current_path(root_ / "lib" / "halyard");
    places_.replacingFiles = "good.so:./good.so:backends.d/x.json";
    load();
    fs::current_path(before);
    ASSERT_EQ(result_.records.size(), 3u);
    for (const BackendRecord& seen : result_.records) {
        EXPECT_EQ(seen.status, HY_BACKEND_FAILED);
        EXPECT_THAT(seen.reason, AllOf(HasSubstr("HALYARD_BACKEND_FILES"), HasSubstr("give an absolute one")));
    }
    EXPECT_THAT(events(), testing::IsEmpty());
}

TEST_F(SearchTest, CurrentDirectoryIsNeverSearched) {
    manifestAt(root_ / "here/halyard/backends.d/a.json", "here");
    manifestAt(root_ / "here/backends.d/a.json", "here2");
    manifestAt(root_ / "here/a.json", "here3");
    const fs::path before = fs::current_path();
    fs::current_path(root_ / "here");
    places_.libraryDirectory.clear(); // as when dladdr fails
    environmentVariables_.set("XDG_CONFIG_HOME", "");
    environmentVariables_.set("XDG_CONFIG_DIRS", "relative:.");
    environmentVariables_.set("XDG_DATA_HOME", ".");
    environmentVariables_.set("XDG_DATA_DIRS", ":");
    environmentVariables_.set("HOME", "");
    places_.xdgDirectories = SearchPlaces::ofProcess(false).xdgDirectories;
    EXPECT_THAT(consideredNames(), testing::IsEmpty());
    fs::current_path(before);
}

TEST_F(SearchTest, LibraryNamedDirectlyLoads) {
    places_.replacingFiles = placeMock("good").string();
    load();
    EXPECT_THAT(loadedNames(), ElementsAre("good"));
    EXPECT_EQ(record("good").manifestPath, "");
    EXPECT_EQ(record("good").reason, "");
}

TEST_F(SearchTest, SecondOfTheSameNameIsSkippedAndNamesTheFirst) {
    placeBackend("good");
    const fs::path copy = root_ / "elsewhere.so";
    fs::copy_file(root_ / "lib/halyard/good.so", copy);
    placeManifest("x.json", "good", copy.string());
    load();
    ASSERT_EQ(result_.records.size(), 2u);
    EXPECT_EQ(result_.records[0].status, HY_BACKEND_LOADED);
    EXPECT_EQ(result_.records[1].status, HY_BACKEND_SKIPPED);
    EXPECT_EQ(result_.records[1].reason,
              "not used: " + result_.records[0].libraryPath + " already provides the backend \"good\"");
    EXPECT_THAT(events(), ElementsAre("open good", "initialise good"));
}

TEST_F(SearchTest, SecondOfTheSameNameByItsOwnWordIsNotStarted) {
    placeBackend("good");
    fs::copy_file(root_ / "lib/halyard/good.so", root_ / "elsewhere.so");
    placeManifest("x.json", "alias", (root_ / "elsewhere.so").string());
    load();
    EXPECT_THAT(loadedNames(), ElementsAre("good"));
    EXPECT_THAT(result_.records.at(1).reason, HasSubstr("already provides the backend \"good\""));
    EXPECT_THAT(events(), ElementsAre("open good", "initialise good", "open good"));
}

TEST_F(SearchTest, WorkingBackendReplacesABrokenOneOfTheSameName) {
    placeManifest("00-good.json", "good", "/nowhere/good.so");
    placeBackend("good");
    load();
    ASSERT_EQ(result_.records.size(), 2u);
    EXPECT_EQ(result_.records[0].status, HY_BACKEND_FAILED);
    EXPECT_EQ(result_.records[1].status, HY_BACKEND_LOADED);
}

TEST_F(SearchTest, OneLibraryInTwoManifestsIsOpenedOnce) {
    placeBackend("no_devices");
    placeManifest("x.json", "second", "../../halyard/no_devices.so");
    load();
    EXPECT_EQ(record("second").status, HY_BACKEND_SKIPPED);
    EXPECT_THAT(record("second").reason, AllOf(HasSubstr("same library"), HasSubstr("no_devices.json")));
}

TEST_F(SearchTest, LibraryThatItsFirstManifestRuledOutMayHaveASecond) {
    placeBackend("good", R"(, "probes": [{"anyOf": [{"device": "/dev/halyard-absent"}]}])");
    placeManifest("x.json", "good", "../good.so");
    load();
    EXPECT_THAT(loadedNames(), ElementsAre("good"));
}

TEST_F(SearchTest, ProcessPlacesFollowTheEnvironment) {
    environmentVariables_.set("HALYARD_BACKEND_FILES", "/a.json");
    environmentVariables_.set("HALYARD_ADD_BACKEND_FILES", "/b.json");
    environmentVariables_.set("XDG_CONFIG_HOME", "/ch");
    environmentVariables_.set("XDG_CONFIG_DIRS", "/c1:relative:/c2");
    environmentVariables_.set("XDG_DATA_HOME", "");
    environmentVariables_.set("HOME", "/h");
    environmentVariables_.set("XDG_DATA_DIRS", "/d1");
    const SearchPlaces places = SearchPlaces::ofProcess(false);
    EXPECT_EQ(places.replacingFiles, "/a.json");
    EXPECT_EQ(places.addedFiles, "/b.json");
    EXPECT_EQ(fs::canonical(places.libraryDirectory), fs::read_symlink("/proc/self/exe").parent_path());
    EXPECT_THAT(places.xdgDirectories, ElementsAre("/ch", "/c1", "/c2", "/h/.local/share", "/d1"));
}

TEST_F(SearchTest, ElevatedProcessTrustsNothingOfItsUser) {
    for (const char* name : {"HALYARD_BACKEND_FILES", "HALYARD_ADD_BACKEND_FILES", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS",
                             "XDG_DATA_HOME", "XDG_DATA_DIRS", "HOME"})
        environmentVariables_.set(name, "/user");
    const SearchPlaces places = SearchPlaces::ofProcess(true);
    EXPECT_EQ(places.replacingFiles, "");
    EXPECT_EQ(places.addedFiles, "");
    EXPECT_THAT(places.xdgDirectories, ElementsAre("/etc/xdg", "/usr/local/share", "/usr/share"));
    EXPECT_FALSE(isElevatedProcess());
}

TEST_F(SearchTest, LoadsThroughTheEnvironment) {
    environmentVariables_.set("HALYARD_BACKEND_FILES", placeMock("good").string() + ":" + placeMock("other").string());
    const auto services = [](const std::string&) { return &testServices(); };
    const LoadResult result = loadBackends(services, log_);
    ASSERT_EQ(result.backends.size(), 2u);
    EXPECT_EQ(result.backends[0]->name, "good");
    EXPECT_EQ(result.backends[1]->name, "other");
}

} // namespace
} // namespace halyard::test
