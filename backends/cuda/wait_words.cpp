#include "wait_words.h"

#include "device.h"

#include <atomic>

namespace halyard::cuda {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kWordStride = 64; // a cache line each, since devices poll them

} // namespace

void WaitWords::release() noexcept {
    const std::scoped_lock lock(mutex_);
    for (void* const page : pages_)
        device_.cu().cuMemFreeHost(page);
    pages_.clear();
    free_.clear();
}

HyResult WaitWords::take(WaitWord& out) {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) {
        pages_.reserve(pages_.size() + 1);
        free_.reserve((pages_.size() + 1) * (kPageBytes / kWordStride));
        const Symbols& cu = device_.cu();
        void* page = nullptr;
        const CUresult made = cu.cuMemHostAlloc(&page, kPageBytes, kMemHostPortable | kMemHostDeviceMap);
        if (made != CUDA_SUCCESS)
            return device_.fail(made, "allocate pinned memory for waits");
        CUdeviceptr seen = 0;
        if (const CUresult code = cu.cuMemHostGetDevicePointer_v2(&seen, page, 0); code != CUDA_SUCCESS) {
            cu.cuMemFreeHost(page);
            return device_.fail(code, "map pinned memory for waits into the device");
        }
        pages_.push_back(page);
        for (size_t at = 0; at < kPageBytes; at += kWordStride)
            free_.push_back({reinterpret_cast<uint64_t*>(static_cast<uint8_t*>(page) + at), seen + at});
    }
    out = free_.back();
    free_.pop_back();
    std::atomic_ref<uint64_t>(*out.host).store(0);
    return HY_SUCCESS;
}

void WaitWords::give(const WaitWord& word) noexcept {
    const std::scoped_lock lock(mutex_);
    free_.push_back(word);
}

} // namespace halyard::cuda
