// Events in memory: each thread appends to a list of its own, so that recording takes no lock.
#pragma once

#include "halyard/layer.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace halyard::layers {

enum class EventKind : uint32_t { Call, Activity, Memory };

struct Event {
    EventKind kind;
    uint32_t what; // Function of a call, HyActivityKind of an activity
    uint64_t startNs;
    uint64_t endNs;
    uint64_t correlation;
    const char* name; // of a kernel, or null; lives as long as the layer
    uint64_t owner;   // handle: stream of a call, device of the others
    uint64_t value;   // timeline of an activity; bytes in use, of memory
    int64_t detail;   // result of a call; bytes of an activity
};
static_assert(sizeof(Event) == 64);

// One thread's events. Only that thread appends; anyone may read what is there at any time.
class Track {
public:
    explicit Track(long threadNumber, uint32_t trackIndex) : thread(threadNumber), index(trackIndex) {}
    ~Track();
    Track(const Track&) = delete;
    Track& operator=(const Track&) = delete;

    const long thread;
    const uint32_t index;
    uint64_t calls = 0; // of the thread alone

    // False when there is no memory left to use. `budget` counts the events that may still be stored.
    bool append(const Event& event, std::atomic<int64_t>& budget);

    template <typename Visit> void forEach(Visit&& visit) const {
        for (const Chunk* chunk = first_.load(std::memory_order_acquire); chunk != nullptr;
             chunk = chunk->next.load(std::memory_order_acquire)) {
            const uint32_t used = chunk->used.load(std::memory_order_acquire);
            for (uint32_t i = 0; i < used; ++i)
                visit(chunk->events[i]);
        }
    }

private:
    static constexpr uint32_t kChunkEvents = 1023;
    struct Chunk {
        std::atomic<Chunk*> next{nullptr};
        std::atomic<uint32_t> used{0};
        Event events[kChunkEvents];
    };
    std::atomic<Chunk*> first_{nullptr};
    Chunk* last_ = nullptr;
};

// Thread-safe.
class Recorder {
public:
    explicit Recorder(uint64_t mostEvents) : budget_(static_cast<int64_t>(mostEvents)) {}

    // The calling thread's track; null when the host has no memory.
    Track* track() noexcept;
    void add(const Event& event) noexcept;
    void addTo(Track& track, const Event& event) noexcept;

    uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
    // All tracks so far; they live as long as the recorder.
    std::vector<const Track*> tracks() const;

private:
    Track* newTrack();

    static inline std::atomic<uint64_t> count_{0};
    const uint64_t number_ = ++count_; // never used again, unlike an address
    std::atomic<int64_t> budget_;
    std::atomic<uint64_t> dropped_{0};
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Track>> tracks_;
};

} // namespace halyard::layers
