// Recognising module formats by their first bytes.
#pragma once

#include "halyard/halyard.h"

namespace halyard {

// HY_MODULE_FORMAT_AUTO when the bytes begin like none of the formats.
HyModuleFormat recogniseModule(const void* data, uint64_t bytes);

// "PTX", "an AMD code object": for messages.
const char* moduleFormatName(HyModuleFormat format);

} // namespace halyard
