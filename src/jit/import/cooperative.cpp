// Cooperative matrices (SPV_KHR_cooperative_matrix). In registers a matrix is a vector of the elements that this
// invocation holds; how many, spv/cooperative_matrix.h says. What works on each element is then what works on vectors.
#include "jit/import/importer.h"
#include "spv/cooperative_matrix.h"

#include <llvm/Support/MathExtras.h>

namespace halyard::jit {

namespace sv = ::spv;

void Importer::readCooperativeMatrix(Type& result, const Instruction& definition) {
    result.kind = TypeKind::CooperativeMatrix;
    result.element = literal(definition, 0);
    const Type& element = type(result.element);
    check(element.kind == TypeKind::Int || element.kind == TypeKind::Float, "cooperative matrices hold numbers");
    if (constantInteger(literal(definition, 1)) != uint64_t(sv::Scope::Subgroup)) {
        unsupported("a cooperative matrix of a scope other than the subgroup");
    }
    const uint64_t rows = constantInteger(literal(definition, 2));
    const uint64_t columns = constantInteger(literal(definition, 3));
    const uint64_t use = constantInteger(literal(definition, 4));
    check(rows != 0 && columns != 0, "the cooperative matrix has no elements");
    check(use <= uint64_t(spv::MatrixUse::Accumulator), "the use of a cooperative matrix is A, B or accumulator");
    if (!spv::isPossibleMatrix(rows, columns)) {
        unsupported(fmt::format("a cooperative matrix of {} x {} elements; the limit is {} rows or columns, and {} "
                                "elements",
                                rows, columns, spv::kMaxMatrixDimension, spv::kMaxMatrixElements));
    }
    if (options_.subgroupSize == 0) {
        unsupported("the target has no cooperative matrices");
    }
    result.rows = static_cast<uint32_t>(rows);
    result.columns = static_cast<uint32_t>(columns);
    result.use = static_cast<uint32_t>(use);
    result.count = spv::matrixElementsPerInvocation(result.rows, result.columns, options_.subgroupSize);
    result.llvmType = llvm::FixedVectorType::get(element.llvmType, static_cast<unsigned>(result.count));
    usesMatrices_ = true;
}

// In a variable: the invocation's elements one after the other.
Layout Importer::layoutOfCooperativeMatrix(const Type& type) {
    const Layout element = this->type(type.element).layout;
    return {element.size * type.count, element.alignment, element.scalarAlignment,
            llvm::ArrayType::get(element.type, type.count)};
}

// The vectors of different matrices may be alike, and the validator knows nothing of them.
void Importer::checkMatrices(const Instruction& instruction) {
    if (instruction.resultType == 0) {
        return;
    }
    const Type& result = type(instruction.resultType);
    if (result.kind != TypeKind::CooperativeMatrix) {
        return;
    }
    uint32_t first = 0;
    uint32_t end = instruction.operandCount();
    switch (instruction.opcode) {
    case spv::kOpCooperativeMatrixLoad:
    case spv::kOpCooperativeMatrixMulAdd:
    case uint16_t(sv::Op::OpLoad):
    case uint16_t(sv::Op::OpUndef):
    case uint16_t(sv::Op::OpFunctionCall):
    case uint16_t(sv::Op::OpCompositeConstruct):
    case uint16_t(sv::Op::OpCompositeExtract):
    case uint16_t(sv::Op::OpPhi):
        return;
    case uint16_t(sv::Op::OpMatrixTimesScalar):
        end = 1;
        break;
    case uint16_t(sv::Op::OpSelect):
        first = 1;
        break;
    case uint16_t(sv::Op::OpCompositeInsert):
        first = 1;
        end = 2;
        break;
    case uint16_t(sv::Op::OpCopyObject):
    case uint16_t(sv::Op::OpCopyLogical):
    case uint16_t(sv::Op::OpConvertFToU):
    case uint16_t(sv::Op::OpConvertFToS):
    case uint16_t(sv::Op::OpConvertSToF):
    case uint16_t(sv::Op::OpConvertUToF):
    case uint16_t(sv::Op::OpUConvert):
    case uint16_t(sv::Op::OpSConvert):
    case uint16_t(sv::Op::OpFConvert):
    case uint16_t(sv::Op::OpBitcast):
    case uint16_t(sv::Op::OpSNegate):
    case uint16_t(sv::Op::OpFNegate):
    case uint16_t(sv::Op::OpIAdd):
    case uint16_t(sv::Op::OpFAdd):
    case uint16_t(sv::Op::OpISub):
    case uint16_t(sv::Op::OpFSub):
    case uint16_t(sv::Op::OpIMul):
    case uint16_t(sv::Op::OpFMul):
    case uint16_t(sv::Op::OpUDiv):
    case uint16_t(sv::Op::OpSDiv):
    case uint16_t(sv::Op::OpFDiv):
        break;
    default:
        invalid("the instruction does not take cooperative matrices");
    }
    for (uint32_t i = first; i < end; ++i) {
        const Type& own = operandType(instruction, i);
        check(own.kind == TypeKind::CooperativeMatrix && own.rows == result.rows && own.columns == result.columns &&
                  own.use == result.use,
              "the cooperative matrices differ in size or use");
    }
}

std::string Importer::matrixName(llvm::Type* type) {
    llvm::Type* element = type->getScalarType();
    return fmt::format("v{}{}", partCount(type), element->isBFloatTy() ? "bf16" : typeSuffix(element));
}

// OpCooperativeMatrixLoadKHR and OpCooperativeMatrixStoreKHR.
void Importer::matrixAccess(const Instruction& instruction) {
    const bool reads = instruction.opcode == spv::kOpCooperativeMatrixLoad;
    const Type& matrix = reads ? resultType(instruction) : operandType(instruction, 1);
    check(matrix.kind == TypeKind::CooperativeMatrix, "the object is a cooperative matrix");
    llvm::Value* pointer = pointerOperand(instruction, 0);
    const Type* pointee = &pointeeOf(instruction, 0);
    while (pointee->kind == TypeKind::Array || pointee->kind == TypeKind::RuntimeArray) {
        pointee = &type(pointee->element);
    }
    const Type& scalar = pointee->kind == TypeKind::Vector ? type(pointee->element) : *pointee;
    check(scalar.kind == TypeKind::Int || scalar.kind == TypeKind::Float,
          "a cooperative matrix lies where numbers or vectors of them do");
    uint32_t index = reads ? 1 : 2;
    const uint64_t memory = constantInteger(literal(instruction, index++));
    if (memory > uint64_t(spv::MatrixMemory::ColumnMajor)) {
        unsupported(fmt::format("the memory layout {} of cooperative matrices", memory));
    }
    llvm::Value* stride = operand(instruction, index++);
    check(stride->getType()->isIntegerTy(), "the stride is an integer");
    const Access access = memoryAccess(instruction, index, instruction.operand(0));
    llvm::Type* wide = builder_.getInt64Ty();
    stride = builder_.CreateMul(resize(stride, wide, false), builder_.getInt64(pointee->layout.size));
    const uint64_t element = type(matrix.element).layout.size;
    const uint64_t alignment = llvm::MinAlign(llvm::MinAlign(element, access.alignment), pointee->layout.size);
    std::vector<llvm::Value*> arguments{pointer, stride};
    if (!reads) {
        arguments.push_back(operand(instruction, 1, matrix.llvmType));
    }
    for (const uint64_t number : {uint64_t(matrix.rows), uint64_t(matrix.columns), memory, alignment,
                                  uint64_t(access.isVolatile), uint64_t(matrix.use)}) {
        arguments.push_back(builder_.getInt32(static_cast<uint32_t>(number)));
    }
    const std::string name = fmt::format("{}{}.p{}", reads ? kir::kMatrixLoad : kir::kMatrixStore,
                                         matrixName(matrix.llvmType), pointer->getType()->getPointerAddressSpace());
    llvm::Value* result = convergentCall(name, reads ? matrix.llvmType : builder_.getVoidTy(), arguments);
    if (reads) {
        define(instruction, result);
    }
}

void Importer::matrixMulAdd(const Instruction& instruction) {
    const Type& a = operandType(instruction, 0);
    const Type& b = operandType(instruction, 1);
    const Type& c = operandType(instruction, 2);
    const Type& result = resultType(instruction);
    const auto isMatrix = [](const Type& type, spv::MatrixUse use) {
        return type.kind == TypeKind::CooperativeMatrix && type.use == static_cast<uint32_t>(use);
    };
    check(isMatrix(a, spv::MatrixUse::A) && isMatrix(b, spv::MatrixUse::B) &&
              isMatrix(c, spv::MatrixUse::Accumulator) && isMatrix(result, spv::MatrixUse::Accumulator),
          "cooperative matrices for A, B and two accumulators are multiplied");
    check(a.columns == b.rows && a.rows == result.rows && b.columns == result.columns && c.rows == result.rows &&
              c.columns == result.columns && c.llvmType == result.llvmType,
          "the sizes of the cooperative matrices do not fit");
    for (const Type* type : {&a, &b}) {
        check(type->llvmType->isFPOrFPVectorTy() == result.llvmType->isFPOrFPVectorTy(),
              "integers and floating-point numbers are mixed");
    }
    const uint32_t flags = instruction.operandCount() > 3 ? instruction.operand(3) : 0;
    if ((flags & ~spv::kMatrixKnownOperands) != 0) {
        unsupported(fmt::format("the cooperative matrix operands {:#x}", flags));
    }
    const std::string name = fmt::format("{}{}.{}.{}.{}", kir::kSubgroupPrefix, kir::kMatrixMulAdd,
                                         matrixName(a.llvmType), matrixName(b.llvmType), matrixName(c.llvmType));
    define(instruction,
           convergentCall(name, result.llvmType,
                          {operand(instruction, 0, a.llvmType), operand(instruction, 1, b.llvmType),
                           operand(instruction, 2, c.llvmType), builder_.getInt32(result.rows),
                           builder_.getInt32(result.columns), builder_.getInt32(a.columns), builder_.getInt32(flags)}));
}

void Importer::matrixLength(const Instruction& instruction) {
    const Type& matrix = type(literal(instruction, 0));
    llvm::Type* result = resultType(instruction).llvmType;
    check(matrix.kind == TypeKind::CooperativeMatrix && result->isIntegerTy(), "the operand is a cooperative matrix");
    define(instruction, llvm::ConstantInt::get(result, matrix.count));
}

void Importer::cooperativeTimesScalar(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* matrix = operand(instruction, 0, type);
    llvm::Value* scalar = splatTo(operand(instruction, 1, type->getScalarType()), type);
    if (type->isIntOrIntVectorTy()) {
        define(instruction, builder_.CreateMul(matrix, scalar));
        return;
    }
    checkFloat(type);
    define(instruction, builder_.CreateFMul(matrix, scalar));
}

} // namespace halyard::jit
