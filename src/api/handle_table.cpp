#include "api/handle_table.h"

#include <mutex>
#include <new>
#include <pthread.h>

namespace halyard {

// Everything is constant-initialised and trivially destroyed: valid before the first constructor and after the last
// destructor.
struct HandleTable::State {
    static inline Directory empty{};
    static inline Directory* forkedFrom = nullptr; // the parent's table, in a child
    static inline pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static inline bool forkHandlers = false;
    // Free slots in FIFO order, so that a stale handle meets a reused slot as late as possible.
    static inline uint32_t firstFree = 0, lastFree = 0; // index + 1
    static inline uint32_t used = 0;                    // slots ever handed out

    static Slot* slotAt(uint32_t index) {
        Chunk* chunk = current_.load()->chunks[index >> kChunkBits].load();
        return chunk != nullptr ? &chunk->slots[index & kChunkMask] : nullptr;
    }

    // REQUIRES: the mutex is held.
    static bool takeSlot(uint32_t& index) {
        // Reuse only once a good number of slots lie between a destruction and the next use of its slot.
        constexpr uint32_t kQuarantine = 1024;
        if (firstFree != 0 && used >= kQuarantine) {
            index = firstFree - 1;
            firstFree = slotAt(index)->nextFree;
            if (firstFree == 0)
                lastFree = 0;
            return true;
        }
        if (used > kIndexMask)
            return false;
        if (current_.load() == &empty) {
            auto* directory = new (std::nothrow) Directory{};
            if (directory == nullptr)
                return false;
            current_.store(directory);
        }
        std::atomic<Chunk*>& chunk = current_.load()->chunks[used >> kChunkBits];
        if (chunk.load() == nullptr) {
            auto* fresh = new (std::nothrow) Chunk{};
            if (fresh == nullptr)
                return false;
            chunk.store(fresh, std::memory_order_release);
        }
        index = used++;
        return true;
    }

    static void beforeFork() { pthread_mutex_lock(&mutex); }
    static void inParent() { pthread_mutex_unlock(&mutex); }
    static void inChild() {
        if (current_.load() != &empty)
            forkedFrom = current_.load();
        current_.store(&empty);
        firstFree = lastFree = used = 0;
        pthread_mutex_unlock(&mutex);
    }
};

std::atomic<HandleTable::Directory*> HandleTable::current_{&HandleTable::State::empty};

namespace {

class Guard {
public:
    explicit Guard(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
    ~Guard() { pthread_mutex_unlock(&mutex_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

private:
    pthread_mutex_t& mutex_;
};

} // namespace

uint64_t HandleTable::insert(ObjectType type, void* object) {
    const Guard guard(State::mutex);
    if (!State::forkHandlers) {
        pthread_atfork(State::beforeFork, State::inParent, State::inChild);
        State::forkHandlers = true;
    }
    uint32_t index = 0;
    if (!State::takeSlot(index))
        return 0;
    Slot* slot = State::slotAt(index);
    slot->generation = (slot->generation + 1) & kIndexMask;
    slot->object.store(object, std::memory_order_relaxed);
    const uint64_t word = kMagic << 56 | static_cast<uint64_t>(type) << 48 | slot->generation << kIndexBits | index;
    slot->word.store(word, std::memory_order_release);
    return word;
}

void* HandleTable::remove(uint64_t handle, ObjectType type) {
    const Guard guard(State::mutex);
    void* object = find(handle, type);
    if (object == nullptr)
        return nullptr;
    const auto index = static_cast<uint32_t>(handle & kIndexMask);
    Slot* slot = State::slotAt(index);
    slot->word.store(0, std::memory_order_release);
    slot->nextFree = 0;
    if (State::lastFree != 0)
        State::slotAt(State::lastFree - 1)->nextFree = index + 1;
    else
        State::firstFree = index + 1;
    State::lastFree = index + 1;
    return object;
}

ObjectType HandleTable::typeOf(uint64_t handle) {
    const auto type = static_cast<ObjectType>(static_cast<uint8_t>(handle >> 48));
    return handle >> 56 == kMagic && find(handle, type) != nullptr ? type : ObjectType::None;
}

HandleFault HandleTable::explain(uint64_t handle, ObjectType type) {
    if (handle == 0)
        return HandleFault::Null;
    if (handle >> 56 != kMagic)
        return HandleFault::NotAHandle;
    if (const Directory* parent = State::forkedFrom; parent != nullptr) {
        const Chunk* chunk = parent->chunks[(handle & kIndexMask) >> kChunkBits].load();
        if (chunk != nullptr && chunk->slots[handle & kChunkMask].word.load() == handle)
            return HandleFault::Forked;
    }
    return static_cast<uint8_t>(handle >> 48) != static_cast<uint8_t>(type) ? HandleFault::WrongType
                                                                            : HandleFault::Destroyed;
}

const char* objectTypeName(ObjectType type) {
    switch (type) {
    case ObjectType::Instance:
        return "HyInstance";
    case ObjectType::Device:
        return "HyDevice";
    case ObjectType::Stream:
        return "HyStream";
    case ObjectType::Event:
        return "HyEvent";
    case ObjectType::Module:
        return "HyModule";
    case ObjectType::Kernel:
        return "HyKernel";
    case ObjectType::Graph:
        return "HyGraph";
    case ObjectType::GraphExec:
        return "HyGraphExec";
    case ObjectType::MemoryPool:
        return "HyMemoryPool";
    case ObjectType::Semaphore:
        return "HySemaphore";
    case ObjectType::PhysicalMemory:
        return "HyPhysicalMemory";
    case ObjectType::None:
        break;
    }
    return "unknown object";
}

} // namespace halyard
