// Waits across devices that no backend can do itself: one thread of the instance looks at the events waited for and
// raises a semaphore on the waiting device, so the waiting stream, and nothing else, is held up.
#pragma once

#include "api/backend_event.h"

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace halyard {

// True when streams of one device can wait natively for events and semaphores of the other.
bool reachNatively(const Device& first, const Device& second);

// Thread-safe.
class Bridge {
public:
    Bridge() = default;
    ~Bridge() { stop(); }
    Bridge(const Bridge&) = delete;
    Bridge& operator=(const Bridge&) = delete;

    // Later work of a stream of `device` waits for the event's recording. The event must not be recorded again while
    // somebody else shares it. UNSUPPORTED when the device has no timeline semaphores.
    HyResult wait(Device& device, HyBackendStream stream, std::shared_ptr<BackendEvent> event);
    // Ends the thread and gives up what is still waited for.
    void stop();

private:
    struct Wait {
        std::shared_ptr<BackendEvent> event;
        Device* device;
        HyBackendSemaphore semaphore;
    };
    void work();
    static bool finish(const Wait& wait);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Wait> waits_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace halyard
