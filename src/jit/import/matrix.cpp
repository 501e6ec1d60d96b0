// Matrix arithmetic. A matrix in registers is an array of column vectors.
#include "jit/import/importer.h"

namespace halyard::jit {

void Importer::vectorTimesScalar(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    check(type->isVectorTy(), "the result is a vector");
    llvm::Value* scalar = operand(instruction, 1, type->getScalarType());
    define(instruction, builder_.CreateFMul(operand(instruction, 0, type), splatTo(scalar, type)));
}

void Importer::matrixTimesScalar(const Instruction& instruction) {
    const Type& matrix = resultType(instruction);
    if (matrix.kind == TypeKind::CooperativeMatrix) {
        cooperativeTimesScalar(instruction);
        return;
    }
    check(matrix.kind == TypeKind::Matrix, "the result is a matrix");
    const Type& column = type(matrix.element);
    llvm::Value* source = operand(instruction, 0, matrix.llvmType);
    llvm::Value* scalar = splatTo(operand(instruction, 1, type(column.element).llvmType), column.llvmType);
    llvm::Value* result = llvm::PoisonValue::get(matrix.llvmType);
    for (unsigned i = 0; i < matrix.count; ++i) {
        result =
            builder_.CreateInsertValue(result, builder_.CreateFMul(builder_.CreateExtractValue(source, i), scalar), i);
    }
    define(instruction, result);
}

// The sum of the matrix's columns, each times its weight.
llvm::Value* Importer::linearCombination(llvm::Value* matrix, uint32_t columns, llvm::Value* weights) {
    llvm::Value* sum = nullptr;
    for (unsigned i = 0; i < columns; ++i) {
        llvm::Value* column = builder_.CreateExtractValue(matrix, i);
        llvm::Value* weight = splatTo(builder_.CreateExtractElement(weights, uint64_t(i)), column->getType());
        llvm::Value* term = builder_.CreateFMul(column, weight);
        sum = sum ? builder_.CreateFAdd(sum, term) : term;
    }
    return sum;
}

void Importer::matrixTimesVector(const Instruction& instruction) {
    const Type& matrix = operandType(instruction, 0);
    const Type& vector = operandType(instruction, 1);
    check(matrix.kind == TypeKind::Matrix && vector.kind == TypeKind::Vector && vector.count == matrix.count &&
              vector.element == type(matrix.element).element,
          "the matrix and the vector do not fit");
    define(instruction,
           linearCombination(operand(instruction, 0), static_cast<uint32_t>(matrix.count), operand(instruction, 1)));
}

void Importer::vectorTimesMatrix(const Instruction& instruction) {
    const Type& vector = operandType(instruction, 0);
    const Type& matrix = operandType(instruction, 1);
    check(matrix.kind == TypeKind::Matrix && vector.id == matrix.element, "the vector and the matrix do not fit");
    llvm::Type* result = resultType(instruction).llvmType;
    check(result->isVectorTy() && partCount(result) == matrix.count &&
              partType(result, 0) == vector.llvmType->getScalarType(),
          "the result does not fit");
    llvm::Value* source = operand(instruction, 1);
    llvm::Value* weights = operand(instruction, 0);
    llvm::Value* vectorResult = llvm::PoisonValue::get(result);
    for (unsigned i = 0; i < matrix.count; ++i) {
        llvm::Value* component = dotProduct(weights, builder_.CreateExtractValue(source, i));
        vectorResult = builder_.CreateInsertElement(vectorResult, component, uint64_t(i));
    }
    define(instruction, vectorResult);
}

void Importer::matrixTimesMatrix(const Instruction& instruction) {
    const Type& left = operandType(instruction, 0);
    const Type& right = operandType(instruction, 1);
    const Type& result = resultType(instruction);
    check(left.kind == TypeKind::Matrix && right.kind == TypeKind::Matrix && result.kind == TypeKind::Matrix,
          "the operands and the result are matrices");
    check(result.element == left.element && result.count == right.count && type(right.element).count == left.count &&
              type(right.element).element == type(left.element).element,
          "the matrices do not fit");
    llvm::Value* a = operand(instruction, 0);
    llvm::Value* b = operand(instruction, 1);
    llvm::Value* product = llvm::PoisonValue::get(result.llvmType);
    for (unsigned i = 0; i < result.count; ++i) {
        llvm::Value* column =
            linearCombination(a, static_cast<uint32_t>(left.count), builder_.CreateExtractValue(b, i));
        product = builder_.CreateInsertValue(product, column, i);
    }
    define(instruction, product);
}

void Importer::outerProduct(const Instruction& instruction) {
    const Type& result = resultType(instruction);
    const Type& left = operandType(instruction, 0);
    const Type& right = operandType(instruction, 1);
    check(result.kind == TypeKind::Matrix && result.element == left.id && right.kind == TypeKind::Vector &&
              right.count == result.count && right.element == left.element,
          "the vectors and the matrix do not fit");
    llvm::Value* column = operand(instruction, 0);
    llvm::Value* row = operand(instruction, 1);
    llvm::Value* product = llvm::PoisonValue::get(result.llvmType);
    for (unsigned i = 0; i < result.count; ++i) {
        llvm::Value* weight = splatTo(builder_.CreateExtractElement(row, uint64_t(i)), left.llvmType);
        product = builder_.CreateInsertValue(product, builder_.CreateFMul(column, weight), i);
    }
    define(instruction, product);
}

void Importer::transpose(const Instruction& instruction) {
    const Type& source = operandType(instruction, 0);
    const Type& result = resultType(instruction);
    check(source.kind == TypeKind::Matrix && result.kind == TypeKind::Matrix, "only matrices can be transposed");
    const Type& sourceColumn = type(source.element);
    const Type& resultColumn = type(result.element);
    check(sourceColumn.count == result.count && resultColumn.count == source.count &&
              sourceColumn.element == resultColumn.element,
          "the matrices do not fit");
    llvm::Value* matrix = operand(instruction, 0);
    llvm::Value* turned = llvm::PoisonValue::get(result.llvmType);
    for (unsigned i = 0; i < result.count; ++i) {
        llvm::Value* column = llvm::PoisonValue::get(resultColumn.llvmType);
        for (unsigned j = 0; j < source.count; ++j) {
            llvm::Value* element = builder_.CreateExtractElement(builder_.CreateExtractValue(matrix, j), uint64_t(i));
            column = builder_.CreateInsertElement(column, element, uint64_t(j));
        }
        turned = builder_.CreateInsertValue(turned, column, i);
    }
    define(instruction, turned);
}

} // namespace halyard::jit
