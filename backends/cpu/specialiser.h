// The thread that makes faster code in the background.
#pragma once

#include "ref.h"
#include "status.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <pthread.h>

namespace halyard::cpu {

class Kernel;

// Thread-safe. The thread starts with the first request.
class Specialiser {
public:
    explicit Specialiser(const Host& host);
    ~Specialiser(); // REQUIRES: stop() answered true, or nothing was ever requested
    Specialiser(const Specialiser&) = delete;
    Specialiser& operator=(const Specialiser&) = delete;

    // Throws std::bad_alloc. A request after stop() is forgotten.
    void request(Ref<Kernel> kernel, size_t variant);
    // Forgets what waits and ends the thread. False: a compilation did not come back before the deadline; the thread
    // ends by itself, and this object must live for ever.
    bool stop(uint64_t deadline);
    // stop() gave up: the runtime's services may be gone.
    bool abandoned() const { return abandoned_.load(std::memory_order_acquire); }

private:
    struct Request {
        Ref<Kernel> kernel;
        size_t variant;
    };

    static void* threadMain(void* specialiser);
    void work();

    const Host& host_;
    std::mutex mutex_;
    std::deque<Request> requests_;
    bool started_ = false;
    bool stopping_ = false;
    pthread_t thread_{};
    std::atomic<uint32_t> wakeWord_{0};
    std::atomic<uint32_t> exited_{0};
    std::atomic<bool> abandoned_{false};
};

} // namespace halyard::cpu
