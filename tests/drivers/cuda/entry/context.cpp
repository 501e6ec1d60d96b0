#include "call.h"

namespace halyard::cuda {

using namespace softcuda;

extern "C" CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    return onDevice(__func__, device, [&](Device& d) {
        if (!context)
            return Status::InvalidValue;
        *context = handleOf<CUcontext>(d.retainPrimary()->handle());
        return Status::Success;
    });
}

extern "C" CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    return onDevice(__func__, device, [](Device& d) { return d.releasePrimary(); });
}

extern "C" CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    return onDevice(__func__, device, [](Device& d) { return d.resetPrimary(); });
}

extern "C" CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned int flags) {
    return onDevice(__func__, device, [&](Device& d) {
        constexpr unsigned kKnown = 0xff;
        return flags & ~kKnown ? Status::InvalidValue : d.setPrimaryFlags(flags);
    });
}

extern "C" CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned int* flags, int* active) {
    return onDevice(__func__, device, [&](Device& d) {
        if (!flags || !active)
            return Status::InvalidValue;
        bool isActive = false;
        d.primaryState(flags, &isActive);
        *active = isActive;
        return Status::Success;
    });
}

extern "C" CUresult cuCtxSetCurrent(CUcontext context) {
    return initialised(__func__, [&] {
        if (context && !driver().contexts.find(context))
            return Status::InvalidContext;
        setCurrent(reinterpret_cast<uint64_t>(context));
        return Status::Success;
    });
}

extern "C" CUresult cuCtxGetCurrent(CUcontext* context) {
    return initialised(__func__, [&] {
        if (!context)
            return Status::InvalidValue;
        *context = handleOf<CUcontext>(currentHandle());
        return Status::Success;
    });
}

extern "C" CUresult cuCtxPushCurrent_v2(CUcontext context) {
    return initialised(__func__, [&] {
        if (!context || !driver().contexts.find(context) || !pushCurrent(reinterpret_cast<uint64_t>(context)))
            return Status::InvalidContext;
        return Status::Success;
    });
}

extern "C" CUresult cuCtxPopCurrent_v2(CUcontext* context) {
    return initialised(__func__, [&] {
        uint64_t handle = popCurrent();
        if (!handle)
            return Status::InvalidContext;
        if (context)
            *context = handleOf<CUcontext>(handle);
        return Status::Success;
    });
}

extern "C" CUresult cuCtxGetDevice(CUdevice* device) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!device)
            return Status::InvalidValue;
        *device = static_cast<CUdevice>(context->device().ordinal());
        return Status::Success;
    });
}

extern "C" CUresult cuCtxSynchronize() {
    return inContext(__func__, [](const ContextPtr& context) { return context->synchronize(); });
}

extern "C" CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    return inContext(__func__, [&](const ContextPtr&) {
        if (least)
            *least = 0;
        if (greatest)
            *greatest = -5;
        return Status::Success;
    });
}

namespace {

// The peer's device, when `peer` is a context of another one.
Status peerOf(CUcontext handle, const Context& context, uint32_t& out) {
    ContextPtr peer = driver().contexts.find(handle);
    if (!peer)
        return Status::InvalidContext;
    out = peer->device().ordinal();
    return out == context.device().ordinal() ? Status::InvalidDevice : Status::Success;
}

} // namespace

extern "C" CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr& context) {
        uint32_t ordinal = 0;
        Status status = peerOf(peer, *context, ordinal);
        if (status == Status::Success && flags)
            status = Status::InvalidValue;
        return status == Status::Success ? context->device().enablePeer(ordinal) : status;
    });
}

extern "C" CUresult cuCtxDisablePeerAccess(CUcontext peer) {
    return inContext(__func__, [&](const ContextPtr& context) {
        uint32_t ordinal = 0;
        Status status = peerOf(peer, *context, ordinal);
        return status == Status::Success ? context->device().disablePeer(ordinal) : status;
    });
}

} // namespace halyard::cuda
