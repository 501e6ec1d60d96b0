// Memory that is not there, is not given back, or is somebody else's.
#include "books.h"
#include "target.h"

#include <cstring>

namespace halyard::faulty {
namespace {

void leaked(Tables& tables) {
    tables.memory.free = [](HyBackendDevice, HyDevicePtr) -> HyResult { return HY_SUCCESS; };
}

void infoConstant(Tables& tables) {
    tables.device.getMemoryInfo = [](HyBackendDevice device, uint64_t* outFree, uint64_t* outTotal) {
        const HyResult result = real().device.getMemoryInfo(device, outFree, outTotal);
        if (outFree != nullptr)
            *outFree = uint64_t{1} << 30;
        return result;
    };
}

void infoMoreThanThereIs(Tables& tables) {
    tables.device.getMemoryInfo = [](HyBackendDevice device, uint64_t* outFree, uint64_t* outTotal) {
        const HyResult result = real().device.getMemoryInfo(device, outFree, outTotal);
        if (outFree != nullptr && outTotal != nullptr)
            *outFree += *outTotal;
        return result;
    };
}

constexpr uint64_t kSkew = 8;

void misaligned(Tables& tables) {
    tables.memory.allocate = [](HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        const HyResult result = real().memory.allocate(device, bytes + kSkew, outPtr, outHost);
        if (result == HY_SUCCESS) {
            *outPtr += kSkew;
            *outHost = static_cast<char*>(*outHost) + kSkew;
        }
        return result;
    };
    tables.memory.free = [](HyBackendDevice device, HyDevicePtr ptr) {
        return real().memory.free(device, ptr - kSkew);
    };
}

void tooShort(Tables& tables) {
    tables.memory.allocate = [](HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        return real().memory.allocate(device, (bytes + 1) / 2, outPtr, outHost);
    };
}

// What does not fit gets a small block that is said to be as large as asked for.
void overcommitted(Tables& tables) {
    tables.memory.allocate = [](HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        const HyResult result = real().memory.allocate(device, bytes, outPtr, outHost);
        return result == HY_ERROR_OUT_OF_DEVICE_MEMORY ? real().memory.allocate(device, 4096, outPtr, outHost) : result;
    };
}

void nullWhenOutOfMemory(Tables& tables) {
    tables.memory.allocate = [](HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        const HyResult result = real().memory.allocate(device, bytes, outPtr, outHost);
        if (result != HY_ERROR_OUT_OF_DEVICE_MEMORY)
            return result;
        *outPtr = 0;
        *outHost = nullptr;
        return HY_SUCCESS;
    };
}

void outOfMemoryWrongCode(Tables& tables) {
    tables.memory.allocate = [](HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        const HyResult result = real().memory.allocate(device, bytes, outPtr, outHost);
        return result == HY_ERROR_OUT_OF_DEVICE_MEMORY ? HY_ERROR_INVALID_ARGUMENT : result;
    };
}

void hostAddressWrong(Tables& tables) {
    tables.memory.allocate = [](HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        const HyResult result = real().memory.allocate(device, bytes + 256, outPtr, outHost);
        if (result == HY_SUCCESS)
            *outHost = static_cast<char*>(*outHost) + 256;
        return result;
    };
}

void registersWhatIsNotMapped(Tables& tables) {
    tables.memory.registerHost = [](HyBackendDevice, void* pointer, uint64_t, HyDevicePtr* outPtr) -> HyResult {
        *outPtr = reinterpret_cast<HyDevicePtr>(pointer);
        return HY_SUCCESS;
    };
}

void registersACopy(Tables& tables) {
    tables.memory.registerHost = [](HyBackendDevice device, void*, uint64_t bytes, HyDevicePtr* outPtr) {
        void* host = nullptr;
        return real().memory.allocate(device, bytes, outPtr, &host);
    };
    tables.memory.unregisterHost = [](HyBackendDevice, void*) -> HyResult { return HY_SUCCESS; };
}

void prefetchCorrupts(Tables& tables) {
    tables.memory.prefetch = [](HyBackendStream stream, HyDevicePtr ptr, uint64_t bytes, uint32_t) {
        const uint8_t zero = 0;
        return real().stream.fill(stream, ptr + bytes / 2, &zero, 1, 1);
    };
}

void adviceCorrupts(Tables& tables) {
    tables.memory.advise = [](HyBackendDevice device, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice) {
        const HyResult result = real().memory.advise(device, ptr, bytes, advice);
        std::memset(reinterpret_cast<void*>(ptr), 0, bytes);
        return result;
    };
}

void ipcOpensOtherMemory(Tables& tables) {
    tables.memory.openIpcHandle = [](HyBackendDevice device, const HyBackendIpcHandle*, uint64_t bytes,
                                     HyDevicePtr* outPtr, void** outHost) {
        return real().memory.allocateShareable(device, bytes, outPtr, outHost);
    };
}

void importIsACopy(Tables& tables) {
    tables.virtualMemory.importPhysical = [](HyBackendDevice device, HyShareType, int64_t, uint64_t bytes,
                                             HyBackendPhysicalMemory* outMemory) {
        return real().virtualMemory.createPhysical(device, bytes, 0, outMemory);
    };
}

void mapIgnoresOffset(Tables& tables) {
    tables.virtualMemory.map = [](HyBackendDevice device, HyDevicePtr base, uint64_t bytes,
                                  HyBackendPhysicalMemory memory, uint64_t, void** outHost) {
        return real().virtualMemory.map(device, base, bytes, memory, 0, outHost);
    };
}

void reservationsMisaligned(Tables& tables) {
    tables.virtualMemory.reserve = [](HyBackendDevice device, uint64_t bytes, uint64_t, HyDevicePtr* outBase) {
        return real().virtualMemory.reserve(device, bytes, 0, outBase);
    };
}

void accessIgnored(Tables& tables) {
    tables.virtualMemory.setAccess = [](HyBackendDevice device, HyDevicePtr base, uint64_t bytes, HyMemoryAccess) {
        return real().virtualMemory.setAccess(device, base, bytes, HY_ACCESS_READ_WRITE);
    };
}

void addressRangeEmpty(Tables& tables) {
    tables.memory.getAddressRange = [](HyBackendDevice, HyDevicePtr* outBase, uint64_t* outBytes) -> HyResult {
        *outBase = 4096;
        *outBytes = 4096;
        return HY_SUCCESS;
    };
}

// New memory has what was in it before.
void physicalNotZeroed(Tables& tables) {
    tables.virtualMemory.createPhysical = [](HyBackendDevice device, uint64_t bytes, uint32_t flags,
                                             HyBackendPhysicalMemory* outMemory) {
        HyResult result = real().virtualMemory.createPhysical(device, bytes, flags, outMemory);
        HyDevicePtr base = 0;
        void* host = nullptr;
        if (bytes > uint64_t{64} << 20 || result != HY_SUCCESS ||
            real().virtualMemory.reserve(device, bytes, 0, &base) != HY_SUCCESS)
            return result;
        result = real().virtualMemory.map(device, base, bytes, *outMemory, 0, &host);
        if (result == HY_SUCCESS) {
            result = real().virtualMemory.setAccess(device, base, bytes, HY_ACCESS_READ_WRITE);
            std::memset(host, 0x3c, bytes);
            real().virtualMemory.unmap(device, base, bytes);
        }
        real().virtualMemory.release(device, base, bytes);
        return result;
    };
}

void physicalLeaked(Tables& tables) {
    tables.virtualMemory.destroyPhysical = [](HyBackendPhysicalMemory) -> HyResult { return HY_SUCCESS; };
}

void mapsOtherMemory(Tables& tables) {
    tables.virtualMemory.map = [](HyBackendDevice device, HyDevicePtr base, uint64_t bytes, HyBackendPhysicalMemory,
                                  uint64_t, void** outHost) {
        HyBackendPhysicalMemory other = nullptr;
        HyResult result = real().virtualMemory.createPhysical(device, bytes, 0, &other);
        if (result == HY_SUCCESS) {
            result = real().virtualMemory.map(device, base, bytes, other, 0, outHost);
            real().virtualMemory.destroyPhysical(other);
        }
        return result;
    };
}

constexpr Fault kFaults[] = {
    {"address-range-wrong", "stale addresses cannot be told from those of the host", "Copy.*", addressRangeEmpty},
    {"physical-memory-not-zeroed", "new memory is not zeroed", "Honesty.New*", physicalNotZeroed},
    {"physical-memory-leaked", "destroyed memory does not come back", "VirtualMemory.*", physicalLeaked},
    {"map-other-memory", "a mapping shows other memory than it was made of", "VirtualMemory.*", mapsOtherMemory},
    {"memory-leaked", "freed memory does not come back", "DeviceQueries.*", leaked},
    {"memory-info-constant", "free memory is always the same", "DeviceQueries.*", infoConstant},
    {"memory-info-more-than-there-is", "more memory is free than there is", "DeviceQueries.*:FreeMemory.*",
     infoMoreThanThereIs},
    {"memory-misaligned", "allocations are aligned to 8 bytes", "Memory.*", misaligned},
    {"memory-too-short", "allocations overlap", "Memory.*", tooShort},
    {"memory-overcommitted", "what does not fit is a success", "FreeMemory.*", overcommitted},
    {"memory-null-when-out-of-memory", "what does not fit has address 0", "FreeMemory.*", nullWhenOutOfMemory},
    {"memory-out-of-memory-wrong-code", "what does not fit is an invalid argument", "FreeMemory.*",
     outOfMemoryWrongCode},
    {"memory-host-address-wrong", "the host's address is that of other memory", "Visibility.*", hostAddressWrong},
    {"register-what-is-not-mapped", "memory that does not exist can be registered", "Memory.Reg*",
     registersWhatIsNotMapped},
    {"register-a-copy", "registered memory is not the host's", "Memory.Reg*:HostMemory.*", registersACopy},
    {"prefetch-corrupts", "prefetching changes the memory", "Visibility.*", prefetchCorrupts},
    {"advice-corrupts", "advice changes the memory", "Visibility.*", adviceCorrupts},
    {"ipc-opens-other-memory", "a handle opens other memory than that it names", "Sharing.*", ipcOpensOtherMemory},
    {"import-is-a-copy", "a descriptor imports other memory than that it names", "Sharing.*", importIsACopy},
    {"map-ignores-offset", "a mapping begins at the start of the memory", "VirtualMemory.OneMem*:MemoryTypes.*",
     mapIgnoresOffset},
    {"reservation-misaligned", "reservations do not have the alignment asked for", "VirtualMemory.Ref*",
     reservationsMisaligned},
    {"access-ignored", "memory without access can be written", "Honesty.Access*", accessIgnored},
};

} // namespace

std::span<const Fault> memoryFaults() {
    return kFaults;
}

} // namespace halyard::faulty
