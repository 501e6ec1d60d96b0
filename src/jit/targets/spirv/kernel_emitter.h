// The emitter's other flavour: SPIR-V for OpenCL and Level Zero. Pointers are real ones to bytes, each with its storage
// class; arguments are parameters of the function; blocks are written as they are, since nothing need be structured.
// Control flow, values and arithmetic are Emitter's.
#pragma once

#include "jit/targets/spirv/emitter.h"

namespace halyard::jit::spirv {

class KernelEmitter final : public Emitter {
public:
    // `workgroupSize`: the only one that the kernel may be launched with; all zero: any.
    KernelEmitter(llvm::Function& kernel, const halyard::spv::KernelInfo& info, const Facts& facts,
                  const std::array<uint32_t, 3>& workgroupSize);

    halyard::spv::Result<Words> run() override;

private:
    // ---- Values (kernel_values.cpp).
    Space spaceOf(const llvm::Type* pointer) const override;
    Id pointerValueType(Space space) override;
    uint32_t widestVector() const override { return 16; }
    Id nullPointer(Space space) override { return module_.constantNull(pointerValueType(space)); }
    Id privateAddress(const llvm::AllocaInst& variable) override;
    Id comparable(Id value, llvm::Type* type) override;
    Id castPointer(const llvm::CastInst& cast) override;
    Id fromBits(Id value, llvm::Type* type) override;
    Id toBits(Id value, llvm::Type* type) override;
    Id bytes(Id pointer, Space space); // any pointer of the space as one to bytes
    Id convert(Id pointer, Space from, Space to);

    // ---- Memory (kernel_memory.cpp).
    Id address(const llvm::GetElementPtrInst& gep) override;
    Id loadBits(Space space, Id pointer, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile) override;
    void storeBits(Space space, Id pointer, Id value, uint32_t bits, uint32_t count, uint32_t alignment,
                   bool isVolatile) override;
    bool hasAtomics(Space space, uint32_t bits) const override;
    Id atomicPlace(Space space, Id pointer, uint32_t bits) override;
    Id accessed(Space space, Id pointer, Id pointee); // kernel_values.cpp
    Id pointerTo(Space space, Id pointee);
    Id advanced(Id pointer, Space space, Id offset, bool inBounds);

    // ---- Operations (kernel_operations.cpp).
    Id extended(uint32_t instruction, Id type, const Words& operands) override;
    Id exact(Id result, const llvm::Instruction* operation) override;
    Id countBits(const llvm::IntrinsicInst& call) override;
    Id reverseBits(Id value, uint32_t bits) override;
    uint32_t semantics(llvm::AtomicOrdering ordering, bool loads, bool stores) const override;
    Id scopeOf(llvm::SyncScope::ID scope) override;
    bool synchronise(const llvm::CallInst& call) override;
    bool query(const llvm::CallInst& call) override; // kernel_queries.cpp

    // ---- Variables (kernel_data.cpp). An array of `count` units, each a word or a vector of words.
    struct Block {
        Id type = 0, unit = 0;
        uint64_t count = 0, unitBytes = 0; // of a word of a unit
        uint32_t perUnit = 1;              // words
    };
    Block blockOf(uint64_t size, uint64_t alignment); // aligned so and no smaller
    Id initialValue(const Block& block, const std::vector<uint8_t>& bytes);
    void layOutPrivates();
    void layOutGlobals();

    // ---- The module (kernel_emitter.cpp).
    Words parameters(Words& type);
    void writeBlocks();
    void writeModes(Id function);

    const std::array<uint32_t, 3> workgroupSize_;
    std::map<const llvm::AllocaInst*, Id> privates_; // as pointers to bytes
};

} // namespace halyard::jit::spirv
