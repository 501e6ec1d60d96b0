#include "api/bridge.h"
#include "api/check.h"
#include "api/core.h"
#include "api/device_filter.h"
#include "api/device_memory.h"
#include "api/peer_copy.h"
#include "api/physical_memory.h"
#include "base/env.h"
#include "graph/capture.h"

#include <algorithm>
#include <chrono>

namespace halyard {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

void enumerate(Instance& instance) {
    for (const auto& backend : instance.loaded.backends) {
        for (uint32_t ordinal = 0; ordinal < backend->deviceCount; ++ordinal) {
            auto device = std::make_unique<Device>(&instance, backend.get());
            HyDeviceProperties& properties = device->properties;
            properties.structSize = sizeof properties;
            const HyResult result = backend->tables.device.getProperties(backend->context, ordinal, &properties);
            if (result < 0) {
                blameBackend(backend->name, result);
                HyErrorInfo info{.structSize = sizeof info};
                hyGetLastError(&info);
                instance.log.warning("core", "{}:{} left out: {}", backend->name, ordinal, info.message);
                continue;
            }
            properties.structSize = sizeof properties;
            properties.ordinal = ordinal;
            fmt::format_to_n(properties.backend, sizeof properties.backend - 1, "{}", backend->name);
            fmt::format_to_n(properties.selector, sizeof properties.selector - 1, "{}:{}", backend->name, ordinal);
            instance.devices.push_back(std::move(device));
        }
    }
    sortDevices(instance.devices);
    instance.listedDevices = moveDuplicatesBack(instance.devices, instance.log);
}

uint64_t remaining(std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end - std::chrono::steady_clock::now());
    return left.count() > 0 ? static_cast<uint64_t>(left.count()) : 0;
}

// Frees what the application left, except on devices whose work does not end: there the work may still use it.
void destroyLeftovers(Instance& instance, const std::vector<const Device*>& stuck) {
    const auto isStuck = [&](const Device* device) {
        return std::find(stuck.begin(), stuck.end(), device) != stuck.end();
    };
    instance.captures->clear();
    const std::lock_guard lock(instance.objectsMutex);
    for (const ObjectType type :
         {ObjectType::GraphExec, ObjectType::Graph, ObjectType::Stream, ObjectType::Event, ObjectType::Semaphore,
          ObjectType::Kernel, ObjectType::Module, ObjectType::PhysicalMemory, ObjectType::MemoryPool}) {
        std::erase_if(instance.objects, [&](Object* object) {
            if (object->type != type)
                return false;
            HandleTable::remove(object->handle, type);
            if (!isStuck(object->device))
                object->dispose();
            return true;
        });
    }
    for (const auto& device : instance.devices) {
        if (isStuck(device.get()))
            continue;
        device->pools.shutDown();
        dropVirtualMemory(*device);
        for (const AddressRange& range : instance.addresses.ofDevice(device.get()))
            dropMemory(*device, range);
    }
}

HyResult destroy(HyInstance handle) {
    const auto word = reinterpret_cast<uint64_t>(handle);
    std::unique_ptr<Instance> instance(static_cast<Instance*>(HandleTable::remove(word, ObjectType::Instance)));
    if (instance == nullptr)
        return failHandle(word, ObjectType::Instance, "instance");

    const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(instance->shutdownTimeoutNs);
    std::vector<const Device*> stuck;
    for (const auto& device : instance->devices) {
        HandleTable::remove(device->handle, ObjectType::Device);
        if (device->opened && device->tables->device.synchronize(device->impl, remaining(end)) == HY_ERROR_TIMEOUT)
            stuck.push_back(device.get());
    }
    instance->activities->forgetDevices();
    destroyLeftovers(*instance, stuck);
    if (stuck.empty())
        instance->peers->stop();
    instance->bridge->stop();
    std::vector<const LoadedBackend*> stuckBackends;
    for (const auto& device : instance->devices) {
        if (!device->opened)
            continue;
        const HyResult closed = device->tables->device.close(device->impl, remaining(end));
        const bool left = std::find(stuck.begin(), stuck.end(), device.get()) != stuck.end();
        if (left || closed == HY_ERROR_TIMEOUT)
            stuckBackends.push_back(device->backend);
    }
    for (const auto& backend : instance->loaded.backends) {
        if (std::find(stuckBackends.begin(), stuckBackends.end(), backend.get()) == stuckBackends.end())
            shutDownBackend(*backend, instance->log);
    }
    if (stuckBackends.empty())
        return HY_SUCCESS;
    instance->log.setCallback(nullptr, nullptr, HY_LOG_OFF);
    instance->printer.setCallback([](void*, const char*, uint64_t) {}, nullptr);
    const uint64_t limitMs = instance->shutdownTimeoutNs / kNsPerMs;
    instance->layers.reset(); // they are told all the same
    (void)instance.release(); // the stuck work may call back into it for as long as the process lives
    return fail(HY_ERROR_TIMEOUT, "instance", "end kernels that may loop for ever before destroying the instance",
                "work on the {} device did not end within {} ms; what it uses is left allocated",
                stuckBackends[0]->name, limitMs);
}

