#include "call.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {

using namespace softcuda;

extern "C" CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return onDevice(__func__, ordinal, [&](Device&) {
        if (!device)
            return Status::InvalidValue;
        *device = ordinal;
        return Status::Success;
    });
}

extern "C" CUresult cuDeviceGetCount(int* count) {
    return initialised(__func__, [&] {
        if (!count)
            return Status::InvalidValue;
        *count = static_cast<int>(driver().devices.size());
        return Status::Success;
    });
}

extern "C" CUresult cuDeviceGetName(char* name, int bytes, CUdevice device) {
    return onDevice(__func__, device, [&](Device&) {
        if (!name || bytes <= 0)
            return Status::InvalidValue;
        constexpr std::string_view kName = "Software GPU";
        size_t length = std::min(kName.size(), static_cast<size_t>(bytes) - 1);
        std::memcpy(name, kName.data(), length);
        name[length] = 0;
        return Status::Success;
    });
}

extern "C" CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    return onDevice(__func__, device, [&](Device& d) {
        if (!bytes)
            return Status::InvalidValue;
        *bytes = d.totalBytes();
        return Status::Success;
    });
}

extern "C" CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
    return onDevice(__func__, device, [&](Device& d) {
        std::optional<int> found = d.attribute(static_cast<int>(attribute));
        if (!value || !found)
            return Status::InvalidValue;
        *value = *found;
        return Status::Success;
    });
}

namespace {

Status copyUuid(CUuuid* uuid, const Device& device) {
    if (!uuid)
        return Status::InvalidValue;
    std::array<uint8_t, 16> bytes = device.uuid();
    std::memcpy(uuid->bytes, bytes.data(), bytes.size());
    return Status::Success;
}

} // namespace

extern "C" CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
    return onDevice(__func__, device, [&](Device& d) { return copyUuid(uuid, d); });
}

extern "C" CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    return onDevice(__func__, device, [&](Device& d) { return copyUuid(uuid, d); });
}

extern "C" CUresult cuDeviceCanAccessPeer(int* canAccess, CUdevice device, CUdevice peer) {
    return onDevice(__func__, device, [&](Device&) {
        if (!canAccess)
            return Status::InvalidValue;
        if (peer < 0 || static_cast<size_t>(peer) >= driver().devices.size())
            return Status::InvalidDevice;
        *canAccess = device != peer;
        return Status::Success;
    });
}

extern "C" CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attribute, CUdevice source,
                                            CUdevice target) {
    return onDevice(__func__, source, [&](Device&) {
        if (target < 0 || static_cast<size_t>(target) >= driver().devices.size() || source == target)
            return Status::InvalidDevice;
        if (!value || attribute < CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK ||
            attribute > CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED)
            return Status::InvalidValue;
        *value = attribute != CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK;
        return Status::Success;
    });
}

} // namespace halyard::cuda
