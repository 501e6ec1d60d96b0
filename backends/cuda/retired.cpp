#include "retired.h"

#include <atomic>

namespace halyard::cuda {
namespace {

// Never destroyed: driver threads outlive main.
struct Retired {
    std::atomic<bool> any{false};
    std::mutex mutex;
    std::list<Parked> list;
};

Retired& retired() {
    static Retired& only = *new Retired;
    return only;
}

} // namespace

void retire(std::list<Parked>& done) noexcept {
    Retired& all = retired();
    const std::scoped_lock lock(all.mutex);
    all.list.splice(all.list.end(), done);
    all.any.store(true, std::memory_order_release);
}

void dropRetired() noexcept {
    Retired& all = retired();
    if (!all.any.load(std::memory_order_acquire)) [[likely]]
        return;
    std::list<Parked> done; // first, so that it is destroyed without the lock
    const std::scoped_lock lock(all.mutex);
    done.swap(all.list);
    all.any.store(false, std::memory_order_relaxed);
}

} // namespace halyard::cuda
