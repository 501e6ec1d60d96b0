#include "../core/event.h"
#include "call.h"

namespace halyard::cuda {

using namespace softcuda;

namespace {

using EventPtr = std::shared_ptr<Event>;

template <class Body> CUresult onEvent(const char* function, CUevent event, Body body) {
    return inContext(function, [&](const ContextPtr& context) {
        EventPtr e = driver().events.find(event);
        if (!e)
            return Status::InvalidHandle;
        Status status = e->context->status();
        return status == Status::Success ? body(context, e) : status;
    });
}

} // namespace

extern "C" CUresult cuEventCreate(CUevent* event, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr& context) {
        constexpr unsigned kKnown = Event::kBlockingSync | Event::kDisableTiming | Event::kInterprocess;
        if (!event || flags & ~kKnown || ((flags & Event::kInterprocess) && !(flags & Event::kDisableTiming)))
            return Status::InvalidValue;
        auto made = std::make_shared<Event>(context, flags);
        if ((flags & Event::kInterprocess) && !made->share())
            return Status::OperatingSystem;
        *event = handleOf<CUevent>(driver().events.add(std::move(made)));
        return Status::Success;
    });
}

extern "C" CUresult cuEventDestroy_v2(CUevent event) {
    return inContext(__func__, [&](const ContextPtr&) {
        return driver().events.remove(event) ? Status::Success : Status::InvalidHandle;
    });
}

extern "C" CUresult cuEventRecord(CUevent event, CUstream stream) {
    return onStream(__func__, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>& s) {
        EventPtr e = driver().events.find(event);
        if (!e || e->context != s->context)
            return Status::InvalidHandle;
        e->record(*s);
        return Status::Success;
    });
}

extern "C" CUresult cuEventQuery(CUevent event) {
    return onEvent(__func__, event, [](const ContextPtr&, const EventPtr& e) {
        Status status = e->query();
        return status == Status::Success ? e->context->status() : status;
    });
}

extern "C" CUresult cuEventSynchronize(CUevent event) {
    return onEvent(__func__, event, [](const ContextPtr&, const EventPtr& e) {
        e->synchronize();
        return e->context->status();
    });
}

extern "C" CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
    return onEvent(__func__, start, [&](const ContextPtr&, const EventPtr& first) {
        EventPtr last = driver().events.find(end);
        if (!last)
            return Status::InvalidHandle;
        if (!milliseconds)
            return Status::InvalidValue;
        if (last->context != first->context || ((first->flags | last->flags) & Event::kDisableTiming))
            return Status::InvalidHandle;
        std::shared_ptr<Record> from = first->latest(), to = last->latest();
        if (!from || !to)
            return Status::InvalidHandle;
        if (!from->done() || !to->done())
            return Status::NotReady;
        *milliseconds = std::chrono::duration<float, std::milli>(to->time() - from->time()).count();
        return Status::Success;
    });
}

} // namespace halyard::cuda
