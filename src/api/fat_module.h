// The choice among the images of a fat file.
#pragma once

#include "api/fat_file.h"
#include "api/object.h"

namespace halyard {

// The SPIR-V of a fat file, or null.
const FatImage* findSpirv(const std::vector<FatImage>& images);

// Loads the best native image that the device takes and runs, whose kernels are those of the SPIR-V beside it. `out`
// stays null when there is none; `reasons` then has why, each behind "; ". The log says what was chosen and what was
// passed over. Errors: those that are not about the image, such as HY_ERROR_OUT_OF_DEVICE_MEMORY. REQUIRES: the device
// is open.
HyResult loadBestNative(Device& device, const std::vector<FatImage>& images, uint32_t flags,
                        std::shared_ptr<ModuleState>& out, std::string& reasons);

} // namespace halyard
