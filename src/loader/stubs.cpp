#include "loader/stubs.h"

#include "base/error.h"
#include "base/struct_size.h"

#include <cstddef>

// Every slot of every table, in the order of backend.h; a new function is added there and here. The assertions below
// fail when one is missing, out of order, or has another name.
#define HALYARD_DEVICE_SLOTS(SLOT)                                                                                     \
    SLOT(device, getCount)                                                                                             \
    SLOT(device, getProperties)                                                                                        \
    SLOT(device, open)                                                                                                 \
    SLOT(device, close)                                                                                                \
    SLOT(device, getMemoryInfo)                                                                                        \
    SLOT(device, synchronize)                                                                                          \
    SLOT(device, getNativeHandle)                                                                                      \
    SLOT(device, getPeerAccess)                                                                                        \
    SLOT(device, enablePeerAccess)                                                                                     \
    SLOT(device, reset)                                                                                                \
    SLOT(device, getCooperativeMatrixCount)                                                                            \
    SLOT(device, getCooperativeMatrix)
#define HALYARD_MEMORY_SLOTS(SLOT)                                                                                     \
    SLOT(memory, allocate)                                                                                             \
    SLOT(memory, free)                                                                                                 \
    SLOT(memory, registerHost)                                                                                         \
    SLOT(memory, unregisterHost)                                                                                       \
    SLOT(memory, getAddressRange)                                                                                      \
    SLOT(memory, allocateManaged)                                                                                      \
    SLOT(memory, advise)                                                                                               \
    SLOT(memory, prefetch)                                                                                             \
    SLOT(memory, allocateShareable)                                                                                    \
    SLOT(memory, getIpcHandle)                                                                                         \
    SLOT(memory, openIpcHandle)                                                                                        \
    SLOT(memory, closeIpcHandle)                                                                                       \
    SLOT(memory, allocateOnStream)                                                                                     \
    SLOT(memory, freeOnStream)                                                                                         \
    SLOT(memory, findOthers)
#define HALYARD_STREAM_SLOTS(SLOT)                                                                                     \
    SLOT(stream, create)                                                                                               \
    SLOT(stream, destroy)                                                                                              \
    SLOT(stream, query)                                                                                                \
    SLOT(stream, synchronize)                                                                                          \
    SLOT(stream, waitEvent)                                                                                            \
    SLOT(stream, launch)                                                                                               \
    SLOT(stream, copy)                                                                                                 \
    SLOT(stream, copy3D)                                                                                               \
    SLOT(stream, fill)                                                                                                 \
    SLOT(stream, fill3D)                                                                                               \
    SLOT(stream, getNativeHandle)                                                                                      \
    SLOT(stream, hostFunction)                                                                                         \
    SLOT(stream, signalSemaphore)                                                                                      \
    SLOT(stream, waitSemaphore)                                                                                        \
    SLOT(stream, launchArgs)
#define HALYARD_EVENT_SLOTS(SLOT)                                                                                      \
    SLOT(event, create)                                                                                                \
    SLOT(event, destroy)                                                                                               \
    SLOT(event, record)                                                                                                \
    SLOT(event, query)                                                                                                 \
    SLOT(event, synchronize)                                                                                           \
    SLOT(event, elapsed)                                                                                               \
    SLOT(event, getNativeHandle)                                                                                       \
    SLOT(event, getIpcHandle)                                                                                          \
    SLOT(event, openIpcHandle)
#define HALYARD_MODULE_SLOTS(SLOT)                                                                                     \
    SLOT(module, load)                                                                                                 \
    SLOT(module, unload)                                                                                               \
    SLOT(module, createKernel)                                                                                         \
    SLOT(module, destroyKernel)                                                                                        \
    SLOT(module, getKernelInfo)                                                                                        \
    SLOT(module, getNativeHandle)                                                                                      \
    SLOT(module, getKernelNativeHandle)                                                                                \
    SLOT(module, getOccupancy)                                                                                         \
    SLOT(module, getKernelCount)                                                                                       \
    SLOT(module, getKernelInterface)
#define HALYARD_SEMAPHORE_SLOTS(SLOT)                                                                                  \
    SLOT(semaphore, create)                                                                                            \
    SLOT(semaphore, destroy)                                                                                           \
    SLOT(semaphore, getValue)                                                                                          \
    SLOT(semaphore, signal)                                                                                            \
    SLOT(semaphore, wait)                                                                                              \
    SLOT(semaphore, createShareable)                                                                                   \
    SLOT(semaphore, exportSemaphore)                                                                                   \
    SLOT(semaphore, importSemaphore)
#define HALYARD_GRAPH_SLOTS(SLOT)                                                                                      \
    SLOT(graph, build)                                                                                                 \
    SLOT(graph, update)                                                                                                \
    SLOT(graph, launch)                                                                                                \
    SLOT(graph, destroy)
