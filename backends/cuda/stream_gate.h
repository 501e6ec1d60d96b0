// What a stream waits for that the driver knows nothing of. The waits of a stream are numbered in its order, and it
// waits for each by comparing a count in pinned memory, which goes up to a number once all waits up to it are over.
#pragma once

#include "driver_types.h"
#include "halyard/backend.h"

#include <cstdint>
#include <deque>
#include <mutex>

namespace halyard::cuda {

class Stream;

// Thread-safe. Kept by its stream and by who opens it. Opening calls no function of the driver, so that the driver's
// own threads may do it.
class StreamGate {
public:
    StreamGate() = default;
    StreamGate(const StreamGate&) = delete;
    StreamGate& operator=(const StreamGate&) = delete;

    // Makes the stream wait, here, until open(outNumber). A failure has the record set, and nothing was put into the
    // stream. Throws std::bad_alloc.
    HyResult wait(Stream& stream, uint64_t& outNumber);
    // The same in two steps, so that something can go into the stream between them that opens it. REQUIRES:
    // orderMutex() is held over both, and the second follows even when there was nothing to put in between. After a
    // failure of the second the number is open.
    std::mutex& orderMutex() { return orderMutex_; }
    HyResult announce(Stream& stream, uint64_t& outNumber); // throws std::bad_alloc
    HyResult submit(Stream& stream, uint64_t number);
    // Ends the wait of that number; again does nothing.
    void open(uint64_t number) noexcept;
    // Ends all waits, and those to come at once.
    void openForGood();
    // Gives the pinned memory up, which opening touches no more: for the stream to free, or null.
    void* forget();
    // Whether the stream ever waited.
    bool used() const;

private:
    HyResult allocate(Stream& stream);
    void publish();

    // Held while the driver is called, which may wait for a host function that opens this gate: opening takes the other
    // lock alone.
    std::mutex orderMutex_;
    uint64_t last_ = 0; // number of the last wait
    CUdeviceptr address_ = 0;

    mutable std::mutex mutex_;
    uint64_t passed_ = 0;       // all waits up to it are over
    std::deque<bool> behind_;   // of each wait behind those: whether it is over
    uint64_t* count_ = nullptr; // what the device compares
};

} // namespace halyard::cuda
