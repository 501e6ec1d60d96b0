// A launchable kernel: its code, and where its arguments go.
#pragma once

#include "code_object.h"
#include "stream.h"

#include <memory>
#include <vector>

namespace vendor {

// Immutable.
class Kernel {
public:
    // Throws std::bad_alloc.
    Kernel(const HyBackendKernelDesc& desc, std::shared_ptr<CodeObject> code);

    HyBackendKernelInfo info() const;
    HyResult launch(Stream& stream, const HyBackendLaunch& launch) const;

private:
    std::vector<uint8_t> pack(const HyBackendLaunch& launch) const;
    uint64_t localBytes(const HyBackendLaunch& launch, const std::vector<uint8_t>& arguments) const;

    const std::string name_;
    const std::shared_ptr<CodeObject> code_;
    const std::vector<HyBackendParameter> parameters_;
    const std::vector<uint32_t> lengthOffsets_;
    const HyDim3 requiredSize_;
};

} // namespace vendor
