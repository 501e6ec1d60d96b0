// Loads and stores. Other launches and the host use the same memory at the same time: accesses are atomic, loads
// acquire and stores release, which is at least what any of PTX's asks for but for its fences.
#include "grid.h"
#include "handlers.h"

#include <algorithm>
#include <cstdio>
#include <type_traits>

namespace halyard::softcuda::ptx::handlers {
namespace {

std::byte* outside(Warp& warp, const Op& op, FaultKind kind, uint64_t address, uint32_t bytes, uint32_t lane,
                   const char* what) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
    warp.fault(op, kind, lane, std::string(what) + " " + text + " of " + std::to_string(bytes) + " bytes", address);
    return nullptr;
}

template <class T> T read(const std::byte* from) {
    return __atomic_load_n(reinterpret_cast<const T*>(from), __ATOMIC_ACQUIRE);
}
template <class T> void write(std::byte* to, T value) {
    __atomic_store_n(reinterpret_cast<T*>(to), value, __ATOMIC_RELEASE);
}

// Memory of the block or of its threads: `host` is that of lane 0, at address `begin`.
struct Window {
    uint64_t begin = 0, bytes = 0;
    std::byte* host = nullptr;
    size_t laneStride = 0;
};

Window windowOf(const Warp& warp, Space space) {
    const Grid& grid = warp.grid();
    const Frame& frame = *warp.current.frame;
    switch (space) {
    case Space::Shared:
        return {grid.sharedBegin, grid.sharedEnd - grid.sharedBegin, warp.block().shared(), 0};
    case Space::Local:
        return {0, warp.localBytes(), warp.localMemory(0), warp.localBytes()};
    case Space::Register:
        return {0, frame.code->areaBytes, frame.area, frame.code->areaBytes};
    default:
        return {};
    }
}

// For each lane of the mask: function(lane, pointer to the memory). What is not quickly found is left to resolve().
template <class Function>
Step access(Warp& warp, const Op& op, uint32_t mask, uint32_t bytes, bool isWrite, Function&& function) {
    const uint64_t* base = warp.source(op, 0);
    const auto offset = static_cast<uint64_t>(op.offset);
    const Space space = op.space;
    const Window window = windowOf(warp, space);
    RangeCache& cache = warp.grid().cache;
    const bool ofDevice = space == Space::Global || space == Space::Const || space == Space::Generic;
    if (ofDevice)
        cache.validate();
    for (; mask != 0; mask &= mask - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(mask));
        const uint64_t address = base[lane] + offset, at = address - window.begin;
        std::byte* memory = nullptr;
        if ((address & (bytes - 1)) == 0) {
            if (ofDevice && (address & kWindowMask) == 0)
                memory = cache.find(address, bytes, isWrite);
            else if (!ofDevice && at < window.bytes && window.bytes - at >= bytes)
                memory = window.host + lane * window.laneStride + at;
        }
        if (!memory && !(memory = resolve(warp, op, space, address, bytes, isWrite, lane)))
            return Step::Fault;
        function(lane, memory);
    }
    return Step::Next;
}

template <class T, bool Signed> uint64_t extended(T value, uint64_t keep) {
    if constexpr (Signed)
        return static_cast<uint64_t>(static_cast<int64_t>(std::make_signed_t<T>(value))) & keep;
    else
        return value;
}

template <class T, bool Signed> Step loadAs(Warp& warp, const Op& op, uint32_t mask) {
    const uint64_t keep = op.extendTo >= 64 ? ~uint64_t(0) : (uint64_t(1) << op.extendTo) - 1;
    if (op.elements == 1) {
        uint64_t* to = warp.destination(op, 0);
        return access(warp, op, mask, sizeof(T), false, [&](uint32_t lane, const std::byte* memory) {
            to[lane] = extended<T, Signed>(read<T>(memory), keep);
        });
    }
    // The address may be in one of the results: it is read before the lane's are written.
    uint64_t* to[8];
    for (uint32_t i = 0; i < op.elements; ++i)
        to[i] = warp.destination(op, i);
    return access(warp, op, mask, sizeof(T) * op.elements, false, [&](uint32_t lane, const std::byte* memory) {
        for (uint32_t i = 0; i < op.elements; ++i)
            to[i][lane] = extended<T, Signed>(read<T>(memory + i * sizeof(T)), keep);
    });
}

template <class T> Step storeAs(Warp& warp, const Op& op, uint32_t mask) {
    if (op.elements == 1) {
        const uint64_t* from = warp.source(op, 1);
        return access(warp, op, mask, sizeof(T), true,
                      [&](uint32_t lane, std::byte* memory) { write<T>(memory, static_cast<T>(from[lane])); });
    }
    const uint64_t* from[8];
    for (uint32_t i = 0; i < op.elements; ++i)
        from[i] = warp.source(op, i + 1);
    return access(warp, op, mask, sizeof(T) * op.elements, true, [&](uint32_t lane, std::byte* memory) {
        for (uint32_t i = 0; i < op.elements; ++i)
            write<T>(memory + i * sizeof(T), static_cast<T>(from[i][lane]));
    });
}

} // namespace

