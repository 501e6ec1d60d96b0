// A layer, built once for each way of being wrong or old. What happens to it is written, a line an event, to the file
// that HALYARD_MOCK_LAYER_LOG names.
#include "halyard/layer.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#ifndef MOCK_OWN_NAME
#define MOCK_OWN_NAME MOCK_NAME
#endif
#ifndef MOCK_MAJOR
#define MOCK_MAJOR HY_LAYER_ABI_MAJOR
#endif
#ifndef MOCK_INTERFACE_BYTES
#define MOCK_INTERFACE_BYTES sizeof(HyLayerInterface)
#endif
#ifndef MOCK_TABLE_BYTES
#define MOCK_TABLE_BYTES sizeof(HyLayerTable)
#endif
#ifndef MOCK_ATTACH
#define MOCK_ATTACH attach
#endif

namespace {

void note(const char* event) {
    const char* path = std::getenv("HALYARD_MOCK_LAYER_LOG");
    std::FILE* file = path != nullptr ? std::fopen(path, "a") : nullptr;
    if (file == nullptr)
        return;
    std::fprintf(file, "%s %s\n", MOCK_NAME, event);
    std::fclose(file);
}

const HyLayerHost* hostOfProcess = nullptr;

[[maybe_unused]] HyResult attach(HyInstance instance, const HyLayerLink* next, const HyLayerHost* host,
                                 void** outContext) {
    hostOfProcess = host;
    uint32_t count = 0;
    // The handle works already.
    const HyResult result = next->table->hyDeviceGetCount(next, instance, &count);
    note(result == HY_SUCCESS ? "attach" : "attach without a working handle");
    static int context = 0;
    *outContext = &context;
    return HY_SUCCESS;
}

[[maybe_unused]] HyResult attachFails(HyInstance, const HyLayerLink*, const HyLayerHost* host, void**) {
    host->setError(host->context, HY_ERROR_UNSUPPORTED, "", "the mock has no wish to work", "");
    note("attach refused");
    return HY_ERROR_UNSUPPORTED;
}

[[maybe_unused]] HyResult attachThrows(HyInstance, const HyLayerLink*, const HyLayerHost*, void**) {
    throw std::runtime_error("thrown by the mock");
}

void detach(void*) {
    note("detach");
    hostOfProcess->log(hostOfProcess->context, HY_LOG_ERROR, "detached");
}

HyResult deviceGetCount(const HyLayerLink* link, HyInstance instance, uint32_t* outCount) {
    note("hyDeviceGetCount");
    return link->next->table->hyDeviceGetCount(link->next, instance, outCount);
}

HyResult deviceFind(const HyLayerLink* link, HyInstance instance, const char* selector, HyDevice* outDevice) {
    note("hyDeviceFind");
    if (selector != nullptr && std::strcmp(selector, "refused by the layer") == 0) {
        hostOfProcess->setError(hostOfProcess->context, HY_ERROR_NOT_FOUND, "selector", "the layer says no", "ask it");
        return HY_ERROR_NOT_FOUND;
    }
    return link->next->table->hyDeviceFind(link->next, instance, selector, outDevice);
}

HyResult instanceDestroy(const HyLayerLink* link, HyInstance instance) {
    const HyResult result = link->next->table->hyInstanceDestroy(link->next, instance);
    note("hyInstanceDestroy");
    return result;
}

HyResult streamDestroy(const HyLayerLink* link, HyStream stream) {
    const HyResult result = link->next->table->hyStreamDestroy(link->next, stream);
    note(result == HY_SUCCESS ? "hyStreamDestroy" : "hyStreamDestroy refused");
    return result;
}

HyLayerTable makeTable() {
    HyLayerTable table{};
    table.structSize = MOCK_TABLE_BYTES;
    table.hyInstanceDestroy = instanceDestroy;
    table.hyDeviceGetCount = deviceGetCount;
    table.hyDeviceFind = deviceFind;
    table.hyStreamDestroy = streamDestroy;
    return table;
}

const HyLayerTable kTable = makeTable();

const HyLayerInterface kInterface = {
    .structSize = MOCK_INTERFACE_BYTES,
    .abiMajor = MOCK_MAJOR,
    .abiMinor = HY_LAYER_ABI_MINOR,
    .name = MOCK_OWN_NAME,
    .description = "a mock",
    .attach = MOCK_ATTACH,
    .detach = detach,
    .table = &kTable,
};

} // namespace

#ifndef MOCK_NO_ENTRY_POINT
HyResult hyLayerGetInterface(uint32_t, const HyLayerInterface** outInterface) {
#ifdef MOCK_NO_INTERFACE
    *outInterface = nullptr;
#else
    *outInterface = &kInterface;
#endif
    return HY_SUCCESS;
}
#endif
