// Lets a kernel be stopped that would never end by itself.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace halyard::jit::host {

// Makes every loop whose number of rounds has no bound that is known before it begins look at HyHostLaunch::cancel once
// a round, and leave hyHostKernelRun when it is set. Loops with such a bound cost nothing. Comes after the optimiser,
// which sees those loops as they were.
void pollCancel(llvm::Module& module);

} // namespace halyard::jit::host
