// One compilation, from SPIR-V words to an artifact.
#pragma once

#include "jit/stages.h"
#include "jit/targets/target.h"

#include <cstddef>
#include <span>
#include <string>

namespace halyard::jit {

struct CompileRequest {
    std::string kernel;
    std::string target, cpu, features;
    bool fastMath = false;
    CompileOptions options;
};

// `spirv`: a specialised module of any alignment. Stages: "import", then the target's. Returns the artifact's bytes or
// the text that `options.emit` asks for. Errors: those of the parser, the importer and the target; HY_ERROR_NOT_FOUND
// for an unknown kernel.
spv::Result<std::string> compile(std::span<const std::byte> spirv, const CompileRequest& request, Stages& stages);

} // namespace halyard::jit
