// Runs one instruction on lanes given as numbers.
#pragma once

#include "alu.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace halyard::softcuda::ptx::testing {

using Register = std::array<uint64_t, kWarp>;

// "fma.rn.f32" to opcode and modifiers, through findAlu. False when there is no such instruction.
bool find(const std::string& form, Alu& out);

// What `form` writes for up to 32 tuples of sources at a time, all lanes active. A test failure, and zeros, when there
// is no such form or it wants another number of sources. result[i][d] is destination d of tuple i.
std::vector<std::vector<uint64_t>> runAll(const std::string& form, const std::vector<std::vector<uint64_t>>& tuples);

// The first destination of one tuple.
uint64_t run(const std::string& form, const std::vector<uint64_t>& sources);

} // namespace halyard::softcuda::ptx::testing
