// The worker threads of a device. They take whole streams and run their commands in order; a command of several units
// (workgroups, pieces of a copy) is shared out, and whichever worker finishes last carries on with the stream.
#pragma once

#include "command.h"
#include "grid_barrier.h"
#include "placement.h"
#include "status.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <vector>

namespace halyard::cpu {

class Executor;
class Stream;

// A thread and the memory that kernels use on it. Kept between launches, so a steady state allocates nothing.
class Worker {
public:
    Worker() = default;
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // At least `bytes` bytes, aligned to 128; null when the host has none. Contents undefined, valid until the next
    // call.
    void* local(uint64_t bytes) { return local_.get(bytes); }
    void* scratch(uint64_t bytes) { return scratch_.get(bytes); }

private:
    friend class Executor;

    struct Buffer {
        void* data = nullptr;
        uint64_t bytes = 0;
        void* get(uint64_t wanted);
    };

    alignas(64) std::atomic<uint32_t> wakeWord_{0};
    Executor* executor_ = nullptr;
    uint32_t index_ = 0;
    pthread_t thread_{};
    Worker* nextIdle_ = nullptr;
    bool spun_ = false;    // it has polled for long enough since it last did something
    uint32_t crowded_ = 0; // times in a row that somebody else ran here when it made room while polling
    uint32_t cpu_ = 0;     // where it went to sleep, or woke up; guarded by the executor's mutex
    bool beside_ = false;  // when it woke up, another worker was awake on its processor
    Buffer local_;
    Buffer scratch_;
};

// Thread-safe.
class Executor {
public:
    Executor(uint32_t threads, uint64_t spinNs);
    ~Executor(); // REQUIRES: stop() answered true, or start() was never called
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    // Starts the threads; does nothing when they run. Fewer than asked for is a warning, none an error.
    HyResult start(const Host& host);
    // Gives an active stream, with its reference, to a worker. Never fails.
    void schedule(Stream& stream) noexcept;
    // Runs a command's units on this worker and those that are free. True: all are done; false: another worker
    // still runs some and will go on with the stream, which must not be touched any more.
    bool shareOut(Stream& stream, const Command& command, uint64_t units, Worker& worker);
    // The same for the flow of a graph's plan, which has begun: nodes of branches run whenever they can.
    bool shareFlow(Stream& stream, const GraphCommand& command, Worker& worker);
    // Before runTogether(). False: it is another stream's turn; this one is scheduled when its turn has come.
    bool claimTurn(Stream& stream);
    // Runs each of a command's units on a worker of its own, all at the same time; every worker comes after the command
    // that it is at. `units` is at most threads(). Ends the stream's turn. True and false as of shareOut().
    bool runTogether(Stream& stream, const Command& command, uint64_t units, Worker& worker);
    // Of the command that runs together, if any: where its workgroups meet.
    GridBarrier& gridBarrier() { return gridBarrier_; }
    // The stream, which may have been given the turn, does not run its command after all.
    void giveUpTurn(Stream& stream);
    // REQUIRES: the device is cancelled. Units that wait for workers do not wait any more.
    void cancelGang();
    // Ends the threads. False: some did not come back before the deadline; they are left to themselves, and this
    // object must live for ever.
    bool stop(uint64_t deadline);

    uint32_t threads() const { return started_.load(std::memory_order_acquire); }

private:
    // One worker's even part of a command. The part is taken piece by piece, by others too when they are done with
    // their own.
    struct alignas(64) Slice {
        std::atomic<uint64_t> next{0};
        uint64_t end = 0;
    };
    struct Job {
        Stream* stream = nullptr;
        const Command* command = nullptr;
        const Plan* flowing = nullptr; // whose flow it is; null: `slices` are taken
        uint64_t piece = 1;
        uint64_t startedNs = 0;
        uint32_t sliceCount = 0;
        bool open = false;   // somebody may still join
        uint32_t wanted = 0; // workers that may still join
        uint32_t participants = 0;
        Job* prev = nullptr;
        Job* next = nullptr;
        Slice* slices = nullptr;
    };
    struct Task {
        Stream* stream = nullptr;
        Job* job = nullptr;
        uint64_t unit = 0; // not 0: of the gang's command
    };
    struct ReadyList {
        Stream* first = nullptr;
        Stream* last = nullptr;
    };
    // The one command whose units run together. Guarded by mutex_, but for what its workers count by.
    struct Gang {
        Stream* owner = nullptr; // whose turn it is
        const Command* command = nullptr;
        uint64_t nextUnit = 0;
        uint32_t running = 0;             // workers that are here or will come
        ReadyList waiting;                // streams whose turn will come
        std::atomic<bool> called{false};  // everybody who came is to run
        std::atomic<uint32_t> missing{0}; // workers that have not come yet
    };
    // Workers to wake when the lock is released. Two at a time: those who wake go on waking, so that many wake in
    // little time.
    struct Wakes {
        Worker* workers[2] = {};
    };

    int startThreads();
    static void* threadMain(void* worker);
    void work(Worker& worker);
    void hold(Worker& worker, Stream& stream);
    bool linger(Worker& worker, Stream& stream);
    bool next(Worker& worker, Task& outTask);
    bool take(Task& outTask);
    Wakes enqueue(Stream& stream);
    Job& open(Stream& stream, const Command& command);
    void runPieces(Job& job, Worker& worker);
    bool runFlow(Job& job, Worker& worker);
    Wakes inviteToFlow(Job& job);
    void close(Job& job);
    bool takeSeat(Task& outTask);
    bool takePart(Stream& stream, uint64_t unit, Worker& worker);
    Wakes passTurn();
    void withdrawSeats();
    bool leave(Job& job);
    void unlink(Job& job);
    Wakes rebalance();
    Worker* takeIdle();
    void settle(Worker& worker);
    void moveAway(Worker& worker);
    template <class Done> bool poll(Worker& worker, Done&& done);
    static void wake(const Wakes& wakes);

    alignas(64) std::atomic<uint32_t> demand_{0}; // ready streams, seats in open jobs and in the gang
    std::atomic<uint32_t> readyCount_{0};
    std::atomic<uint32_t> gangSeats_{0}; // workers that must come
    std::atomic<uint32_t> spinners_{0};  // workers that look at demand_ now or soon, the waking ones included
    std::atomic<bool> stopping_{false};

    const uint32_t wantedThreads_;
    const uint64_t spinNs_;
    GridBarrier gridBarrier_;
    std::mutex startMutex_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<uint32_t> started_{0};
    std::atomic<uint32_t> exited_{0};

    std::mutex
        mutex_; // guards what follows, and changes of demand_, readyCount_ and gangSeats_, which are polled without it
    ReadyList ready_[3]; // urgent, normal, patient
    Gang gang_;
    Job* openJobs_ = nullptr;
    Job* freeJobs_ = nullptr;
    Worker* idle_ = nullptr;
    Placement placement_; // of the others
    std::vector<Job> jobs_;
    std::unique_ptr<Slice[]> slices_;
};

} // namespace halyard::cpu