std::byte* resolve(Warp& warp, const Op& op, Space space, uint64_t address, uint32_t bytes, bool isWrite,
                   uint32_t lane) {
    const uint64_t written = address;
    if ((address & (bytes - 1)) != 0)
        return outside(warp, op, FaultKind::MisalignedAddress, written, bytes, lane, "misaligned address");
    if (space == Space::Generic) {
        const uint64_t window = address & kWindowMask;
        space = window == kSharedWindow  ? Space::Shared
                : window == kLocalWindow ? Space::Local
                : window == kParamWindow ? Space::Param
                                         : Space::Global;
        if (space != Space::Global)
            address -= window;
    }
    const Grid& grid = warp.grid();
    const auto fits = [&](uint64_t at, uint64_t end) { return at <= end && end - at >= bytes; };
    switch (space) {
    case Space::Shared:
        if (address >= grid.sharedBegin && fits(address, grid.sharedEnd))
            return warp.block().shared() + (address - grid.sharedBegin);
        return outside(warp, op, FaultKind::IllegalAddress, written, bytes, lane, "illegal address in shared memory");
    case Space::Local:
        if (fits(address, warp.localBytes()))
            return warp.localMemory(lane) + address;
        return outside(warp, op, FaultKind::IllegalAddress, written, bytes, lane, "illegal address in local memory");
    case Space::Register: { // .param of a call: the area of the frame
        const Frame& frame = *warp.current.frame;
        if (fits(address, frame.code->areaBytes))
            return frame.area + size_t(lane) * frame.code->areaBytes + address;
        return outside(warp, op, FaultKind::IllegalAddress, written, bytes, lane, "illegal address of a parameter");
    }
    case Space::Param:
        if (!isWrite && fits(address, grid.parameters.size()))
            return warp.grid().parameters.data() + address;
        return outside(warp, op, FaultKind::IllegalAddress, written, bytes, lane, "illegal address of a parameter");
    default:
        if (std::byte* memory = warp.grid().cache.find(address, bytes, isWrite))
            return memory;
        return outside(warp, op, FaultKind::IllegalAddress, written, bytes, lane,
                       isWrite ? "illegal address of a write," : "illegal address of a read,");
    }
}

Step loadParameter(Warp& warp, const Op& op, uint32_t mask) {
    for (uint32_t i = 0; i < op.elements; ++i) {
        uint64_t value = 0;
        std::memcpy(&value, warp.grid().parameters.data() + op.offset + i * op.bytes, op.bytes);
        if (op.extendTo < 64) { // signed
            const uint32_t unused = 64 - op.bytes * 8u;
            value = static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
            value &= (uint64_t(1) << op.extendTo) - 1;
        }
        uint64_t* to = warp.destination(op, i);
        eachLane(mask, [&](uint32_t lane) { to[lane] = value; });
    }
    return Step::Next;
}

// Done at once, which is one of the times when it may be done. Sources: to, from, bytes that
// are read (the rest zero), and what to add to from.
Step copyAsync(Warp& warp, const Op& op, uint32_t mask) {
    const uint64_t* to = warp.source(op, 0);
    const uint64_t* from = warp.source(op, 1);
    const uint64_t* count = warp.source(op, 2);
    const uint32_t bytes = op.bytes;
    for (; mask != 0; mask &= mask - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(mask));
        const auto used = static_cast<uint32_t>(std::min<uint64_t>(count[lane], bytes));
        std::byte* target =
            resolve(warp, op, Space::Shared, to[lane] + static_cast<uint64_t>(op.offset), bytes, true, lane);
        if (!target)
            return Step::Fault;
        const uint64_t address = from[lane] + warp.source(op, 3)[lane];
        if ((address & (bytes - 1)) != 0 || used == bytes) {
            const std::byte* source = resolve(warp, op, Space::Global, address, bytes, false, lane);
            if (!source)
                return Step::Fault;
            std::memcpy(target, source, bytes);
            continue;
        }
        std::memset(target, 0, bytes);
        for (uint32_t i = 0; i < used; ++i) {
            const std::byte* source = resolve(warp, op, Space::Global, address + i, 1, false, lane);
            if (!source)
                return Step::Fault;
            target[i] = *source;
        }
    }
    return Step::Next;
}

Handler load(uint32_t bytes, bool isSigned) {
    switch (bytes) {
    case 1:
        return isSigned ? loadAs<uint8_t, true> : loadAs<uint8_t, false>;
    case 2:
        return isSigned ? loadAs<uint16_t, true> : loadAs<uint16_t, false>;
    case 4:
        return isSigned ? loadAs<uint32_t, true> : loadAs<uint32_t, false>;
    default:
        return loadAs<uint64_t, false>;
    }
}

Handler store(uint32_t bytes) {
    switch (bytes) {
    case 1:
        return storeAs<uint8_t>;
    case 2:
        return storeAs<uint16_t>;
    case 4:
        return storeAs<uint32_t>;
    default:
        return storeAs<uint64_t>;
    }
}

} // namespace halyard::softcuda::ptx::handlers
