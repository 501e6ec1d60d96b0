// One broken backend never hides the others: every mock there is, side by side.
#include "fixture.h"

#include <algorithm>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;

class AllAtOnceTest : public LoaderTest {};

TEST_F(AllAtOnceTest, GoodBackendsSurviveTheBrokenOnes) {
    size_t mocks = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(MOCK_DIRECTORY)) {
        const std::string name = entry.path().stem();
        // The last one would add a warning of its own, about its end.
        if (name == "shutdown_throws" || name.starts_with("null_driver"))
            continue;
        placeBackend(name);
        ++mocks;
    }
    writeFile(root_ / "lib/halyard/backends.d/00-broken.json", "{");
    writeFile(root_ / "lib/halyard/text.so", "not a library");
    placeManifest("01-text.json", "text", "../text.so");
    placeManifest("02-missing.json", "missing", "../missing.so");
    load();
    EXPECT_EQ(result_.records.size(), mocks + 3);
    EXPECT_THAT(loadedNames(),
                testing::ElementsAre("good", "half_slot", "newer_minor", "no_tables", "other", "shorter_tables"));
    const auto failed = std::count_if(result_.records.begin(), result_.records.end(),
                                      [](const BackendRecord& record) { return record.status == HY_BACKEND_FAILED; });
    // Skipped, not failed: no_devices and no_hardware.
    EXPECT_EQ(static_cast<size_t>(failed), result_.records.size() - loadedNames().size() - 2);
}

TEST_F(AllAtOnceTest, NothingAtAllIsAnEmptyResult) {
    load();
    EXPECT_TRUE(result_.records.empty());
    EXPECT_TRUE(result_.backends.empty());
}

} // namespace
} // namespace halyard::test
