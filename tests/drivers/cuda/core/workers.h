// Threads that run what streams have to do. They never end: a process may exit while they run, and the library is never
// unloaded.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace halyard::softcuda {

class Workers {
public:
    // Runs `job` soon, on a thread of its own until it returns.
    void run(std::function<void()> job);

private:
    void work();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    size_t idle_ = 0;
    std::vector<std::thread> threads_;
};

} // namespace halyard::softcuda
