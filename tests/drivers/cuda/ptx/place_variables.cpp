// The variables of a module in the memory of the device.
#include "lexer.h"
#include "program_data.h"

#include <algorithm>
#include <cstring>

namespace halyard::softcuda::ptx {
namespace {

uint64_t alignUp(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

bool allocateAll(ProgramData& program) {
    Memory& memory = *program.memory;
    uint64_t constAlignment = 256;
    for (const Variable& variable : program.module.variables) {
        if (variable.space == Space::Shared)
            continue;
        if (variable.external)
            throw PtxError(0, "variable '" + variable.name + "' is not defined in this module");
        if (variable.space == Space::Const) {
            program.constBytes = alignUp(program.constBytes, variable.alignment) + variable.bytes;
            constAlignment = std::max<uint64_t>(constAlignment, variable.alignment);
            continue;
        }
        const uint64_t address =
            memory.allocate(std::max<uint64_t>(variable.bytes, 1), std::max<uint64_t>(variable.alignment, 16));
        if (address == 0)
            return false;
        program.allocations.push_back(address);
        program.addresses.emplace(variable.name, address);
    }
    if (program.constBytes == 0)
        return true;
    if (program.constBytes > 65536)
        throw PtxError(0, std::to_string(program.constBytes) + " bytes of .const variables; there are 65536");
    program.constBegin = memory.allocate(program.constBytes, constAlignment);
    if (program.constBegin == 0)
        return false;
    program.allocations.push_back(program.constBegin);
    uint64_t at = program.constBegin;
    for (const Variable& variable : program.module.variables) {
        if (variable.space != Space::Const)
            continue;
        at = alignUp(at, variable.alignment);
        program.addresses.emplace(variable.name, at);
        at += variable.bytes;
    }
    return true;
}

uint64_t addressOf(const ProgramData& program, const Variable& variable, const Variable::Relocation& relocation) {
    if (const auto found = program.addresses.find(relocation.symbol); found != program.addresses.end())
        return found->second + static_cast<uint64_t>(relocation.addend);
    if (const auto found = program.functionIndex.find(relocation.symbol); found != program.functionIndex.end())
        return kFunctionWindow + found->second;
    throw PtxError(0, "the initial value of '" + variable.name + "' names '" + relocation.symbol +
                          "', which has no address in this module");
}

} // namespace

bool placeVariables(ProgramData& program) {
    if (!allocateAll(program))
        return false;
    for (const Variable& variable : program.module.variables) {
        if (variable.space == Space::Shared || variable.bytes == 0)
            continue;
        uint64_t begin = 0, end = 0;
        std::byte* to =
            program.memory->resolve(program.addresses.at(variable.name), variable.bytes, true, &begin, &end);
        if (!to)
            return false;
        std::memset(to, 0, variable.bytes);
        if (!variable.initial.empty())
            std::memcpy(to, variable.initial.data(), variable.initial.size());
        for (const auto& relocation : variable.relocations) {
            const uint64_t address = addressOf(program, variable, relocation);
            std::memcpy(to + relocation.offset, &address, sizeof address);
        }
    }
    return true;
}

} // namespace halyard::softcuda::ptx
