// Vectors, arrays and structures in registers.
#include "jit/import/importer.h"

namespace halyard::jit {

uint64_t Importer::partCount(llvm::Type* type) {
    if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type)) {
        return vector->getNumElements();
    }
    if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
        return array->getNumElements();
    }
    if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
        return structure->getNumElements();
    }
    return 1;
}

llvm::Type* Importer::partType(llvm::Type* type, uint64_t index) {
    if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
        return structure->getElementType(static_cast<unsigned>(index));
    }
    if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
        return array->getElementType();
    }
    return type->getScalarType();
}

llvm::Value* Importer::part(llvm::Value* composite, uint32_t index) {
    llvm::Type* type = composite->getType();
    check((type->isAggregateType() || type->isVectorTy()) && index < partCount(type), "the index leaves the composite");
    if (type->isVectorTy()) {
        return builder_.CreateExtractElement(composite, uint64_t(index));
    }
    return builder_.CreateExtractValue(composite, index);
}

llvm::Value* Importer::withPart(llvm::Value* composite, llvm::Value* part, uint32_t index) {
    llvm::Type* type = composite->getType();
    check((type->isAggregateType() || type->isVectorTy()) && index < partCount(type), "the index leaves the composite");
    check(partType(type, index) == part->getType(), "the part does not have the member's type");
    if (type->isVectorTy()) {
        return builder_.CreateInsertElement(composite, part, uint64_t(index));
    }
    return builder_.CreateInsertValue(composite, part, index);
}

void Importer::compositeConstruct(const Instruction& instruction) {
    const Type& type = resultType(instruction);
    if (type.kind == TypeKind::CooperativeMatrix) {
        check(instruction.operandCount() == 1, "one number fills a cooperative matrix");
        llvm::Value* number = operand(instruction, 0, type.llvmType->getScalarType());
        define(instruction, splatTo(number, type.llvmType));
        return;
    }
    llvm::Value* result = llvm::PoisonValue::get(type.llvmType);
    uint32_t next = 0;
    for (uint32_t i = 0; i < instruction.operandCount(); ++i) {
        llvm::Value* part = operand(instruction, i);
        if (type.kind == TypeKind::Vector && part->getType()->isVectorTy()) {
            for (uint32_t lane = 0; lane < partCount(part->getType()); ++lane) {
                result = withPart(result, builder_.CreateExtractElement(part, uint64_t(lane)), next++);
            }
        } else {
            result = withPart(result, part, next++);
        }
    }
    check(next == partCount(type.llvmType), "the composite has the wrong number of parts");
    define(instruction, result);
}

void Importer::compositeExtract(const Instruction& instruction) {
    llvm::Value* composite = operand(instruction, 0);
    for (uint32_t i = 1; i < instruction.operandCount(); ++i) {
        composite = part(composite, instruction.operand(i));
    }
    define(instruction, composite);
}

llvm::Value* Importer::insertPath(llvm::Value* composite, llvm::Value* object, const Instruction& instruction,
                                  uint32_t index) {
    // As deep as the type nests, which the type table bounds.
    if (index == instruction.operandCount()) {
        return object;
    }
    const uint32_t member = instruction.operand(index);
    llvm::Value* inner = index + 1 == instruction.operandCount()
                             ? object
                             : insertPath(part(composite, member), object, instruction, index + 1);
    return withPart(composite, inner, member);
}

void Importer::compositeInsert(const Instruction& instruction) {
    llvm::Value* object = operand(instruction, 0);
    llvm::Value* composite = operand(instruction, 1);
    define(instruction, insertPath(composite, object, instruction, 2));
}

// Types that match logically have one register type: layouts differ in memory only.
void Importer::copyLogical(const Instruction& instruction) {
    define(instruction, operand(instruction, 0));
}

void Importer::vectorExtractDynamic(const Instruction& instruction) {
    llvm::Value* vector = operand(instruction, 0);
    llvm::Value* index = operand(instruction, 1);
    check(vector->getType()->isVectorTy() && index->getType()->isIntegerTy(), "a vector and an index are needed");
    define(instruction, builder_.CreateExtractElement(vector, index));
}

void Importer::vectorInsertDynamic(const Instruction& instruction) {
    llvm::Value* vector = operand(instruction, 0);
    check(vector->getType()->isVectorTy(), "a vector is needed");
    llvm::Value* component = operand(instruction, 1, vector->getType()->getScalarType());
    llvm::Value* index = operand(instruction, 2);
    check(index->getType()->isIntegerTy(), "an index is needed");
    define(instruction, builder_.CreateInsertElement(vector, component, index));
}

void Importer::vectorShuffle(const Instruction& instruction) {
    llvm::Value* a = operand(instruction, 0);
    llvm::Value* b = operand(instruction, 1);
    check(a->getType()->isVectorTy() && b->getType()->isVectorTy() &&
              a->getType()->getScalarType() == b->getType()->getScalarType(),
          "two vectors of one component type are needed");
    const uint64_t countA = partCount(a->getType());
    const uint64_t countB = partCount(b->getType());
    std::vector<int> mask;
    constexpr uint32_t kUndefined = 0xffffffff;
    for (uint32_t i = 2; i < instruction.operandCount(); ++i) {
        const uint32_t lane = instruction.operand(i);
        check(lane == kUndefined || lane < countA + countB, "a shuffle names a component that is not there");
        mask.push_back(lane == kUndefined ? -1 : static_cast<int>(lane));
    }
    check(!mask.empty() && mask.size() <= 16, "a vector has 2 to 16 components");
    if (countA != countB) { // LLVM shuffles equal vectors only: widen the shorter one
        const uint64_t count = std::max(countA, countB);
        auto widen = [&](llvm::Value* vector, uint64_t from) {
            std::vector<int> lanes(count, -1);
            for (uint64_t i = 0; i < from; ++i) {
                lanes[i] = static_cast<int>(i);
            }
            return builder_.CreateShuffleVector(vector, lanes);
        };
        for (int& lane : mask) {
            if (lane >= static_cast<int>(countA)) {
                lane += static_cast<int>(count - countA);
            }
        }
        a = countA < count ? widen(a, countA) : a;
        b = countB < count ? widen(b, countB) : b;
    }
    define(instruction, builder_.CreateShuffleVector(a, b, mask));
}

} // namespace halyard::jit
