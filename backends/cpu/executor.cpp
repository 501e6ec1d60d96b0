#include "executor.h"

#include "base/block_signals.h"
#include "futex.h"
#include "graph_plan.h"
#include "stream.h"
#include "work.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace halyard::cpu {

namespace {

// Kernels keep their private variables on the stack.
constexpr size_t kStackBytes = 8U << 20;
constexpr uint32_t kMaxSlices = 64;
// Small enough that the last piece does not keep the others waiting, large enough to cost nothing.
constexpr uint64_t kPiecesPerSlice = 16;
constexpr uint64_t kLocalAlignment = 128;

} // namespace

Worker::~Worker() {
    std::free(local_.data);
    std::free(scratch_.data);
}

void* Worker::Buffer::get(uint64_t wanted) {
    wanted = std::max(wanted, kLocalAlignment);
    if (wanted > bytes) {
        const uint64_t rounded = (wanted + kLocalAlignment - 1) / kLocalAlignment * kLocalAlignment;
        void* larger = rounded < wanted ? nullptr : std::aligned_alloc(kLocalAlignment, rounded);
        if (larger == nullptr) {
            return nullptr;
        }
        std::free(data);
        data = larger;
        bytes = rounded;
    }
    return data;
}

Executor::Executor(uint32_t threads, uint64_t spinNs)
    : wantedThreads_(threads), spinNs_(spinNs), gridBarrier_(spinNs) {}

Executor::~Executor() = default;

// Starts as many threads as it can and forgets the other workers. Returns 0 or the errno that ended it.
int Executor::startThreads() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    const BlockSignals blocked;
    size_t count = 0;
    int error = 0;
    for (; count < workers_.size(); ++count) {
        Worker& worker = *workers_[count];
        error = pthread_create(&worker.thread_, &attributes, &Executor::threadMain, &worker);
        if (error != 0) {
            break;
        }
        char name[16];
        std::snprintf(name, sizeof name, "hy-cpu-%u", worker.index_);
        pthread_setname_np(worker.thread_, name);
    }
    workers_.resize(count);
    pthread_attr_destroy(&attributes);
    return error;
}

HyResult Executor::start(const Host& host) {
    const std::scoped_lock startLock(startMutex_);
    if (threads() != 0) {
        return HY_SUCCESS;
    }
    // No more jobs than workers: whoever is at work is at work on one.
    const uint32_t slicesPerJob = std::min(wantedThreads_, kMaxSlices);
    jobs_.resize(wantedThreads_);
    slices_ = std::make_unique<Slice[]>(static_cast<size_t>(wantedThreads_) * slicesPerJob);
    for (uint32_t i = 0; i < wantedThreads_; ++i) {
        jobs_[i].slices = slices_.get() + static_cast<size_t>(i) * slicesPerJob;
        jobs_[i].next = std::exchange(freeJobs_, &jobs_[i]);
    }
    for (uint32_t i = 0; i < wantedThreads_; ++i) {
        workers_.push_back(std::make_unique<Worker>());
        workers_.back()->executor_ = this;
        workers_.back()->index_ = i;
    }
    const int error = startThreads();
    if (workers_.empty()) {
        return host.failSystem(HY_ERROR_OUT_OF_HOST_MEMORY, "no worker thread could be started (pthread_create)",
                               error);
    }
    if (error != 0) {
        host.log(HY_LOG_WARNING, format("only %zu of %u worker threads could be started (error %d)", workers_.size(),
                                        wantedThreads_, error));
    }
    started_.store(static_cast<uint32_t>(workers_.size()), std::memory_order_release);
    return HY_SUCCESS;
}

bool Executor::stop(uint64_t deadline) {
    const uint32_t count = threads();
    {
        const std::scoped_lock lock(mutex_);
        stopping_.store(true);
        while (idle_ != nullptr) {
            Worker* worker = std::exchange(idle_, idle_->nextIdle_);
            spinners_.fetch_add(1);
            wake({{worker, nullptr}});
        }
    }
    bool inTime = true;
    for (uint32_t exited = exited_.load(); exited < count && inTime; exited = exited_.load()) {
        inTime = futexWait(exited_, exited, deadline);
    }
    const bool all = exited_.load() == count;
    for (const auto& worker : workers_) {
        if (all) {
            pthread_join(worker->thread_, nullptr);
        } else {
            pthread_detach(worker->thread_);
        }
    }
    return all;
}

