#include "leftovers.h"

#include "abandoned.h"
#include "stream.h"

namespace halyard::cuda {
namespace {

constexpr size_t kSweepAbove = 32; // so that destroying is quick, and what is kept bounded

} // namespace

void Leftovers::keep(std::function<void()> release) noexcept {
    try {
        Entry entry{{}, std::move(release)};
        if (!device_.lost()) {
            const Current current = enterContext(device_);
            for (const std::shared_ptr<Stream>& stream : device_.streams()) {
                // A fence would be work, and whoever asks an idle stream would find it busy for a moment.
                if (stream->idle())
                    continue;
                CUevent fence = nullptr;
                if (device_.takeEvent(CU_EVENT_DISABLE_TIMING, fence) != HY_SUCCESS)
                    break;
                entry.fences.push_back(fence);
                device_.cu().cuEventRecord(fence, stream->handle());
            }
        }
        bool many = false;
        {
            const std::scoped_lock lock(mutex_);
            entries_.push_back(std::move(entry));
            many = entries_.size() > kSweepAbove;
        }
        if (many)
            sweep();
    } catch (const std::bad_alloc&) {
        // Kept for ever rather than freed while the device may use it.
    }
}

bool Leftovers::done(Entry& entry) noexcept {
    while (!entry.fences.empty()) {
        if (!device_.lost() && device_.cu().cuEventQuery(entry.fences.back()) == CUDA_ERROR_NOT_READY)
            return false;
        device_.giveEvent(CU_EVENT_DISABLE_TIMING, entry.fences.back());
        entry.fences.pop_back();
    }
    return true;
}

void Leftovers::sweep() noexcept {
    if (abandonedRuns(device_)) // releasing would wait for it
        return;
    const Current current = enterContext(device_);
    std::vector<Entry> ready;
    try {
        const std::scoped_lock lock(mutex_);
        for (size_t i = 0; i < entries_.size();) {
            if (!done(entries_[i])) {
                ++i;
                continue;
            }
            ready.push_back(std::move(entries_[i]));
            entries_[i] = std::move(entries_.back());
            entries_.pop_back();
        }
    } catch (const std::bad_alloc&) {
        // The rest waits for the next time.
    }
    for (const Entry& entry : ready)
        entry.release();
}

void Leftovers::releaseAll() noexcept {
    const Current current = enterContext(device_);
    std::vector<Entry> all;
    {
        const std::scoped_lock lock(mutex_);
        all.swap(entries_);
    }
    for (Entry& entry : all) {
        for (const CUevent fence : entry.fences)
            device_.giveEvent(CU_EVENT_DISABLE_TIMING, fence);
        entry.release();
    }
}

} // namespace halyard::cuda
