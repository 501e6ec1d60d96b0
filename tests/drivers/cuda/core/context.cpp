#include "context.h"

#include "device.h"
#include "driver.h"
#include "event.h"
#include "external.h"
#include "graph.h"
#include "memory.h"
#include "module.h"
#include "stream.h"

#include <algorithm>
#include <array>

namespace halyard::softcuda {

std::shared_ptr<Context> Context::create(Device& device, uint32_t flags, bool primary) {
    auto context = std::make_shared<Context>(device, flags, primary);
    context->handle_ = driver().contexts.add(context);
    return context;
}

void Context::fail(Status status) {
    int none = 0;
    error_.compare_exchange_strong(none, static_cast<int>(status));
}

std::shared_ptr<Stream> Context::createStream(uint32_t flags, int priority) {
    auto stream = std::make_shared<Stream>(shared_from_this(), flags, priority);
    std::lock_guard lock(mutex_);
    std::erase_if(streams_, [](const std::weak_ptr<Stream>& weak) { return weak.expired(); });
    streams_.push_back(stream);
    return stream;
}

std::shared_ptr<Stream> Context::defaultStream() {
    {
        std::lock_guard lock(mutex_);
        if (default_)
            return default_;
    }
    auto stream = createStream(Stream::kDefault, 0);
    std::lock_guard lock(mutex_);
    if (!default_)
        default_ = stream;
    defaultUsed = true;
    return default_;
}

std::vector<std::shared_ptr<Stream>> Context::streams() {
    std::vector<std::shared_ptr<Stream>> result;
    std::lock_guard lock(mutex_);
    for (const std::weak_ptr<Stream>& weak : streams_)
        if (std::shared_ptr<Stream> stream = weak.lock())
            result.push_back(std::move(stream));
    return result;
}

Status Context::synchronize() {
    for (const std::shared_ptr<Stream>& stream : streams())
        stream->finish();
    return status();
}

void Context::addRunning(std::atomic<bool>* stop) {
    std::lock_guard lock(mutex_);
    running_.insert(stop);
    if (stopping_)
        *stop = true;
}

void Context::removeRunning(std::atomic<bool>* stop) {
    std::lock_guard lock(mutex_);
    running_.erase(stop);
}

void Context::shutDown() {
    Driver& d = driver();
    d.contexts.remove(reinterpret_cast<void*>(handle_));
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        for (std::atomic<bool>* stop : running_)
            *stop = true;
    }
    synchronize();
    auto mine = [this](const auto& object) { return object.context.get() == this; };
    d.graphExecs.removeIf(mine);
    d.functions.removeIf(mine);
    d.modules.removeIf(mine);
    d.events.removeIf(mine);
    d.streams.removeIf(mine);
    d.externalMemories.removeIf(mine);
    d.externalSemaphores.removeIf(mine);
    for (const Range& range : d.space.removeOf(this))
        freeRange(range);
    if (primary_)
        device_.endPeers();
    std::lock_guard lock(mutex_);
    default_.reset();
    streams_.clear();
}

namespace {

// Plain data: the application may still call when its thread's variables are gone.
constexpr size_t kDepth = 64;
thread_local constinit std::array<uint64_t, kDepth> stack{};
thread_local constinit size_t depth = 0;

} // namespace

uint64_t currentHandle() {
    return depth ? stack[depth - 1] : 0;
}

std::shared_ptr<Context> currentContext() {
    return depth ? driver().contexts.find(reinterpret_cast<void*>(stack[depth - 1])) : nullptr;
}

void setCurrent(uint64_t handle) {
    if (!depth && !handle)
        return;
    if (!depth)
        depth = 1;
    stack[depth - 1] = handle;
    if (!handle)
        --depth;
}

bool pushCurrent(uint64_t handle) {
    if (depth == kDepth)
        return false;
    stack[depth++] = handle;
    return true;
}

uint64_t popCurrent() {
    return depth ? stack[--depth] : 0;
}

} // namespace halyard::softcuda
