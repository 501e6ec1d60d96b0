#include "wait_queue.h"

#include "device.h"

#include <atomic>

namespace halyard::cuda {

WaitQueue::~WaitQueue() {
    if (word_.host != nullptr)
        device_.waitWords().give(word_);
}

HyResult WaitQueue::announce(uint64_t& outNumber) {
    if (word_.host == nullptr) {
        if (const HyResult result = device_.waitWords().take(word_); result != HY_SUCCESS)
            return result;
    }
    const std::scoped_lock lock(mutex_);
    behind_.push_back(false);
    outNumber = over_ + behind_.size();
    return HY_SUCCESS;
}

HyResult WaitQueue::submit(CUstream stream, uint64_t number) {
    const CUresult code = device_.cu().cuStreamWaitValue64_v2(stream, word_.device, number, device_.info().waitFlags);
    if (code == CUDA_SUCCESS)
        return HY_SUCCESS;
    arrive(number); // so that it holds up no wait behind it
    return device_.fail(code, "make a stream wait for a semaphore");
}

void WaitQueue::arrive(uint64_t number) noexcept {
    const std::scoped_lock lock(mutex_);
    if (number <= over_)
        return;
    behind_[number - over_ - 1] = true;
    const uint64_t before = over_;
    for (; !behind_.empty() && behind_.front(); ++over_)
        behind_.pop_front();
    // What was written before is seen by who sees the word: both are memory of the host.
    if (over_ != before)
        std::atomic_ref<uint64_t>(*word_.host).store(over_);
}

} // namespace halyard::cuda
