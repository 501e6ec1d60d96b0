// What the code generator takes from a C library, from the device library instead.
#pragma once

#include "spv/status.h"

#include <memory>
#include <set>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace halyard::jit::host {

// A module that defines those of the `wanted` symbols (fmaf, floor, __truncsfhf2...) that the device library has,
// hidden, for `machine`. The others are removed from `wanted`. Code for the definitions may want further symbols.
spv::Result<std::unique_ptr<llvm::Module>> softOperations(llvm::LLVMContext& context, llvm::TargetMachine& machine,
                                                          std::set<std::string>& wanted);

} // namespace halyard::jit::host
