// The words for Halyard's numbers, in one place for the table and the JSON.
#ifndef HALYARD_TOOLS_INFO_NAMES_H
#define HALYARD_TOOLS_INFO_NAMES_H

#include <string>
#include <vector>

#include "halyard/halyard.h"

namespace halyard::info {

// "discrete-gpu", "cpu"; "other" for a type that this tool does not know.
const char* deviceTypeName(HyDeviceType type);
// "loaded", "skipped", "failed".
const char* backendStatusName(HyBackendStatus status);
// "float64", "timing"; bits that this tool does not know as "bit-40".
std::vector<std::string> capabilityNames(HyCapabilities capabilities);
// "0.1.0".
std::string versionText(uint32_t version);
// 32 hexadecimal digits, as the selector "uuid:..." takes them.
std::string uuidText(const uint8_t (&uuid)[16]);
// "0000:65:00.0", or "" for a device that is not on PCI.
std::string pciText(const HyDeviceProperties& properties);
// "1.5 GiB", "512 KiB".
std::string bytesText(uint64_t bytes);

} // namespace halyard::info

#endif // HALYARD_TOOLS_INFO_NAMES_H
