// What every target of the compiler looks like: KIR in, artifact bytes out.
#pragma once

#include "jit/stages.h"
#include "spv/reflect.h"

#include <array>
#include <memory>
#include <string>

namespace llvm {
class Module;
}

namespace halyard::jit {

enum class Emit { Artifact, Kir, Ir, Asm };

struct CompileOptions {
    std::array<uint32_t, 3> workgroupSize{}; // all zero: any size
    Emit emit = Emit::Artifact;              // Kir never reaches a target
    uint32_t subgroupSize = 0;               // for kernels that require none; 0: the target's choice
    uint32_t lanes = 0;                      // HY_JIT_LANES of backend.h; the host's only
};

class Target {
public:
    virtual ~Target() = default;
    // What the importer must put on the module.
    virtual std::string triple() const = 0;
    virtual std::string dataLayout() const = 0;
    // Invocations of a subgroup in the code that compile() makes of the same arguments; 0 when it compiles no
    // cooperative matrices. Errors: those of compile() about subgroups.
    virtual spv::Result<uint32_t> subgroupSize(const spv::KernelInfo& kernel, const CompileOptions& options) const = 0;
    // Compiles one kernel. `module` is KIR with the device library linked; it is consumed. Enters stages "passes",
    // "optimise", "codegen" and "link". Returns the artifact's bytes, or text when options.emit asks for it.
    // Errors: HY_ERROR_UNSUPPORTED_SPIRV for what the target cannot express, HY_ERROR_COMPILE_FAILED.
    virtual spv::Result<std::string> compile(std::unique_ptr<llvm::Module> module, const spv::KernelInfo& kernel,
                                             const CompileOptions& options, Stages& stages) = 0;
};

// `cpu` is the target's name for a processor ("native" and "" mean this machine, for the host), `features` LLVM's +a,-b
// list. Errors: HY_ERROR_UNSUPPORTED for a target that this build lacks, HY_ERROR_INVALID_ARGUMENT for an unknown cpu.
spv::Result<std::unique_ptr<Target>> createTarget(const std::string& name, const std::string& cpu,
                                                  const std::string& features);
// Comma-separated names that createTarget knows.
std::string targetNames();

} // namespace halyard::jit
