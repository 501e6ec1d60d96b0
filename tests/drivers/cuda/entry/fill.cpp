#include "../core/copy.h"
#include "call.h"

namespace halyard::cuda {

using namespace softcuda;

namespace {

CUresult fill(const char* function, CUdeviceptr dst, size_t pitch, uint32_t value, uint32_t elementBytes, size_t width,
              size_t height, CUstream stream, bool wait = false) {
    return onStream(function, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>& s) {
        FillPlan plan;
        Status status = planFill(dst, pitch, value, elementBytes, width, height, plan);
        if (status != Status::Success || !plan.width)
            return status;
        s->submit([plan] {
            plan.run();
            return Status::Success;
        });
        if (!wait)
            return Status::Success;
        s->finish();
        return s->context->status();
    });
}

} // namespace

extern "C" CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char value, size_t count, CUstream stream) {
    return fill(__func__, dst, 0, value, 1, count, 1, stream);
}

extern "C" CUresult cuMemsetD16Async(CUdeviceptr dst, unsigned short value, size_t count, CUstream stream) {
    return fill(__func__, dst, 0, value, 2, count, 1, stream);
}

extern "C" CUresult cuMemsetD32Async(CUdeviceptr dst, unsigned int value, size_t count, CUstream stream) {
    return fill(__func__, dst, 0, value, 4, count, 1, stream);
}

extern "C" CUresult cuMemsetD2D8Async(CUdeviceptr dst, size_t pitch, unsigned char value, size_t width, size_t height,
                                      CUstream stream) {
    return fill(__func__, dst, pitch, value, 1, width, height, stream);
}

extern "C" CUresult cuMemsetD2D16Async(CUdeviceptr dst, size_t pitch, unsigned short value, size_t width, size_t height,
                                       CUstream stream) {
    return fill(__func__, dst, pitch, value, 2, width, height, stream);
}

extern "C" CUresult cuMemsetD2D32Async(CUdeviceptr dst, size_t pitch, unsigned int value, size_t width, size_t height,
                                       CUstream stream) {
    return fill(__func__, dst, pitch, value, 4, width, height, stream);
}

extern "C" CUresult cuMemsetD8_v2(CUdeviceptr dst, unsigned char value, size_t count) {
    return fill(__func__, dst, 0, value, 1, count, 1, nullptr, true);
}

extern "C" CUresult cuMemsetD32_v2(CUdeviceptr dst, unsigned int value, size_t count) {
    return fill(__func__, dst, 0, value, 4, count, 1, nullptr, true);
}

} // namespace halyard::cuda
