// What every entry point asks before it calls the runtime: is there something unusual about this process or thread? One
// load and one branch when there is not.
#pragma once

#include "halyard/halyard.h"

#include <atomic>
#include <cstdint>

namespace halyard {

class Gate {
public:
    // Nothing unusual: no instance has layers, and no thread runs a host function.
    static bool open() { return reasons_.load(std::memory_order_relaxed) == 0; }

    // A reason to look closer, for as long as it lives.
    class Reason {
    public:
        Reason() { reasons_.fetch_add(1, std::memory_order_relaxed); }
        ~Reason() { reasons_.fetch_sub(1, std::memory_order_relaxed); }
        Reason(const Reason&) = delete;
        Reason& operator=(const Reason&) = delete;
    };

    // Marks the calling thread as one that runs a host function of a stream: calls from inside are refused, because
    // one that waited would wait for itself.
    class InHostFunction {
    public:
        InHostFunction() { inside_ = true; }
        ~InHostFunction() { inside_ = false; }
        InHostFunction(const InHostFunction&) = delete;
        InHostFunction& operator=(const InHostFunction&) = delete;

    private:
        Reason reason_;
    };

    static bool inHostFunction() { return inside_; }

private:
    static inline std::atomic<uint32_t> reasons_{0};
    // Not of the initial-exec model: all thread-local data of the library would have to fit what dlopen has left.
    static inline thread_local bool inside_ = false;
};

} // namespace halyard
