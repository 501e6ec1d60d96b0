// One backend, built once for each way of being wrong. What happens to it is written, a line an event, to the file that
// the variable HALYARD_MOCK_LOG names.
#include "halyard/backend.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#define MOCK_GET_WORKS 0
#define MOCK_GET_FAILS 1
#define MOCK_GET_SILENT 2
#define MOCK_GET_NULL 3
#define MOCK_GET_THROWS 4
#define MOCK_GET_USES_COMPILER 5

#ifndef MOCK_GET
#define MOCK_GET MOCK_GET_WORKS
#endif
#ifndef MOCK_OWN_NAME
#define MOCK_OWN_NAME MOCK_NAME
#endif
#ifndef MOCK_MAJOR
#define MOCK_MAJOR HY_BACKEND_ABI_MAJOR
#endif
#ifndef MOCK_MINOR
#define MOCK_MINOR HY_BACKEND_ABI_MINOR
#endif
#ifndef MOCK_ROOT_BYTES
#define MOCK_ROOT_BYTES sizeof(Root)
#endif
#ifndef MOCK_STREAM_BYTES
#define MOCK_STREAM_BYTES sizeof(HyBackendStreamTable)
#endif
#ifndef MOCK_INITIALISE
#define MOCK_INITIALISE initialise
#endif
#ifndef MOCK_SHUTDOWN
#define MOCK_SHUTDOWN shutdown
#endif
#ifndef MOCK_DEVICES
#define MOCK_DEVICES 1
#endif

#ifdef MOCK_UNRESOLVED
extern "C" void halyardMockMissingFunction();
#endif