#define HALYARD_VIRTUAL_MEMORY_SLOTS(SLOT)                                                                             \
    SLOT(virtualMemory, getGranularity)                                                                                \
    SLOT(virtualMemory, reserve)                                                                                       \
    SLOT(virtualMemory, release)                                                                                       \
    SLOT(virtualMemory, createPhysical)                                                                                \
    SLOT(virtualMemory, destroyPhysical)                                                                               \
    SLOT(virtualMemory, map)                                                                                           \
    SLOT(virtualMemory, unmap)                                                                                         \
    SLOT(virtualMemory, setAccess)                                                                                     \
    SLOT(virtualMemory, exportPhysical)                                                                                \
    SLOT(virtualMemory, importPhysical)
#define HALYARD_PROFILING_SLOTS(SLOT) SLOT(profiling, setSink)

namespace halyard {
namespace {

template <size_t N> struct SlotName {
    consteval SlotName(const char (&name)[N]) { std::copy_n(name, N, text); } // NOLINT(google-explicit-constructor)
    char text[N];
};

template <SlotName kName, typename... Args> HyResult unsupported(Args...) {
    return fail(HY_ERROR_UNSUPPORTED, "", "the capability bits of HyDeviceProperties tell what the device can do",
                "this backend does not implement {}", kName.text);
}

template <SlotName kName, typename... Args> void fillHole(HyResult (*&slot)(Args...)) {
    if (slot == nullptr)
        slot = unsupported<kName, Args...>;
}

// True when the offsets are those of consecutive pointers from the head of a table to its end.
template <typename Table, size_t N> consteval bool coversTable(const size_t (&offsets)[N]) {
    for (size_t i = 0; i < N; ++i)
        if (offsets[i] != 2 * sizeof(uint32_t) + i * sizeof(void*))
            return false;
    return sizeof(Table) == 2 * sizeof(uint32_t) + N * sizeof(void*);
}

#define HALYARD_OFFSET(table, slot) offsetof(decltype(BackendTables::table), slot),
#define HALYARD_COVERS(table, SLOTS)                                                                                   \
    static_assert(coversTable<decltype(BackendTables::table)>({SLOTS(HALYARD_OFFSET)}),                                \
                  "the slots of the " #table " table differ from backend.h")
HALYARD_COVERS(device, HALYARD_DEVICE_SLOTS);
HALYARD_COVERS(memory, HALYARD_MEMORY_SLOTS);
HALYARD_COVERS(stream, HALYARD_STREAM_SLOTS);
HALYARD_COVERS(event, HALYARD_EVENT_SLOTS);
HALYARD_COVERS(module, HALYARD_MODULE_SLOTS);
HALYARD_COVERS(semaphore, HALYARD_SEMAPHORE_SLOTS);
HALYARD_COVERS(graph, HALYARD_GRAPH_SLOTS);
HALYARD_COVERS(virtualMemory, HALYARD_VIRTUAL_MEMORY_SLOTS);
HALYARD_COVERS(profiling, HALYARD_PROFILING_SLOTS);
#undef HALYARD_COVERS
#undef HALYARD_OFFSET

} // namespace

void completeTables(const HyBackendInterface& interface, BackendTables& out) {
    readTable(interface.device, out.device);
    readTable(interface.memory, out.memory);
    readTable(interface.stream, out.stream);
    readTable(interface.event, out.event);
    readTable(interface.module, out.module);
    readTable(interface.semaphore, out.semaphore);
    readTable(interface.graph, out.graph);
    readTable(interface.virtualMemory, out.virtualMemory);
    out.allocatesOnStreams = out.memory.allocateOnStream != nullptr && out.memory.freeOnStream != nullptr;
    out.findsOthers = out.memory.findOthers != nullptr;
    out.launchesArgs = out.stream.launchArgs != nullptr;
    readTable(interface.profiling, out.profiling);
#define HALYARD_FILL(table, slot) fillHole<#table "." #slot>(out.table.slot);
    HALYARD_DEVICE_SLOTS(HALYARD_FILL)
    HALYARD_MEMORY_SLOTS(HALYARD_FILL)
    HALYARD_STREAM_SLOTS(HALYARD_FILL)
    HALYARD_EVENT_SLOTS(HALYARD_FILL)
    HALYARD_MODULE_SLOTS(HALYARD_FILL)
    HALYARD_SEMAPHORE_SLOTS(HALYARD_FILL)
    HALYARD_GRAPH_SLOTS(HALYARD_FILL)
    HALYARD_VIRTUAL_MEMORY_SLOTS(HALYARD_FILL)
    HALYARD_PROFILING_SLOTS(HALYARD_FILL)
#undef HALYARD_FILL
}

} // namespace halyard
