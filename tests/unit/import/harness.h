// Imports a kernel and runs it on the host, one invocation after the other. No barrier waits and a subgroup is one
// invocation, so kernels here must not exchange data between invocations.
#pragma once

#include "jit/import/import.h"
#include "spv/spv.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/Module.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace halyard::jit::test {

// Reads a file that the build made in the kernel directory.
std::vector<uint32_t> readKernelFile(const std::string& name);
// Assembles SPIR-V text; the test fails when it does not assemble.
std::vector<uint32_t> assemble(const std::string& text);

struct Import {
    std::unique_ptr<llvm::LLVMContext> context;
    std::unique_ptr<llvm::Module> module; // null when the import was refused
    spv::KernelInfo info;
    spv::Error error;
};

// Validates (unless told not to), specialises, reflects and imports one kernel.
Import importKernel(const std::vector<uint32_t>& words, const std::string& kernel,
                    const std::vector<spv::SpecValue>& values = {}, bool fastMath = false, bool validate = true);

// The text of the module, for tests that look at KIR itself.
std::string print(const llvm::Module& module);

using Size = std::array<uint32_t, 3>;

// A kernel compiled for the host.
class Program {
public:
    explicit Program(Import import);
    // Each argument is a pointer to the value, or the address itself for a pointer parameter. The hidden buffer
    // lengths follow as pointers to uint64_t.
    void run(const std::vector<void*>& arguments, Size workgroups = {1, 1, 1}, Size workgroupSize = {1, 1, 1});

private:
    void compile(Import import);
    std::unique_ptr<llvm::orc::LLJIT> jit_;
    void (*entry_)(void**) = nullptr;
};

// Imports, compiles and runs in one step.
void runKernel(const std::vector<uint32_t>& words, const std::string& kernel, const std::vector<void*>& arguments,
               Size workgroups = {1, 1, 1}, Size workgroupSize = {1, 1, 1},
               const std::vector<spv::SpecValue>& values = {});

} // namespace halyard::jit::test
