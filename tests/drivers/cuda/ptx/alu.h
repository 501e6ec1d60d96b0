// What the instructions compute that only work on registers: the meaning of PTX, for the 32 lanes of a warp at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace halyard::softcuda::ptx {

constexpr uint32_t kWarp = 32;

// One register of a warp. Values of fewer than 64 bits are in the low bits, the rest zero; a predicate is 0 or 1.
using Lanes = uint64_t[kWarp];

// Computes into `destinations` for the lanes of `mask`, and leaves the others. Destinations and sources may be the
// same, wholly. A null destination is not written (`_`, or the second of "d|p" left out). Sources of which only the low
// bits count may have anything above. Assumes the default floating-point environment (std::fesetenv(FE_DFL_ENV)), and
// leaves it so.
using AluFunction = void (*)(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask,
                             const void* data);

struct Alu {
    AluFunction run = nullptr;
    const void* data = nullptr;       // for `run`, static
    uint8_t destinations = 0;         // registers written, vector operands counted by element
    uint8_t sources = 0;              // registers and immediates read, likewise
    uint8_t optionalDestinations = 0; // of the last of `destinations`, how many an instruction may leave out (null)
    bool writesCarry = false;         // the last destination is the carry flag CC.CF: it is no operand in the text
    bool readsCarry = false;          // the last source is the carry flag
    // cvt to a signed type: how wide the result is. A wider destination register gets copies of its top bit above.
    uint8_t signedBits = 0;
};

// The function for an instruction, such as ("fma", {"rn", "f32"}); false when this interpreter does not have it. Loads,
// stores, atomics, control flow, barriers, moves of symbols and special registers are not here. Instructions among
// lanes (shfl, vote, match, redux, wmma.mma, mma) are: they get the whole warp, `mask` being the lanes that execute; a
// membermask is a source. Modifiers are expected in the order of the PTX ISA, two neighbours
// of .ftz .sat .relu .satfinite .NaN in either order; each of them counts.
//
// "mov" moves one register; packing and unpacking vectors is the interpreter's. A predicate source is 0 or 1: whoever
// reads "!p" hands over the negated one.
bool findAlu(const std::string& opcode, std::span<const std::string> modifiers, Alu& out);

// Where wmma.load, wmma.store and ldmatrix find the elements of a fragment.
struct FragmentElement {
    uint16_t row = 0, column = 0;
};
// The elements that `lane` holds, in the order of its registers, for modifiers such as {"load", "a", "sync", "aligned",
// "row", "m16n16k16", "global", "f16"}; several elements may share a register. Null when there is no such fragment.
// Every lane has `*count`.
const FragmentElement* wmmaFragment(std::span<const std::string> modifiers, uint32_t lane, uint32_t* count,
                                    uint32_t* elementBits);

} // namespace halyard::softcuda::ptx
