#include "copy.h"

#include "driver.h"
#include "knobs.h"
#include "stream.h"

#include <cstring>
#include <vector>

namespace halyard::softcuda {
namespace {

// Pageable memory of this size or less is staged.
constexpr uint64_t kStaged = 65536;

bool multiply(uint64_t a, uint64_t b, uint64_t& out) {
    return !__builtin_mul_overflow(a, b, &out);
}

// Bytes from the first to behind the last one of the box.
bool extentOf(const CopyEnd& end, const CopyRequest& r, uint64_t& out) {
    uint64_t planes = 0, rows = 0;
    return multiply(r.depth - 1, end.slice, planes) && multiply(r.height - 1, end.pitch, rows) &&
           !__builtin_add_overflow(planes, rows, &out) && !__builtin_add_overflow(out, r.width, &out) &&
           out <= UINT64_MAX - end.address;
}

Status place(const CopyEnd& end, const CopyRequest& r, std::byte*& out, bool& pageable) {
    if ((r.height > 1 && end.pitch < r.width) || (r.depth > 1 && end.slice < end.pitch * r.height))
        return Status::InvalidValue;
    uint64_t bytes = 0;
    if (!end.address || !extentOf(end, r, bytes))
        return Status::InvalidValue;
    Driver& d = driver();
    bool known = d.space.touches(end.address, bytes);
    if (known) {
        std::optional<Range> range = d.space.find(end.address);
        if (end.side == Side::Host && range && range->isDevice())
            return Status::InvalidValue;
        out = d.space.span(end.address, bytes);
        pageable = false;
        if (out)
            return Status::Success;
        // Pageable memory may begin before registered memory and reach into it; device memory may not be left.
        if (end.side == Side::Device || (range && range->isDevice()))
            return Status::InvalidValue;
    }
    if (end.side == Side::Device || d.heap.contains(end.address))
        return Status::InvalidValue;
    out = reinterpret_cast<std::byte*>(end.address);
    pageable = true;
    return Status::Success;
}

} // namespace

Status planCopy(const CopyRequest& r, CopyPlan& out) {
    out = CopyPlan{};
    if (!r.width || !r.height || !r.depth)
        return Status::Success;
    std::byte* source = nullptr;
    Status status = place(r.destination, r, out.destination, out.pageableDestination);
    if (status == Status::Success)
        status = place(r.source, r, source, out.pageableSource);
    if (status != Status::Success)
        return status;
    out.source = source;
    out.destinationPitch = r.destination.pitch;
    out.destinationSlice = r.destination.slice;
    out.sourcePitch = r.source.pitch;
    out.sourceSlice = r.source.slice;
    out.width = r.width;
    out.height = r.height;
    out.depth = r.depth;
    return Status::Success;
}

void CopyPlan::run() const {
    for (uint64_t z = 0; z < depth; ++z)
        for (uint64_t y = 0; y < height; ++y)
            std::memmove(destination + z * destinationSlice + y * destinationPitch,
                         source + z * sourceSlice + y * sourcePitch, width);
}

Status submitCopy(const std::shared_ptr<Stream>& stream, const CopyPlan& plan) {
    if (!plan.width)
        return Status::Success;
    bool pageable = (plan.pageableSource || plan.pageableDestination) && !knobs().pageableAsync;
    if (pageable && !plan.pageableDestination && plan.width <= kStaged && plan.height <= kStaged / plan.width &&
        plan.depth <= kStaged / (plan.width * plan.height)) {
        std::vector<std::byte> staged(plan.width * plan.height * plan.depth);
        CopyPlan in = plan, out = plan;
        in.destination = staged.data();
        in.destinationPitch = out.sourcePitch = plan.width;
        in.destinationSlice = out.sourceSlice = plan.width * plan.height;
        in.run();
        stream->submit([out, staged = std::move(staged)]() mutable {
            out.source = staged.data();
            out.run();
            return Status::Success;
        });
        return Status::Success;
    }
    stream->submit([plan] {
        plan.run();
        return Status::Success;
    });
    if (!pageable)
        return Status::Success;
    stream->finish();
    return stream->context->status();
}

Status planFill(uint64_t address, uint64_t pitch, uint32_t value, uint32_t elementBytes, uint64_t width,
                uint64_t height, FillPlan& out) {
    out = FillPlan{};
    if (!width || !height)
        return Status::Success;
    CopyRequest box;
    box.height = height;
    if (!multiply(width, elementBytes, box.width) || address % elementBytes != 0 ||
        (height > 1 && pitch % elementBytes != 0))
        return Status::InvalidValue;
    bool pageable = false;
    Status status = place({Side::Device, address, pitch, 0}, box, out.destination, pageable);
    if (status != Status::Success)
        return status;
    out.pitch = pitch;
    out.width = width;
    out.height = height;
    out.value = value;
    out.elementBytes = elementBytes;
    return Status::Success;
}

void FillPlan::run() const {
    for (uint64_t y = 0; y < height; ++y) {
        std::byte* row = destination + y * pitch;
        if (elementBytes == 1) {
            std::memset(row, static_cast<int>(value & 0xff), width);
            continue;
        }
        for (uint64_t x = 0; x < width; ++x)
            std::memcpy(row + x * elementBytes, &value, elementBytes);
    }
}

} // namespace halyard::softcuda
