// Directories of the user, by the XDG base directory specification.
#include "base/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>

namespace halyard {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;

class PathsTest : public testing::Test {
protected:
    PathsTest() {
        for (const char* name :
             {"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS"}) {
            const char* value = getenv(name);
            saved_[name] = value != nullptr ? std::optional<std::string>(value) : std::nullopt;
            unsetenv(name);
        }
    }
    ~PathsTest() override {
        for (const auto& [name, value] : saved_)
            value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }

private:
    std::map<std::string, std::optional<std::string>> saved_;
};

TEST_F(PathsTest, DefaultsWithoutAHome) {
    EXPECT_EQ(userCacheDirectory(), "");
    EXPECT_THAT(xdgSearchDirectories(), ElementsAre("/etc/xdg", "/usr/local/share", "/usr/share"));
}

TEST_F(PathsTest, DefaultsWithAHome) {
    setenv("HOME", "/home/me", 1);
    EXPECT_EQ(userCacheDirectory(), "/home/me/.cache");
    EXPECT_THAT(xdgSearchDirectories(),
                ElementsAre("/home/me/.config", "/etc/xdg", "/home/me/.local/share", "/usr/local/share", "/usr/share"));
}

TEST_F(PathsTest, VariablesWinOverTheHome) {
    setenv("HOME", "/home/me", 1);
    setenv("XDG_CACHE_HOME", "/cache", 1);
    setenv("XDG_CONFIG_HOME", "/config", 1);
    setenv("XDG_CONFIG_DIRS", "/c1:/c2", 1);
    setenv("XDG_DATA_HOME", "/data", 1);
    setenv("XDG_DATA_DIRS", "/d1", 1);
    EXPECT_EQ(userCacheDirectory(), "/cache");
    EXPECT_THAT(xdgSearchDirectories(), ElementsAre("/config", "/c1", "/c2", "/data", "/d1"));
}

TEST_F(PathsTest, RelativeEntriesAreDropped) {
    setenv("HOME", "home", 1);
    setenv("XDG_CACHE_HOME", "./cache", 1);
    setenv("XDG_CONFIG_DIRS", "c1::.:/c2:", 1);
    setenv("XDG_DATA_DIRS", ":", 1);
    EXPECT_EQ(userCacheDirectory(), "");
    EXPECT_THAT(xdgSearchDirectories(), ElementsAre("/c2"));
}

TEST_F(PathsTest, LibraryDirectoryIsWhereThisCodeLies) {
    EXPECT_EQ(fs::canonical(libraryDirectory()), fs::read_symlink("/proc/self/exe").parent_path());
}

} // namespace
} // namespace halyard
