// Loads, stores and addresses of the Kernel flavour.
#include "jit/targets/spirv/kernel_emitter.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/IR/Operator.h>

namespace halyard::jit::spirv {

using ::spv::Op;

Id KernelEmitter::address(const llvm::GetElementPtrInst& gep) {
    const Id base = valueOf(gep.getPointerOperand());
    llvm::SmallMapVector<llvm::Value*, llvm::APInt, 4> scaled;
    llvm::APInt constant(64, 0);
    if (gep.getType()->isVectorTy() || !llvm::cast<llvm::GEPOperator>(gep).collectOffset(data_, 64, scaled, constant)) {
        refuse(gep);
        return base;
    }
    Id offset = 0;
    const auto add = [&](Id part) { offset = offset == 0 ? part : emit(Op::OpIAdd, uint64Type(), {offset, part}); };
    for (const auto& [index, scale] : scaled) {
        const Id wide = resizeInteger(valueOf(index), bitsOf(index->getType()), 64, true);
        add(scale.isOne() ? wide : emit(Op::OpIMul, uint64Type(), {wide, u64(scale.getZExtValue())}));
    }
    if (!constant.isZero()) {
        add(u64(constant.getZExtValue()));
    }
    return offset == 0 ? base : advanced(base, spaceOf(gep.getPointerOperandType()), offset, gep.isInBounds());
}

Id KernelEmitter::advanced(Id pointer, Space space, Id offset, bool inBounds) {
    const Op op = inBounds ? Op::OpInBoundsPtrAccessChain : Op::OpPtrAccessChain;
    return emit(op, pointerValueType(space), {pointer, offset});
}

namespace {

uint32_t accessMask(bool isVolatile) {
    return static_cast<uint32_t>(::spv::MemoryAccessMask::Aligned) |
           (isVolatile ? static_cast<uint32_t>(::spv::MemoryAccessMask::Volatile) : 0);
}

// Vectors of three occupy four in memory, which is more than KIR asks for.
bool isWhole(uint32_t count) {
    return count == 1 || count == 2 || count == 4 || count == 8 || count == 16;
}

} // namespace

Id KernelEmitter::loadBits(Space space, Id pointer, uint32_t bits, uint32_t count, uint32_t alignment,
                           bool isVolatile) {
    const Id element = module_.intType(bits);
    const Id type = count == 1 ? element : module_.vectorType(element, count);
    if (isWhole(count)) {
        return emit(Op::OpLoad, type, {accessed(space, pointer, type), accessMask(isVolatile), alignment});
    }
    // By insertions: llvm-spirv 15 crashes at an OpCompositeConstruct of a vector that is no constant.
    Id result = module_.constantNull(type);
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t offset = i * bits / 8;
        const Id at = i == 0 ? pointer : advanced(pointer, space, u64(offset), false);
        const Id part =
            loadBits(space, at, bits, 1, static_cast<uint32_t>(llvm::MinAlign(alignment, offset)), isVolatile);
        result = emit(Op::OpCompositeInsert, type, {part, result, i});
    }
    return result;
}

void KernelEmitter::storeBits(Space space, Id pointer, Id value, uint32_t bits, uint32_t count, uint32_t alignment,
                              bool isVolatile) {
    const Id element = module_.intType(bits);
    if (isWhole(count)) {
        const Id type = count == 1 ? element : module_.vectorType(element, count);
        emitVoid(Op::OpStore, {accessed(space, pointer, type), value, accessMask(isVolatile), alignment});
        return;
    }
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t offset = i * bits / 8;
        const Id at = i == 0 ? pointer : advanced(pointer, space, u64(offset), false);
        storeBits(space, at, emit(Op::OpCompositeExtract, element, {value, i}), bits, 1,
                  static_cast<uint32_t>(llvm::MinAlign(alignment, offset)), isVolatile);
    }
}

bool KernelEmitter::hasAtomics(Space space, uint32_t bits) const {
    return (bits == 32 || bits == 64) && (space == Space::Global || space == Space::Workgroup);
}

Id KernelEmitter::atomicPlace(Space space, Id pointer, uint32_t bits) {
    return accessed(space, pointer, module_.intType(bits));
}

} // namespace halyard::jit::spirv
