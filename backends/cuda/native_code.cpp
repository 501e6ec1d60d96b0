#include "native_code.h"

#include <algorithm>

namespace halyard::cuda {

void NativeKernel::add(uint32_t bytes, uint32_t alignment) {
    const uint32_t offset = (argumentBytes + alignment - 1) / alignment * alignment;
    parameters.push_back({HY_PARAMETER_VALUE, bytes, alignment, offset});
    argumentBytes = offset + bytes;
}

void NativeKernel::addAt(uint32_t offset, uint32_t bytes) {
    // What the place and the size allow; the driver does not tell.
    constexpr uint32_t kMost = 16;
    const uint32_t both = offset | bytes | kMost;
    parameters.push_back({HY_PARAMETER_VALUE, bytes, both & (~both + 1), offset});
    argumentBytes = std::max(argumentBytes, offset + bytes);
}

bool mayRun(const NativeCode& code, uint32_t capability) {
    if (code.processor == 0)
        return true;
    // Machine code runs on processors of one generation, PTX on all later ones.
    return code.processor <= capability && (!code.binary || code.processor / 10 == capability / 10);
}

std::string describe(const NativeCode& code) {
    std::string words = code.binary ? "machine code" : "PTX";
    if (!code.version.empty())
        words += " " + code.version;
    return code.processor == 0 ? words : words + " for sm_" + std::to_string(code.processor) + code.suffix;
}

} // namespace halyard::cuda
