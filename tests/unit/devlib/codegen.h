// Optimisation and code generation for the tests of the device maths library.
#pragma once

#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace halyard::jit::devlib_test {

// A machine for a triple of x86, NVPTX or AMDGPU; null for any other.
std::unique_ptr<llvm::TargetMachine> machine(const char* triple, const char* cpu);

// Runs the -O3 pipeline, as the compiler does.
void optimise(llvm::Module& module, llvm::TargetMachine& target);

// The module as assembly text.
std::string assembly(llvm::Module& module, llvm::TargetMachine& target);

} // namespace halyard::jit::devlib_test
