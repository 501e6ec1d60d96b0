#include "user_calls.h"

#include "base/block_signals.h"
#include "stream.h"
#include "wait.h"

namespace halyard::cuda {

// One call on its way: from the stream to the queue, and from there to the thread.
struct UserCalls::Call {
    enum Phase { InStream, HandedOver, Withdrawn };

    HyHostFunction function;
    void* user;
    std::weak_ptr<Stream> stream;
    std::shared_ptr<StreamGate> gate;
    uint64_t wait; // at the gate, for this call
    std::atomic<Phase> phase{InStream};
    HyResult status = HY_SUCCESS;
    std::atomic<bool> over{false};

    // Whether the call was still in the stream.
    bool leaveStream(Phase next) {
        Phase now = InStream;
        return phase.compare_exchange_strong(now, next);
    }
    void run(std::mutex& turn) noexcept {
        {
            const std::scoped_lock lock(turn);
            function(user, Stream::statusAfter(stream, status));
        }
        gate->open(wait);
        over.store(true);
    }
};

HyResult UserCalls::start() {
    const std::scoped_lock lock(startMutex_);
    if (thread_.joinable())
        return HY_SUCCESS;
    try {
        const BlockSignals blocked;
        thread_ = std::thread([state = state_] { work(*state); });
    } catch (const std::system_error&) {
        return device_.host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the thread of host functions cannot be started"});
    }
    return HY_SUCCESS;
}

HyResult UserCalls::submit(Stream& stream, HyHostFunction function, void* user) {
    if (const HyResult result = start(); result != HY_SUCCESS)
        return result;
    const std::shared_ptr<StreamGate>& gate = stream.gate();
    std::unique_lock order(gate->orderMutex());
    uint64_t wait = 0;
    if (const HyResult result = gate->announce(stream, wait); result != HY_SUCCESS)
        return result;
    HyResult result = HY_SUCCESS;
    std::shared_ptr<Call> call;
    try {
        call = std::make_shared<Call>(function, user, stream.weak_from_this(), gate, wait);
        // A list of one, so that handing it over takes no memory.
        auto entry = std::make_shared<std::list<std::shared_ptr<Call>>>(1, call);
        result = device_.hostCalls().submit(stream.handle(), [state = state_, entry](HyResult status) {
            Call& handed = *entry->front();
            if (!handed.leaveStream(Call::HandedOver))
                return;
            handed.status = status;
            const std::scoped_lock lock(state->mutex);
            state->queue.splice(state->queue.end(), *entry);
            state->changed.notify_one();
        });
    } catch (const std::bad_alloc&) {
        gate->open(wait);
        throw;
    }
    if (result != HY_SUCCESS) {
        gate->open(wait);
        return result;
    }
    result = gate->submit(stream, wait);
    if (result == HY_SUCCESS || call->leaveStream(Call::Withdrawn))
        return result;
    // It is being called already, so it is this thread that waits before later work.
    order.unlock();
    pollUntil(UINT64_MAX, [&] { return call->over.load(); });
    return HY_SUCCESS;
}

void UserCalls::work(State& state) noexcept {
    std::unique_lock lock(state.mutex);
    for (;;) {
        state.changed.wait(lock, [&] { return state.stopping || !state.queue.empty(); });
        if (state.queue.empty())
            return;
        const std::shared_ptr<Call> call = std::move(state.queue.front());
        state.queue.pop_front();
        state.calling = true;
        lock.unlock();
        call->run(state.turn);
        lock.lock();
        state.calling = false;
    }
}

void UserCalls::stop() noexcept {
    std::list<std::shared_ptr<Call>> left;
    bool calling = false;
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
        left.swap(state_->queue);
        calling = state_->calling;
    }
    state_->changed.notify_one();
    std::mutex own; // not the thread's turn, which a function that never returns may have
    for (const std::shared_ptr<Call>& call : left) {
        if (call->status == HY_SUCCESS)
            call->status = HY_ERROR_CANCELLED;
        call->run(own);
    }
    if (!thread_.joinable())
        return;
    if (calling)
        thread_.detach();
    else
        thread_.join();
}

} // namespace halyard::cuda
