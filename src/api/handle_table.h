// Handles: 64-bit words that name a slot, a generation and a type, never an address. A null, stale, wrong-type or
// invented handle is told apart by one comparison and cannot crash anything.
//
//   bits 56..63  0xa7, which no user-space pointer has    bits 48..55  object type
//   bits 24..47  generation of the slot                   bits  0..23  slot index
//
// Looking up takes no lock. The table is process-wide and immortal (no destructor runs at exit). After fork() the child
// starts with an empty table and can still tell a handle of its parent.
#pragma once

#include <atomic>
#include <cstdint>

namespace halyard {

enum class ObjectType : uint8_t {
    None = 0,
    Instance,
    Device,
    Stream,
    Event,
    Module,
    Kernel,
    Graph,
    GraphExec,
    MemoryPool,
    Semaphore,
    PhysicalMemory
};

const char* objectTypeName(ObjectType type);

enum class HandleFault { Null, NotAHandle, WrongType, Destroyed, Forked };

class HandleTable {
public:
    // A handle for `object`; 0 when 2^24 objects are alive or the host is out of memory.
    static uint64_t insert(ObjectType type, void* object);
    // Makes the handle invalid. Returns the object, or null when it was invalid already: of two racing calls one gets
    // it.
    static void* remove(uint64_t handle, ObjectType type);

    // The object, or null.
    static void* find(uint64_t handle, ObjectType type) {
        const Chunk* chunk = current_.load(std::memory_order_acquire)
                                 ->chunks[(handle & kIndexMask) >> kChunkBits]
                                 .load(std::memory_order_acquire);
        if (chunk == nullptr || static_cast<uint8_t>(handle >> 48) != static_cast<uint8_t>(type)) [[unlikely]]
            return nullptr;
        const Slot& slot = chunk->slots[handle & kChunkMask];
        return slot.word.load(std::memory_order_acquire) == handle ? slot.object.load(std::memory_order_relaxed)
                                                                   : nullptr;
    }
    // The type of a live handle, or None.
    static ObjectType typeOf(uint64_t handle);
    // Why find() gave null.
    static HandleFault explain(uint64_t handle, ObjectType type);

    static constexpr uint64_t kMagic = 0xa7;
    static constexpr uint32_t kIndexBits = 24;
    static constexpr uint32_t kChunkBits = 12;
    static constexpr uint64_t kIndexMask = (1u << kIndexBits) - 1;
    static constexpr uint64_t kChunkMask = (1u << kChunkBits) - 1;

private:
    struct Slot {
        std::atomic<uint64_t> word{0}; // the live handle, or 0
        std::atomic<void*> object{nullptr};
        uint64_t generation = 0;
        uint32_t nextFree = 0; // index + 1
    };
    struct Chunk {
        Slot slots[1u << kChunkBits];
    };
    struct Directory {
        std::atomic<Chunk*> chunks[1u << (kIndexBits - kChunkBits)];
    };
    struct State;
    friend struct State;

    static std::atomic<Directory*> current_;
};

} // namespace halyard
