// Moving and setting bytes, cut into pieces that threads can share.
#pragma once

#include "command.h"

#include <cstdint>

namespace halyard::cpu {

// Whether a box is one run of bytes, on both sides.
bool isContiguous(const HyCopy3D& box);
bool isContiguous(const HyFill3D& box);
// Fill everything but the head of a command.
void setCopy(CopyCommand& command, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes);
void setCopyBox(CopyBoxCommand& command, const HyCopy3D& box);
void setFill(FillCommand& command, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t bytes);
void setFillBox(FillBoxCommand& command, const HyFill3D& box);

// Repeats a pattern of 1, 2, 4, 8 or 16 bytes to 16.
void expandPattern(const void* pattern, uint32_t patternBytes, uint8_t (&out)[16]);

// How many pieces a command has, and runs pieces first <= i < end of it.
uint64_t pieceCount(const CopyCommand& copy);
uint64_t pieceCount(const CopyBoxCommand& copy);
uint64_t pieceCount(const FillCommand& fill);
uint64_t pieceCount(const FillBoxCommand& fill);
void runPieces(const CopyCommand& copy, uint64_t first, uint64_t end);
void runPieces(const CopyBoxCommand& copy, uint64_t first, uint64_t end);
void runPieces(const FillCommand& fill, uint64_t first, uint64_t end);
void runPieces(const FillBoxCommand& fill, uint64_t first, uint64_t end);

} // namespace halyard::cpu
