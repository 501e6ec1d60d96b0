// Modules in the device's own formats, which go to the driver as they are.
#pragma once

#include "api/object.h"

#include <span>
#include <string>

namespace halyard {

// Whether the device takes the format as it is.
bool takesNative(const Device& device, HyModuleFormat format);
// "SPIR-V, PTX, cubins and fat files": for messages. Throws std::bad_alloc.
std::string takenFormats(const Device& device);

// Loads a copy of `data` and asks for the kernels in it. REQUIRES: takesNative(device, format), the device is open.
HyResult loadNative(Device& device, HyModuleFormat format, std::span<const std::byte> data, uint32_t flags,
                    std::shared_ptr<ModuleState>& out);

// Takes the interface of the kernels of native code from SPIR-V that was made from the same source, which says more.
// Returns "", or why the native code cannot stand for it. Throws std::bad_alloc.
std::string adoptInterface(ModuleState& native, const spv::Reflection& portable);

} // namespace halyard
