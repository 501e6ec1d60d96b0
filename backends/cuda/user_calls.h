// The application's host functions, one after another on a thread of the device.
//
// The driver calls functions of all streams on few threads of its own, so one that takes long would hold up what else
// this backend does there: signals of semaphores, and copies from and to pageable memory. So the driver only hands the
// function over, and the stream waits until it returned.
#pragma once

#include "halyard/backend.h"

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace halyard::cuda {

class Device;
class Stream;

// Thread-safe.
class UserCalls {
public:
    explicit UserCalls(Device& device) : device_(device), state_(std::make_shared<State>()) {}
    ~UserCalls() { stop(); }
    UserCalls(const UserCalls&) = delete;
    UserCalls& operator=(const UserCalls&) = delete;

    // Puts a call into the stream. A failure, with the record set: it is not called. REQUIRES: the context is current,
    // and streams of the device can wait (HY_CAP_TIMELINE_SEMAPHORES). Throws std::bad_alloc.
    HyResult submit(Stream& stream, HyHostFunction function, void* user);
    // Held while a function of the application runs, wherever that is.
    std::mutex& turn() { return state_->turn; }
    // Calls what was handed over and not called yet, on this thread, with HY_ERROR_CANCELLED, and ends the device's
    // thread; one that is in a function ends when that returns. REQUIRES: nothing is submitted any more.
    void stop() noexcept;

private:
    struct Call;
    struct State {
        std::mutex turn;
        std::mutex mutex;
        std::condition_variable changed;
        std::list<std::shared_ptr<Call>> queue;
        bool calling = false;
        bool stopping = false;
    };

    HyResult start();
    static void work(State& state) noexcept;

    Device& device_;
    const std::shared_ptr<State> state_; // the thread's too
    std::mutex startMutex_;
    std::thread thread_;
};

} // namespace halyard::cuda
