// Loads and stores: what an address is, and how a value of any size is moved through accesses that the device has.
#include "jit/kir.h"
#include "jit/targets/spirv/emitter.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/IR/Operator.h>

namespace halyard::jit::spirv {

using ::spv::Op;

Id Emitter::address(const llvm::GetElementPtrInst& gep) {
    const Space space = spaceOf(gep.getPointerOperandType());
    const uint32_t bits = pointerBits(space);
    const Id type = module_.intType(bits);
    Id result = valueOf(gep.getPointerOperand());
    llvm::SmallMapVector<llvm::Value*, llvm::APInt, 4> scaled;
    llvm::APInt constant(64, 0);
    if (!llvm::cast<llvm::GEPOperator>(gep).collectOffset(data_, 64, scaled, constant)) {
        refuse(gep);
        return result;
    }
    for (const auto& [index, scale] : scaled) {
        Id offset = resizeInteger(valueOf(index), bitsOf(index->getType()), bits, true);
        if (!scale.isOne()) {
            offset = emit(Op::OpIMul, type, {offset, module_.constant(bits, scale.getZExtValue())});
        }
        result = emit(Op::OpIAdd, type, {result, offset});
    }
    // The constant last: drivers fold it into the access.
    return constant.isZero() ? result
                             : emit(Op::OpIAdd, type, {result, module_.constant(bits, constant.getZExtValue())});
}

// A device address becomes a pointer here and is forgotten after the access.
Id Emitter::globalAccess(Id pointer, uint32_t bits, uint32_t count) {
    module_.capability(::spv::Capability::PhysicalStorageBufferAddresses);
    if (bits == 8) {
        module_.capability(::spv::Capability::StorageBuffer8BitAccess);
    } else if (bits == 16) {
        module_.capability(::spv::Capability::StorageBuffer16BitAccess);
    }
    const Id element = module_.intType(bits);
    const Id type = module_.pointerType(::spv::StorageClass::PhysicalStorageBuffer,
                                        count == 1 ? element : module_.vectorType(element, count));
    return emit(Op::OpConvertUToPtr, type, {pointer});
}

namespace {

// What others may write between two barriers is not private to the invocation.
uint32_t accessMask(bool isVolatile) {
    return static_cast<uint32_t>(::spv::MemoryAccessMask::Aligned) |
           static_cast<uint32_t>(::spv::MemoryAccessMask::NonPrivatePointer) |
           (isVolatile ? static_cast<uint32_t>(::spv::MemoryAccessMask::Volatile) : 0);
}

} // namespace

Id Emitter::loadGlobal(Id pointer, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile) {
    const Id element = module_.intType(bits);
    const Id type = count == 1 ? element : module_.vectorType(element, count);
    if (alignment * 8 < bits) { // no access of the element's size may be misaligned
        Id result = 0;
        const uint32_t part = alignment * 8;
        for (uint32_t i = 0; i < bits / part; ++i) {
            const Id at = i == 0 ? pointer : emit(Op::OpIAdd, uint64Type(), {pointer, u64(i * alignment)});
            Id piece = resizeInteger(loadGlobal(at, part, 1, alignment, isVolatile), part, bits, false);
            if (i != 0) {
                piece = emit(Op::OpShiftLeftLogical, element, {piece, module_.constant(bits, i * part)});
            }
            result = i == 0 ? piece : emit(Op::OpBitwiseOr, element, {result, piece});
        }
        return result;
    }
    return emit(Op::OpLoad, type, {globalAccess(pointer, bits, count), accessMask(isVolatile), alignment});
}

void Emitter::storeGlobal(Id pointer, Id value, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile) {
    if (alignment * 8 < bits) {
        const Id element = module_.intType(bits);
        const uint32_t part = alignment * 8;
        for (uint32_t i = 0; i < bits / part; ++i) {
            const Id at = i == 0 ? pointer : emit(Op::OpIAdd, uint64Type(), {pointer, u64(i * alignment)});
            const Id piece =
                i == 0 ? value : emit(Op::OpShiftRightLogical, element, {value, module_.constant(bits, i * part)});
            storeGlobal(at, resizeInteger(piece, bits, part, false), part, 1, alignment, isVolatile);
        }
        return;
    }
    emitVoid(Op::OpStore, {globalAccess(pointer, bits, count), value, accessMask(isVolatile), alignment});
}

Id Emitter::loadBits(Space space, Id pointer, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile) {
    // A vector in one access where the device has it and it is aligned enough for each element.
    if (space == Space::Global && count <= 4 && alignment * 8 >= bits) {
        return loadGlobal(pointer, bits, count, alignment, isVolatile);
    }
    const uint32_t pointerSize = pointerBits(space);
    Words parts;
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t offset = i * bits / 8;
        const Id at = offset == 0 ? pointer
                                  : emit(Op::OpIAdd, module_.intType(pointerSize),
                                         {pointer, module_.constant(pointerSize, offset)});
        const auto aligned = static_cast<uint32_t>(llvm::MinAlign(alignment, offset));
        if (space == Space::Global) {
            parts.push_back(loadGlobal(at, bits, 1, aligned, isVolatile));
        } else if (space == Space::Generic) {
            parts.push_back(
                emit(Op::OpFunctionCall, module_.intType(bits), {genericFunction(false, bits, aligned), at}));
        } else {
            parts.push_back(loadArena(space, at, bits));
        }
    }
    return count == 1 ? parts[0]
                      : emit(Op::OpCompositeConstruct, module_.vectorType(module_.intType(bits), count), parts);
}

