// Runs one random program on devices and compares what it leaves in memory.
#pragma once

#include "oracle/oracle.h"
#include "random/program.h"

#include <span>

namespace halyard::spirvtest::random {

// What two devices disagree about, in words; empty when they agree. A refusal or a failure is a disagreement too,
// unless all devices refuse.
std::string disagreement(const Program& program, std::span<oracle::Oracle* const> devices);

// The SPIR-V text of the program, as spirv-dis prints it.
std::string disassemble(const Words& words);

} // namespace halyard::spirvtest::random
