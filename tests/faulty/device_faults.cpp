// Devices that claim what they do not have.
#include "target.h"

#include <atomic>
#include <cstring>

namespace halyard::faulty {
namespace {

template <auto change> HyResult changed(HyBackendContext context, uint32_t ordinal, HyDeviceProperties* outProperties) {
    const HyResult result = real().device.getProperties(context, ordinal, outProperties);
    if (result == HY_SUCCESS)
        change(*outProperties);
    return result;
}

template <auto change> void changeProperties(Tables& tables) {
    tables.device.getProperties = changed<change>;
}

using Properties = HyDeviceProperties;

constexpr auto kNoName = [](Properties& p) { std::memset(p.name, 0, sizeof p.name); };
constexpr auto kNameWithoutEnd = [](Properties& p) { std::memset(p.name, 'x', sizeof p.name); };
constexpr auto kClaimsDmaBuf = [](Properties& p) { p.capabilities |= HY_CAP_SHARE_DMA_BUF; };
constexpr auto kClaimsNothing = [](Properties& p) { p.capabilities = 0; };
constexpr auto kLocalTooLarge = [](Properties& p) { p.maxLocalBytes *= 4; };
constexpr auto kWorkgroupTooLarge = [](Properties& p) {
    p.maxWorkgroupInvocations *= 4;
    p.maxWorkgroupSize[0] *= 4;
};
constexpr auto kAllocationTooSmall = [](Properties& p) { p.maxAllocation = 1 << 20; };
constexpr auto kSubgroupsTooLarge = [](Properties& p) {
    p.subgroupSizeMin *= 2;
    p.subgroupSizeMax *= 2;
};
constexpr auto kNewUuid = [](Properties& p) {
    static std::atomic<uint8_t> count{0};
    p.uuid[15] = count++;
};

// A slot that is claimed and missing.
void occupancyMissing(Tables& tables) {
    tables.module.getOccupancy = nullptr;
}

void semaphoresMissing(Tables& tables) {
    tables.semaphore.create = nullptr;
}

void managedMissing(Tables& tables) {
    tables.memory.allocateManaged = nullptr;
}

void prefetchMissing(Tables& tables) {
    tables.memory.prefetch = nullptr;
}

void ipcMissing(Tables& tables) {
    tables.memory.getIpcHandle = nullptr;
}

void resetMissing(Tables& tables) {
    tables.device.reset = nullptr;
}

void registrationMissing(Tables& tables) {
    tables.memory.registerHost = nullptr;
}

// Success for what it does not have.
void nativeHandlesInvented(Tables& tables) {
    tables.stream.getNativeHandle = [](HyBackendStream, HyNativeHandle*) -> HyResult { return HY_SUCCESS; };
    tables.event.getNativeHandle = [](HyBackendEvent, HyNativeHandle*) -> HyResult { return HY_SUCCESS; };
    tables.device.getNativeHandle = [](HyBackendDevice, HyNativeHandle*) -> HyResult { return HY_SUCCESS; };
}

void matricesMissing(Tables& tables) {
    tables.device.getCooperativeMatrixCount = [](HyBackendContext, uint32_t, uint32_t* outCount) -> HyResult {
        *outCount = 0;
        return HY_SUCCESS;
    };
}

constexpr Fault kFaults[] = {
    {"properties-no-name", "the device has no name", "DeviceQueries.*", changeProperties<kNoName>},
    {"properties-name-without-end", "the name has no end", "Honesty.*", changeProperties<kNameWithoutEnd>},
    {"properties-uuid-changes", "a device has a new UUID each time", "Honesty.*", changeProperties<kNewUuid>},
    {"properties-local-memory-too-large", "more workgroup memory than there is", "Honesty.*",
     changeProperties<kLocalTooLarge>},
    {"properties-workgroup-too-large", "larger workgroups than run", "Honesty.*", changeProperties<kWorkgroupTooLarge>},
    {"properties-allocation-too-small", "less memory at once than there is", "Memory.*",
     changeProperties<kAllocationTooSmall>},
    {"properties-subgroups-too-large", "larger subgroups than kernels have", "SubgroupSize.*:Honesty.*",
     changeProperties<kSubgroupsTooLarge>},
    {"claims-dma-buf", "HY_CAP_SHARE_DMA_BUF, which it does not have", "Honesty.*", changeProperties<kClaimsDmaBuf>},
    {"claims-nothing", "no capability, though all of it is there", "Honesty.*", changeProperties<kClaimsNothing>},
    {"claims-occupancy", "HY_CAP_OCCUPANCY without its slot", "Honesty.*", occupancyMissing},
    {"claims-semaphores", "HY_CAP_TIMELINE_SEMAPHORES without a slot", "Honesty.*", semaphoresMissing},
    {"claims-managed-memory", "HY_CAP_MANAGED_MEMORY without its slot", "Honesty.*", managedMissing},
    {"claims-prefetch", "HY_CAP_PREFETCH without its slot", "Honesty.*", prefetchMissing},
    {"claims-ipc", "HY_CAP_IPC without a slot", "Honesty.*", ipcMissing},
    {"claims-reset", "HY_CAP_DEVICE_RESET without its slot", "Honesty.*", resetMissing},
    {"claims-registration", "HY_CAP_HOST_REGISTRATION without its slot", "Honesty.*", registrationMissing},
    {"native-handles-invented", "success without a native handle", "Streams.Native*", nativeHandlesInvented},
    {"matrices-claimed-not-listed", "HY_CAP_COOPERATIVE_MATRIX with an empty list", "Honesty.*", matricesMissing},
};

} // namespace

std::span<const Fault> deviceFaults() {
    return kFaults;
}

} // namespace halyard::faulty
