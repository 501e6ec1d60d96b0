// What the files of this backend share: its two objects, and the tables that each file defines.
#pragma once

#include "status.h"
#include "symbols.h"

namespace halyard::null {

// The backend's state for one instance.
struct Context {
    Host host;
    Symbols symbols;
};

// An open device.
struct Device {
    Context& context;
};

inline Context& contextOf(HyBackendContext handle) {
    return *reinterpret_cast<Context*>(handle);
}
inline Device& deviceOf(HyBackendDevice handle) {
    return *reinterpret_cast<Device*>(handle);
}
inline const Host& hostOf(HyBackendDevice handle) {
    return deviceOf(handle).context.host;
}

extern const HyBackendDeviceTable kDeviceTable;
extern const HyBackendMemoryTable kMemoryTable;
extern const HyBackendStreamTable kStreamTable;
extern const HyBackendEventTable kEventTable;
extern const HyBackendModuleTable kModuleTable;

} // namespace halyard::null
