// A bench for single operations: an instruction as text, its operands as numbers, no engine.
#pragma once

#include "interp/operation.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace halyard::interp::test {

// Memory behind the pointers of a test: any address, bytes that were never written are undefined.
class Memory final : public MemoryPort {
public:
    bool read(uint64_t address, uint32_t bytes, Cell& out) override;
    bool write(uint64_t address, uint32_t bytes, Cell value) override;

    std::map<uint64_t, Cell> bytes;
    bool refuse = false; // every access fails
    uint32_t accesses = 0;
};

class Types;

// One bound operation.
class Bench {
public:
    // "OpIAdd", "u32", {"u32", "u32"}: operand types by name, see bench.cpp; `tail` follows the operands (literals).
    // `decoration` decorates the result ("SaturatedConversion"). An instruction of a set: "cl 26", "glsl 1".
    Bench(const std::string& instruction, const std::string& result, const std::vector<std::string>& operands,
          const std::string& tail = "", const std::string& decoration = "", FloatControls controls = {});
    ~Bench();

    const spv::Result<Bound>& bound() const { return *bound_; }
    // The cells of the result for operands given as cells, one list an operand.
    std::vector<Cell> run(const std::vector<std::vector<Cell>>& operands);
    std::vector<uint64_t> bits(const std::vector<std::vector<uint64_t>>& operands);
    // The one cell of scalars.
    Cell scalar(const std::vector<uint64_t>& operands);

    Memory memory;

private:
    std::unique_ptr<Types> types_;
    std::unique_ptr<spv::Result<Bound>> bound_;
};

inline uint64_t f32(float value) {
    return std::bit_cast<uint32_t>(value);
}
inline uint64_t f64(double value) {
    return std::bit_cast<uint64_t>(value);
}
inline float asFloat(uint64_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
}
inline double asDouble(uint64_t bits) {
    return std::bit_cast<double>(bits);
}
// A half by its definition, not by bit tricks.
double halfValue(uint64_t bits);
// The half nearest to a number, found by looking at all of them; ties go to the even one.
uint64_t nearestHalf(long double value);

constexpr uint64_t kHalfNan = 0x7e00;
constexpr uint64_t kNan32 = 0x7fc00000;

} // namespace halyard::interp::test
