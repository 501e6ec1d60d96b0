// What is known of a value over the lanes of one vector: W work-items in a row of dimension 0.
#pragma once

#include <algorithm>
#include <cstdint>

namespace halyard::jit::spmd {

// Strided: the value of lane j is that of lane 0 plus stride * j, modulo 2^bits; of a pointer, in bytes. It holds for
// all lanes, those that are not active too.
struct LaneShape {
    enum class Kind : uint8_t { Unknown, Uniform, Strided, Varying };

    static LaneShape unknown() { return {}; }
    static LaneShape uniform(uint32_t multiple = 1) { return {Kind::Uniform, 0, multiple}; }
    static LaneShape strided(int64_t stride, uint32_t multiple = 1) {
        return stride == 0 ? uniform(multiple) : LaneShape{Kind::Strided, stride, multiple};
    }
    static LaneShape varying() { return {Kind::Varying, 0, 1}; }

    bool isKnown() const { return kind != Kind::Unknown; }
    bool isUniform() const { return kind == Kind::Uniform; }
    bool isStrided() const { return kind == Kind::Strided; }
    bool isVarying() const { return kind == Kind::Varying; }
    // One scalar, lane 0's, tells the others.
    bool isScalar() const { return isUniform() || isStrided(); }
    bool operator==(const LaneShape&) const = default;

    Kind kind = Kind::Unknown;
    int64_t stride = 0;
    uint32_t multiple = 1; // lane 0 holds a multiple of this power of two
};

// What both may be.
inline LaneShape meet(const LaneShape& a, const LaneShape& b) {
    if (!a.isKnown()) {
        return b;
    }
    if (!b.isKnown()) {
        return a;
    }
    if (a.kind != b.kind || a.stride != b.stride) {
        return LaneShape::varying();
    }
    return {a.kind, a.stride, std::min(a.multiple, b.multiple)};
}

} // namespace halyard::jit::spmd