void Emitter::storeBits(Space space, Id pointer, Id value, uint32_t bits, uint32_t count, uint32_t alignment,
                        bool isVolatile) {
    if (space == Space::Global && count <= 4 && alignment * 8 >= bits) {
        storeGlobal(pointer, value, bits, count, alignment, isVolatile);
        return;
    }
    const uint32_t pointerSize = pointerBits(space);
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t offset = i * bits / 8;
        const Id at = offset == 0 ? pointer
                                  : emit(Op::OpIAdd, module_.intType(pointerSize),
                                         {pointer, module_.constant(pointerSize, offset)});
        const Id part = count == 1 ? value : emit(Op::OpCompositeExtract, module_.intType(bits), {value, i});
        const auto aligned = static_cast<uint32_t>(llvm::MinAlign(alignment, offset));
        if (space == Space::Global) {
            storeGlobal(at, part, bits, 1, aligned, isVolatile);
        } else if (space == Space::Generic) {
            emit(Op::OpFunctionCall, module_.voidType(), {genericFunction(true, bits, aligned), at, part});
        } else {
            storeArena(space, at, part, bits);
        }
    }
}

namespace {

// In memory a pointer has 64 bits and a boolean, which KIR stores as a byte, is none.
uint32_t memoryBits(llvm::Type* type) {
    llvm::Type* element = type->getScalarType();
    return element->isPointerTy() ? 64 : static_cast<uint32_t>(element->getScalarSizeInBits());
}

uint32_t countOf(llvm::Type* type) {
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
    return vector != nullptr ? vector->getNumElements() : 1;
}

} // namespace

void Emitter::load(const llvm::LoadInst& load) {
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(load.getPointerOperand())) {
        if (const auto at = slots_.find(variable); at != slots_.end()) {
            define(&load, emit(Op::OpLoad, typeOf(load.getType()), {at->second}));
            return;
        }
    }
    const uint32_t bits = memoryBits(load.getType());
    if (bits == 1) {
        refuse(load);
        return;
    }
    const Space space = spaceOf(load.getPointerOperandType());
    const Id loaded =
        loadBits(space, valueOf(load.getPointerOperand()), bits, countOf(load.getType()),
                 static_cast<uint32_t>(std::min<uint64_t>(load.getAlign().value(), 16)), load.isVolatile());
    define(&load, fromBits(loaded, load.getType()));
}

void Emitter::store(const llvm::StoreInst& store) {
    const llvm::Value* stored = store.getValueOperand();
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(store.getPointerOperand())) {
        if (const auto at = slots_.find(variable); at != slots_.end()) {
            emitVoid(Op::OpStore, {at->second, valueOf(stored)});
            return;
        }
    }
    llvm::Type* type = stored->getType();
    const uint32_t bits = memoryBits(type);
    if (bits == 1) {
        refuse(store);
        return;
    }
    const Space space = spaceOf(store.getPointerOperandType());
    storeBits(space, valueOf(store.getPointerOperand()), toBits(valueOf(stored), type), bits, countOf(type),
              static_cast<uint32_t>(std::min<uint64_t>(store.getAlign().value(), 16)), store.isVolatile());
}

} // namespace halyard::jit::spirv
