// Operations on numbers.
#include "jit/targets/spirv/emitter.h"

#include <llvm/IR/Operator.h>

namespace halyard::jit::spirv {
namespace {

using ::spv::Op;

Op integerOperation(unsigned opcode) {
    switch (opcode) {
    case llvm::Instruction::Add:
        return Op::OpIAdd;
    case llvm::Instruction::Sub:
        return Op::OpISub;
    case llvm::Instruction::Mul:
        return Op::OpIMul;
    case llvm::Instruction::UDiv:
        return Op::OpUDiv;
    case llvm::Instruction::SDiv:
        return Op::OpSDiv;
    case llvm::Instruction::URem:
        return Op::OpUMod;
    case llvm::Instruction::SRem:
        return Op::OpSRem;
    case llvm::Instruction::Shl:
        return Op::OpShiftLeftLogical;
    case llvm::Instruction::LShr:
        return Op::OpShiftRightLogical;
    case llvm::Instruction::AShr:
        return Op::OpShiftRightArithmetic;
    case llvm::Instruction::And:
        return Op::OpBitwiseAnd;
    case llvm::Instruction::Or:
        return Op::OpBitwiseOr;
    case llvm::Instruction::Xor:
        return Op::OpBitwiseXor;
    default:
        return Op::OpNop;
    }
}

Op floatOperation(unsigned opcode) {
    switch (opcode) {
    case llvm::Instruction::FAdd:
        return Op::OpFAdd;
    case llvm::Instruction::FSub:
        return Op::OpFSub;
    case llvm::Instruction::FMul:
        return Op::OpFMul;
    case llvm::Instruction::FDiv:
        return Op::OpFDiv;
    default:
        return Op::OpNop;
    }
}

// On one bit a sum is an exclusive or and a product an and.
Op logicalOperation(unsigned opcode) {
    switch (opcode) {
    case llvm::Instruction::And:
    case llvm::Instruction::Mul:
        return Op::OpLogicalAnd;
    case llvm::Instruction::Or:
        return Op::OpLogicalOr;
    case llvm::Instruction::Xor:
    case llvm::Instruction::Add:
    case llvm::Instruction::Sub:
        return Op::OpLogicalNotEqual;
    default:
        return Op::OpNop;
    }
}

Op integerComparison(llvm::CmpInst::Predicate predicate) {
    switch (predicate) {
    case llvm::CmpInst::ICMP_EQ:
        return Op::OpIEqual;
    case llvm::CmpInst::ICMP_NE:
        return Op::OpINotEqual;
    case llvm::CmpInst::ICMP_UGT:
        return Op::OpUGreaterThan;
    case llvm::CmpInst::ICMP_UGE:
        return Op::OpUGreaterThanEqual;
    case llvm::CmpInst::ICMP_ULT:
        return Op::OpULessThan;
    case llvm::CmpInst::ICMP_ULE:
        return Op::OpULessThanEqual;
    case llvm::CmpInst::ICMP_SGT:
        return Op::OpSGreaterThan;
    case llvm::CmpInst::ICMP_SGE:
        return Op::OpSGreaterThanEqual;
    case llvm::CmpInst::ICMP_SLT:
        return Op::OpSLessThan;
    case llvm::CmpInst::ICMP_SLE:
        return Op::OpSLessThanEqual;
    default:
        return Op::OpNop;
    }
}

Op floatComparison(llvm::CmpInst::Predicate predicate) {
    switch (predicate) {
    case llvm::CmpInst::FCMP_OEQ:
        return Op::OpFOrdEqual;
    case llvm::CmpInst::FCMP_OGT:
        return Op::OpFOrdGreaterThan;
    case llvm::CmpInst::FCMP_OGE:
        return Op::OpFOrdGreaterThanEqual;
    case llvm::CmpInst::FCMP_OLT:
        return Op::OpFOrdLessThan;
    case llvm::CmpInst::FCMP_OLE:
        return Op::OpFOrdLessThanEqual;
    case llvm::CmpInst::FCMP_ONE:
        return Op::OpFOrdNotEqual;
    case llvm::CmpInst::FCMP_UEQ:
        return Op::OpFUnordEqual;
    case llvm::CmpInst::FCMP_UGT:
        return Op::OpFUnordGreaterThan;
    case llvm::CmpInst::FCMP_UGE:
        return Op::OpFUnordGreaterThanEqual;
    case llvm::CmpInst::FCMP_ULT:
        return Op::OpFUnordLessThan;
    case llvm::CmpInst::FCMP_ULE:
        return Op::OpFUnordLessThanEqual;
    case llvm::CmpInst::FCMP_UNE:
        return Op::OpFUnordNotEqual;
    default:
        return Op::OpNop;
    }
}

} // namespace

Id Emitter::binary(const llvm::BinaryOperator& operation) {
    llvm::Type* type = operation.getType();
    const unsigned opcode = operation.getOpcode();
    const Op op = type->isFPOrFPVectorTy()      ? floatOperation(opcode)
                  : type->isIntOrIntVectorTy(1) ? logicalOperation(opcode)
                                                : integerOperation(opcode);
    if (op == Op::OpNop) {
        refuse(operation);
        return 1;
    }
    const Id result = emit(op, typeOf(type), {valueOf(operation.getOperand(0)), valueOf(operation.getOperand(1))});
    return type->isFPOrFPVectorTy() ? exact(result, &operation) : result;
}

// To drivers, this decoration is what makes an operation IEEE 754's: without it they take an infinity for a number, and
// an inverted comparison for one of no NaN.
Id Emitter::exact(Id result, const llvm::Instruction* operation) {
    const bool isFast = operation != nullptr && llvm::isa<llvm::FPMathOperator>(operation) && operation->isFast();
    if (!isFast) {
        module_.decorate(result, ::spv::Decoration::NoContraction);
    }
    return result;
}

Id Emitter::compareIntegers(const llvm::ICmpInst& compare) {
    const llvm::Value* left = compare.getOperand(0);
    const Id type = typeOf(compare.getType());
    const Id a = comparable(valueOf(left), left->getType());
    const Id b = comparable(valueOf(compare.getOperand(1)), left->getType());
    if (!left->getType()->isIntOrIntVectorTy(1)) {
        return emit(integerComparison(compare.getPredicate()), type, {a, b});
    }
    const auto negation = [&](Id value) { return emit(Op::OpLogicalNot, type, {value}); };
    switch (compare.getPredicate()) {
    case llvm::CmpInst::ICMP_EQ:
        return emit(Op::OpLogicalEqual, type, {a, b});
    case llvm::CmpInst::ICMP_NE:
        return emit(Op::OpLogicalNotEqual, type, {a, b});
    case llvm::CmpInst::ICMP_UGT: // 1 > 0; signed, true is -1 and below false
    case llvm::CmpInst::ICMP_SLT:
        return emit(Op::OpLogicalAnd, type, {a, negation(b)});
    case llvm::CmpInst::ICMP_ULT:
    case llvm::CmpInst::ICMP_SGT:
        return emit(Op::OpLogicalAnd, type, {negation(a), b});
    case llvm::CmpInst::ICMP_UGE:
    case llvm::CmpInst::ICMP_SLE:
        return emit(Op::OpLogicalOr, type, {a, negation(b)});
    default:
        return emit(Op::OpLogicalOr, type, {negation(a), b});
    }
}

Id Emitter::compareFloats(const llvm::FCmpInst& compare) {
    const Id type = typeOf(compare.getType());
    const Id a = valueOf(compare.getOperand(0));
    const Id b = valueOf(compare.getOperand(1));
    switch (compare.getPredicate()) {
    case llvm::CmpInst::FCMP_FALSE:
    case llvm::CmpInst::FCMP_TRUE:
        return constantOf(compare.getPredicate() == llvm::CmpInst::FCMP_TRUE
                              ? llvm::Constant::getAllOnesValue(compare.getType())
                              : llvm::Constant::getNullValue(compare.getType()));
    case llvm::CmpInst::FCMP_ORD:
    case llvm::CmpInst::FCMP_UNO: {
        // OpOrdered is for kernels alone.
        const Id either =
            emit(Op::OpLogicalOr, type, {exact(emit(Op::OpIsNan, type, {a})), exact(emit(Op::OpIsNan, type, {b}))});
        return compare.getPredicate() == llvm::CmpInst::FCMP_UNO ? either : emit(Op::OpLogicalNot, type, {either});
    }
    default:
        return exact(emit(floatComparison(compare.getPredicate()), type, {a, b}), &compare);
    }
}

bool Emitter::arithmetic(const llvm::Instruction& instruction) {
    if (const auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
        define(&instruction, binary(*operation));
    } else if (const auto* integers = llvm::dyn_cast<llvm::ICmpInst>(&instruction)) {
        define(&instruction, compareIntegers(*integers));
    } else if (const auto* floats = llvm::dyn_cast<llvm::FCmpInst>(&instruction)) {
        define(&instruction, compareFloats(*floats));
    } else if (const auto* conversion = llvm::dyn_cast<llvm::CastInst>(&instruction)) {
        define(&instruction, cast(*conversion));
    } else if (instruction.getOpcode() == llvm::Instruction::FNeg) {
        const Id type = typeOf(instruction.getType());
        define(&instruction, exact(emit(Op::OpFNegate, type, {valueOf(instruction.getOperand(0))}), &instruction));
    } else if (const auto* choice = llvm::dyn_cast<llvm::SelectInst>(&instruction)) {
        define(&instruction, emit(Op::OpSelect, typeOf(choice->getType()),
                                  {valueOf(choice->getCondition()), valueOf(choice->getTrueValue()),
                                   valueOf(choice->getFalseValue())}));
    } else if (llvm::isa<llvm::FreezeInst>(instruction)) {
        define(&instruction, valueOf(instruction.getOperand(0))); // constants of poison have one value here
    } else {
        return false;
    }
    return true;
}

} // namespace halyard::jit::spirv
