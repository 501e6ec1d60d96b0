// The support tables of src/spv promise what the runtime accepts; the importer must keep the promise, no more and no
// less.
#include "jit/import/importer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace halyard::jit {
namespace {

constexpr bool Yes = true, No = false;

struct Row {
    const char* name;
    uint16_t opcode;
    std::string_view family;
    bool supported;
};

constexpr Row kOpcodes[] = {
#define HY_SPV_OP(name, opcode, type, result, family, support) {#name, opcode, #family, support},
#include "spv/opcodes.inc"
#undef HY_SPV_OP
};

bool readOutsideBodies(const Row& row) {
    static constexpr std::string_view kFamilies[] = {"Debug", "Extension", "ModeSetting",
                                                     "Type",  "Constant",  "Annotation"};
    for (std::string_view family : kFamilies) {
        if (row.family == family && !Importer::handlerOf(row.opcode)) {
            return true;
        }
    }
    static constexpr std::string_view kFraming[] = {"Function", "FunctionParameter", "FunctionEnd", "Label"};
    for (std::string_view name : kFraming) {
        if (row.name == name) {
            return true;
        }
    }
    return false;
}

TEST(SupportTable, AgreesWithTheHandlers) {
    for (const Row& row : kOpcodes) {
        if (!readOutsideBodies(row)) {
            EXPECT_EQ(row.supported, Importer::handlerOf(row.opcode) != nullptr) << "Op" << row.name;
        }
    }
}

TEST(SupportTable, EveryHandlerIsInTheTable) {
    for (uint32_t opcode = 0; opcode < 0x10000; ++opcode) {
        if (Importer::handlerOf(static_cast<uint16_t>(opcode))) {
            const bool listed = std::any_of(std::begin(kOpcodes), std::end(kOpcodes),
                                            [&](const Row& row) { return row.opcode == opcode; });
            EXPECT_TRUE(listed) << opcode;
        }
    }
}

TEST(SupportTable, OpenClInstructionsAgree) {
#define HY_SPV_OPENCL(name, number, support) EXPECT_EQ(support, Importer::supportsOpenCl(number)) << #name;
#include "spv/opencl_std.inc"
#undef HY_SPV_OPENCL
}

TEST(SupportTable, GlslInstructionsAgree) {
#define HY_SPV_GLSL(name, number, support) EXPECT_EQ(support, Importer::supportsGlsl(number)) << #name;
#include "spv/glsl_std_450.inc"
#undef HY_SPV_GLSL
}

} // namespace
} // namespace halyard::jit
