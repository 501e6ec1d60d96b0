// The device's context on the calling thread, for one call.
#pragma once

#include "symbols.h"

namespace halyard::cuda {

// Makes the context current and, when another one was, gives that back at the end: the application may use CUDA as
// well. A thread that had none keeps ours, so that its next call costs one question. Nothing is remembered, since
// anybody may change the thread's context between two calls.
class Current {
public:
    Current(const Symbols& cu, CUcontext context) : cu_(cu) {
        CUcontext now = nullptr;
        cu_.cuCtxGetCurrent(&now);
        if (now != context) [[unlikely]]
            enter(now, context);
    }
    ~Current() {
        if (pushed_) [[unlikely]]
            leave();
    }
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

private:
    // A failure shows in the call that follows: it finds no context, or the wrong one, and says so.
    [[gnu::noinline]] void enter(CUcontext now, CUcontext context) {
        if (now == nullptr)
            cu_.cuCtxSetCurrent(context);
        else
            pushed_ = cu_.cuCtxPushCurrent_v2(context) == CUDA_SUCCESS;
    }
    [[gnu::noinline]] void leave() {
        CUcontext ours = nullptr;
        cu_.cuCtxPopCurrent_v2(&ours);
    }

    const Symbols& cu_;
    bool pushed_ = false;
};

} // namespace halyard::cuda
