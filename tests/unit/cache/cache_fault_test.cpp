// Damage, hostile directories and failing file systems: always a miss, never an error.
#include "cache_fixture.h"

#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace halyard::test {
namespace {

class CacheFaultTest : public CacheTest {
protected:
    // Puts one entry and lets `damage` change the file's bytes; then a get must remove it and a put must heal it.
    void expectCorrupt(const char* what, const std::function<void(std::string&)>& damage) {
        SCOPED_TRACE(what);
        Cache cache(log_, counters_);
        const CacheKey key = keyOf("entry");
        cache.put(key, payload(1000));
        ASSERT_EQ(files().size(), 1u);
        std::string bytes;
        {
            std::ifstream in(files()[0], std::ios::binary);
            bytes.assign(std::istreambuf_iterator<char>(in), {});
        }
        ASSERT_EQ(bytes.size(), 1064u);
        damage(bytes);
        std::ofstream(files()[0], std::ios::binary | std::ios::trunc) << bytes;
        const uint64_t before = counters_.cacheCorrupt;
        EXPECT_EQ(cache.get(key), nullptr);
        EXPECT_EQ(counters_.cacheCorrupt, before + 1);
        EXPECT_TRUE(files().empty());
        cache.put(key, payload(1000));
        EXPECT_NE(cache.get(key), nullptr);
    }
};

TEST_F(CacheFaultTest, EachDamagedFieldIsNoticed) {
    struct Field {
        const char* name;
        size_t offset;
    };
    for (const Field field : {Field{"magic", 0}, Field{"version", 4}, Field{"key", 8}, Field{"last of key", 39},
                              Field{"length", 40}, Field{"huge length", 47}, Field{"checksum", 48},
                              Field{"first of payload", 64}, Field{"last of payload", 1063}})
        expectCorrupt(field.name,
                      [&](std::string& bytes) { bytes[field.offset] = static_cast<char>(bytes[field.offset] ^ 0x40); });
}

TEST_F(CacheFaultTest, AWrongLengthIsNoticed) {
    expectCorrupt("empty", [](std::string& bytes) { bytes.clear(); });
    expectCorrupt("half a header", [](std::string& bytes) { bytes.resize(32); });
    expectCorrupt("header alone", [](std::string& bytes) { bytes.resize(64); });
    expectCorrupt("one byte short", [](std::string& bytes) { bytes.pop_back(); });
    expectCorrupt("one byte long", [](std::string& bytes) { bytes.push_back('x'); });
    expectCorrupt("zeros", [](std::string& bytes) { bytes.assign(bytes.size(), '\0'); });
}

TEST_F(CacheFaultTest, AnEntryOfAnotherKeyIsNotReturned) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    const fs::path a = files()[0];
    cache.put(keyOf("b"), payload(10, 2));
    for (const fs::path& path : files()) {
        if (path != a)
            fs::copy_file(a, path, fs::copy_options::overwrite_existing);
    }
    EXPECT_EQ(cache.get(keyOf("b")), nullptr);
    EXPECT_EQ(counters_.cacheCorrupt, 1u);
}

TEST_F(CacheFaultTest, ABlobOutlivesItsFile) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(100'000));
    const auto blob = cache.get(keyOf("a"));
    ASSERT_NE(blob, nullptr);
    ASSERT_EQ(truncate(files()[0].c_str(), 0), 0);
    const std::vector<std::byte> expected = payload(100'000);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), blob->bytes().begin(), blob->bytes().end()));
}

TEST_F(CacheFaultTest, ADirectoryThatOthersMayWriteIsRefused) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    for (const auto permission : {fs::perms::group_write, fs::perms::others_write}) {
        fs::permissions(directory_, fs::perms::owner_all | permission);
        EXPECT_EQ(cache.get(keyOf("a")), nullptr);
        cache.put(keyOf("b"), payload(10));
        EXPECT_EQ(files().size(), 1u);
    }
    EXPECT_TRUE(logged("chmod go-w"));
    fs::permissions(directory_, fs::perms::owner_all);
    EXPECT_NE(cache.get(keyOf("a")), nullptr);
}

