// How preparation gives up: Program::prepare() turns a Refusal into its error. Nothing else lets one out.
#pragma once

#include "spv/module.h"
#include "spv/status.h"

namespace halyard::interp {

struct Refusal {
    spv::Error error;
};

// "OpX (%1) at word 2 (file:line) <what>".
[[noreturn]] inline void refuse(HyResult code, const spv::Module& module, const spv::Instruction& instruction,
                                const std::string& what) {
    throw Refusal{{code, module.describe(instruction) + " " + what, {}}};
}
[[noreturn]] inline void refuseInvalid(const spv::Module& module, const spv::Instruction& instruction,
                                       const std::string& what) {
    refuse(HY_ERROR_INVALID_MODULE, module, instruction, what);
}
[[noreturn]] inline void refuseUnsupported(const spv::Module& module, const spv::Instruction& instruction,
                                           const std::string& what) {
    refuse(HY_ERROR_UNSUPPORTED_SPIRV, module, instruction, what);
}

} // namespace halyard::interp
