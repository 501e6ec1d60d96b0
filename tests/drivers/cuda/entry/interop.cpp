#include "../core/external.h"
#include "../core/physical.h"
#include "call.h"

namespace halyard::cuda {

using namespace softcuda;

extern "C" CUresult cuImportExternalMemory(CUexternalMemory* memory, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* desc) {
    return inContext(__func__, [&](const ContextPtr& context) {
        constexpr unsigned kDedicated = 1;
        if (!memory || !desc || desc->flags & ~kDedicated)
            return Status::InvalidValue;
        if (desc->type != CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD)
            return Status::NotSupported;
        uint64_t handle = 0;
        Status status = importMemory(context, desc->handle.fd, desc->size, &handle);
        if (status == Status::Success)
            *memory = handleOf<CUexternalMemory>(handle);
        return status;
    });
}

extern "C" CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr* ptr, CUexternalMemory memory,
                                                    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* desc) {
    return inContext(__func__, [&](const ContextPtr& context) {
        std::shared_ptr<ExternalMemory> m = driver().externalMemories.find(memory);
        if (!m)
            return Status::InvalidHandle;
        if (!ptr || !desc || desc->flags || !desc->size || desc->offset > m->bytes ||
            desc->size > m->bytes - desc->offset)
            return Status::InvalidValue;
        uint64_t address = 0;
        Status status = mapForeign(context.get(), context->device().ordinal(), MemoryKind::External, m->file,
                                   desc->offset, desc->size, address);
        if (status == Status::Success)
            *ptr = address;
        return status;
    });
}

extern "C" CUresult cuDestroyExternalMemory(CUexternalMemory memory) {
    return inContext(__func__, [&](const ContextPtr&) {
        return driver().externalMemories.remove(memory) ? Status::Success : Status::InvalidHandle;
    });
}

extern "C" CUresult cuImportExternalSemaphore(CUexternalSemaphore* semaphore,
                                              const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* desc) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!semaphore || !desc || desc->flags)
            return Status::InvalidValue;
        bool timeline = desc->type == CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD;
        if (!timeline && desc->type != CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD)
            return Status::NotSupported;
        uint64_t handle = 0;
        Status status = importSemaphore(context, desc->handle.fd, timeline, &handle);
        if (status == Status::Success)
            *semaphore = handleOf<CUexternalSemaphore>(handle);
        return status;
    });
}

extern "C" CUresult cuDestroyExternalSemaphore(CUexternalSemaphore semaphore) {
    return inContext(__func__, [&](const ContextPtr&) {
        return driver().externalSemaphores.remove(semaphore) ? Status::Success : Status::InvalidHandle;
    });
}

namespace {

template <class Parameters, class Submit>
CUresult onSemaphores(const char* function, const CUexternalSemaphore* semaphores, const Parameters* params,
                      unsigned count, CUstream stream, Submit submit) {
    return onStream(function, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>& s) {
        if (count && (!semaphores || !params))
            return Status::InvalidValue;
        std::vector<std::shared_ptr<ExternalSemaphore>> found;
        for (unsigned i = 0; i < count; ++i) {
            found.push_back(driver().externalSemaphores.find(semaphores[i]));
            if (!found.back())
                return Status::InvalidHandle;
            if (params[i].flags)
                return Status::InvalidValue;
        }
        for (unsigned i = 0; i < count; ++i)
            submit(s, found[i], params[i].params.fence.value);
        return Status::Success;
    });
}

} // namespace

extern "C" CUresult cuSignalExternalSemaphoresAsync(const CUexternalSemaphore* semaphores,
                                                    const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* params,
                                                    unsigned int count, CUstream stream) {
    return onSemaphores(__func__, semaphores, params, count, stream, signalExternal);
}

extern "C" CUresult cuWaitExternalSemaphoresAsync(const CUexternalSemaphore* semaphores,
                                                  const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* params, unsigned int count,
                                                  CUstream stream) {
    return onSemaphores(__func__, semaphores, params, count, stream, waitExternal);
}

} // namespace halyard::cuda
