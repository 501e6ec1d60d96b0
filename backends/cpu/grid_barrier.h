// Where the workgroups of a cooperative launch, each on a thread of its own, wait for each other.
#pragma once

#include <atomic>
#include <cstdint>

namespace halyard::cpu {

// Counts who has arrived and who has ended, so that nobody waits for a workgroup that does not come. Thread-safe but
// for open().
class GridBarrier {
public:
    explicit GridBarrier(uint64_t spinNs) : spinNs_(spinNs) {}

    // For the next launch. REQUIRES: no workgroup of an earlier one is in await() or will call it.
    void open(uint32_t workgroups);
    // Returns true when all workgroups have called this as often as the caller, with everything before the calls
    // ordered before what follows them; false when a workgroup has ended that should have come, then and from then on.
    bool await();
    // The calling workgroup has ended: nobody waits for it any more. Cancelled ones end like others.
    void leave();
    // Whether a workgroup ended while others waited, or would have.
    bool broken() const { return broken_.load(std::memory_order_seq_cst); }

    // HyHostAwaitGrid of jit/host_kernel_abi.h. `grid`: a GridBarrier, or null for a grid of one workgroup.
    static int32_t awaitFromKernel(void* grid);

private:
    static constexpr uint64_t kOneEnded = uint64_t{1} << 32;

    void breakUp();
    void nextPhase();

    const uint64_t spinNs_;
    uint32_t workgroups_ = 0;
    alignas(64) std::atomic<uint64_t> counts_{0}; // arrived in this phase; above 32 bits: ended
    alignas(64) std::atomic<uint32_t> phase_{0};
    std::atomic<uint32_t> sleepers_{0};
    std::atomic<bool> broken_{false};
};

} // namespace halyard::cpu
