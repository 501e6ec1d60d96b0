// Comparisons, logic on booleans, and selection.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

namespace {
llvm::CmpInst::Predicate predicateOf(sv::Op op) {
    using Predicate = llvm::CmpInst::Predicate;
    switch (op) {
    case sv::Op::OpIEqual:
        return Predicate::ICMP_EQ;
    case sv::Op::OpINotEqual:
        return Predicate::ICMP_NE;
    case sv::Op::OpUGreaterThan:
        return Predicate::ICMP_UGT;
    case sv::Op::OpSGreaterThan:
        return Predicate::ICMP_SGT;
    case sv::Op::OpUGreaterThanEqual:
        return Predicate::ICMP_UGE;
    case sv::Op::OpSGreaterThanEqual:
        return Predicate::ICMP_SGE;
    case sv::Op::OpULessThan:
        return Predicate::ICMP_ULT;
    case sv::Op::OpSLessThan:
        return Predicate::ICMP_SLT;
    case sv::Op::OpULessThanEqual:
        return Predicate::ICMP_ULE;
    case sv::Op::OpSLessThanEqual:
        return Predicate::ICMP_SLE;
    case sv::Op::OpFOrdEqual:
        return Predicate::FCMP_OEQ;
    case sv::Op::OpFUnordEqual:
        return Predicate::FCMP_UEQ;
    case sv::Op::OpFOrdNotEqual:
    case sv::Op::OpLessOrGreater:
        return Predicate::FCMP_ONE;
    case sv::Op::OpFUnordNotEqual:
        return Predicate::FCMP_UNE;
    case sv::Op::OpFOrdLessThan:
        return Predicate::FCMP_OLT;
    case sv::Op::OpFUnordLessThan:
        return Predicate::FCMP_ULT;
    case sv::Op::OpFOrdGreaterThan:
        return Predicate::FCMP_OGT;
    case sv::Op::OpFUnordGreaterThan:
        return Predicate::FCMP_UGT;
    case sv::Op::OpFOrdLessThanEqual:
        return Predicate::FCMP_OLE;
    case sv::Op::OpFUnordLessThanEqual:
        return Predicate::FCMP_ULE;
    case sv::Op::OpFOrdGreaterThanEqual:
        return Predicate::FCMP_OGE;
    case sv::Op::OpFUnordGreaterThanEqual:
        return Predicate::FCMP_UGE;
    case sv::Op::OpOrdered:
        return Predicate::FCMP_ORD;
    case sv::Op::OpUnordered:
        return Predicate::FCMP_UNO;
    default:
        return Predicate::BAD_ICMP_PREDICATE;
    }
}
} // namespace

void Importer::compare(const Instruction& instruction) {
    const llvm::CmpInst::Predicate predicate = predicateOf(instruction.op());
    llvm::Value* a = operand(instruction, 0);
    llvm::Value* b = operand(instruction, 1, a->getType());
    if (llvm::CmpInst::isFPPredicate(predicate)) {
        checkFloat(a->getType());
    } else {
        checkInteger(a->getType());
    }
    define(instruction, builder_.CreateCmp(predicate, a, b));
}

void Importer::floatClass(const Instruction& instruction) {
    llvm::Value* x = operand(instruction, 0);
    checkFloat(x->getType());
    builder_.clearFastMathFlags(); // "no NaN" must not answer a question about NaN
    unsigned mask = 0;
    switch (instruction.op()) {
    case sv::Op::OpIsNan:
        mask = llvm::fcNan;
        break;
    case sv::Op::OpIsInf:
        mask = llvm::fcInf;
        break;
    case sv::Op::OpIsFinite:
        mask = llvm::fcFinite;
        break;
    case sv::Op::OpIsNormal:
        mask = llvm::fcNormal;
        break;
    default:
        mask = llvm::fcNegative;
        break;
    }
    if (instruction.op() == sv::Op::OpSignBitSet) { // counts the sign of a NaN too
        llvm::Type* bits = x->getType()->getWithNewType(builder_.getIntNTy(x->getType()->getScalarSizeInBits()));
        define(instruction,
               builder_.CreateICmpSLT(builder_.CreateBitCast(x, bits), llvm::Constant::getNullValue(bits)));
        return;
    }
    define(instruction, builder_.createIsFPClass(x, mask));
}

void Importer::logical(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(type->isIntOrIntVectorTy(1), "the operation needs booleans");
    llvm::Value* a = operand(instruction, 0, type);
    if (instruction.op() == sv::Op::OpLogicalNot) {
        define(instruction, builder_.CreateNot(a));
        return;
    }
    llvm::Value* b = operand(instruction, 1, type);
    switch (instruction.op()) {
    case sv::Op::OpLogicalAnd:
        define(instruction, builder_.CreateAnd(a, b));
        return;
    case sv::Op::OpLogicalOr:
        define(instruction, builder_.CreateOr(a, b));
        return;
    case sv::Op::OpLogicalEqual:
        define(instruction, builder_.CreateICmpEQ(a, b));
        return;
    default:
        define(instruction, builder_.CreateICmpNE(a, b));
    }
}

void Importer::anyAll(const Instruction& instruction) {
    llvm::Value* vector = operand(instruction, 0);
    check(vector->getType()->isVectorTy() && vector->getType()->isIntOrIntVectorTy(), "a vector of booleans is needed");
    if (!vector->getType()->isIntOrIntVectorTy(1)) {
        // clang-22 passes OpenCL C's vectors of integers, where the highest bit answers.
        vector = builder_.CreateICmpSLT(vector, llvm::Constant::getNullValue(vector->getType()));
    }
    define(instruction,
           instruction.op() == sv::Op::OpAny ? builder_.CreateOrReduce(vector) : builder_.CreateAndReduce(vector));
}

void Importer::select(const Instruction& instruction) {
    const Type& result = resultType(instruction);
    llvm::Type* type = result.llvmType;
    llvm::Value* condition = operand(instruction, 0);
    llvm::Value* a = operand(instruction, 1, type);
    llvm::Value* b = operand(instruction, 2, type);
    check(condition->getType()->isIntOrIntVectorTy(1), "the condition is boolean");
    check(!condition->getType()->isVectorTy() ||
              (type->isVectorTy() && partCount(condition->getType()) == partCount(type)),
          "the condition has another number of components than the result");
    if (result.kind == TypeKind::Pointer) {
        PointerInfo info = pointerInfo(instruction.operand(1));
        const PointerInfo other = pointerInfo(instruction.operand(2));
        info.alignment = std::min(info.alignment, other.alignment);
        info.isVolatile |= other.isVolatile;
        check(info.matrix.stride == 0 && other.matrix.stride == 0, "a selected pointer points into a matrix");
        setPointerInfo(instruction, info);
    }
    define(instruction, builder_.CreateSelect(condition, a, b));
}

void Importer::assumeTrue(const Instruction& instruction) {
    builder_.CreateAssumption(operand(instruction, 0, builder_.getInt1Ty()));
}

void Importer::expect(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* value = operand(instruction, 0, type);
    llvm::Value* likely = operand(instruction, 1, type);
    if (type->isIntegerTy()) {
        value = builder_.CreateIntrinsic(llvm::Intrinsic::expect, {type}, {value, likely});
    }
    define(instruction, value);
}

} // namespace halyard::jit
