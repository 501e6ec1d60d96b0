// atom and red.
#include "atomic_half.h"
#include "grid.h"
#include "handlers.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace halyard::softcuda::ptx::handlers {
namespace {

// What an operation makes of the old value and its operands.
struct Exchange {
    template <class T> static T apply(T, T a, T) { return a; }
};
struct Compare {
    template <class T> static T apply(T old, T a, T b) { return old == a ? b : old; }
};
struct Add {
    template <class T> static T apply(T old, T a, T) {
        return static_cast<T>(static_cast<std::make_unsigned_t<T>>(old) + static_cast<std::make_unsigned_t<T>>(a));
    }
};
struct Minimum {
    template <class T> static T apply(T old, T a, T) { return std::min(old, a); }
};
struct Maximum {
    template <class T> static T apply(T old, T a, T) { return std::max(old, a); }
};
struct And {
    template <class T> static T apply(T old, T a, T) { return old & a; }
};
struct Or {
    template <class T> static T apply(T old, T a, T) { return old | a; }
};
struct Xor {
    template <class T> static T apply(T old, T a, T) { return old ^ a; }
};
struct Increment {
    template <class T> static T apply(T old, T a, T) { return old >= a ? 0 : old + 1; }
};
struct Decrement {
    template <class T> static T apply(T old, T a, T) { return old == 0 || old > a ? a : old - 1; }
};

float flushed(float value) {
    return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value;
}

// A NaN that is computed is the one that the hardware gives.
uint32_t bitsOf(float value) {
    return std::isnan(value) ? 0x7FFFFFFFu : std::bit_cast<uint32_t>(value);
}
uint64_t bitsOf(double value) {
    return std::isnan(value) ? 0x7FF8000000000000u : std::bit_cast<uint64_t>(value);
}

// In global memory f32 flushes subnormal numbers, in shared memory it does not.
struct AddFloatFlushed {
    static uint32_t apply(uint32_t old, uint32_t a, uint32_t) {
        return bitsOf(flushed(flushed(std::bit_cast<float>(old)) + flushed(std::bit_cast<float>(a))));
    }
};
struct AddFloat {
    static uint32_t apply(uint32_t old, uint32_t a, uint32_t) {
        return bitsOf(std::bit_cast<float>(old) + std::bit_cast<float>(a));
    }
};
struct AddDouble {
    static uint64_t apply(uint64_t old, uint64_t a, uint64_t) {
        return bitsOf(std::bit_cast<double>(old) + std::bit_cast<double>(a));
    }
};
struct AddHalf {
    static uint16_t apply(uint16_t old, uint16_t a, uint16_t) { return toHalf(fromHalf(old) + fromHalf(a)); }
};
struct AddBFloat {
    static uint16_t apply(uint16_t old, uint16_t a, uint16_t) { return toBFloat(fromBFloat(old) + fromBFloat(a)); }
};
template <class One> struct Both {
    static uint32_t apply(uint32_t old, uint32_t a, uint32_t) {
        const uint16_t low = One::apply(static_cast<uint16_t>(old), static_cast<uint16_t>(a), 0);
        const uint16_t high = One::apply(static_cast<uint16_t>(old >> 16), static_cast<uint16_t>(a >> 16), 0);
        return low | uint32_t(high) << 16;
    }
};

template <class T, class Operation> T update(std::byte* memory, T a, T b) {
    T* at = reinterpret_cast<T*>(memory);
    if constexpr (std::is_same_v<Operation, Exchange>)
        return __atomic_exchange_n(at, a, __ATOMIC_SEQ_CST);
    if constexpr (std::is_same_v<Operation, Add>)
        return __atomic_fetch_add(at, a, __ATOMIC_SEQ_CST);
    T old = __atomic_load_n(at, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(at, &old, static_cast<T>(Operation::apply(old, a, b)), false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
    }
    return old;
}

// Sources: the address, and one or two values.
template <class T, class Operation> Step run(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = op.destinations != 0 ? warp.destination(op, 0) : nullptr;
    const uint64_t* base = warp.source(op, 0);
    const uint64_t* a = warp.source(op, 1);
    const uint64_t* b = op.sources > 2 ? warp.source(op, 2) : a;
    warp.grid().cache.validate();
    uint64_t old[kWarp];
    for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(rest));
        std::byte* memory =
            resolve(warp, op, op.space, base[lane] + static_cast<uint64_t>(op.offset), sizeof(T), true, lane);
        if (!memory)
            return Step::Fault;
        old[lane] = static_cast<std::make_unsigned_t<T>>(
            update<T, Operation>(memory, static_cast<T>(a[lane]), static_cast<T>(b[lane])));
    }
    if (to) // after all: it may be one of the operands
        eachLane(mask, [&](uint32_t lane) { to[lane] = old[lane]; });
    return Step::Next;
}

