#include "../core/event.h"
#include "../core/heap.h"
#include "../core/physical.h"
#include "call.h"

#include <bit>
#include <cstring>
#include <unistd.h>

namespace halyard::cuda {

using namespace softcuda;

namespace {

constexpr uint64_t kMemoryName = 1, kEventName = 2;
static_assert(sizeof(FileName) == sizeof(CUipcMemHandle) && sizeof(FileName) == sizeof(CUipcEventHandle));

} // namespace

extern "C" CUresult cuIpcGetEventHandle(CUipcEventHandle* handle, CUevent event) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Event> e = driver().events.find(event);
        if (!e || e->sharedFile < 0)
            return Status::InvalidHandle;
        if (!handle)
            return Status::InvalidValue;
        FileName name = nameFile(kEventName, e->sharedFile, 0, 4096);
        std::memcpy(handle, &name, sizeof name);
        return Status::Success;
    });
}

extern "C" CUresult cuIpcOpenEventHandle(CUevent* event, CUipcEventHandle handle) {
    return inContext(__func__, [&](const ContextPtr& context) {
        auto name = std::bit_cast<FileName>(handle);
        int file = -1;
        Status status = event ? openFile(name, kEventName, file) : Status::InvalidValue;
        if (status != Status::Success)
            return status;
        auto made = std::make_shared<Event>(context, Event::kInterprocess | Event::kDisableTiming);
        bool opened = made->open(file);
        close(file);
        if (!opened)
            return Status::OperatingSystem;
        *event = handleOf<CUevent>(driver().events.add(std::move(made)));
        return Status::Success;
    });
}

extern "C" CUresult cuIpcGetMemHandle(CUipcMemHandle* handle, CUdeviceptr ptr) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::optional<Range> range = driver().space.find(ptr);
        if (!handle || !range || range->kind != MemoryKind::Device || !range->owner)
            return Status::InvalidValue;
        FileName name = nameFile(kMemoryName, driver().heap.file(), range->begin - driver().heap.base(), range->bytes);
        std::memcpy(handle, &name, sizeof name);
        return Status::Success;
    });
}

extern "C" CUresult cuIpcOpenMemHandle_v2(CUdeviceptr* ptr, CUipcMemHandle handle, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!ptr || flags != CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS)
            return Status::InvalidValue;
        auto name = std::bit_cast<FileName>(handle);
        int file = -1;
        Status status = openFile(name, kMemoryName, file);
        if (status != Status::Success)
            return status;
        uint64_t address = 0;
        status = mapForeign(context.get(), context->device().ordinal(), MemoryKind::Imported, file, name.offset,
                            name.bytes, address);
        close(file);
        if (status == Status::Success)
            *ptr = address;
        return status;
    });
}

extern "C" CUresult cuIpcCloseMemHandle(CUdeviceptr ptr) {
    return inContext(__func__, [&](const ContextPtr& context) {
        std::optional<Range> range = driver().space.find(ptr);
        if (!range || range->begin != ptr || range->kind != MemoryKind::Imported)
            return Status::InvalidValue;
        context->synchronize();
        range = driver().space.remove(ptr);
        if (!range)
            return Status::InvalidValue;
        freeRange(*range);
        return context->status();
    });
}

} // namespace halyard::cuda
