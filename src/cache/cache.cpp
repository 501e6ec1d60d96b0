#include "cache/cache.h"

#include "base/env.h"
#include "base/paths.h"
#include "cache/directory.h"
#include "cache/entry.h"
#include "cache/evict.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>

namespace halyard {
namespace {

using namespace cache;

constexpr uint64_t kDefaultMegabytes = 1024;
constexpr uint64_t kMaxMegabytes = 1ull << 24;
constexpr time_t kTouchInterval = 3600;  // seconds; the LRU order needs no more, and a hit should not write
constexpr uint64_t kPutsPerScan = 32;    // a scan reads every entry's metadata: about 2 us each
constexpr char kScanStamp[] = "scanned"; // its modification time says when any process scanned last

std::filesystem::path configuredDirectory(Log& log) {
    if (const char* text = getEnv("HALYARD_CACHE_DIR")) {
        std::filesystem::path path(text);
        if (path.is_absolute())
            return path.lexically_normal();
        log.warning("cache", "HALYARD_CACHE_DIR={} ignored, and nothing is cached: it must be an absolute path", text);
        return {};
    }
    const std::filesystem::path base = userCacheDirectory();
    return base.empty() ? base : base / "halyard";
}

} // namespace

struct Cache::Impl {
    Impl(Log& logIn, Counters& countersIn) : log(logIn), counters(countersIn) {}

    Log& log;
    Counters& counters;
    std::filesystem::path directory;
    uint64_t limit = 0; // bytes
    std::atomic<bool> complained{false};
    std::atomic<uint64_t> putsSinceScan{0};
    std::atomic<uint64_t> bytesSinceScan{0};
    std::atomic<bool> scannedOnce{false};
    std::atomic<bool> scanning{false};
    std::atomic<uint64_t> serial{0};

    // Trouble with a cache tends to repeat at every kernel: one line says it.
    void complain(std::string_view what) {
        if (!complained.exchange(true))
            log.warning("cache", "{} (compiled code is not kept; further lines of this kind are left out)", what);
    }
    void complainErrno(std::string_view what) {
        complain(fmt::format("{}: {}", what, std::generic_category().message(errno)));
    }

