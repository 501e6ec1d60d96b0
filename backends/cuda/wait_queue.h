// The waits of one stream for what the host decides: for values of semaphores.
//
// The driver's wait is for a word in memory (cuStreamWaitValue64), so a stream has one, which counts its waits that are
// over, and its n-th wait is for n. The semaphores themselves stay on the host: a word with a semaphore's value could
// not be compared by the device over all 64 bits, could not refuse a value that is not above the one there, and could
// be changed by one process at a time only.
#pragma once

#include "wait_words.h"

#include <deque>

namespace halyard::cuda {

// Thread-safe.
class WaitQueue {
public:
    explicit WaitQueue(Device& device) : device_(device) {}
    // REQUIRES: the stream's work is done.
    ~WaitQueue();
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;

    // Held from announce() to submit(), because a wait is over for the device only with all before it. Never taken by
    // host functions, so it may be held over calls of the driver.
    std::mutex& orderMutex() { return orderMutex_; }
    // The number of the next wait. REQUIRES: the context is current, and orderMutex is held. A failure has the record
    // set. Throws std::bad_alloc.
    HyResult announce(uint64_t& outNumber);
    // Puts that wait into the stream, which goes on after arrive(number). REQUIRES: as announce(). A failure has the
    // record set.
    HyResult submit(CUstream stream, uint64_t number);
    // That wait is over. For any thread, also of a host function: calls nothing of the driver. Doing it again does
    // nothing.
    void arrive(uint64_t number) noexcept;

private:
    Device& device_;
    std::mutex orderMutex_;
    WaitWord word_; // since the first announce()
    std::mutex mutex_;
    uint64_t over_ = 0;       // waits that are over, with all before them: what the word holds
    std::deque<bool> behind_; // of each wait behind those: whether it is over
};

} // namespace halyard::cuda
