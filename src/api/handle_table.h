// Handles: 64-bit words that name a slot, a generation and a type, never an address. A null, stale, wrong-type or
// invented handle is told apart by one comparison and cannot crash anything.
//
//   bits 56..63  0xa7, which no user-space pointer has    bits 48..55  object type
//   bits 24..47  generation of the slot                   bits  0..23  slot index
//
// Looking up takes no lock and about ten instructions. The table is process-wide and immortal (no destructor runs at
// exit); it grows by doubling, and what it outgrows stays for those who are looking. After fork() the child starts with
// an empty table and can still tell a handle of its parent.
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

    class View;
    // Whether the handle is one of a live object of this type; then `out` is that object.
    static bool find(uint64_t handle, ObjectType type, void*& out);
    // The object, or null.
    static void* find(uint64_t handle, ObjectType type) {
        void* object = nullptr;
        return find(handle, type, object) ? object : nullptr;
    }
    // The type of a live handle, or None.
    static ObjectType typeOf(uint64_t handle);
    // Why find() gave null.
    static HandleFault explain(uint64_t handle, ObjectType type);

    static constexpr uint64_t kMagic = 0xa7;
    static constexpr uint32_t kIndexBits = 24;
    static constexpr uint64_t kIndexMask = (1u << kIndexBits) - 1;

private:
    struct Slot {
        std::atomic<uint64_t> word{0}; // the live handle, or 0
        std::atomic<void*> object{nullptr};
        uint64_t generation = 0;
        uint32_t nextFree = 0;                          // index + 1
        std::atomic<ObjectType> type{ObjectType::None}; // None when the word is 0, which a null handle equals
    };
    struct State;
    friend struct State;

    // Hidden where they are declared: an address from the linker's table would cost every lookup.
    [[gnu::visibility("hidden")]] static std::atomic<Slot*> slots_;
    [[gnu::visibility("hidden")]] static std::atomic<uint64_t> mask_; // a power of two less one
};

// The table as it is now, for several lookups in a row.
class HandleTable::View {
public:
    bool find(uint64_t handle, ObjectType type, void*& out) const {
        const Slot& slot = slots_[handle & mask_];
        if (slot.word.load(std::memory_order_acquire) != handle || slot.type.load(std::memory_order_relaxed) != type)
            [[unlikely]]
            return false;
        out = slot.object.load(std::memory_order_relaxed);
        return true;
    }
    // The object, or null. REQUIRES: what insert() took as T::kType is a T.
    template <typename T, typename H> T* find(H handle) const {
        void* object = nullptr;
        return find(reinterpret_cast<uint64_t>(handle), T::kType, object) ? static_cast<T*>(object) : nullptr;
    }

private:
    const uint64_t mask_ = HandleTable::mask_.load(std::memory_order_acquire); // first: a table never has fewer slots
    const Slot* const slots_ = HandleTable::slots_.load(std::memory_order_acquire);
};

inline bool HandleTable::find(uint64_t handle, ObjectType type, void*& out) {
    return View().find(handle, type, out);
}

} // namespace halyard
