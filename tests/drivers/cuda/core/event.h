// Events: snapshots of a stream's progress.
#pragma once

#include "status.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace halyard::softcuda {

class Context;
class Stream;

// One recording.
class Record {
public:
    void complete();
    bool done() const { return done_.load(); }
    void wait();
    // As a command of a stream: gives up when `context` stops or fails.
    void waitIn(const Context& context);
    std::chrono::steady_clock::time_point time() const { return time_; }

private:
    std::atomic<bool> done_{false};
    std::chrono::steady_clock::time_point time_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

// What processes share of an event.
struct SharedEvent {
    std::atomic<uint64_t> recorded, completed;
};

struct Event {
    static constexpr uint32_t kBlockingSync = 1, kDisableTiming = 2, kInterprocess = 4;

    Event(std::shared_ptr<Context> owner, uint32_t eventFlags) : context(std::move(owner)), flags(eventFlags) {}
    ~Event();

    const std::shared_ptr<Context> context;
    const uint32_t flags;

    void record(Stream& stream);
    void waitIn(Stream& stream);
    Status query();
    void synchronize();
    // The latest recording, or null.
    std::shared_ptr<Record> latest();

    // For kInterprocess: memory of `sharedFile`.
    bool share();
    bool open(int file);
    int sharedFile = -1;

private:
    std::mutex mutex_;
    std::shared_ptr<Record> record_;
    std::shared_ptr<SharedEvent> shared_;
};

} // namespace halyard::softcuda
