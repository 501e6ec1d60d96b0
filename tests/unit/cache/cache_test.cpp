// What a cache promises when nothing goes wrong.
#include "cache_fixture.h"

#include <chrono>
#include <sys/stat.h>

namespace halyard::test {
namespace {

TEST_F(CacheTest, ReturnsWhatWasPut) {
    Cache cache(log_, counters_);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{100'000}, size_t{3'000'001}}) {
        const CacheKey key = keyOf(std::to_string(size));
        EXPECT_EQ(cache.get(key), nullptr);
        cache.put(key, payload(size));
        const auto blob = cache.get(key);
        ASSERT_NE(blob, nullptr) << size;
        const std::vector<std::byte> expected = payload(size);
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), blob->bytes().begin(), blob->bytes().end())) << size;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(blob->bytes().data()) % 16, 0u);
    }
    EXPECT_EQ(counters_.cacheMisses, 6u);
    EXPECT_EQ(counters_.cacheHits, 6u);
    EXPECT_EQ(counters_.cacheWrites, 6u);
    EXPECT_EQ(counters_.cacheCorrupt, 0u);
    EXPECT_EQ(lines_, "");
}

TEST_F(CacheTest, AnotherInstanceFindsIt) {
    Cache(log_, counters_).put(keyOf("a"), payload(10));
    EXPECT_NE(Cache(log_, counters_).get(keyOf("a")), nullptr);
}

TEST_F(CacheTest, KeysSeparateTheirParts) {
    const auto key = [](std::initializer_list<std::string_view> texts) {
        std::vector<std::span<const std::byte>> parts;
        for (const std::string_view text : texts)
            parts.push_back(std::as_bytes(std::span(text)));
        return Cache::makeKey(parts);
    };
    EXPECT_NE(key({"ab", "c"}), key({"a", "bc"}));
    EXPECT_NE(key({"ab"}), key({"ab", ""}));
    EXPECT_EQ(key({"ab", "c"}), key({"ab", "c"}));
    // SHA-256 of the eight length bytes 03 00 .. 00 and "abc", by sha256sum.
    constexpr CacheKey kExpected = {0xce, 0x91, 0xdc, 0x5e, 0xec, 0x01, 0x39, 0xad, 0xf0, 0x91, 0x90,
                                    0x0d, 0x22, 0x59, 0x71, 0xd6, 0xad, 0x24, 0x6a, 0x84, 0x5b, 0xad,
                                    0x79, 0x1b, 0x56, 0x93, 0xa9, 0xd0, 0xd5, 0x5d, 0xd3, 0x91};
    EXPECT_EQ(key({"abc"}), kExpected);
}

TEST_F(CacheTest, ConstructionAndMissesTouchNoFile) {
    Cache cache(log_, counters_);
    EXPECT_EQ(cache.get(keyOf("a")), nullptr);
    EXPECT_FALSE(fs::exists(directory_));
    EXPECT_EQ(cache.directory(), directory_);
}

TEST_F(CacheTest, FilesAreForTheUserAlone) {
    const mode_t before = umask(0);
    setenv("HALYARD_CACHE_DIR", (directory_ / "deep" / "er").c_str(), 1);
    Cache(log_, counters_).put(keyOf("a"), payload(10));
    umask(before);
    ASSERT_EQ(files().size(), 1u);
    for (fs::path path = files()[0]; path != root_; path = path.parent_path()) {
        struct stat status {};
        ASSERT_EQ(stat(path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 077, 0u) << path;
    }
}

TEST_F(CacheTest, SizeZeroSwitchesItOff) {
    setenv("HALYARD_CACHE_SIZE_MB", "0", 1);
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    EXPECT_EQ(cache.get(keyOf("a")), nullptr);
    EXPECT_TRUE(cache.directory().empty());
    EXPECT_FALSE(fs::exists(directory_));
    EXPECT_EQ(counters_.cacheWrites, 0u);
}

TEST_F(CacheTest, ARelativeDirectoryIsRefused) {
    setenv("HALYARD_CACHE_DIR", "somewhere", 1);
    Cache cache(log_, counters_);
    EXPECT_TRUE(cache.directory().empty());
    EXPECT_TRUE(logged("absolute"));
}

TEST_F(CacheTest, DefaultsToTheUsersCacheDirectory) {
    unsetenv("HALYARD_CACHE_DIR");
    setenv("XDG_CACHE_HOME", root_.c_str(), 1);
    EXPECT_EQ(Cache(log_, counters_).directory(), root_ / "halyard");
    unsetenv("XDG_CACHE_HOME");
}

void age(const fs::path& path, int seconds) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
}

