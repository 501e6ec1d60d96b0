#include "layers/trace/recorder.h"

#include <algorithm>
#include <new>

#include <sys/syscall.h>
#include <unistd.h>

namespace halyard::layers {

Track::~Track() {
    for (Chunk* chunk = first_.load(std::memory_order_relaxed); chunk != nullptr;) {
        Chunk* next = chunk->next.load(std::memory_order_relaxed);
        delete chunk;
        chunk = next;
    }
}

bool Track::append(const Event& event, std::atomic<int64_t>& budget) {
    uint32_t used = last_ != nullptr ? last_->used.load(std::memory_order_relaxed) : kChunkEvents;
    if (used == kChunkEvents) {
        if (budget.fetch_sub(kChunkEvents, std::memory_order_relaxed) <= 0) {
            budget.fetch_add(kChunkEvents, std::memory_order_relaxed);
            return false;
        }
        auto* chunk = new (std::nothrow) Chunk;
        if (chunk == nullptr)
            return false;
        (last_ != nullptr ? last_->next : first_).store(chunk, std::memory_order_release);
        last_ = chunk;
        used = 0;
    }
    last_->events[used] = event;
    last_->used.store(used + 1, std::memory_order_release);
    return true;
}

Track* Recorder::newTrack() {
    const long thread = syscall(SYS_gettid);
    const std::lock_guard lock(mutex_);
    const auto known =
        std::find_if(tracks_.begin(), tracks_.end(), [&](const auto& track) { return track->thread == thread; });
    if (known != tracks_.end())
        return known->get();
    tracks_.push_back(std::make_unique<Track>(thread, static_cast<uint32_t>(tracks_.size())));
    return tracks_.back().get();
}

Track* Recorder::track() noexcept {
    // A thread that works with several instances in turn looks its track up again.
    thread_local uint64_t owner = 0;
    thread_local Track* mine = nullptr;
    if (owner == number_) [[likely]]
        return mine;
    try {
        mine = newTrack();
        owner = number_;
        return mine;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void Recorder::add(const Event& event) noexcept {
    if (Track* mine = track(); mine != nullptr)
        addTo(*mine, event);
    else
        dropped_.fetch_add(1, std::memory_order_relaxed);
}

void Recorder::addTo(Track& track, const Event& event) noexcept {
    if (!track.append(event, budget_))
        dropped_.fetch_add(1, std::memory_order_relaxed);
}

std::vector<const Track*> Recorder::tracks() const {
    const std::lock_guard lock(mutex_);
    std::vector<const Track*> all;
    for (const auto& track : tracks_)
        all.push_back(track.get());
    return all;
}

} // namespace halyard::layers