    std::unique_ptr<CacheBlob> read(const CacheKey& key);
    bool write(int root, const CacheKey& key, std::span<const std::byte> bytes);
    void scanIfDue(int root, uint64_t written);
};

Cache::Cache(Log& log, Counters& counters) : impl_(std::make_unique<Impl>(log, counters)) {
    const uint64_t megabytes = getEnvNumber("HALYARD_CACHE_SIZE_MB", kDefaultMegabytes, 0, kMaxMegabytes, log);
    if (megabytes != 0)
        impl_->directory = configuredDirectory(log);
    impl_->limit = megabytes << 20;
}

Cache::~Cache() = default;

const std::filesystem::path& Cache::directory() const {
    return impl_->directory;
}

std::unique_ptr<CacheBlob> Cache::get(const CacheKey& key) {
    std::unique_ptr<CacheBlob> blob;
    if (!impl_->directory.empty())
        blob = impl_->read(key);
    (blob != nullptr ? impl_->counters.cacheHits : impl_->counters.cacheMisses).fetch_add(1, std::memory_order_relaxed);
    return blob;
}

// The directory is opened anew each time, some microseconds: a descriptor kept for long would be closed or reused under
// us by an application that closes all descriptors, and a directory whose rights change is noticed.
std::unique_ptr<CacheBlob> Cache::Impl::read(const CacheKey& key) {
    const OpenedDirectory root = openDirectory(directory);
    if (!root.fd) {
        if (!root.problem.empty())
            complain(root.problem);
        return nullptr;
    }
    const EntryName name = entryName(key);
    const std::string path = name.folder + '/' + name.file;
    // O_NONBLOCK: a FIFO of that name must not block us.
    const FileDescriptor fd(openat(root.fd.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) {
        if (errno != ENOENT)
            complainErrno("cannot open " + (directory / path).native());
        return nullptr;
    }
    struct stat status {};
    if (fstat(fd.get(), &status) != 0)
        return nullptr;
    std::unique_ptr<MemoryBlob> blob;
    const ReadResult result = isPrivate(status) ? readEntry(fd.get(), key, blob) : ReadResult::Corrupt;
    if (result == ReadResult::Corrupt) {
        counters.cacheCorrupt.fetch_add(1, std::memory_order_relaxed);
        log.warning("cache", "removed {}: it is damaged or not private; the kernel is compiled again",
                    (directory / path).native());
        unlinkat(root.fd.get(), path.c_str(), 0);
    } else if (result == ReadResult::Found && status.st_mtim.tv_sec + kTouchInterval < time(nullptr)) {
        futimens(fd.get(), nullptr); // fails on a read-only file system, where nothing is evicted either
    }
    return blob;
}

void Cache::put(const CacheKey& key, std::span<const std::byte> bytes) {
    if (impl_->directory.empty())
        return;
    const uint64_t fileBytes = sizeof(EntryHeader) + bytes.size();
    if (fileBytes > impl_->limit) {
        impl_->log.info("cache", "an artifact of {} bytes is not kept: it exceeds HALYARD_CACHE_SIZE_MB", bytes.size());
        return;
    }
    const OpenedDirectory root = openOrCreateDirectory(impl_->directory);
    if (!root.fd) {
        impl_->complain(root.problem);
        return;
    }
    if (!impl_->write(root.fd.get(), key, bytes))
        return;
    impl_->counters.cacheWrites.fetch_add(1, std::memory_order_relaxed);
    impl_->scanIfDue(root.fd.get(), fileBytes);
}

// No fsync: it can cost more than the compilation. What a power failure leaves behind fails its checksum and is
// compiled again.
bool Cache::Impl::write(int root, const CacheKey& key, std::span<const std::byte> bytes) {
    const EntryName name = entryName(key);
    if (mkdirat(root, name.folder.c_str(), 0700) != 0 && errno != EEXIST) {
        complainErrno("cannot create a folder in " + directory.native());
        return false;
    }
    // The process id alone is not unique: containers that share a home each have a process 1. O_EXCL settles the rest.
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::string temporary =
        fmt::format("{}/{}{}-{:x}-{:x}-{:x}", name.folder, kTemporaryPrefix, getpid(), serial.fetch_add(1),
                    static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec),
                    reinterpret_cast<uintptr_t>(this));
    FileDescriptor fd(openat(root, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        complainErrno("cannot write to " + directory.native());
        return false;
    }
    const std::string final = name.folder + '/' + name.file;
    // close() reports what a network file system or a quota delayed.
    const bool written = writeEntry(fd.get(), key, bytes) && ::close(fd.release()) == 0;
    if (!written || renameat(root, temporary.c_str(), root, final.c_str()) != 0) {
        complainErrno("cannot write to " + directory.native());
        unlinkat(root, temporary.c_str(), 0);
        return false;
    }
    return true;
}

// A process scans after every 32 entries or a sixteenth of the limit; one that ends sooner scans at its first entry
// when nobody has for an hour, so that many short processes stay bounded too.
void Cache::Impl::scanIfDue(int root, uint64_t written) {
    const uint64_t puts = putsSinceScan.fetch_add(1) + 1;
    const uint64_t bytes = bytesSinceScan.fetch_add(written) + written;
    const time_t now = time(nullptr);
    bool due = puts >= kPutsPerScan || bytes >= limit / 16;
    if (!scannedOnce.exchange(true) && !due) {
        struct stat status {};
        due = fstatat(root, kScanStamp, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_mtim.tv_sec + 3600 < now;
    }
    if (!due || scanning.exchange(true))
        return;
    putsSinceScan = 0;
    bytesSinceScan = 0;
    const FileDescriptor stamp(openat(root, kScanStamp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (stamp)
        futimens(stamp.get(), nullptr);
    const EvictionResult result = evict(root, limit, now);
    if (result.entriesRemoved + result.temporariesRemoved > 0)
        log.info("cache", "removed {} entries and {} temporary files; {} of {} bytes remain", result.entriesRemoved,
                 result.temporariesRemoved, result.bytesAfter, result.bytesBefore);
    scanning = false;
}

} // namespace halyard
