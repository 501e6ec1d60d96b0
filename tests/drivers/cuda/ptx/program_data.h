// A loaded module, as launches use it.
#pragma once

#include "code.h"
#include "program.h"

#include <deque>
#include <unordered_map>

namespace halyard::softcuda::ptx {

struct ProgramData {
    Module module;
    Memory* memory = nullptr;
    uint32_t processor = 90;
    std::deque<Code> codes;                              // as module.functions
    std::unordered_map<std::string, uint64_t> addresses; // of .global and .const variables
    std::unordered_map<std::string, uint32_t> functionIndex;
    uint64_t constBytes = 0;

    // Bytes of shared memory that the system keeps for itself at the beginning.
    uint32_t reservedShared() const { return processor >= 80 ? 1024 : 0; }
};

// Decodes all functions. Throws PtxError.
void decodeProgram(ProgramData& program);

} // namespace halyard::softcuda::ptx
