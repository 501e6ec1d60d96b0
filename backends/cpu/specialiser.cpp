#include "specialiser.h"

#include "base/block_signals.h"
#include "futex.h"
#include "kernel.h"

namespace halyard::cpu {

Specialiser::Specialiser(const Host& host) : host_(host) {}

Specialiser::~Specialiser() = default;

void Specialiser::request(Ref<Kernel> kernel, size_t variant) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_) {
            return;
        }
        if (!started_) {
            const BlockSignals blocked;
            if (const int error = pthread_create(&thread_, nullptr, &Specialiser::threadMain, this); error != 0) {
                host_.log(
                    HY_LOG_WARNING,
                    format("no thread to make faster code (pthread_create: error %d): the general code stays in use",
                           error));
                return;
            }
            pthread_setname_np(thread_, "hy-cpu-jit");
            started_ = true;
        }
        requests_.push_back({std::move(kernel), variant});
        wakeWord_.fetch_add(1);
    }
    futexWakeAll(wakeWord_);
}

bool Specialiser::stop(uint64_t deadline) {
    std::deque<Request> forgotten; // dropped after the lock
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        forgotten.swap(requests_);
        wakeWord_.fetch_add(1);
        if (!started_) {
            return true;
        }
    }
    futexWakeAll(wakeWord_);
    bool inTime = true;
    while (exited_.load() == 0 && inTime) {
        inTime = futexWait(exited_, 0, deadline);
    }
    if (exited_.load() == 0) {
        abandoned_.store(true, std::memory_order_release);
        pthread_detach(thread_);
        return false;
    }
    pthread_join(thread_, nullptr);
    return true;
}

void Specialiser::work() {
    for (;;) {
        const uint32_t word = wakeWord_.load();
        std::unique_lock lock(mutex_);
        if (stopping_) {
            return;
        }
        if (requests_.empty()) {
            lock.unlock();
            futexWait(wakeWord_, word, kNever);
            continue;
        }
        const Request request = std::move(requests_.front());
        requests_.pop_front();
        lock.unlock();
        if (!request.kernel->abandoned()) {
            request.kernel->specialise(request.variant);
        }
    }
}

void* Specialiser::threadMain(void* argument) {
    auto& self = *static_cast<Specialiser*>(argument);
    self.work();
    self.exited_.store(1);
    futexWakeAll(self.exited_);
    return nullptr;
}

} // namespace halyard::cpu