void Executor::schedule(Stream& stream) noexcept {
    Wakes wakes;
    {
        const std::scoped_lock lock(mutex_);
        wakes = enqueue(stream);
    }
    wake(wakes);
}

Executor::Wakes Executor::enqueue(Stream& stream) {
    ReadyList& list = ready_[stream.priority() < 0 ? 0 : stream.priority() == 0 ? 1 : 2];
    stream.next_ = nullptr;
    (list.first == nullptr ? list.first : list.last->next_) = &stream;
    list.last = &stream;
    readyCount_.fetch_add(1, std::memory_order_relaxed);
    demand_.fetch_add(1, std::memory_order_seq_cst);
    return rebalance();
}

Executor::Wakes Executor::rebalance() {
    Wakes wakes;
    for (Worker*& worker : wakes.workers) {
        if (idle_ == nullptr || demand_.load(std::memory_order_seq_cst) <= spinners_.load(std::memory_order_seq_cst)) {
            break;
        }
        worker = takeIdle();
        spinners_.fetch_add(1, std::memory_order_seq_cst);
    }
    return wakes;
}

// REQUIRES: mutex_ is held, and somebody sleeps. The last one to fall asleep, but rather one that does not sleep on the
// caller's own processor: the system tends to wake it there, even if another processor is idle.
Worker* Executor::takeIdle() {
    const uint32_t here = currentProcessor();
    Worker** place = &idle_;
    while ((*place)->cpu_ == here && (*place)->nextIdle_ != nullptr) {
        place = &(*place)->nextIdle_;
    }
    if ((*place)->cpu_ == here) {
        place = &idle_;
    }
    return std::exchange(*place, (*place)->nextIdle_);
}

// REQUIRES: mutex_ is held. The worker is awake.
void Executor::settle(Worker& worker) {
    worker.cpu_ = currentProcessor();
    worker.beside_ = placement_.taken(worker.cpu_);
    placement_.add(worker.cpu_);
}

// Looks for a processor that no other worker has, which takes some ten microseconds.
void Executor::moveAway(Worker& worker) {
    std::unique_lock lock(mutex_);
    worker.beside_ = false;
    placement_.remove(worker.cpu_);
    worker.cpu_ = currentProcessor();
    if (placement_.taken(worker.cpu_)) {
        const cpu_set_t taken = placement_.takenOnes();
        lock.unlock();
        leaveProcessors(taken);
        lock.lock();
        worker.cpu_ = currentProcessor();
    }
    placement_.add(worker.cpu_);
}

// Polls. A worker that shares its processor with the thread that gives it work gets its next work late for ever, since
// the system moves neither while both are at it: after some times it polls no more, falls asleep, and one that sleeps
// elsewhere is woken in its place.
template <class Done> bool Executor::poll(Worker& worker, Done&& done) {
    constexpr uint32_t kPatience = 32;
    return spinUntil(spinNs_, done, [&](bool crowded) {
        worker.crowded_ = crowded ? worker.crowded_ + 1 : 0;
        if (worker.crowded_ < kPatience) {
            return true;
        }
        worker.crowded_ = 0;
        cpu_set_t here;
        CPU_ZERO(&here);
        CPU_SET(currentProcessor(), &here);
        leaveProcessors(here); // all may sleep where the host thread is
        return false;
    });
}

void Executor::wake(const Wakes& wakes) {
    for (Worker* worker : wakes.workers) {
        if (worker != nullptr) {
            worker->wakeWord_.store(1, std::memory_order_release);
            futexWakeAll(worker->wakeWord_);
        }
    }
}

bool Executor::take(Task& outTask) {
    if (takeSeat(outTask)) {
        return true;
    }
    for (ReadyList& list : ready_) {
        if (list.first != nullptr) {
            outTask = {std::exchange(list.first, list.first->next_), nullptr, 0};
            readyCount_.fetch_sub(1, std::memory_order_relaxed);
            demand_.fetch_sub(1, std::memory_order_seq_cst);
            return true;
        }
    }
    for (Job* job = openJobs_; job != nullptr; job = job->next) {
        if (job->wanted > 0) {
            --job->wanted;
            ++job->participants;
            demand_.fetch_sub(1, std::memory_order_seq_cst);
            outTask = {nullptr, job, 0};
            return true;
        }
    }
    return false;
}

