#include "stream.h"

#include "driver.h"
#include "knobs.h"

#include <exception>
#include <utility>

namespace halyard::softcuda {
namespace {

thread_local constinit bool hostFunction = false;

} // namespace

bool inHostFunction() {
    return hostFunction;
}

void callHostFunction(Context& context, void (*function)(void*), void* user) {
    std::lock_guard lock(context.hostFunctionMutex);
    hostFunction = true;
    function(user);
    hostFunction = false;
}

void Stream::push(Command command) {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
    ++submitted_;
    if (std::exchange(running_, true))
        return;
    driver().workers.run([self = shared_from_this()] { self->drain(); });
}

uint64_t Stream::submitted() {
    std::lock_guard lock(mutex_);
    return submitted_;
}

void Stream::waitFor(uint64_t count) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return completed_ >= count; });
}

void Stream::submit(Command command) {
    if (flags_ & kNonBlocking || !context->defaultUsed) {
        push(std::move(command));
        return;
    }
    // The default stream waits for what all others have now; they wait for what it has.
    std::lock_guard lock(context->orderMutex);
    std::vector<std::pair<std::shared_ptr<Stream>, uint64_t>> before;
    for (std::shared_ptr<Stream>& other : context->streams()) {
        bool ordered = flags_ & kDefault ? !(other->flags() & kNonBlocking) : (other->flags() & kDefault) != 0;
        if (ordered && other.get() != this && !other->idle())
            before.emplace_back(other, other->submitted());
    }
    if (!before.empty())
        push([before = std::move(before)] {
            for (const auto& [stream, count] : before)
                stream->waitFor(count);
            return Status::Success;
        });
    push(std::move(command));
}

void Stream::drain() {
    std::unique_lock lock(mutex_);
    while (!commands_.empty()) {
        Command command = std::move(commands_.front());
        commands_.pop_front();
        lock.unlock();
        if (context->status() == Status::Success && !context->stopping()) {
            if (knobs().slowMs)
                std::this_thread::sleep_for(std::chrono::milliseconds(knobs().slowMs));
            Status status = Status::Unknown;
            try {
                status = command();
            } catch (const std::exception& error) {
                note(std::string("a command of a stream threw: ") + error.what());
            }
            if (status != Status::Success)
                context->fail(status);
        }
        command = nullptr;
        lock.lock();
        ++completed_;
        done_.notify_all();
    }
    running_ = false;
}

bool Stream::idle() {
    std::lock_guard lock(mutex_);
    return completed_ == submitted_;
}

void Stream::finish() {
    waitFor(submitted());
}

} // namespace halyard::softcuda
