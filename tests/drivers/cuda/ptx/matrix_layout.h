// Which elements of a matrix the lanes of a warp hold, for mma.sync and for wmma.
#pragma once

#include "alu.h"

#include <cstdint>
#include <string_view>

namespace halyard::softcuda::ptx {

enum class Element : uint8_t { F16, BF16, TF32, F32, F64, S8, U8, S4, U4, S32 };
enum class Use : uint8_t { A, B, Accumulator };

constexpr uint32_t bitsOf(Element element) {
    switch (element) {
    case Element::F16:
    case Element::BF16:
        return 16;
    case Element::S8:
    case Element::U8:
        return 8;
    case Element::S4:
    case Element::U4:
        return 4;
    case Element::F64:
        return 64;
    default:
        return 32;
    }
}
constexpr uint32_t perRegister(Element element) {
    return bitsOf(element) >= 32 ? 1 : 32 / bitsOf(element);
}

struct Shape {
    uint32_t m = 0, n = 0, k = 0;
};
// "m16n16k16" of wmma, or nothing: m is zero then.
Shape wmmaShape(std::string_view name);

// A matrix of a shape: A is m x k, B is k x n, accumulators are m x n.
struct MatrixPart {
    Use use = Use::A;
    Shape shape;
    Element element = Element::F16;
    constexpr uint32_t rows() const { return use == Use::B ? shape.k : shape.m; }
    constexpr uint32_t columns() const { return use == Use::A ? shape.k : shape.n; }
    // What a lane holds, each element once.
    constexpr uint32_t count() const { return rows() * columns() / kWarp; }
};

// Element `index` of `lane`. Of mma.sync this is what the PTX ISA prescribes. The ISA leaves wmma open; there a matrix
// is made of the tiles that mma.sync has (16 x k or 8 x k of A, k x 8 of B), one after the other, as processors have
// done since Ampere.
constexpr FragmentElement elementOf(const MatrixPart& part, uint32_t lane, uint32_t index) {
    const uint32_t group = lane / 4, thread = lane % 4;
    const uint32_t blocks = part.shape.m % 16 == 0 ? 2 : 1; // of 8 rows in a tile
    const auto at = [](uint32_t row, uint32_t column) {
        return FragmentElement{static_cast<uint16_t>(row), static_cast<uint16_t>(column)};
    };
    if (part.use == Use::Accumulator) {
        const uint32_t perTile = blocks * 2, tile = index / perTile, inTile = index % perTile;
        const uint32_t across = part.shape.n / 8;
        return at(tile / across * blocks * 8 + group + inTile / 2 * 8, tile % across * 8 + thread * 2 + inTile % 2);
    }
    const uint32_t pack = perRegister(part.element);
    const uint32_t stacked = part.use == Use::A ? blocks : 1;
    const uint32_t perTile = stacked * part.shape.k / 4, tile = index / perTile, inTile = index % perTile;
    const uint32_t reg = inTile / pack, along = thread * pack + inTile % pack + reg / stacked * 4 * pack;
    const uint32_t across = tile * stacked * 8 + group + reg % stacked * 8;
    return part.use == Use::A ? at(across, along) : at(along, across);
}

// Registers of an operand of wmma: f16 matrices A and B have eight in all shapes, which repeat the elements.
constexpr uint32_t wmmaElements(const MatrixPart& part) {
    return part.element == Element::F16 && part.use != Use::Accumulator ? 16 : part.count();
}

} // namespace halyard::softcuda::ptx
