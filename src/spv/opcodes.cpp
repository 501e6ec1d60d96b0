#include "spv/opcodes.h"

#include <algorithm>
#include <array>

#include <spirv/unified1/spirv.hpp11>

namespace halyard::spv {
namespace {

constexpr OpcodeInfo kOpcodes[] = {
#define HY_SPV_OP(name, number, hasType, hasResult, family, support)                                                   \
    {"Op" #name, number, (hasType) != 0, (hasResult) != 0, OpFamily::family, Support::support},
#include "spv/opcodes.inc"
#undef HY_SPV_OP
};

constexpr NameInfo kCapabilities[] = {
#define HY_SPV_CAPABILITY(name, number, support) {#name, number, Support::support},
#include "spv/capabilities.inc"
#undef HY_SPV_CAPABILITY
};

constexpr NameInfo kOpenClStd[] = {
#define HY_SPV_OPENCL(name, number, support) {#name, number, Support::support},
#include "spv/opencl_std.inc"
#undef HY_SPV_OPENCL
};

constexpr NameInfo kGlslStd450[] = {
#define HY_SPV_GLSL(name, number, support) {#name, number, Support::support},
#include "spv/glsl_std_450.inc"
#undef HY_SPV_GLSL
};

constexpr uint32_t key(const OpcodeInfo& info) {
    return info.opcode;
}
constexpr uint32_t key(const NameInfo& info) {
    return info.number;
}

template <typename Table> constexpr bool sorted(const Table& table) {
    for (size_t i = 1; i < std::size(table); ++i) {
        if (key(table[i - 1]) >= key(table[i]))
            return false;
    }
    return true;
}
static_assert(sorted(kOpcodes), "opcodes.inc must be in opcode order, each opcode once");
static_assert(sorted(kCapabilities), "capabilities.inc must be in number order, each number once");
static_assert(sorted(kOpenClStd), "opencl_std.inc must be in number order, each number once");
static_assert(sorted(kGlslStd450), "glsl_std_450.inc must be in number order, each number once");

template <typename Entry, size_t kCount> const Entry* find(const Entry (&table)[kCount], uint32_t number) {
    const Entry* end = std::end(table);
    const Entry* it = std::lower_bound(std::begin(table), end, number,
                                       [](const Entry& entry, uint32_t value) { return key(entry) < value; });
    return it != end && key(*it) == number ? it : nullptr;
}

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
    return find(kOpcodes, opcode);
}

const NameInfo* findCapability(uint32_t capability) {
    return find(kCapabilities, capability);
}

const NameInfo* findOpenClStd(uint32_t instruction) {
    return find(kOpenClStd, instruction);
}

const NameInfo* findGlslStd450(uint32_t instruction) {
    return find(kGlslStd450, instruction);
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
