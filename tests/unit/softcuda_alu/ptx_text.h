// PTX text for the forms of the table.
#pragma once

#include "alu.h"

#include <string>

namespace halyard::softcuda::ptx::testing {

// The instruction of `form` with registers %p1.. %h1.. %r1.. %d1.. of 1, 16, 32 and 64 bits.
std::string instructionOf(const std::string& form, const Alu& alu);

} // namespace halyard::softcuda::ptx::testing