// The layers come last: they may use the instance when they are attached.
HyResult addLayers(Instance& instance, HyInstance handle, const char* wanted) {
    const char* list = wanted != nullptr ? wanted : getEnv("HALYARD_LAYERS");
    if (list == nullptr)
        return HY_SUCCESS;
    return LayerStack::create(list, wanted != nullptr ? "desc->layers" : "HALYARD_LAYERS",
                              {handle, instance.sharedLog, instance.activities}, instance.layers);
}

HyResult create(const HyInstanceDesc* in, HyInstance* outInstance) {
    HyInstanceDesc desc{.structSize = sizeof desc};
    if (in != nullptr)
        HY_TRY(readDesc(in, desc, kInstanceDescV1, 0, "desc"));
    HY_TRY(requirePointer(outInstance, "outInstance"));
    if (desc.logLevel > HY_LOG_DEBUG)
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->logLevel", "use HY_LOG_OFF to HY_LOG_DEBUG", "logLevel is {}",
                    desc.logLevel);

    auto instance = std::make_unique<Instance>();
    if (desc.logCallback != nullptr)
        instance->log.setCallback(desc.logCallback, desc.logUser, desc.logLevel != 0 ? desc.logLevel : HY_LOG_WARNING);
    Instance* raw = instance.get();
    instance->loaded = loadBackends([raw](const std::string& name) { return raw->makeServices(name); }, instance->log);
    enumerate(*instance);

    const auto shutdownBackends = [&] {
        for (const auto& backend : instance->loaded.backends)
            shutDownBackend(*backend, instance->log);
    };
    const char* filter = desc.devices != nullptr ? desc.devices : getEnv("HALYARD_DEVICES");
    if (filter != nullptr) {
        const char* argument = desc.devices != nullptr ? "desc->devices" : "HALYARD_DEVICES";
        if (const HyResult result = filterDevices(instance->devices, filter, argument, instance->log); result < 0) {
            shutdownBackends();
            return result;
        }
        instance->listedDevices = instance->devices.size();
    }
    instance->handle = HandleTable::insert(ObjectType::Instance, raw);
    bool complete = instance->handle != 0;
    for (const auto& device : instance->devices) {
        device->handle = HandleTable::insert(ObjectType::Device, device.get());
        complete = complete && device->handle != 0;
    }
    if (!complete) {
        for (const auto& device : instance->devices)
            HandleTable::remove(device->handle, ObjectType::Device);
        HandleTable::remove(instance->handle, ObjectType::Instance);
        shutdownBackends();
        return fail(HY_ERROR_OUT_OF_HOST_MEMORY, "", "destroy objects that are no longer used", "no handle is left");
    }
    const HyInstance handle = toHandle<HyInstance>(instance.release());
    if (const HyResult result = addLayers(*raw, handle, desc.layers); result < 0) {
        const PreservedError kept;
        (void)destroy(handle);
        return result;
    }
    *outInstance = handle;
    return HY_SUCCESS;
}

} // namespace

namespace {

std::optional<AddressRange> findOthersMemory(const Instance& instance, HyDevicePtr address) {
    for (const auto& device : instance.devices) {
        if (!device->tables->findsOthers || !device->opened.load(std::memory_order_acquire))
            continue;
        HyBackendOthersMemory found{};
        found.structSize = sizeof found;
        if (device->tables->memory.findOthers(device->impl, address, &found) == HY_SUCCESS)
            return AddressRange{.base = found.base,
                                .bytes = found.bytes,
                                .kind = found.kind,
                                .device = device.get(),
                                .host = static_cast<std::byte*>(found.host)};
    }
    return std::nullopt;
}

} // namespace