template <class Operation> Handler byWidth(uint32_t bits) {
    return bits == 32 ? Handler(run<uint32_t, Operation>) : bits == 64 ? Handler(run<uint64_t, Operation>) : nullptr;
}

template <class Operation> Handler bySign(Type type) {
    if (type.lanes != 1 || (type.kind != Kind::Signed && type.kind != Kind::Unsigned))
        return nullptr;
    if (type.kind == Kind::Unsigned)
        return byWidth<Operation>(type.bits);
    return type.bits == 32   ? Handler(run<int32_t, Operation>)
           : type.bits == 64 ? Handler(run<int64_t, Operation>)
                             : nullptr;
}

Handler addOf(Type type, Space space) {
    if (type.kind == Kind::Float && type.lanes == 1 && type.bits == 32)
        return space == Space::Shared ? run<uint32_t, AddFloat> : run<uint32_t, AddFloatFlushed>;
    if (type.kind == Kind::Float && type.lanes == 1 && type.bits == 64)
        return run<uint64_t, AddDouble>;
    if (type.kind == Kind::Float && type.bits == 16)
        return run<uint16_t, AddHalf>;
    if (type.kind == Kind::Float && type.lanes == 2 && type.bits == 32)
        return run<uint32_t, Both<AddHalf>>;
    if (type.kind == Kind::BFloat && type.lanes == 1)
        return run<uint16_t, AddBFloat>;
    if (type.kind == Kind::BFloat)
        return run<uint32_t, Both<AddBFloat>>;
    if (type == Type{Kind::Signed, 64}) // .add has no .s64
        return nullptr;
    return type.kind == Kind::Signed || type.kind == Kind::Unsigned ? byWidth<Add>(type.bits) : nullptr;
}

} // namespace

Handler atomic(const std::string& operation, Type type, Space space) {
    const bool bits = type.kind == Kind::Bits;
    if (operation == "add")
        return addOf(type, space);
    if (operation == "min")
        return bySign<Minimum>(type);
    if (operation == "max")
        return bySign<Maximum>(type);
    if (operation == "and")
        return bits ? byWidth<And>(type.bits) : nullptr;
    if (operation == "or")
        return bits ? byWidth<Or>(type.bits) : nullptr;
    if (operation == "xor")
        return bits ? byWidth<Xor>(type.bits) : nullptr;
    if (operation == "exch")
        return bits ? byWidth<Exchange>(type.bits) : nullptr;
    if (operation == "cas")
        return bits && type.bits == 16 ? Handler(run<uint16_t, Compare>) : bits ? byWidth<Compare>(type.bits) : nullptr;
    if (operation == "inc")
        return type == Type{Kind::Unsigned, 32} ? byWidth<Increment>(32) : nullptr;
    if (operation == "dec")
        return type == Type{Kind::Unsigned, 32} ? byWidth<Decrement>(32) : nullptr;
    return nullptr;
}

} // namespace halyard::softcuda::ptx::handlers
