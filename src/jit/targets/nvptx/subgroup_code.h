// The code of one subgroup operation, among the invocations of a mask.
#pragma once

#include "jit/passes/collective.h"
#include "jit/targets/nvptx/warp.h"

namespace halyard::jit::nvptx {

// What an operation of `what` on the operands of `call` gives; emitted at `at`, no new blocks. `sm` is the compute
// capability, such as 75. REQUIRES: what is a subgroup operation, and no product of matrices.
//
// Combinations of floating-point numbers by addition and multiplication go through the lanes one by one, so that the
// rounding is that of the lanes' order; with leave to reassociate, and for what is exact in any order, they take five
// steps.
llvm::Value* emitSubgroup(llvm::IRBuilder<>& at, const Collective& what, const llvm::CallInst& call,
                          const WarpMask& mask, uint32_t sm);

// The pieces that operations of the workgroup are made of.
class LaneCombiner {
public:
    LaneCombiner(llvm::IRBuilder<>& at, const WarpMask& mask, Combine combine, llvm::Type* type, bool inAnyOrder,
                 uint32_t sm)
        : at_(at), warp_(at, mask), combine_(combine), type_(type), inAnyOrder_(inAnyOrder), sm_(sm) {}

    // Whether the order of the lanes makes no difference, or none that matters.
    bool isFree() const;
    llvm::Value* reduce(llvm::Value* value);
    llvm::Value* clustered(llvm::Value* value, uint32_t size);
    // `start`: what the scan begins with; null: what SPIR-V begins with.
    llvm::Value* scan(llvm::Value* value, bool inclusive, llvm::Value* start = nullptr);
    // The lanes one by one from `start` on.
    llvm::Value* serial(llvm::Value* value, llvm::Value* start);
    llvm::Value* combine(llvm::Value* a, llvm::Value* b);
    llvm::Constant* neutral() const;
    llvm::Constant* identity() const;

private:
    llvm::Value* isActive(llvm::Value* lane);
    llvm::Value* booleans(llvm::Value* value, llvm::Value* lanes);
    llvm::Value* redux(llvm::Value* value);
    // Inclusive, among the lanes of `cluster`, a mask of each lane's own; null: all.
    llvm::Value* prefixes(llvm::Value* value, llvm::Value* cluster);
    llvm::Value* cluster(uint32_t size);
    llvm::Value* bit(llvm::Value* lane);
    Combine booleanCombine() const;

    llvm::IRBuilder<>& at_;
    Warp warp_;
    Combine combine_;
    llvm::Type* type_;
    bool inAnyOrder_;
    uint32_t sm_;
};

} // namespace halyard::jit::nvptx
