// One device: its memory's books, its primary context, and what kernels on it may touch.
#pragma once

#include "ptx/program.h"
#include "status.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace halyard::softcuda {

class Context;

class Device : public ptx::Memory {
public:
    explicit Device(uint32_t ordinal) : ordinal_(ordinal) {}

    uint32_t ordinal() const { return ordinal_; }
    uint64_t totalBytes() const;
    uint64_t usedBytes() const { return used_.load(); }
    // Takes bytes from the books; false when there are not as many left.
    bool charge(uint64_t bytes);
    void discharge(uint64_t bytes);

    // Device memory with its own addresses, owned by a context. Zero: out of memory.
    uint64_t allocateFor(const Context* owner, uint64_t bytes, uint64_t alignment);

    // ptx::Memory: what kernels on this device see.
    std::byte* resolve(uint64_t address, uint64_t bytes, bool write, uint64_t* rangeBegin, uint64_t* rangeEnd) override;
    uint64_t generation() const override;
    uint64_t allocate(uint64_t bytes, uint64_t alignment) override;
    void free(uint64_t address) override;

    // The primary context, active while it is retained.
    std::shared_ptr<Context> retainPrimary();
    Status releasePrimary();
    Status resetPrimary();
    Status setPrimaryFlags(uint32_t flags);
    void primaryState(uint32_t* flags, bool* active);

    Status enablePeer(uint32_t ordinal);
    Status disablePeer(uint32_t ordinal);
    // Access from and to this device ends with its context.
    void endPeers();

    std::array<uint8_t, 16> uuid() const;
    // The value of a CU_DEVICE_ATTRIBUTE_*, or nothing when there is no such attribute in this driver's version.
    std::optional<int> attribute(int number) const;

private:
    const uint32_t ordinal_;
    std::atomic<uint64_t> used_{0};
    std::atomic<uint32_t> peers_{0};
    std::mutex primaryMutex_;
    std::shared_ptr<Context> primary_;
    uint32_t retains_ = 0, primaryFlags_ = 0;
};

// Frees what lies behind a range that is no longer in the address space.
struct Range;
void freeRange(const Range& range);

} // namespace halyard::softcuda