namespace {

void note(const char* event) {
    const char* path = std::getenv("HALYARD_MOCK_LOG");
    std::FILE* file = path != nullptr ? std::fopen(path, "a") : nullptr;
    if (file == nullptr)
        return;
    std::fprintf(file, "%s %s\n", event, MOCK_NAME);
    std::fclose(file);
}

__attribute__((constructor)) void onOpen() {
    note("open");
}

HyResult failWith(const HyHostServices* host, HyResult code, const char* message, const char* hint) {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = code;
    error.message = message;
    error.hint = hint;
    error.nativeName = code == HY_ERROR_NATIVE ? "MOCK_ERROR_TOO_OLD" : nullptr;
    error.nativeCode = code == HY_ERROR_NATIVE ? 35 : 0;
    host->setError(host->context, &error);
    return code;
}

[[maybe_unused]] HyResult initialise(const HyHostServices* host, HyBackendContext* outContext) {
    note("initialise");
#ifdef MOCK_UNRESOLVED
    halyardMockMissingFunction();
#endif
    *outContext = reinterpret_cast<HyBackendContext>(const_cast<HyHostServices*>(host));
    return HY_SUCCESS;
}
[[maybe_unused]] HyResult initialiseFails(const HyHostServices* host, HyBackendContext*) {
    return failWith(host, HY_ERROR_NATIVE, "the mock driver is too old", "install version 12 of the mock driver");
}
[[maybe_unused]] HyResult initialiseSilent(const HyHostServices*, HyBackendContext*) {
    return HY_ERROR_DEVICE_LOST;
}
[[maybe_unused]] HyResult initialiseThrows(const HyHostServices*, HyBackendContext*) {
    throw std::runtime_error("mock exception");
}
[[maybe_unused]] HyResult initialiseThrowsInt(const HyHostServices*, HyBackendContext*) {
    throw 42;
}
[[maybe_unused]] HyResult initialiseFindsNothing(const HyHostServices* host, HyBackendContext*) {
    return failWith(host, HY_ERROR_NOT_FOUND, "no mock hardware in this machine", "");
}

[[maybe_unused]] void shutdown(HyBackendContext) {
    note("shutdown");
}
[[maybe_unused]] void shutdownThrows(HyBackendContext) {
    throw std::runtime_error("mock shutdown");
}

HyResult getCount([[maybe_unused]] HyBackendContext context, [[maybe_unused]] uint32_t* outCount) {
#ifdef MOCK_COUNT_FAILS
    return failWith(reinterpret_cast<const HyHostServices*>(context), HY_ERROR_DEVICE_LOST, "the mock bus is gone", "");
#else
    *outCount = MOCK_DEVICES;
    return HY_SUCCESS;
#endif
}
#ifdef MOCK_PCI_BUS
HyResult getProperties(HyBackendContext, uint32_t, HyDeviceProperties* outProperties) {
    outProperties->type = HY_DEVICE_TYPE_DISCRETE_GPU;
    outProperties->pciDomain = outProperties->pciDevice = outProperties->pciFunction = 0;
    outProperties->pciBus = MOCK_PCI_BUS;
    return HY_SUCCESS;
}
#else
constexpr decltype(HyBackendDeviceTable::getProperties) getProperties = nullptr;
#endif
HyResult streamQuery(HyBackendStream) {
    return HY_NOT_READY;
}
HyResult fill(HyBackendStream, HyDevicePtr, const void*, uint32_t, uint64_t) {
    return HY_NOT_READY;
}

#ifdef MOCK_LONGER_TABLES
// A table as a later minor version may have it: slots that this runtime does not know, behind all that it knows.
template <typename Table> struct Longer {
    Table known;
    HyResult (*later[3])();
};
HyResult later() {
    return HY_ERROR_INTERNAL;
}
#else
template <typename Table> struct Longer { Table known; };
#endif

template <typename Table> constexpr Longer<Table> lengthened(Table table) {
#ifdef MOCK_LONGER_TABLES
    table.structSize = sizeof(Longer<Table>);
    return {table, {later, later, later}};
#else
    return {table};
#endif
}

const Longer<HyBackendDeviceTable> kDevice = lengthened(HyBackendDeviceTable{
    .structSize = sizeof(HyBackendDeviceTable), .getCount = getCount, .getProperties = getProperties});
const Longer<HyBackendStreamTable> kStream =
    lengthened(HyBackendStreamTable{.structSize = MOCK_STREAM_BYTES, .query = streamQuery, .fill = fill});

using Root = Longer<HyBackendInterface>;
[[maybe_unused]] const Root kRoot = lengthened(HyBackendInterface{
    .structSize = MOCK_ROOT_BYTES,
    .abiMajor = MOCK_MAJOR,
    .abiMinor = MOCK_MINOR,
    .name = MOCK_OWN_NAME,
    .vendor = "Mock vendor",
    .buildId = nullptr,
    .initialise = MOCK_INITIALISE,
    .shutdown = MOCK_SHUTDOWN,
#ifndef MOCK_NO_DEVICE_TABLE
    .device = &kDevice.known,
#endif
#ifndef MOCK_NO_TABLES_BUT_DEVICE
    .stream = &kStream.known,
#endif
});

} // namespace

#ifndef MOCK_NO_ENTRY_POINT
extern "C" HyResult hyBackendGetInterface([[maybe_unused]] uint32_t hostAbi,
                                          [[maybe_unused]] const HyHostServices* host,
                                          [[maybe_unused]] const HyBackendInterface** outInterface) {
#if MOCK_GET == MOCK_GET_FAILS
    return failWith(host, HY_ERROR_INCOMPATIBLE_ABI, "the mock wants another Halyard", "update the mock");
#elif MOCK_GET == MOCK_GET_SILENT
    return HY_ERROR_INTERNAL;
#elif MOCK_GET == MOCK_GET_NULL
    return HY_SUCCESS;
#elif MOCK_GET == MOCK_GET_THROWS
    throw std::runtime_error("mock exception");
#elif MOCK_GET == MOCK_GET_USES_COMPILER
    return host->jitCompile(host->context, nullptr, nullptr);
#else
    *outInterface = &kRoot.known;
    return HY_SUCCESS;
#endif
}
#endif
