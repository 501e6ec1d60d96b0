// Runs lowered kernels on the host as PTX defines warps: every invocation on its own, in an order that a seed chooses,
// waiting at an instruction with a mask until all of the mask wait at the same one with the same mask. What the
// hardware would hang at or leave undefined is an exception with words.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class Module;
}

namespace halyard::jit::nvptx::test {

class WarpMachine {
public:
    // `module`: KIR lowered by lowerCollectives(), with one kernel `k` whose parameters are pointers and integers.
    // Throws std::runtime_error.
    explicit WarpMachine(std::unique_ptr<llvm::Module> module, std::unique_ptr<class ContextHolder> context);
    ~WarpMachine();
    WarpMachine(const WarpMachine&) = delete;
    WarpMachine& operator=(const WarpMachine&) = delete;

    // One workgroup of `items` invocations in one dimension. Throws std::runtime_error.
    void run(uint32_t items, const std::vector<uint64_t>& args, uint32_t seed = 1);

private:
    struct Code;
    std::unique_ptr<Code> code_;
};

} // namespace halyard::jit::nvptx::test