Instance::Instance()
    : Object(kType, this, nullptr), cache(log, counters), compiler(cache, log, counters),
      shutdownTimeoutNs(getEnvNumber("HALYARD_SHUTDOWN_TIMEOUT_MS", 5000, 0, 86'400'000, log) * kNsPerMs),
      captures(std::make_unique<graph::Captures>()), bridge(std::make_unique<Bridge>()),
      peers(std::make_unique<PeerCopier>()) {
    addresses.askAlso([this](HyDevicePtr address) { return findOthersMemory(*this, address); });
}

Instance::~Instance() = default;

void Instance::destroy(Object* object) {
    if (layers != nullptr)
        layers->retire(object->handle);
    {
        const std::lock_guard lock(objectsMutex);
        objects.erase(object);
    }
    object->dispose();
}

namespace core {

HyResult hyInstanceCreate(const HyInstanceDesc* desc, HyInstance* outInstance) {
    return enter("hyInstanceCreate", [&] { return create(desc, outInstance); });
}

HyResult hyInstanceDestroy(HyInstance instance) {
    return enter("hyInstanceDestroy", [&] { return destroy(instance); });
}

HyResult hyInstanceSetLogCallback(HyInstance instance, HyLogCallback callback, void* user, HyLogLevel level) {
    return onObject<Instance>("hyInstanceSetLogCallback", instance, "instance", [&](Instance& object) {
        if (level > HY_LOG_DEBUG)
            return fail(HY_ERROR_INVALID_ARGUMENT, "level", "use HY_LOG_OFF to HY_LOG_DEBUG", "level is {}", level);
        object.log.setCallback(callback, user, level);
        return HY_SUCCESS;
    });
}

HyResult hyInstanceSetPrintCallback(HyInstance instance, HyPrintCallback callback, void* user) {
    return onObject<Instance>("hyInstanceSetPrintCallback", instance, "instance", [&](Instance& object) {
        object.printer.setCallback(callback, user);
        return HY_SUCCESS;
    });
}

HyResult hyInstanceGetBackendCount(HyInstance instance, uint32_t* outCount) {
    return onObject<Instance>("hyInstanceGetBackendCount", instance, "instance", [&](const Instance& object) {
        HY_TRY(requirePointer(outCount, "outCount"));
        *outCount = static_cast<uint32_t>(object.loaded.records.size());
        return HY_SUCCESS;
    });
}

HyResult hyInstanceGetBackend(HyInstance instance, uint32_t index, HyBackendInfo* outInfo) {
    return onObject<Instance>("hyInstanceGetBackend", instance, "instance", [&](const Instance& object) {
        const std::vector<BackendRecord>& records = object.loaded.records;
        if (index >= records.size())
            return fail(HY_ERROR_NOT_FOUND, "index", "ask hyInstanceGetBackendCount first",
                        "there is no backend {}; there are {}", index, records.size());
        const BackendRecord& record = records[index];
        const HyBackendInfo info = {.structSize = sizeof info,
                                    .status = record.status,
                                    .name = record.name.c_str(),
                                    .vendor = record.vendor.c_str(),
                                    .manifestPath = record.manifestPath.c_str(),
                                    .libraryPath = record.libraryPath.c_str(),
                                    .buildId = record.buildId.c_str(),
                                    .reason = record.reason.c_str(),
                                    .abiMajor = record.abiMajor,
                                    .abiMinor = record.abiMinor,
                                    .deviceCount = record.deviceCount,
                                    .reserved = 0};
        return writeOut(outInfo, info, kBackendInfoV1, "outInfo");
    });
}

HyResult hyInstanceGetCounters(HyInstance instance, HyCounters* outCounters) {
    return onObject<Instance>("hyInstanceGetCounters", instance, "instance", [&](const Instance& object) {
        const Counters& counters = object.counters;
        const HyCounters values = {.structSize = sizeof values,
                                   .reserved = 0,
                                   .cacheHits = counters.cacheHits,
                                   .cacheMisses = counters.cacheMisses,
                                   .cacheCorrupt = counters.cacheCorrupt,
                                   .cacheWrites = counters.cacheWrites,
                                   .compiles = counters.compiles,
                                   .compileFailures = counters.compileFailures,
                                   .workersStarted = counters.workersStarted,
                                   .workersLost = counters.workersLost};
        return writeOut(outCounters, values, kCountersV1, "outCounters");
    });
}

} // namespace core
} // namespace halyard
