// Emits the instructions of a kernel for all lanes of a vector at once: uniform and strided values as scalars, the rest
// as vectors; memory in the fewest accesses that its shape allows.
#pragma once

#include "jit/passes/spmd/interleave.h"
#include "jit/passes/spmd/shapes.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

namespace llvm {
class AllocaInst;
class AtomicRMWInst;
class CallInst;
class Function;
} // namespace llvm

namespace halyard::jit::spmd {

// <W x T>, or a structure of those; null for what has no vector form.
llvm::Type* wideType(llvm::Type* type, unsigned lanes);

class Widener {
public:
    // Values of `from` go into cells at the start of `to`, which mem2reg takes away again: cells().
    Widener(llvm::Function& from, llvm::Function& to, const Shapes& shapes, unsigned lanes);

    // Emits `instruction`, which is neither a phi nor a terminator, for the lanes of `mask` (null: all), which are some
    // unless isSpeculatable. May leave `at` in another block.
    void emit(llvm::IRBuilder<>& at, const llvm::Instruction& instruction, llvm::Value* mask);
    // Emits a block's instructions, all but its terminator, for all lanes one after the other (widen_apart.cpp).
    // REQUIRES: it has no phis, and nothing that lanes do together.
    void emitApart(llvm::IRBuilder<>& at, const llvm::BasicBlock& block);
    // What emit() does of the instruction may run under an empty mask.
    bool isSpeculatable(const llvm::Instruction& instruction) const;
    // A new block of code begins, where the values kept so far cannot be used but through their cells.
    void beginBlock() { scalars_.clear(), vectors_.clear(); }

    llvm::Value* scalar(llvm::IRBuilder<>& at, const llvm::Value* value); // REQUIRES: uniform or strided
    llvm::Value* vector(llvm::IRBuilder<>& at, const llvm::Value* value);
    // One bit for each lane, from lane 0 up, in an i32.
    llvm::Value* bits(llvm::IRBuilder<>& at, llvm::Value* mask) const;
    llvm::Value* any(llvm::IRBuilder<>& at, llvm::Value* mask) const;

