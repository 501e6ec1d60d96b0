#include "api/handle_table.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <pthread.h>

namespace halyard {

// Everything is constant-initialised and trivially destroyed: valid before the first constructor and after the last
// destructor.
struct HandleTable::State {
    static inline Slot none{};
    static inline Slot* outgrown[kIndexBits + 1] = {}; // somebody may still look into them
    static inline Slot* parentSlots = nullptr;         // the parent's table, in a child
    static inline uint64_t parentMask = 0;
    static inline pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static inline bool forkHandlers = false;
    // Free slots in FIFO order, so that a stale handle meets a reused slot as late as possible.
    static inline uint32_t firstFree = 0, lastFree = 0; // index + 1
    static inline uint32_t used = 0;                    // slots ever handed out
    static inline uint32_t capacity = 0;

    static Slot& slotAt(uint32_t index) { return slots_.load()[index]; }

    // Makes room for more slots. REQUIRES: the mutex is held.
    static bool grow() {
        constexpr uint32_t kFirst = 1024;
        const uint32_t more = capacity != 0 ? capacity * 2 : kFirst;
        auto* fresh = new (std::nothrow) Slot[more];
        if (fresh == nullptr)
            return false;
        Slot* const old = slots_.load();
        for (uint32_t i = 0; i < used; ++i) {
            fresh[i].object.store(old[i].object.load(), std::memory_order_relaxed);
            fresh[i].type.store(old[i].type.load(), std::memory_order_relaxed);
            fresh[i].generation = old[i].generation;
            fresh[i].nextFree = old[i].nextFree;
            fresh[i].word.store(old[i].word.load(), std::memory_order_relaxed);
        }
        slots_.store(fresh, std::memory_order_release);
        mask_.store(more - 1, std::memory_order_release);
        if (capacity != 0)
            *std::find(std::begin(outgrown), std::end(outgrown), nullptr) = old;
        capacity = more;
        return true;
    }

    // REQUIRES: the mutex is held.
    static bool takeSlot(uint32_t& index) {
        // Reuse only once a good number of slots lie between a destruction and the next use of its slot.
        constexpr uint32_t kQuarantine = 1024;
        if (firstFree != 0 && used >= kQuarantine) {
            index = firstFree - 1;
            firstFree = slotAt(index).nextFree;
            if (firstFree == 0)
                lastFree = 0;
            return true;
        }
        if (used > kIndexMask || (used == capacity && !grow()))
            return false;
        index = used++;
        return true;
    }

    static void beforeFork() { pthread_mutex_lock(&mutex); }
    static void inParent() { pthread_mutex_unlock(&mutex); }
    static void inChild() {
        if (capacity != 0) {
            parentSlots = slots_.load();
            parentMask = mask_.load();
        }
        mask_.store(0);
        slots_.store(&none);
        std::fill(std::begin(outgrown), std::end(outgrown), nullptr);
        firstFree = lastFree = used = capacity = 0;
        pthread_mutex_unlock(&mutex);
    }
};

std::atomic<HandleTable::Slot*> HandleTable::slots_{&HandleTable::State::none};
std::atomic<uint64_t> HandleTable::mask_{0};

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
    Slot& slot = State::slotAt(index);
    slot.generation = (slot.generation + 1) & kIndexMask;
    slot.object.store(object, std::memory_order_relaxed);
    slot.type.store(type, std::memory_order_relaxed);
    const uint64_t word = kMagic << 56 | static_cast<uint64_t>(type) << 48 | slot.generation << kIndexBits | index;
    slot.word.store(word, std::memory_order_release);
    return word;
}

void* HandleTable::remove(uint64_t handle, ObjectType type) {
    const Guard guard(State::mutex);
    void* object = find(handle, type);
    if (object == nullptr)
        return nullptr;
    const auto index = static_cast<uint32_t>(handle & kIndexMask);
    Slot& slot = State::slotAt(index);
    slot.type.store(ObjectType::None, std::memory_order_relaxed);
    slot.word.store(0, std::memory_order_release);
    slot.nextFree = 0;
    if (State::lastFree != 0)
        State::slotAt(State::lastFree - 1).nextFree = index + 1;
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
    if (State::parentSlots != nullptr && State::parentSlots[handle & State::parentMask].word.load() == handle)
        return HandleFault::Forked;
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
