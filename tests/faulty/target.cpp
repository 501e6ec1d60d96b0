#include "target.h"

#include "books.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>

namespace halyard::faulty {
namespace {

struct StreamDevices;

Target& target() {
    static auto& one = *new Target;
    return one;
}

template <class Table> void readTable(const Table* from, Table& to) {
    if (from == nullptr)
        return;
    std::memcpy(&to, from, std::min<size_t>(from->structSize, sizeof to));
    to.structSize = sizeof to;
}

std::string besideThisLibrary() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(&openTarget), &info) == 0 || info.dli_fname == nullptr)
        return "libhalyard_cpu.so";
    const std::string path = info.dli_fname;
    return path.substr(0, path.rfind('/') + 1) + "libhalyard_cpu.so";
}

// Another device than the real one for whoever compares names or UUIDs.
HyResult getProperties(HyBackendContext context, uint32_t ordinal, HyDeviceProperties* outProperties) {
    const HyResult result = target().interface->device->getProperties(context, ordinal, outProperties);
    if (result == HY_SUCCESS) {
        std::memcpy(outProperties->backend, "faulty", sizeof "faulty");
        outProperties->uuid[0] ^= 0xf0;
    }
    return result;
}

HyResult createStream(HyBackendDevice device, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
    const HyResult result = target().interface->stream->create(device, desc, outStream);
    if (result == HY_SUCCESS)
        books<StreamDevices, HyBackendStream, HyBackendDevice>().put(*outStream, device);
    return result;
}

void open(const char* path, uint32_t hostAbi, const HyHostServices* host, Target& out) {
    const std::string file = path != nullptr ? path : besideThisLibrary();
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        out.fault = dlerror();
        return;
    }
    const auto getInterface = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library, "hyBackendGetInterface"));
    if (getInterface == nullptr || getInterface(hostAbi, host, &out.interface) != HY_SUCCESS) {
        out.interface = nullptr;
        out.fault = file + " is no backend for this runtime";
        return;
    }
    readTable(out.interface->device, out.tables.device);
    readTable(out.interface->memory, out.tables.memory);
    readTable(out.interface->stream, out.tables.stream);
    readTable(out.interface->event, out.tables.event);
    readTable(out.interface->module, out.tables.module);
    readTable(out.interface->semaphore, out.tables.semaphore);
    readTable(out.interface->graph, out.tables.graph);
    readTable(out.interface->virtualMemory, out.tables.virtualMemory);
    readTable(out.interface->profiling, out.tables.profiling);
    out.tables.device.getProperties = getProperties;
    out.tables.stream.create = createStream;
    out.tables.stream.launchArgs = nullptr; // all launches come by `launch`, where the faults are
}

} // namespace

const Target& openTarget(const char* path, uint32_t hostAbi, const HyHostServices* host) {
    static const Target& opened = [&]() -> Target& {
        open(path, hostAbi, host, target());
        return target();
    }();
    return opened;
}

const Tables& real() {
    return target().tables;
}

HyBackendDevice deviceOf(HyBackendStream stream) {
    return books<StreamDevices, HyBackendStream, HyBackendDevice>().find(stream).value_or(nullptr);
}

} // namespace halyard::faulty
