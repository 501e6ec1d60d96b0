// Instructions that differ from good ones in a modifier or an operand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace halyard::softcuda::ptx::test {

// Good instructions of every opcode that the interpreter itself decodes; those of the table of ALU forms are all judged
// elsewhere (tests/unit/softcuda_alu). Their registers are declared by kMutationRegisters.
const std::vector<std::string>& goodInstructions();

inline constexpr const char* kMutationRegisters =
    "  .reg .pred %p<8>; .reg .b16 %h<8>; .reg .b32 %r<16>; .reg .b64 %d<16>; .reg .f32 %f<8>; .reg .f64 %e<8>;\n"
    "  .shared .align 16 .b8 buffer[256]; .local .align 16 .b8 stack[64];\n";

// All variants of one instruction: each modifier left out, replaced by or preceded by each word that PTX has, two
// neighbours swapped, and each operand left out, doubled or replaced by one of another kind. Without duplicates.
std::vector<std::string> variantsOf(const std::string& instruction);

} // namespace halyard::softcuda::ptx::test