bool Executor::next(Worker& worker, Task& outTask) {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (take(outTask)) {
            const Wakes wakes = rebalance();
            lock.unlock();
            wake(wakes);
            worker.spun_ = false;
            return true;
        }
        if (stopping_.load()) {
            return false;
        }
        if (!worker.spun_) {
            worker.spun_ = true;
            spinners_.fetch_add(1, std::memory_order_seq_cst);
            lock.unlock();
            poll(worker, [&] { return demand_.load(std::memory_order_relaxed) > 0 || stopping_.load(); });
            lock.lock();
            spinners_.fetch_sub(1, std::memory_order_seq_cst);
            continue;
        }
        worker.wakeWord_.store(0, std::memory_order_relaxed);
        placement_.remove(worker.cpu_);
        worker.cpu_ = currentProcessor();
        worker.nextIdle_ = std::exchange(idle_, &worker);
        lock.unlock();
        while (worker.wakeWord_.load(std::memory_order_acquire) == 0) {
            futexWait(worker.wakeWord_, 0, kNever);
        }
        lock.lock();
        settle(worker);
        // Whoever woke this worker counted it among the spinners.
        spinners_.fetch_sub(1, std::memory_order_seq_cst);
    }
}

bool Executor::linger(Worker& worker, Stream& stream) {
    spinners_.fetch_add(1, std::memory_order_seq_cst);
    const bool something = poll(
        worker, [&] { return stream.hasWork() || demand_.load(std::memory_order_relaxed) > 0 || stopping_.load(); });
    spinners_.fetch_sub(1, std::memory_order_seq_cst);
    worker.spun_ = !something;
    if (!stream.hasWork() && stream.deactivate()) {
        return false;
    }
    // Somebody may have counted on this worker and woken nobody else.
    if (demand_.load(std::memory_order_seq_cst) > 0) {
        Wakes wakes;
        {
            const std::scoped_lock lock(mutex_);
            wakes = rebalance();
        }
        wake(wakes);
    }
    return true;
}

void Executor::hold(Worker& worker, Stream& stream) {
    for (;;) {
        switch (stream.step(worker)) {
        case Stream::Step::Ran:
            // One command at a time in turn, when there are more streams than free workers; and the gang waits for all.
            if (readyCount_.load(std::memory_order_relaxed) > spinners_.load(std::memory_order_relaxed) ||
                gangSeats_.load(std::memory_order_relaxed) > 0) {
                schedule(stream);
                return;
            }
            break;
        case Stream::Step::GaveAway:
            return;
        case Stream::Step::Empty:
            if (!linger(worker, stream)) {
                return;
            }
            break;
        }
    }
}

// REQUIRES: mutex_ is held. The calling worker takes part.
Executor::Job& Executor::open(Stream& stream, const Command& command) {
    Job& job = *std::exchange(freeJobs_, freeJobs_->next);
    job.stream = &stream;
    job.command = &command;
    job.flowing = nullptr;
    job.open = true;
    job.participants = 1;
    job.wanted = 0;
    job.startedNs = nowNs();
    job.prev = nullptr;
    job.next = openJobs_;
    if (openJobs_ != nullptr) {
        openJobs_->prev = &job;
    }
    openJobs_ = &job;
    return job;
}

bool Executor::shareOut(Stream& stream, const Command& command, uint64_t units, Worker& worker) {
    Job* job = nullptr;
    Wakes wakes;
    {
        const std::scoped_lock lock(mutex_);
        job = &open(stream, command);
        job->sliceCount = static_cast<uint32_t>(std::min<uint64_t>({units, threads(), kMaxSlices}));
        const uint64_t length = (units + job->sliceCount - 1) / job->sliceCount;
        job->piece = std::max<uint64_t>(1, length / kPiecesPerSlice);
        for (uint32_t i = 0; i < job->sliceCount; ++i) {
            job->slices[i].next.store(std::min(units, i * length), std::memory_order_relaxed);
            job->slices[i].end = std::min(units, (i + 1) * length);
        }
        job->wanted = static_cast<uint32_t>(std::min<uint64_t>(units, threads())) - 1;
        demand_.fetch_add(job->wanted, std::memory_order_seq_cst);
        wakes = rebalance();
    }
    wake(wakes);
    runPieces(*job, worker);
    return leave(*job);
}

