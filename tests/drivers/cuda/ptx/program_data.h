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
    std::vector<uint64_t> allocations;
    uint64_t constBegin = 0, constBytes = 0; // .const variables lie together

    // Bytes of shared memory that the system keeps for itself at the beginning.
    uint32_t reservedShared() const { return processor >= 80 ? 1024 : 0; }
};

// Allocates and fills the variables. False when there is no memory left; throws PtxError.
bool placeVariables(ProgramData& program);
// Decodes all functions. Throws PtxError.
void decodeProgram(ProgramData& program);
// Bytes of local memory that a call of the function takes, with what it calls.
uint32_t stackBytes(const ProgramData& program, uint32_t function);

} // namespace halyard::softcuda::ptx