TEST_F(CacheTest, EvictsTheLeastRecentlyUsed) {
    setenv("HALYARD_CACHE_SIZE_MB", "1", 1);
    Cache cache(log_, counters_);
    constexpr size_t kSize = 200'000; // five fit
    std::vector<fs::path> known;
    for (int i = 0; i < 5; ++i) {
        cache.put(keyOf(std::to_string(i)), payload(kSize));
        for (const fs::path& path : files()) {
            if (std::find(known.begin(), known.end(), path) == known.end()) {
                known.push_back(path);
                age(path, 10'000 * (5 - i));
            }
        }
    }
    ASSERT_EQ(known.size(), 5u);
    EXPECT_NE(cache.get(keyOf("0")), nullptr); // the oldest becomes the youngest
    cache.put(keyOf("5"), payload(kSize));
    EXPECT_NE(cache.get(keyOf("0")), nullptr);
    EXPECT_EQ(cache.get(keyOf("1")), nullptr);
    EXPECT_EQ(cache.get(keyOf("2")), nullptr); // down to nine tenths
    EXPECT_NE(cache.get(keyOf("3")), nullptr);
    EXPECT_NE(cache.get(keyOf("5")), nullptr);
    uint64_t total = 0;
    for (const fs::path& path : files())
        total += fs::file_size(path);
    EXPECT_LE(total, 1u << 20);
}

TEST_F(CacheTest, AHitIsNotedAtMostOnceAnHour) {
    Cache cache(log_, counters_);
    cache.put(keyOf("a"), payload(10));
    age(files()[0], 1800);
    const auto before = fs::last_write_time(files()[0]);
    EXPECT_NE(cache.get(keyOf("a")), nullptr);
    EXPECT_EQ(fs::last_write_time(files()[0]), before);
    age(files()[0], 4000);
    EXPECT_NE(cache.get(keyOf("a")), nullptr);
    EXPECT_GT(fs::last_write_time(files()[0]), before);
}

TEST_F(CacheTest, AnEntryLargerThanTheLimitIsNotKept) {
    setenv("HALYARD_CACHE_SIZE_MB", "1", 1);
    Cache cache(log_, counters_);
    cache.put(keyOf("big"), payload(2'000'000));
    EXPECT_EQ(cache.get(keyOf("big")), nullptr);
    EXPECT_EQ(counters_.cacheWrites, 0u);
}

TEST_F(CacheTest, EvictionLeavesForeignFilesAlone) {
    setenv("HALYARD_CACHE_SIZE_MB", "1", 1);
    fs::create_directories(directory_ / "ab");
    fs::permissions(directory_, fs::perms::owner_all);
    std::ofstream(directory_ / "ab" / "notes.txt") << std::string(2'000'000, 'x');
    std::ofstream(directory_ / "thesis.hyc1") << std::string(2'000'000, 'x');
    Cache cache(log_, counters_);
    for (int i = 0; i < 20; ++i)
        cache.put(keyOf(std::to_string(i)), payload(100'000));
    EXPECT_TRUE(fs::exists(directory_ / "ab" / "notes.txt"));
    EXPECT_TRUE(fs::exists(directory_ / "thesis.hyc1"));
}

} // namespace
} // namespace halyard::test