void Executor::runPieces(Job& job, Worker& worker) {
    // By then the host thread does not poll any more: its processor is free. A short job is done sooner by one worker.
    constexpr uint64_t kLongNs = 50'000;
    for (uint32_t i = 0; i < job.sliceCount; ++i) {
        Slice& slice = job.slices[(worker.index_ + i) % job.sliceCount];
        for (;;) {
            if (worker.beside_ && nowNs() - job.startedNs > kLongNs) [[unlikely]] {
                moveAway(worker);
            }
            const uint64_t first = slice.next.fetch_add(job.piece, std::memory_order_relaxed);
            if (first >= slice.end) {
                break;
            }
            runUnits(*job.stream, *job.command, first, std::min(first + job.piece, slice.end), worker);
        }
    }
}

void Executor::unlink(Job& job) {
    (job.prev != nullptr ? job.prev->next : openJobs_) = job.next;
    if (job.next != nullptr) {
        job.next->prev = job.prev;
    }
}

void Executor::close(Job& job) {
    job.open = false;
    unlink(job);
    demand_.fetch_sub(std::exchange(job.wanted, 0), std::memory_order_seq_cst);
}

bool Executor::shareFlow(Stream& stream, const GraphCommand& command, Worker& worker) {
    Job* job = nullptr;
    {
        const std::scoped_lock lock(mutex_);
        job = &open(stream, command);
        job->flowing = command.plan;
    }
    return runFlow(*job, worker);
}

bool Executor::runFlow(Job& job, Worker& worker) {
    const Plan& plan = *job.flowing;
    Stream& stream = *job.stream;
    Flow::Piece piece;
    std::unique_lock lock(mutex_);
    while (plan.flow().take(piece)) {
        const Wakes wakes = inviteToFlow(job);
        lock.unlock();
        wake(wakes);
        if (!stream.skips()) {
            plan.runPiece(stream, piece, worker);
        }
        lock.lock();
        plan.flow().finish(piece);
        if (plan.flow().isEnoughWithout(job.participants)) {
            break;
        }
    }
    // Whoever finishes what others wait for asks for as many workers as there is work then.
    demand_.fetch_sub(std::exchange(job.wanted, 0), std::memory_order_seq_cst);
    if (--job.participants > 0) {
        return false;
    }
    close(job);
    job.next = std::exchange(freeJobs_, &job);
    return true;
}

Executor::Wakes Executor::inviteToFlow(Job& job) {
    const uint64_t room = threads() - job.participants;
    const auto wanted = static_cast<uint32_t>(std::min(room, job.flowing->flow().wanted(job.participants)));
    demand_.fetch_add(wanted - job.wanted, std::memory_order_seq_cst); // wraps around when fewer are
    job.wanted = wanted;
    return rebalance();
}

bool Executor::leave(Job& job) {
    const std::scoped_lock lock(mutex_);
    // Whoever leaves found nothing left to do, so nobody else needs to come.
    if (job.open) {
        close(job);
    }
    if (--job.participants > 0) {
        return false;
    }
    job.next = std::exchange(freeJobs_, &job);
    return true;
}

void Executor::work(Worker& worker) {
    {
        const std::scoped_lock lock(mutex_);
        settle(worker);
    }
    Task task;
    while (next(worker, task)) {
        Stream* stream = task.stream;
        if (task.job != nullptr) {
            stream = task.job->stream;
            if (task.job->flowing != nullptr) {
                if (!runFlow(*task.job, worker)) {
                    continue;
                }
            } else {
                runPieces(*task.job, worker);
                if (!leave(*task.job)) {
                    continue;
                }
            }
            stream->finishFront();
        } else if (task.unit != 0) {
            if (!takePart(*stream, task.unit, worker)) {
                continue;
            }
            stream->finishFront();
        }
        hold(worker, *stream);
    }
}

void* Executor::threadMain(void* argument) {
    auto& worker = *static_cast<Worker*>(argument);
    Executor& executor = *worker.executor_;
    executor.work(worker);
    executor.exited_.fetch_add(1);
    futexWakeAll(executor.exited_);
    return nullptr;
}

} // namespace halyard::cpu
