#include "api/check.h"
#include "api/core.h"
#include "api/device_filter.h"
#include "api/device_restart.h"
#include "graph/capture.h"

namespace halyard {

HyResult Device::open() {
    const std::lock_guard lock(openMutex);
    if (opened.load(std::memory_order_relaxed))
        return HY_SUCCESS;
    HY_TRY(blameBackend(backend->name, tables->device.open(backend->context, properties.ordinal, &impl)));
    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    if (tables->memory.getAddressRange(impl, &base, &bytes) == HY_SUCCESS)
        instance->addresses.reserve(base, bytes, true);
    else
        instance->addresses.admitUndeclared();
    opened.store(true, std::memory_order_release);
    instance->activities->watch(*this);
    return HY_SUCCESS;
}

namespace {

// Runs body(device, peer), both open.
template <typename Body> HyResult onPeers(const char* call, HyDevice device, HyDevice peer, Body&& body) {
    return onObject<Device>(call, device, "device", [&](Device& object) {
        HyResult result = HY_SUCCESS;
        auto* other = resolve<Device>(peer, "peer", result);
        if (other == nullptr)
            return result;
        HY_TRY(object.ensureOpen());
        HY_TRY(other->ensureOpen());
        return body(object, *other);
    });
}

// Nothing between backends, and nothing where a backend does not tell.
HyPeerAccess peerAccess(const Device& device, const Device& peer) {
    HyPeerAccess access = 0;
    const bool known = device.backend == peer.backend && &device != &peer &&
                       device.tables->device.getPeerAccess(device.impl, peer.impl, &access) == HY_SUCCESS;
    return known ? access : 0;
}

} // namespace

namespace core {

HyResult hyDeviceGetCount(HyInstance instance, uint32_t* outCount) {
    return onObject<Instance>("hyDeviceGetCount", instance, "instance", [&](const Instance& object) {
        HY_TRY(requirePointer(outCount, "outCount"));
        *outCount = static_cast<uint32_t>(object.listedDevices);
        return HY_SUCCESS;
    });
}

HyResult hyDeviceGet(HyInstance instance, uint32_t index, HyDevice* outDevice) {
    return onObject<Instance>("hyDeviceGet", instance, "instance", [&](const Instance& object) {
        HY_TRY(requirePointer(outDevice, "outDevice"));
        if (index >= object.listedDevices) {
            return fail(HY_ERROR_NOT_FOUND, "index",
                        "ask hyDeviceGetCount first; halyard-info --why tells why a device is missing",
                        "there is no device {}; there are: {}", index, listDevices(object.devices));
        }
        *outDevice = toHandle<HyDevice>(object.devices[index].get());
        return HY_SUCCESS;
    });
}

HyResult hyDeviceFind(HyInstance instance, const char* selector, HyDevice* outDevice) {
    return onObject<Instance>("hyDeviceFind", instance, "instance", [&](const Instance& object) {
        HY_TRY(requirePointer(selector, "selector"));
        HY_TRY(requirePointer(outDevice, "outDevice"));
        const int index = findDevice(object.devices, selector);
        if (index < 0) {
            return fail(HY_ERROR_NOT_FOUND, "selector", "halyard-info --why tells why a device is missing",
                        "no device matches '{}'; there are: {}", selector, listDevices(object.devices));
        }
        *outDevice = toHandle<HyDevice>(object.devices[static_cast<size_t>(index)].get());
        return HY_SUCCESS;
    });
}

HyResult hyDeviceGetProperties(HyDevice device, HyDeviceProperties* outProperties) {
    return onObject<Device>("hyDeviceGetProperties", device, "device", [&](const Device& object) {
        return writeOut(outProperties, object.properties, kDevicePropertiesV1, "outProperties");
    });
}

HyResult hyDeviceGetMemoryInfo(HyDevice device, uint64_t* outFree, uint64_t* outTotal) {
    return onObject<Device>("hyDeviceGetMemoryInfo", device, "device", [&](Device& object) {
        HY_TRY(object.ensureOpen());
        uint64_t free = 0;
        uint64_t total = 0;
        HY_TRY(blameBackend(object.backend->name, object.tables->device.getMemoryInfo(object.impl, &free, &total)));
        if (outFree != nullptr)
            *outFree = free;
        if (outTotal != nullptr)
            *outTotal = total;
        return HY_SUCCESS;
    });
}

HyResult hyDeviceSynchronize(HyDevice device, uint64_t timeoutNs) {
    return onObject<Device>("hyDeviceSynchronize", device, "device", [&](Device& object) {
        HY_TRY(object.ensureOpen());
        const HyResult result = object.tables->device.synchronize(object.impl, timeoutNs);
        object.pools.afterSynchronise();
        return blameBackend(object.backend->name, result);
    });
}

HyResult hyDeviceGetPeerAccess(HyDevice device, HyDevice peer, HyPeerAccess* outAccess) {
    return onPeers("hyDeviceGetPeerAccess", device, peer, [&](const Device& object, const Device& other) {
        HY_TRY(requirePointer(outAccess, "outAccess"));
        *outAccess = peerAccess(object, other);
        return HY_SUCCESS;
    });
}

HyResult hyDeviceEnablePeerAccess(HyDevice device, HyDevice peer) {
    return onPeers("hyDeviceEnablePeerAccess", device, peer, [&](const Device& object, const Device& other) {
        if (peerAccess(object, other) == 0) {
            const char* reason = &object == &other                 ? "a device is not its own peer"
                                 : object.backend != other.backend ? "they belong to different backends"
                                                                   : "the driver has no path between them";
            return fail(HY_ERROR_UNSUPPORTED, "peer", "copy with hyMemcpyPeerAsync, which goes through the host",
                        "{} has no access to memory of {}: {}", object.properties.selector, other.properties.selector,
                        reason);
        }
        return blameBackend(object.backend->name, object.tables->device.enablePeerAccess(object.impl, other.impl));
    });
}

HyResult hyDeviceReset(HyDevice device, uint64_t timeoutNs) {
    return onObject<Device>("hyDeviceReset", device, "device", [&](Device& object) {
        if ((object.properties.capabilities & HY_CAP_DEVICE_RESTART) != 0)
            return restartDevice(object, timeoutNs);
        if ((object.properties.capabilities & HY_CAP_DEVICE_RESET) == 0) {
            return fail(HY_ERROR_UNSUPPORTED, "device", "query HY_CAP_DEVICE_RESET and HY_CAP_DEVICE_RESTART first",
                        "{} cannot be reset (HY_CAP_DEVICE_RESET, HY_CAP_DEVICE_RESTART)", object.properties.selector);
        }
        HY_TRY(object.ensureOpen());
        object.instance->captures->cancel(object);
        return blameBackend(object.backend->name, object.tables->device.reset(object.impl, timeoutNs));
    });
}

} // namespace core
} // namespace halyard
