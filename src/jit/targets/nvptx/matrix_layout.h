// Which elements of a cooperative matrix a lane holds: one choice for each size and use, whatever the elements' type.
//
// Where rows and columns are multiples of 8, a matrix is cut into tiles of 8 x 8, row of tiles after row of tiles, and
// a lane has two elements of each, those of tile i being the elements 2 * i and 2 * i + 1 of its vector. With g = lane
// / 4, t = lane % 4 and h = 0 or 1, they are
//   (g, 2t + h)      for A, and for accumulators;
//   (2t + h, g)      for B, and for accumulators with a number of rows that is an odd multiple of 8, and a number of
//                    columns that is an even one ("turned").
// The registers of mma.sync are made of these: those of m16n8k16 for 16-bit types take tiles as they are, and those for
// 8-bit types two tiles each, with the columns of A and the rows of B in another order, which is the same in both.
// Turned accumulators are what the product of the transposed matrices gives.
//
// Other matrices lie over the lanes as spv/cooperative_matrix.h says.
#pragma once

#include "spv/cooperative_matrix.h"

#include <cstdint>

namespace halyard::jit::nvptx {

struct MatrixLayout {
    uint32_t rows = 0;
    uint32_t columns = 0;
    spv::MatrixUse use = spv::MatrixUse::A;

    bool isTiled() const { return rows % 8 == 0 && columns % 8 == 0; }
    // Tiled: whether the two elements of a tile follow each other down a column.
    bool isTurned() const {
        return use == spv::MatrixUse::B || (use == spv::MatrixUse::Accumulator && rows % 16 != 0 && columns % 16 == 0);
    }
    // Tiled: the first element of a tile in the vector.
    uint32_t tile(uint32_t tileRow, uint32_t tileColumn) const { return (tileRow * (columns / 8) + tileColumn) * 2; }
    uint32_t elements() const { return spv::matrixElementsPerInvocation(rows, columns, 32); }
};

} // namespace halyard::jit::nvptx
