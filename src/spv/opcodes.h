// What Halyard knows of SPIR-V's instructions, capabilities and extended instructions, and which of them the
// importer compiles. The tables are the .inc files beside this one; everything here is constant and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace halyard::spv {

enum class OpFamily : uint8_t {
    Miscellaneous,
    Debug,
    Annotation,
    Extension,
    ModeSetting,
    Type,
    Constant,
    Memory,
    Function,
    Image,
    Conversion,
    Composite,
    Arithmetic,
    Bit,
    Logical,
    Derivative,
    ControlFlow,
    Atomic,
    Primitive,
    Barrier,
    Group,
    NonUniform,
    Pipe,
    Enqueue,
    Ray,
    CooperativeMatrix,
    Vendor,
};

enum class Support : uint8_t { No, Yes };

struct OpcodeInfo {
    std::string_view name; // with the "Op" prefix
    uint16_t opcode = 0;
    bool hasType = false;   // the first operand is a result type
    bool hasResult = false; // the next operand is a result id
    OpFamily family = OpFamily::Miscellaneous;
    Support support = Support::No;
};

// The table's entry, or null for an opcode that Halyard does not know.
const OpcodeInfo* findOpcode(uint32_t opcode);

struct NameInfo {
    std::string_view name;
    uint32_t number = 0;
    Support support = Support::No;
};

// The entry of a capability, or of an extended instruction by its number in the set; null when it is not known.
const NameInfo* findCapability(uint32_t capability);
const NameInfo* findOpenClStd(uint32_t instruction);
const NameInfo* findGlslStd450(uint32_t instruction);

// "OpIAdd", or "opcode 1234" for one that is not in the table.
std::string opcodeName(uint32_t opcode);

// Whether the instruction ends a block.
bool isTerminator(uint32_t opcode);

// Whether the instruction may stand outside a function. Families that the table does not separate count as both.
bool isModuleScope(const OpcodeInfo& info);

} // namespace halyard::spv
