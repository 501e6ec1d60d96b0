#include "jit/client/worker_pool.h"

#include "jit/client/locate.h"

namespace halyard::jit {
namespace {

// An idle worker holds LLVM's memory. All but the last used end after this time, when the next compilation returns; a
// timer would need a thread of its own in the application.
constexpr std::chrono::seconds kIdleTime(30);
constexpr std::chrono::seconds kEndTime(1);

} // namespace

WorkerPool::WorkerPool(const Settings& settings, Log& log, Counters& counters)
    : settings_(settings), log_(log), counters_(counters), dumps_(settings.dumpRoot) {}

WorkerPool::~WorkerPool() {
    for (Idle& idle : idle_)
        idle.worker->close();
    const Clock::time_point deadline = Clock::now() + kEndTime;
    for (Idle& idle : idle_)
        idle.worker->waitForEnd(deadline); // else its destructor kills it
}

std::unique_ptr<WorkerProcess> WorkerPool::take() {
    std::vector<std::unique_ptr<WorkerProcess>> dead; // reaped after the lock is released
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return leased_ < settings_.workers; });
    ++leased_;
    while (!idle_.empty()) {
        std::unique_ptr<WorkerProcess> worker = std::move(idle_.back().worker);
        idle_.pop_back();
        if (worker->isIdle())
            return worker;
        counters_.workersLost.fetch_add(1, std::memory_order_relaxed);
        dead.push_back(std::move(worker));
    }
    lock.unlock();
    return nullptr;
}

void WorkerPool::giveBack(std::unique_ptr<WorkerProcess> worker) {
    std::vector<Idle> tired;
    {
        const std::lock_guard lock(mutex_);
        --leased_;
        const Clock::time_point now = Clock::now();
        while (worker != nullptr && !idle_.empty() && idle_.front().since + kIdleTime < now) {
            tired.push_back(std::move(idle_.front()));
            idle_.erase(idle_.begin());
        }
        if (worker != nullptr)
            idle_.push_back({std::move(worker), now});
    }
    returned_.notify_one();
}

WorkerPool::Lease::Lease(WorkerPool& pool) : pool_(pool), worker_(pool.take()) {}

WorkerPool::Lease::~Lease() {
    pool_.giveBack(std::move(worker_));
}

WorkerProcess* WorkerPool::Lease::start(std::string& problem) {
    worker_.reset();
    std::filesystem::path program = pool_.settings_.workerPath;
    if (program.empty()) {
        const std::vector<std::filesystem::path> candidates = workerCandidates();
        program = firstExisting(candidates);
        if (program.empty()) {
            problem = fmt::format("halyard-jit is in none of: {}", joinPaths(candidates));
            return nullptr;
        }
    }
    worker_ = WorkerProcess::start(program, pool_.settings_.memoryMegabytes, problem);
    if (worker_ != nullptr) {
        pool_.counters_.workersStarted.fetch_add(1, std::memory_order_relaxed);
        pool_.log_.debug("jit", "started {} as process {}", program.native(), worker_->pid());
    }
    return worker_.get();
}

void WorkerPool::Lease::lose() {
    worker_.reset();
    pool_.counters_.workersLost.fetch_add(1, std::memory_order_relaxed);
}

} // namespace halyard::jit
