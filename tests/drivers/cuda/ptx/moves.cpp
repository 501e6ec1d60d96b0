// Moves, and the kinds of addresses.
#include "grid.h"
#include "handlers.h"

namespace halyard::softcuda::ptx::handlers {
namespace {

uint64_t lowBits(uint32_t bits) {
    return bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
}

uint64_t windowOf(Space space) {
    switch (space) {
    case Space::Shared:
        return kSharedWindow;
    case Space::Local:
        return kLocalWindow;
    case Space::Param:
        return kParamWindow;
    default:
        return 0;
    }
}

} // namespace

Step copy(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t* from = warp.source(op, 0);
    if (mask == ~0u)
        std::memmove(to, from, sizeof(Lanes));
    else
        eachLane(mask, [&](uint32_t lane) { to[lane] = from[lane]; });
    return Step::Next;
}

Step pack(Warp& warp, const Op& op, uint32_t mask) {
    const auto bits = static_cast<uint32_t>(op.offset);
    uint64_t packed[kWarp] = {};
    for (uint32_t i = 0; i < op.sources; ++i) {
        const uint64_t* from = warp.source(op, i);
        for (uint32_t lane = 0; lane < kWarp; ++lane)
            packed[lane] |= (from[lane] & lowBits(bits)) << (i * bits);
    }
    uint64_t* to = warp.destination(op, 0);
    eachLane(mask, [&](uint32_t lane) { to[lane] = packed[lane]; });
    return Step::Next;
}

Step unpack(Warp& warp, const Op& op, uint32_t mask) {
    const auto bits = static_cast<uint32_t>(op.offset);
    uint64_t packed[kWarp];
    std::memcpy(packed, warp.source(op, 0), sizeof packed);
    for (uint32_t i = 0; i < op.destinations; ++i) {
        uint64_t* to = warp.destination(op, i);
        eachLane(mask, [&](uint32_t lane) { to[lane] = packed[lane] >> (i * bits) & lowBits(bits); });
    }
    return Step::Next;
}

Step signExtend(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t* from = warp.source(op, 0);
    const uint32_t unused = 64 - op.bytes * 8u;
    eachLane(mask, [&](uint32_t lane) {
        const auto value = static_cast<int64_t>(from[lane] << unused) >> unused;
        to[lane] = static_cast<uint64_t>(value) & lowBits(op.extendTo);
    });
    return Step::Next;
}

Step addWindow(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t* from = warp.source(op, 0);
    const uint64_t window = windowOf(op.space);
    eachLane(mask, [&](uint32_t lane) { to[lane] = from[lane] + window; });
    return Step::Next;
}

Step dropWindow(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t* from = warp.source(op, 0);
    const uint64_t window = windowOf(op.space);
    eachLane(mask, [&](uint32_t lane) { to[lane] = from[lane] - window; });
    return Step::Next;
}

Step isSpace(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t* from = warp.source(op, 0);
    const uint64_t window = windowOf(op.space);
    const ProgramData& program = warp.grid().program;
    eachLane(mask, [&](uint32_t lane) {
        const bool inWindow = (from[lane] & kWindowMask) == window;
        const bool isConst = from[lane] - program.constBegin < program.constBytes;
        to[lane] = op.space == Space::Const ? isConst : inWindow && !isConst;
    });
    return Step::Next;
}

Step dynamicShared(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t address = warp.grid().dynamicShared + static_cast<uint64_t>(op.offset);
    eachLane(mask, [&](uint32_t lane) { to[lane] = address; });
    return Step::Next;
}

Step localAddress(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    const uint64_t address = warp.current.frame->localBase + static_cast<uint64_t>(op.offset);
    eachLane(mask, [&](uint32_t lane) { to[lane] = address; });
    return Step::Next;
}

} // namespace halyard::softcuda::ptx::handlers
