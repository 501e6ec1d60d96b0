#include "abandoned.h"

#include "stream.h"

#include <atomic>
#include <mutex>
#include <new>

namespace halyard::cuda {
namespace {

// Never destroyed: a stream's end would wait for its work.
struct Abandoned {
    std::atomic<bool> any = false;
    std::mutex mutex;
    std::vector<std::shared_ptr<Stream>> running;
    std::vector<std::shared_ptr<Stream>> ended;
};

Abandoned& abandoned() {
    static Abandoned& only = *new Abandoned;
    return only;
}

// By the functions of the stream's own device, which know when a reset has ended it.
bool runs(const Stream& stream) {
    return stream.device().cu().cuStreamQuery(stream.handle()) == CUDA_ERROR_NOT_READY;
}

} // namespace

void abandon(const std::vector<std::shared_ptr<Stream>>& streams) noexcept {
    Abandoned& all = abandoned();
    try {
        const std::scoped_lock lock(all.mutex);
        all.ended.reserve(all.running.size() + all.ended.size() + streams.size()); // so that moving them cannot fail
        all.running.insert(all.running.end(), streams.begin(), streams.end());
        all.any.store(true, std::memory_order_release);
    } catch (const std::bad_alloc&) {
        // A later free may wait for them.
    }
}

bool abandonedRuns(const Device& device) noexcept {
    Abandoned& all = abandoned();
    if (!all.any.load(std::memory_order_acquire)) [[likely]]
        return false;
    const Current current = enterContext(device);
    const std::scoped_lock lock(all.mutex);
    for (size_t i = 0; i < all.running.size();) {
        const Stream& stream = *all.running[i];
        if (stream.device().context() != device.context()) {
            ++i;
        } else if (runs(stream)) {
            return true;
        } else {
            all.ended.push_back(std::move(all.running[i]));
            all.running[i] = std::move(all.running.back());
            all.running.pop_back();
        }
    }
    return false;
}

} // namespace halyard::cuda
