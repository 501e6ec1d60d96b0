#include "copy.h"

namespace halyard::softcuda {
namespace {

using namespace cuda;

constexpr uint64_t kMaxPitch = 0x7fffffff;

struct End {
    CUmemorytype type;
    const void* host;
    CUdeviceptr device;
    size_t x, y, z, pitch, height;
};

Status endOf(const End& end, CopyEnd& out) {
    out.pitch = end.pitch;
    if (end.pitch > kMaxPitch || __builtin_mul_overflow(end.pitch, end.height, &out.slice))
        return Status::InvalidValue;
    uint64_t base = end.device, planes = 0, rows = 0;
    switch (end.type) {
    case CU_MEMORYTYPE_HOST:
        out.side = Side::Host;
        base = reinterpret_cast<uint64_t>(end.host);
        break;
    case CU_MEMORYTYPE_DEVICE:
        out.side = Side::Device;
        break;
    case CU_MEMORYTYPE_UNIFIED:
        out.side = Side::Unified;
        break;
    case CU_MEMORYTYPE_ARRAY:
        return Status::NotSupported;
    default:
        return Status::InvalidValue;
    }
    bool overflow = __builtin_mul_overflow(end.z, out.slice, &planes) ||
                    __builtin_mul_overflow(end.y, end.pitch, &rows) || __builtin_add_overflow(base, planes, &base) ||
                    __builtin_add_overflow(base, rows, &base) || __builtin_add_overflow(base, end.x, &out.address);
    return overflow ? Status::InvalidValue : Status::Success;
}

Status endsOf(const End& source, const End& destination, CopyRequest& out) {
    Status status = endOf(source, out.source);
    return status == Status::Success ? endOf(destination, out.destination) : status;
}

// What the two three-dimensional structures have in common.
template <class Copy> Status boxOf(const Copy* copy, CopyRequest& out) {
    if (!copy || copy->srcLOD || copy->dstLOD)
        return Status::InvalidValue;
    out.width = copy->WidthInBytes;
    out.height = copy->Height;
    out.depth = copy->Depth;
    return endsOf({copy->srcMemoryType, copy->srcHost, copy->srcDevice, copy->srcXInBytes, copy->srcY, copy->srcZ,
                   copy->srcPitch, copy->srcHeight},
                  {copy->dstMemoryType, copy->dstHost, copy->dstDevice, copy->dstXInBytes, copy->dstY, copy->dstZ,
                   copy->dstPitch, copy->dstHeight},
                  out);
}

} // namespace

Status requestOf(const CUDA_MEMCPY2D* copy, CopyRequest& out) {
    if (!copy)
        return Status::InvalidValue;
    out.width = copy->WidthInBytes;
    out.height = copy->Height;
    return endsOf(
        {copy->srcMemoryType, copy->srcHost, copy->srcDevice, copy->srcXInBytes, copy->srcY, 0, copy->srcPitch, 0},
        {copy->dstMemoryType, copy->dstHost, copy->dstDevice, copy->dstXInBytes, copy->dstY, 0, copy->dstPitch, 0},
        out);
}

Status requestOf(const CUDA_MEMCPY3D* copy, CopyRequest& out) {
    if (copy && (copy->reserved0 || copy->reserved1))
        return Status::InvalidValue;
    return boxOf(copy, out);
}

Status requestOf(const CUDA_MEMCPY3D_PEER* copy, CopyRequest& out) {
    auto known = [](CUmemorytype type, CUcontext context) {
        return type == CU_MEMORYTYPE_HOST || driver().contexts.find(context);
    };
    if (copy && !(known(copy->srcMemoryType, copy->srcContext) && known(copy->dstMemoryType, copy->dstContext)))
        return Status::InvalidContext;
    return boxOf(copy, out);
}

} // namespace halyard::softcuda

namespace halyard::cuda {

using namespace softcuda;

namespace {

CUresult copyLine(const char* function, Side to, uint64_t dst, Side from, uint64_t src, size_t bytes, CUstream stream,
                  bool wait = false) {
    return onStream(function, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>& s) {
        CopyRequest request{{to, dst, 0, 0}, {from, src, 0, 0}, bytes};
        CopyPlan plan;
        Status status = planCopy(request, plan);
        if (status == Status::Success)
            status = submitCopy(s, plan);
        if (status != Status::Success || !wait)
            return status;
        s->finish();
        return s->context->status();
    });
}

template <class Copy> CUresult copyBox(const char* function, const Copy* copy, CUstream stream) {
    return onStream(function, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>& s) {
        CopyRequest request;
        CopyPlan plan;
        Status status = requestOf(copy, request);
        if (status == Status::Success)
            status = planCopy(request, plan);
        return status == Status::Success ? submitCopy(s, plan) : status;
    });
}

uint64_t number(const void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

} // namespace

extern "C" CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void* src, size_t bytes, CUstream stream) {
    return copyLine(__func__, Side::Device, dst, Side::Host, number(src), bytes, stream);
}

extern "C" CUresult cuMemcpyDtoHAsync_v2(void* dst, CUdeviceptr src, size_t bytes, CUstream stream) {
    return copyLine(__func__, Side::Host, number(dst), Side::Device, src, bytes, stream);
}

extern "C" CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream) {
    return copyLine(__func__, Side::Device, dst, Side::Device, src, bytes, stream);
}

extern "C" CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream) {
    return copyLine(__func__, Side::Unified, dst, Side::Unified, src, bytes, stream);
}

extern "C" CUresult cuMemcpyHtoD_v2(CUdeviceptr dst, const void* src, size_t bytes) {
    return copyLine(__func__, Side::Device, dst, Side::Host, number(src), bytes, nullptr, true);
}

extern "C" CUresult cuMemcpyDtoH_v2(void* dst, CUdeviceptr src, size_t bytes) {
    return copyLine(__func__, Side::Host, number(dst), Side::Device, src, bytes, nullptr, true);
}

extern "C" CUresult cuMemcpyDtoD_v2(CUdeviceptr dst, CUdeviceptr src, size_t bytes) {
    return copyLine(__func__, Side::Device, dst, Side::Device, src, bytes, nullptr, true);
}

extern "C" CUresult cuMemcpyPeerAsync(CUdeviceptr dst, CUcontext dstContext, CUdeviceptr src, CUcontext srcContext,
                                      size_t bytes, CUstream stream) {
    if (!driver().contexts.find(dstContext) || !driver().contexts.find(srcContext))
        return inContext(__func__, [](const ContextPtr&) { return Status::InvalidContext; });
    return copyLine(__func__, Side::Device, dst, Side::Device, src, bytes, stream);
}

extern "C" CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* copy, CUstream stream) {
    return copyBox(__func__, copy, stream);
}

extern "C" CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* copy, CUstream stream) {
    return copyBox(__func__, copy, stream);
}

extern "C" CUresult cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* copy, CUstream stream) {
    return copyBox(__func__, copy, stream);
}

} // namespace halyard::cuda
