// The workers of one Compiler: started on demand, reused, bounded in number.
#pragma once

#include "base/counters.h"
#include "jit/client/dump.h"
#include "jit/client/settings.h"
#include "jit/client/worker_process.h"

#include <condition_variable>
#include <mutex>
#include <vector>

namespace halyard::jit {

class WorkerPool {
public:
    // Starts nothing.
    WorkerPool(const Settings& settings, Log& log, Counters& counters);
    // REQUIRES: no lease is held. Ends the workers: each has one second, together, to leave by itself.
    ~WorkerPool();

    // The right to run one worker. It goes back to the pool, with its worker when it still has one, at the end.
    class Lease {
    public:
        explicit Lease(WorkerPool& pool);
        ~Lease();
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        // The worker that it has: an idle one of the pool, or the one that start() made. May be null.
        WorkerProcess* worker() { return worker_.get(); }
        // Starts a process in the place of the worker. Null with `problem` set. It has not been greeted yet.
        WorkerProcess* start(std::string& problem);
        // Ends the worker by force: it crashed, hangs, or cannot be trusted. Counted as lost.
        void lose();

    private:
        WorkerPool& pool_;
        std::unique_ptr<WorkerProcess> worker_;
    };

    const Settings& settings() const { return settings_; }
    Log& log() const { return log_; }
    DumpWriter& dumps() { return dumps_; }

private:
    struct Idle {
        std::unique_ptr<WorkerProcess> worker;
        Clock::time_point since;
    };

    std::unique_ptr<WorkerProcess> take();
    void giveBack(std::unique_ptr<WorkerProcess> worker);

    const Settings& settings_;
    Log& log_;
    Counters& counters_;
    DumpWriter dumps_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<Idle> idle_; // the most recently used last
    unsigned leased_ = 0;
};

} // namespace halyard::jit
