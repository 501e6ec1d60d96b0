// What the calls that share objects with other processes have in common: kinds of handles, and the bytes of those that
// are no descriptors.
#pragma once

#include "api/object.h"
#include "halyard/virtual_memory.h"

namespace halyard {

// "HY_SHARE_OPAQUE_FD". REQUIRES: checkShareType() was content.
const char* shareTypeName(HyShareType type);
HyResult checkShareType(HyShareType type);

// What stands in a HyIpcHandle: what it names, which device of which backend, and what that backend wants to know.
struct IpcWords {
    uint64_t magic;
    char backend[16];
    uint8_t uuid[16];
    uint64_t bytes;
    HyBackendIpcHandle driver;
    uint64_t reserved[2];
};
static_assert(sizeof(IpcWords) == sizeof(HyIpcHandle));
constexpr uint64_t kIpcMemory = 0x3130637069796148; // "Hayipc01" in memory
constexpr uint64_t kIpcEvent = 0x3130747665796148;  // "Hayevt01"

// Writes the handle, with the device's names; the magic, the size and the backend's words are the caller's.
void writeIpcHandle(const Device& device, IpcWords words, HyIpcHandle* outHandle);
// Reads a handle of that magic and of this device. `getter` is the call that gives such handles.
HyResult readIpcHandle(const Device& device, const HyIpcHandle* handle, uint64_t magic, const char* getter,
                       IpcWords& outWords);

// HY_ERROR_UNSUPPORTED, blaming `argument`, unless the device has HY_CAP_SHARE_SEMAPHORES, or HY_CAP_IPC_EVENTS.
HyResult requireSharedSemaphores(const Device& device, const char* argument);
HyResult requireIpcEvents(const Device& device, const char* argument);

} // namespace halyard
