// KIR text to lowered modules, PTX and something that runs.
#pragma once

#include "warp_machine.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx::test {

class ContextHolder {
public:
    llvm::LLVMContext context;
};

struct Lowering {
    std::array<uint32_t, 3> workgroupSize{};
    uint32_t sm = 80;
    uint32_t ptx = 0; // 0: 6.5, or what the processor wants at least
    bool optimise = true;
};

// `kernel` with the declarations of KIR's ids, and of its own operations by `declarations`.
std::string kirText(const std::string& kernel, const std::string& declarations);
// Throws std::runtime_error with the message of the lowering.
std::unique_ptr<llvm::Module> lower(llvm::LLVMContext& context, const std::string& text, const Lowering& lowering);
std::unique_ptr<WarpMachine> machine(const std::string& text, const Lowering& lowering);
std::string ptx(const std::string& text, const Lowering& lowering);
// What ptxas says of it: empty when it takes it. REQUIRES: hasPtxas().
bool hasPtxas();
std::string assemble(const std::string& ptx, uint32_t sm);
uint32_t count(const std::string& text, const std::string& what);

} // namespace halyard::jit::nvptx::test
