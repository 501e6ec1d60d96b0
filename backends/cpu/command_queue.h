// The records of one stream, first in, first out: one producer at a time, one consumer at a time, no lock between them.
// Memory grows by chunks and used-up chunks are kept for later, so a steady state allocates nothing.
#pragma once

#include "command.h"

#include <atomic>
#include <cstddef>

namespace halyard::cpu {

class CommandQueue {
public:
    CommandQueue() = default;
    ~CommandQueue(); // REQUIRES: empty
    CommandQueue(const CommandQueue&) = delete;
    CommandQueue& operator=(const CommandQueue&) = delete;

    // ---- Producer. The caller keeps producers apart.

    // Room for a record of `bytes`; null when the host has no memory. Nothing is visible before publish().
    void* reserve(uint32_t bytes) noexcept;
    // Makes the reserved record visible.
    void publish(uint32_t bytes);

    // ---- Consumer.

    // The oldest record, or null. It stays valid until pop().
    Command* front();
    void pop();

    // ---- Anyone.

    uint64_t published() const { return published_.load(std::memory_order_seq_cst); }

private:
    static constexpr uint32_t kChunkBytes = 32 * 1024;
    static constexpr uint32_t kSparesKept = 64;

    struct Chunk {
        std::atomic<Chunk*> next{nullptr};
        alignas(kCommandAlignment) std::byte data[kChunkBytes];
    };

    Chunk* newChunk() noexcept;
    void recycle(Chunk* chunk);

    // Producer's side.
    alignas(64) Chunk* tail_ = nullptr;
    uint32_t tailUsed_ = 0;

    // Consumer's side.
    alignas(64) Chunk* head_ = nullptr;
    uint32_t headUsed_ = 0;
    uint64_t consumed_ = 0;

    alignas(64) std::atomic<uint64_t> published_{0};
    std::atomic<Chunk*> first_{nullptr};
    // Pushed by the consumer, popped by the producer: with one popper at a time there is no ABA problem.
    std::atomic<Chunk*> spares_{nullptr};
    std::atomic<uint32_t> spareCount_{0};
};

} // namespace halyard::cpu
