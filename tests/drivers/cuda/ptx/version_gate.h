// What came with which version of PTX and which processor.
#pragma once

#include "module.h"
#include "program.h"

namespace halyard::softcuda::ptx {

// Throws PtxError when the module's .version or .target is older than what the instruction needs.
void checkVersion(const Instruction& instruction, const Module& module);
// Throws NoBinaryError when the target does not run on the processor, PtxError when the version does not know it.
void checkTarget(const Module& module, const LoadOptions& options, uint32_t line);
// The number of "sm_90a"; 0 when it is no such name.
uint32_t targetNumber(const std::string& target);

} // namespace halyard::softcuda::ptx
