// Words of pinned host memory that streams wait at, one for each stream that ever waited for a semaphore.
#pragma once

#include "driver_types.h"
#include "halyard/backend.h"

#include <cstdint>
#include <mutex>
#include <vector>

namespace halyard::cuda {

class Device;

// One word as host and device find it. The device compares it in the cyclic sense, as 64-bit numbers.
struct WaitWord {
    uint64_t* host = nullptr;
    CUdeviceptr device = 0;
};

// Thread-safe. Grows by pages.
class WaitWords {
public:
    explicit WaitWords(Device& device) : device_(device) {}
    WaitWords(const WaitWords&) = delete;
    WaitWords& operator=(const WaitWords&) = delete;

    // A word that is 0. REQUIRES: the context is current. A failure has the record set. Throws std::bad_alloc.
    HyResult take(WaitWord& out);
    // REQUIRES: no stream waits at it any more.
    void give(const WaitWord& word) noexcept;
    // Frees the pages. REQUIRES: the context is current, and nobody has a word.
    void release() noexcept;

private:
    Device& device_;
    std::mutex mutex_;
    std::vector<void*> pages_;
    std::vector<WaitWord> free_; // has room for every word there is
};

} // namespace halyard::cuda
