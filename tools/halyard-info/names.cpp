#include "names.h"

#include <fmt/format.h>

namespace halyard::info {

const char* deviceTypeName(HyDeviceType type) {
    switch (type) {
    case HY_DEVICE_TYPE_DISCRETE_GPU:
        return "discrete-gpu";
    case HY_DEVICE_TYPE_INTEGRATED_GPU:
        return "integrated-gpu";
    case HY_DEVICE_TYPE_CPU:
        return "cpu";
    case HY_DEVICE_TYPE_EMULATED:
        return "emulated";
    default:
        return "other";
    }
}

const char* backendStatusName(HyBackendStatus status) {
    switch (status) {
    case HY_BACKEND_LOADED:
        return "loaded";
    case HY_BACKEND_SKIPPED:
        return "skipped";
    case HY_BACKEND_FAILED:
        return "failed";
    default:
        return "unknown";
    }
}

std::vector<std::string> capabilityNames(HyCapabilities capabilities) {
    static constexpr struct {
        HyCapabilities bit;
        const char* name;
    } kNames[] = {
        {HY_CAP_KERNELS, "kernels"},
        {HY_CAP_SPIRV_KERNEL, "spirv-kernel"},
        {HY_CAP_SPIRV_GLCOMPUTE, "spirv-glcompute"},
        {HY_CAP_FLOAT16, "float16"},
        {HY_CAP_FLOAT64, "float64"},
        {HY_CAP_INT64, "int64"},
        {HY_CAP_INT64_ATOMICS, "int64-atomics"},
        {HY_CAP_FLOAT32_ATOMIC_ADD, "float32-atomic-add"},
        {HY_CAP_TIMING, "timing"},
        {HY_CAP_HOST_REGISTRATION, "host-registration"},
        {HY_CAP_HOST_ACCESS, "host-access"},
        {HY_CAP_COOPERATIVE_LAUNCH, "cooperative-launch"},
        {HY_CAP_CLUSTERS, "clusters"},
        {HY_CAP_CONCURRENT_STREAMS, "concurrent-streams"},
        {HY_CAP_MANAGED_MEMORY, "managed-memory"},
        {HY_CAP_PREFETCH, "prefetch"},
        {HY_CAP_VIRTUAL_MEMORY, "virtual-memory"},
        {HY_CAP_SHARE_OPAQUE_FD, "share-opaque-fd"},
        {HY_CAP_SHARE_DMA_BUF, "share-dma-buf"},
        {HY_CAP_IPC, "ipc"},
        {HY_CAP_GRAPHS, "graphs"},
        {HY_CAP_HOST_FUNCTIONS, "host-functions"},
        {HY_CAP_TIMELINE_SEMAPHORES, "timeline-semaphores"},
        {HY_CAP_DEVICE_WAITS, "device-waits"},
        {HY_CAP_OCCUPANCY, "occupancy"},
        {HY_CAP_SUBGROUP_SIZE_CONTROL, "subgroup-size-control"},
        {HY_CAP_COOPERATIVE_MATRIX, "cooperative-matrix"},
        {HY_CAP_DEVICE_RESET, "device-reset"},
        {HY_CAP_DEVICE_RESTART, "device-restart"},
        {HY_CAP_MODULE_PTX, "module-ptx"},
        {HY_CAP_MODULE_CUBIN, "module-cubin"},
        {HY_CAP_MODULE_FATBIN, "module-fatbin"},
        {HY_CAP_SHARE_SEMAPHORES, "share-semaphores"},
        {HY_CAP_IPC_EVENTS, "ipc-events"},
    };
    std::vector<std::string> names;
    for (const auto& [bit, name] : kNames) {
        if ((capabilities & bit) != 0) {
            names.emplace_back(name);
            capabilities &= ~bit;
        }
    }
    for (int i = 0; capabilities != 0; ++i, capabilities >>= 1) {
        if ((capabilities & 1) != 0) {
            names.push_back(fmt::format("bit-{}", i));
        }
    }
    return names;
}

std::string versionText(uint32_t version) {
    return fmt::format("{}.{}.{}", HY_VERSION_MAJOR(version), HY_VERSION_MINOR(version), HY_VERSION_PATCH(version));
}

std::string uuidText(const uint8_t (&uuid)[16]) {
    std::string text;
    for (const uint8_t byte : uuid) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

std::string pciText(const HyDeviceProperties& properties) {
    if (properties.pciDomain == UINT32_MAX) {
        return "";
    }
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", properties.pciDomain, properties.pciBus, properties.pciDevice,
                       properties.pciFunction);
}

std::string bytesText(uint64_t bytes) {
    static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(kUnits)) {
        value /= 1024;
        ++unit;
    }
    return value == static_cast<double>(static_cast<uint64_t>(value)) ? fmt::format("{:.0f} {}", value, kUnits[unit])
                                                                      : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

} // namespace halyard::info
