// What the invocations of a warp can tell each other, as code at one place of a kernel.
#pragma once

#include <cstdint>

#include <llvm/IR/IRBuilder.h>

namespace halyard::jit::nvptx {

constexpr uint32_t kWarpSize = 32;

// Which invocations of a warp run the code at some place together.
struct WarpMask {
    enum class Kind : uint8_t {
        Full,   // all 32; `bits` is the constant of all ones
        Prefix, // lanes 0 to n - 1: those that exist
        Any,
    };
    llvm::Value* bits = nullptr; // i32: bit n for lane n; the same value in each of them
    Kind kind = Kind::Any;
};

// Emits at `at`. Every instruction names the mask, so that those of the mask wait for each other there, wherever the
// hardware has let them drift apart: PTX defines that for the .sync forms on sm_70 and later.
class Warp {
public:
    Warp(llvm::IRBuilder<>& at, const WarpMask& mask) : at_(at), mask_(mask) {}

    const WarpMask& mask() const { return mask_; }
    llvm::Value* lane(); // i32
    // Bits of the lanes below the own one.
    llvm::Value* below();

    llvm::Value* ballot(llvm::Value* vote); // i32
    llvm::Value* all(llvm::Value* vote);    // i1
    llvm::Value* any(llvm::Value* vote);    // i1

    // `value`, any scalar, of lane `from` modulo 32. What a lane outside the mask has is nothing in particular.
    llvm::Value* read(llvm::Value* value, llvm::Value* from);
    llvm::Value* readXor(llvm::Value* value, llvm::Value* bits);
    // Of the lane `distance` before or behind; the own value where that is no lane. REQUIRES: below 32, or the result
    // does not matter.
    llvm::Value* readUp(llvm::Value* value, llvm::Value* distance);
    llvm::Value* readDown(llvm::Value* value, llvm::Value* distance);

    // i32: the first and the last lane of `lanes`, a mask that has any.
    llvm::Value* first(llvm::Value* lanes);
    llvm::Value* last(llvm::Value* lanes);

private:
    llvm::Value* shuffle(llvm::Intrinsic::ID mode, uint32_t clamp, llvm::Value* value, llvm::Value* operand);

    llvm::IRBuilder<>& at_;
    WarpMask mask_;
};

} // namespace halyard::jit::nvptx
