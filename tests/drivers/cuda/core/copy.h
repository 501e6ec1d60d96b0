// Copies and fills: checked when they are submitted, run by a stream.
#pragma once

#include "status.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace halyard::softcuda {

class Stream;

// What the caller says that an address is.
enum class Side { Host, Device, Unified };

struct CopyEnd {
    Side side = Side::Unified;
    uint64_t address = 0;
    uint64_t pitch = 0, slice = 0; // bytes from row to row and from plane to plane
};

struct CopyRequest {
    CopyEnd destination, source;
    uint64_t width = 0, height = 1, depth = 1; // bytes, rows, planes
};

struct CopyPlan {
    std::byte* destination = nullptr;
    const std::byte* source = nullptr;
    uint64_t destinationPitch = 0, destinationSlice = 0, sourcePitch = 0, sourceSlice = 0;
    uint64_t width = 0, height = 0, depth = 0;
    bool pageableSource = false, pageableDestination = false;

    void run() const;
};

// Empty copies have a plan that does nothing.
Status planCopy(const CopyRequest& request, CopyPlan& out);
// As cuMemcpyAsync: pageable memory is read or written before the call returns, but for the knob `pageable`.
Status submitCopy(const std::shared_ptr<Stream>& stream, const CopyPlan& plan);

struct FillPlan {
    std::byte* destination = nullptr;
    uint64_t pitch = 0, width = 0, height = 0; // bytes, elements, rows
    uint32_t value = 0, elementBytes = 1;

    void run() const;
};

Status planFill(uint64_t address, uint64_t pitch, uint32_t value, uint32_t elementBytes, uint64_t width,
                uint64_t height, FillPlan& out);

} // namespace halyard::softcuda
