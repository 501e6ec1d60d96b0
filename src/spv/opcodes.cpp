#include "spv/opcodes.h"

#include <algorithm>
#include <array>

#include <spirv/unified1/spirv.hpp11>

namespace halyard::spv {
namespace {

constexpr OpcodeInfo kOpcodes[] = {
#define HY_SPV_OP(name, number, hasType, hasResult, family, support)                                                   \
    {"Op" #name, number, hasType != 0, hasResult != 0, OpFamily::family, Support::support},
#include "spv/opcodes.inc"
#undef HY_SPV_OP
};

constexpr bool sortedByOpcode() {
    for (size_t i = 1; i < std::size(kOpcodes); ++i) {
        if (kOpcodes[i - 1].opcode >= kOpcodes[i].opcode)
            return false;
    }
    return true;
}
static_assert(sortedByOpcode(), "opcodes.inc must be in opcode order, each opcode once");

// The instructions of core SPIR-V are contiguous enough for a direct table, and they are nearly all that is looked up.
constexpr uint32_t kDirectOpcodes = 404;
constexpr auto kDirectIndex = [] {
    std::array<uint16_t, kDirectOpcodes> index{};
    for (size_t i = 0; i < std::size(kOpcodes); ++i) {
        if (kOpcodes[i].opcode < kDirectOpcodes)
            index[kOpcodes[i].opcode] = static_cast<uint16_t>(i + 1);
    }
    return index;
}();

} // namespace

const OpcodeInfo* findOpcode(uint32_t opcode) {
    if (opcode < kDirectOpcodes)
        return kDirectIndex[opcode] != 0 ? &kOpcodes[kDirectIndex[opcode] - 1] : nullptr;
    const auto* end = std::end(kOpcodes);
    const auto* it = std::lower_bound(std::begin(kOpcodes), end, opcode,
                                      [](const OpcodeInfo& info, uint32_t value) { return info.opcode < value; });
    return it != end && it->opcode == opcode ? it : nullptr;
}

std::string opcodeName(uint32_t opcode) {
    if (const OpcodeInfo* info = findOpcode(opcode))
        return std::string(info->name);
    return "opcode " + std::to_string(opcode);
}

bool isTerminator(uint32_t opcode) {
    switch (static_cast<::spv::Op>(opcode)) {
    case ::spv::Op::OpBranch:
    case ::spv::Op::OpBranchConditional:
    case ::spv::Op::OpSwitch:
    case ::spv::Op::OpKill:
    case ::spv::Op::OpReturn:
    case ::spv::Op::OpReturnValue:
    case ::spv::Op::OpUnreachable:
    case ::spv::Op::OpTerminateInvocation:
    case ::spv::Op::OpIgnoreIntersectionKHR:
    case ::spv::Op::OpTerminateRayKHR:
    case ::spv::Op::OpEmitMeshTasksEXT:
        return true;
    default:
        return false;
    }
}

bool isModuleScope(const OpcodeInfo& info) {
    switch (info.family) {
    case OpFamily::Miscellaneous:
    case OpFamily::Debug:
    case OpFamily::Annotation:
    case OpFamily::Extension:
    case OpFamily::ModeSetting:
    case OpFamily::Type:
    case OpFamily::Constant:
    case OpFamily::Vendor:
        return true;
    case OpFamily::Memory:
        return info.name == "OpVariable" || info.name == "OpUntypedVariableKHR";
    default:
        return false;
    }
}

} // namespace halyard::spv
