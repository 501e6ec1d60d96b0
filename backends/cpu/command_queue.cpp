#include "command_queue.h"

#include <new>

namespace halyard::cpu {

CommandQueue::~CommandQueue() {
    for (Chunk* chunk = head_ != nullptr ? head_ : first_.load(); chunk != nullptr;) {
        Chunk* next = chunk->next.load();
        delete chunk;
        chunk = next;
    }
    for (Chunk* chunk = spares_.load(); chunk != nullptr;) {
        Chunk* next = chunk->next.load();
        delete chunk;
        chunk = next;
    }
}

CommandQueue::Chunk* CommandQueue::newChunk() noexcept {
    Chunk* chunk = spares_.load(std::memory_order_acquire);
    while (chunk != nullptr) {
        if (spares_.compare_exchange_weak(chunk, chunk->next.load(std::memory_order_relaxed),
                                          std::memory_order_acquire)) {
            spareCount_.fetch_sub(1, std::memory_order_relaxed);
            chunk->next.store(nullptr, std::memory_order_relaxed);
            return chunk;
        }
    }
    return new (std::nothrow) Chunk;
}

void CommandQueue::recycle(Chunk* chunk) {
    if (spareCount_.load(std::memory_order_relaxed) >= kSparesKept) {
        delete chunk;
        return;
    }
    spareCount_.fetch_add(1, std::memory_order_relaxed);
    Chunk* top = spares_.load(std::memory_order_relaxed);
    do {
        chunk->next.store(top, std::memory_order_relaxed);
    } while (!spares_.compare_exchange_weak(top, chunk, std::memory_order_release, std::memory_order_relaxed));
}

void* CommandQueue::reserve(uint32_t bytes) noexcept {
    // The end of each chunk has room for the record that leads to the next one.
    static_assert(sizeof(Command) <= kCommandAlignment);
    if (tail_ == nullptr || tailUsed_ + bytes + kCommandAlignment > kChunkBytes) {
        Chunk* chunk = newChunk();
        if (chunk == nullptr) {
            return nullptr;
        }
        if (tail_ == nullptr) {
            first_.store(chunk, std::memory_order_release);
        } else {
            new (tail_->data + tailUsed_) Command{CommandKind::NextChunk, 0};
            tail_->next.store(chunk, std::memory_order_release);
        }
        tail_ = chunk;
        tailUsed_ = 0;
    }
    return tail_->data + tailUsed_;
}

void CommandQueue::publish(uint32_t bytes) {
    tailUsed_ += bytes;
    const uint64_t count = published_.load(std::memory_order_relaxed) + 1;
    // Sequentially consistent: the producer looks next whether a consumer is at work, the consumer after
    // signing off whether there is a record; one of them must see the other.
    published_.store(count, std::memory_order_seq_cst);
}

Command* CommandQueue::front() {
    if (published_.load(std::memory_order_seq_cst) == consumed_) {
        return nullptr;
    }
    if (head_ == nullptr) {
        head_ = first_.load(std::memory_order_acquire);
    }
    auto* command = reinterpret_cast<Command*>(head_->data + headUsed_);
    if (command->kind == CommandKind::NextChunk) {
        Chunk* done = head_;
        head_ = done->next.load(std::memory_order_acquire);
        headUsed_ = 0;
        recycle(done);
        command = reinterpret_cast<Command*>(head_->data);
    }
    return command;
}

void CommandQueue::pop() {
    headUsed_ += reinterpret_cast<Command*>(head_->data + headUsed_)->bytes;
    ++consumed_;
}

} // namespace halyard::cpu
