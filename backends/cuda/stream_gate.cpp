#include "stream_gate.h"

#include "stream.h"

#include <atomic>
#include <utility>

namespace halyard::cuda {
namespace {

constexpr uint64_t kForGood = uint64_t{1} << 62;

} // namespace

HyResult StreamGate::allocate(Stream& stream) {
    if (address_ != 0)
        return HY_SUCCESS;
    const Symbols& cu = stream.device().cu();
    void* memory = nullptr;
    CUresult code = cu.cuMemHostAlloc(&memory, sizeof(uint64_t), kMemHostPortable | kMemHostDeviceMap);
    if (code != CUDA_SUCCESS)
        return stream.check(code, "allocate pinned memory for a stream that waits");
    CUdeviceptr address = 0;
    code = cu.cuMemHostGetDevicePointer_v2(&address, memory, 0);
    if (code != CUDA_SUCCESS) {
        cu.cuMemFreeHost(memory);
        return stream.check(code, "give pinned memory an address on the device");
    }
    address_ = address;
    const std::scoped_lock lock(mutex_);
    count_ = static_cast<uint64_t*>(memory);
    publish();
    return HY_SUCCESS;
}

HyResult StreamGate::wait(Stream& stream, uint64_t& outNumber) {
    const std::scoped_lock lock(orderMutex_);
    const HyResult result = announce(stream, outNumber);
    return result == HY_SUCCESS ? submit(stream, outNumber) : result;
}

// The numbers are those of the stream's order, so they are given together with the places in it.
HyResult StreamGate::announce(Stream& stream, uint64_t& outNumber) {
    const Current current = enterContext(stream.device());
    if (const HyResult result = allocate(stream); result != HY_SUCCESS)
        return result;
    const std::scoped_lock lock(mutex_);
    if (passed_ != kForGood)
        behind_.push_back(false);
    outNumber = ++last_;
    return HY_SUCCESS;
}

// The comparison is of a signed difference (cuStreamWaitValue64), and a count never comes near 2^63.
HyResult StreamGate::submit(Stream& stream, uint64_t number) {
    Device& device = stream.device();
    const Current current = enterContext(device);
    const CUresult code =
        device.cu().cuStreamWaitValue64_v2(stream.handle(), address_, number, device.info().waitFlags);
    if (code == CUDA_SUCCESS)
        return HY_SUCCESS;
    open(number); // so that it holds up no wait behind it
    return stream.check(code, "make a stream wait for what the host does");
}

void StreamGate::open(uint64_t number) noexcept {
    const std::scoped_lock lock(mutex_);
    if (number <= passed_)
        return;
    behind_[number - passed_ - 1] = true;
    for (; !behind_.empty() && behind_.front(); ++passed_)
        behind_.pop_front();
    publish();
}

void StreamGate::openForGood() {
    const std::scoped_lock lock(mutex_);
    behind_.clear();
    passed_ = kForGood;
    publish();
}

void* StreamGate::forget() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(count_, nullptr);
}

bool StreamGate::used() const {
    const std::scoped_lock lock(mutex_);
    return count_ != nullptr;
}

// What was written before a semaphore went up is seen by what the stream does next.
void StreamGate::publish() {
    if (count_ != nullptr)
        std::atomic_ref(*count_).store(passed_, std::memory_order_release);
}

} // namespace halyard::cuda