TEST_F(CacheFaultTest, AnEntryThatOthersMayWriteIsRefused) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    fs::permissions(files()[0], fs::perms::owner_read | fs::perms::others_write);
    EXPECT_EQ(cache.get(keyOf("a")), nullptr);
    EXPECT_EQ(counters_.cacheCorrupt, 1u);
}

TEST_F(CacheFaultTest, ASymbolicLinkOrAFifoIsNoEntry) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    const fs::path file = files()[0];
    fs::rename(file, root_ / "elsewhere");
    fs::create_symlink(root_ / "elsewhere", file);
    EXPECT_EQ(cache.get(keyOf("a")), nullptr);
    fs::remove(file);
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    EXPECT_EQ(cache.get(keyOf("a")), nullptr); // and does not block
}

// Runs `body` as an ordinary user in a child process: root passes every permission check. True when it exited with 0.
bool asOrdinaryUser(const fs::path& root, const std::function<bool()>& body) {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 && chown(root.c_str(), kNobody, kNobody) != 0)
        return false;
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0)
            _exit(2);
        _exit(body() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(CacheFaultTest, AnotherUsersDirectoryIsRefused) {
    if (geteuid() == 0) {
        fs::create_directory(directory_);
        ASSERT_EQ(chown(directory_.c_str(), 65534, 65534), 0);
    } else {
        setenv("HALYARD_CACHE_DIR", "/usr", 1);
    }
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    EXPECT_EQ(cache.get(keyOf("a")), nullptr);
    EXPECT_TRUE(logged("belongs to user"));
    EXPECT_EQ(counters_.cacheWrites, 0u);
}

TEST_F(CacheFaultTest, AnUnwritableDirectoryIsAMissLoggedOnce) {
    EXPECT_TRUE(asOrdinaryUser(root_, [&] {
        if (chmod(root_.c_str(), 0500) != 0)
            return false;
        Cache cache(log_, counters_);
        for (int i = 0; i < 3; ++i) {
            cache.put(keyOf("a"), payload(10));
            if (cache.get(keyOf("a")) != nullptr)
                return false;
        }
        return counters_.cacheWrites == 0 && logged("cannot create") &&
               std::count(lines_.begin(), lines_.end(), '\n') == 1;
    }));
}

TEST_F(CacheFaultTest, AFileInThePlaceOfTheDirectoryIsAMiss) {
    std::ofstream(directory_) << "x";
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    EXPECT_EQ(cache.get(keyOf("a")), nullptr);
    EXPECT_TRUE(logged("cannot open"));
}

TEST_F(CacheFaultTest, AFullDiskLeavesNothingBehind) {
    // The file size limit stands for the full disk: the write fails part of the way. SIGXFSZ must not end the process.
    const pid_t child = fork();
    if (child == 0) {
        const rlimit limit{4096, 4096};
        setrlimit(RLIMIT_FSIZE, &limit);
        Cache cache(log_, counters_);
        cache.put(keyOf("a"), payload(100'000));
        const bool healthy = cache.get(keyOf("a")) == nullptr && counters_.cacheWrites == 0;
        size_t left = 0;
        for (const auto& entry : fs::recursive_directory_iterator(directory_))
            left += entry.is_regular_file();
        cache.put(keyOf("small"), payload(100));
        _exit(healthy && left == 0 && cache.get(keyOf("small")) != nullptr ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(CacheFaultTest, LeftoverTemporaryFilesGoAfterAnHour) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10)); // the first put scans: nothing to find yet
    const fs::path folder = files()[0].parent_path();
    std::ofstream(folder / "tmp-1-0-0-0") << "half an entry";
    std::ofstream(folder / "tmp-1-0-0-1") << "half an entry";
    fs::last_write_time(folder / "tmp-1-0-0-0", fs::file_time_type::clock::now() - std::chrono::hours(2));
    for (int i = 0; i < 40; ++i)
        cache.put(keyOf(std::to_string(i)), payload(10));
    EXPECT_FALSE(fs::exists(folder / "tmp-1-0-0-0"));
    EXPECT_TRUE(fs::exists(folder / "tmp-1-0-0-1"));
    EXPECT_NE(cache.get(keyOf("a")), nullptr);
}

} // namespace
} // namespace halyard::test
