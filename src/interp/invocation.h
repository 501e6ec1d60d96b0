// The state of one invocation and of one workgroup while they run. Private to src/interp.
#pragma once

#include "interp/builtins.h"
#include "interp/prepared.h"
#include "interp/race.h"

namespace halyard::interp {

enum class Wait : uint8_t { None, Collective, Join, Barrier, Ended };

struct CallFrame {
    uint32_t function = 0;
    uint32_t base = 0;   // of its registers
    uint32_t caller = 0; // the calling step
};

struct Invocation {
    uint32_t pc = 0;
    Wait wait = Wait::None;
    uint32_t lane = 0;
    uint32_t subgroup = 0;
    uint64_t steps = 0;
    Cell* registers = nullptr; // of all its frames
    Cell* globals = nullptr;
    uint8_t* data = nullptr;        // private memory
    uint8_t* written = nullptr;     // a byte each
    uint8_t* generations = nullptr; // of each private slot; odd while it lives
    std::vector<CallFrame> calls;
    InvocationPlace place;
    ThreadClock clock;
};

// calloc'ed, so that what a kernel never touches costs nothing.
template <typename T> class LazyArray {
public:
    LazyArray() = default;
    explicit LazyArray(size_t count)
        : memory_(static_cast<T*>(std::calloc(std::max<size_t>(count, 1), sizeof(T))), &std::free) {
        if (memory_ == nullptr)
            throw std::bad_alloc();
    }
    T* get() const { return memory_.get(); }

private:
    std::unique_ptr<T, void (*)(void*)> memory_{nullptr, &std::free};
};

struct WorkgroupMemory {
    uint64_t offset = 0; // in the arena
    uint64_t size = 0;
};

struct Workgroup {
    uint64_t number = 0; // linear, in the launch
    std::vector<Invocation> invocations;
    LazyArray<Cell> registers, globals;
    LazyArray<uint8_t> privateData, privateWritten, generations;
    std::vector<uint8_t> data, written; // workgroup memory
    std::vector<WorkgroupMemory> objects;
    std::unique_ptr<RaceMap> races;
    uint32_t alive = 0;
    bool started = false;
    bool atGrid = false; // all of it waits for the other workgroups
};

} // namespace halyard::interp