    llvm::AllocaInst* cell(const llvm::Instruction& value);
    llvm::AllocaInst* newCell(llvm::Type* type);
    const std::vector<llvm::AllocaInst*>& cells() const { return cells_; }
    bool isWide(const llvm::Instruction& value) const { return shapes_.of(&value).isVarying(); }
    llvm::VectorType* maskType() const { return maskType_; }

private:
    void define(llvm::IRBuilder<>& at, const llvm::Instruction& instruction, llvm::Value* value);
    void emitScalar(llvm::IRBuilder<>& at, const llvm::Instruction& instruction);
    void emitStrided(llvm::IRBuilder<>& at, const llvm::Instruction& instruction);
    void emitVariable(const llvm::AllocaInst& variable);
    void emitLoad(llvm::IRBuilder<>& at, const llvm::LoadInst& load, llvm::Value* mask);
    void emitStore(llvm::IRBuilder<>& at, const llvm::StoreInst& store, llvm::Value* mask);
    void emitCall(llvm::IRBuilder<>& at, const llvm::CallInst& call, llvm::Value* mask);
    // Reads, changes and writes memory as one operation (widen_atomics.cpp).
    void emitAtomic(llvm::IRBuilder<>& at, const llvm::AtomicRMWInst& rmw, llvm::Value* mask);
    // An operation of the subgroup, whose invocations are the lanes (widen_collectives.cpp).
    void emitCollective(llvm::IRBuilder<>& at, const llvm::CallInst& call, llvm::Value* mask);
    void emitWide(llvm::IRBuilder<>& at, const llvm::Instruction& instruction, llvm::Value* mask);
    // Whether all lanes meet a condition (widen_whole.cpp).
    void emitAllLanes(llvm::IRBuilder<>& at, const llvm::CallInst& call, llvm::Value* mask);
    void emitRows(llvm::IRBuilder<>& at, const llvm::CallInst& call);
    llvm::Value* all(llvm::IRBuilder<>& at, const llvm::Value* condition, bool wanted);
    llvm::Value* allCompare(llvm::IRBuilder<>& at, const llvm::ICmpInst& compare, llvm::CmpInst::Predicate predicate);
    bool grows(const llvm::Value* value) const;
    llvm::Value* emitNarrow(llvm::IRBuilder<>& at, const llvm::CmpInst& compare);
    // One lane after the other, those of the mask.
    void serialise(llvm::IRBuilder<>& at, const llvm::Instruction& instruction, llvm::Value* mask);
    struct Places { // addresses: base[index of the lane]
        llvm::Value* base = nullptr;
        llvm::Value* indices = nullptr;
        llvm::Type* element = nullptr;
        bool isSigned = false;
    };
    Places places(llvm::IRBuilder<>& at, const llvm::Value* pointer);
    llvm::Value* place(llvm::IRBuilder<>& at, const Places& places, llvm::Value* lane) const;
    llvm::Value* doLane(llvm::IRBuilder<>& at, const llvm::Instruction& instruction,
                        llvm::ArrayRef<llvm::Value*> operands, const Places& places, llvm::Value* lane,
                        llvm::Value* results) const;
    // Lane 0 of a value whose stride is likely, and in `holds` whether it has that stride (null: it has).
    llvm::Value* guess(llvm::IRBuilder<>& at, const llvm::Value* value, llvm::Value*& holds);
    // Begins the two ways of an access whose address is likely to be contiguous; `at` is then in the contiguous one.
    struct Choice {
        llvm::Value* pointer = nullptr;    // lane 0's
        llvm::BasicBlock* other = nullptr; // for addresses that are not
        llvm::BasicBlock* done = nullptr;
    };
    Choice choose(llvm::IRBuilder<>& at, const llvm::Value* pointer);
    // Whether the access is one of a record's fields; then it is done, all fields in one.
    bool emitFieldLoad(llvm::IRBuilder<>& at, const llvm::LoadInst& load, llvm::Value* mask);
    bool emitFieldStore(llvm::IRBuilder<>& at, const llvm::StoreInst& store, llvm::Value* mask);
    bool isLikelyContiguous(const llvm::Value* pointer, llvm::Type* element) const;
    llvm::Value* loadRow(llvm::IRBuilder<>& at, llvm::Type* wide, llvm::Value* first, llvm::Align align,
                         llvm::Value* mask);
    void storeRow(llvm::IRBuilder<>& at, llvm::Value* value, llvm::Value* first, llvm::Align align, llvm::Value* mask);
    // Emits `access`, which gets a mask and may give a value, for `mask`. Unless the processor has masks for it, twice:
    // without one for where all lanes are there, which is nearly always.
    llvm::Value* underMask(llvm::IRBuilder<>& at, llvm::Value* mask, MaskedMemory wanted,
                           llvm::function_ref<llvm::Value*(llvm::Value*)> access);
    llvm::Value* extend(llvm::IRBuilder<>& at, const llvm::Value* value, bool isSigned, llvm::Type* type);
    llvm::Value* ofLane(llvm::IRBuilder<>& at, llvm::Value* first, int64_t stride, llvm::Value* lane) const;
    llvm::Value* spread(llvm::IRBuilder<>& at, llvm::Value* first, int64_t stride) const;
    bool isContiguous(const llvm::Value* pointer, llvm::Type* element) const;

    llvm::Function& to_;
    const Shapes& shapes_;
    const Interleaved interleaved_;
    const unsigned lanes_;
    const llvm::DataLayout& data_;
    llvm::VectorType* maskType_;
    llvm::ValueToValueMapTy arguments_;
    llvm::DenseMap<const llvm::Value*, llvm::Value*> scalars_, vectors_;
    llvm::DenseMap<const llvm::Instruction*, llvm::AllocaInst*> cellOf_;
    llvm::DenseMap<const llvm::Instruction*, llvm::Value*> variables_; // lane 0's copy
    std::vector<llvm::AllocaInst*> cells_;
};

} // namespace halyard::jit::spmd
