// A page that several processes map: counters that only grow, and a word to sleep on. What other processes write there
// is not to be trusted: whatever it is, nothing worse than a wrong value of that counter comes of it.
#pragma once

#include "cache/file_descriptor.h"
#include "common/fault.h"

#include <atomic>
#include <cstdint>

namespace halyard::common {

// Whose pages these are: one backend does not take another one's.
struct SharedOwner {
    const char* backend; // "cpu"
    uint64_t magic;
};

enum class SharedKind : uint32_t { Semaphore = 1, Event = 2 };

constexpr uint32_t kSharedLanes = 32; // as synchronization.h has it

struct SharedLane {
    std::atomic<uint64_t> value;
    // Of events: how many recordings began here (they are at `value` when done), and the last that failed.
    std::atomic<uint64_t> issued;
    std::atomic<uint64_t> failed;
    uint64_t reserved;
};

struct SharedWords {
    uint64_t magic;
    uint32_t version;
    SharedKind kind;
    std::atomic<uint32_t> wake; // changes after a counter did
    std::atomic<uint32_t> sleepers;
    std::atomic<uint64_t> latest; // of events: see shared_recordings.h
    uint64_t reserved[4];
    SharedLane lanes[kSharedLanes]; // a semaphore has the first
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);
// Less than a page, so that nobody can take the file for device memory, which comes in whole ones.
static_assert(sizeof(SharedWords) < 4096);

class SharedPage {
public:
    SharedPage() = default;
    SharedPage(SharedPage&& other) noexcept
        : file_(std::move(other.file_)), words_(std::exchange(other.words_, nullptr)) {}
    SharedPage& operator=(SharedPage&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(words_, other.words_);
        return *this;
    }
    ~SharedPage();

    // False with the fault.
    static bool create(const SharedOwner& owner, SharedKind kind, uint64_t value, SharedPage& out, Fault& outFault);
    // Takes a descriptor from anywhere; HY_ERROR_INVALID_ARGUMENT when it is no page of that kind.
    static bool adopt(const SharedOwner& owner, SharedKind kind, FileDescriptor file, SharedPage& out, Fault& outFault);

    int descriptor() const { return file_.get(); }
    SharedWords& words() const { return *words_; }

private:
    static bool map(FileDescriptor file, SharedPage& out, Fault& outFault);

    FileDescriptor file_;
    SharedWords* words_ = nullptr;
};

} // namespace halyard::common
