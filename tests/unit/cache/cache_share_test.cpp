// Many threads and processes on one directory.
#include "cache_fixture.h"

#include <atomic>
#include <chrono>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace halyard::test {
namespace {

// Puts and gets 16 keys whose payload follows from the key; false when a get returned anything but that payload.
bool hammer(Cache& cache, unsigned seed, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        const unsigned which = (seed * 7 + static_cast<unsigned>(i) * 5) % 16;
        const CacheKey key = keyOf(std::to_string(which));
        const std::vector<std::byte> expected = payload(20'000 + which * 1000, which);
        if (i % 3 == 0)
            cache.put(key, expected);
        const auto blob = cache.get(key);
        if (blob != nullptr &&
            !std::equal(expected.begin(), expected.end(), blob->bytes().begin(), blob->bytes().end()))
            return false;
    }
    return true;
}

TEST_F(CacheTest, EightThreadsShareOneCache) {
    Cache cache(log_, counters_);
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 8; ++t)
        threads.emplace_back([&, t] { good += hammer(cache, t, 60); });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(good, 8);
    EXPECT_EQ(counters_.cacheCorrupt, 0u);
    EXPECT_GT(counters_.cacheHits, 0u);
}

// A limit so small that they evict each other's entries all the time.
TEST_F(CacheTest, FourProcessesShareOneDirectoryWhileEvicting) {
    setenv("HALYARD_CACHE_SIZE_MB", "1", 1);
    std::vector<pid_t> children;
    for (unsigned p = 0; p < 4; ++p) {
        const pid_t child = fork();
        if (child == 0) {
            Log log;
            Counters counters;
            Cache cache(log, counters);
            bool good = hammer(cache, p, 100);
            for (int i = 0; i < 20; ++i)
                cache.put(keyOf(std::to_string(p) + "/" + std::to_string(i)), payload(150'000, p));
            _exit(good && counters.cacheCorrupt == 0 && counters.cacheWrites > 20 ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    uint64_t total = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
        EXPECT_FALSE(entry.path().filename().native().starts_with("tmp-")) << entry.path();
        total += entry.is_regular_file() ? entry.file_size() : 0;
    }
    EXPECT_LE(total, (1u << 20) + 4 * 150'064); // each process may add one entry after another's scan
}

} // namespace
} // namespace halyard::test
