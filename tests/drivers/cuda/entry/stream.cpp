#include "../core/event.h"
#include "../core/external.h"
#include "call.h"

#include <algorithm>

namespace halyard::cuda {

using namespace softcuda;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

CUresult create(const char* function, CUstream* stream, unsigned flags, int priority) {
    return inContext(function, [&](const ContextPtr& context) {
        if (!stream || flags & ~Stream::kNonBlocking)
            return Status::InvalidValue;
        // Priorities beyond the range become the nearest one in it.
        *stream = handleOf<CUstream>(driver().streams.add(context->createStream(flags, std::clamp(priority, -5, 0))));
        return Status::Success;
    });
}

} // namespace

extern "C" CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned int flags, int priority) {
    return create(__func__, stream, flags, priority);
}

extern "C" CUresult cuStreamCreate(CUstream* stream, unsigned int flags) {
    return create(__func__, stream, flags, 0);
}

extern "C" CUresult cuStreamDestroy_v2(CUstream stream) {
    return inContext(__func__, [&](const ContextPtr&) {
        // What is in the stream is done before it is gone, without anybody waiting.
        return driver().streams.remove(stream) ? Status::Success : Status::InvalidHandle;
    });
}

extern "C" CUresult cuStreamQuery(CUstream stream) {
    return onStream(__func__, stream, [](const ContextPtr&, const StreamPtr& s) {
        if (!s->idle())
            return Status::NotReady;
        return s->context->status();
    });
}

extern "C" CUresult cuStreamSynchronize(CUstream stream) {
    return onStream(__func__, stream, [](const ContextPtr&, const StreamPtr& s) {
        s->finish();
        return s->context->status();
    });
}

extern "C" CUresult cuStreamGetPriority(CUstream stream, int* priority) {
    return onStream(__func__, stream, [&](const ContextPtr&, const StreamPtr& s) {
        if (!priority)
            return Status::InvalidValue;
        *priority = s->priority();
        return Status::Success;
    });
}

extern "C" CUresult cuStreamGetFlags(CUstream stream, unsigned int* flags) {
    return onStream(__func__, stream, [&](const ContextPtr&, const StreamPtr& s) {
        if (!flags)
            return Status::InvalidValue;
        *flags = s->flags() & Stream::kNonBlocking;
        return Status::Success;
    });
}

extern "C" CUresult cuStreamGetCtx(CUstream stream, CUcontext* context) {
    return onStream(__func__, stream, [&](const ContextPtr&, const StreamPtr& s) {
        if (!context)
            return Status::InvalidValue;
        *context = handleOf<CUcontext>(s->context->handle());
        return Status::Success;
    });
}

extern "C" CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned int flags) {
    return onStream(__func__, stream, [&](const ContextPtr&, const StreamPtr& s) {
        std::shared_ptr<Event> e = driver().events.find(event);
        if (!e)
            return Status::InvalidHandle;
        if (flags)
            return Status::InvalidValue;
        e->waitIn(*s);
        return Status::Success;
    });
}

extern "C" CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void* userData) {
    return onStream(__func__, stream, [&](const ContextPtr&, const StreamPtr& s) {
        if (!function)
            return Status::InvalidValue;
        s->submit([=, context = s->context] {
            callHostFunction(*context, function, userData);
            return Status::Success;
        });
        return Status::Success;
    });
}

namespace {

CUresult write(const char* function, CUstream stream, CUdeviceptr address, uint64_t value, uint32_t bytes,
               unsigned flags) {
    return onStream(function, stream, [&](const ContextPtr&, const StreamPtr& s) {
        constexpr unsigned kNoBarrier = 1;
        return flags & ~kNoBarrier ? Status::InvalidValue : writeValue(s, address, value, bytes);
    });
}

CUresult wait(const char* function, CUstream stream, CUdeviceptr address, uint64_t value, uint32_t bytes,
              unsigned flags) {
    return onStream(function, stream, [&](const ContextPtr&, const StreamPtr& s) {
        const unsigned comparison = flags & ~unsigned{CU_STREAM_WAIT_VALUE_FLUSH}; // nothing is ever on its way here
        return comparison > CU_STREAM_WAIT_VALUE_NOR
                   ? Status::InvalidValue
                   : waitValue(s, address, value, bytes, static_cast<Comparison>(comparison));
    });
}

} // namespace

extern "C" CUresult cuStreamWriteValue32_v2(CUstream stream, CUdeviceptr address, uint32_t value, unsigned int flags) {
    return write(__func__, stream, address, value, 4, flags);
}

extern "C" CUresult cuStreamWriteValue64_v2(CUstream stream, CUdeviceptr address, uint64_t value, unsigned int flags) {
    return write(__func__, stream, address, value, 8, flags);
}

extern "C" CUresult cuStreamWaitValue32_v2(CUstream stream, CUdeviceptr address, uint32_t value, unsigned int flags) {
    return wait(__func__, stream, address, value, 4, flags);
}

extern "C" CUresult cuStreamWaitValue64_v2(CUstream stream, CUdeviceptr address, uint64_t value, unsigned int flags) {
    return wait(__func__, stream, address, value, 8, flags);
}

} // namespace halyard::cuda
