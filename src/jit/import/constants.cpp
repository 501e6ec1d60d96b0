// Constants, in registers and as initialisers in memory.
#include "jit/import/importer.h"

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

namespace {
constexpr uint32_t kMaximumConstantDepth = 128;

// The operations that SPIR-V allows in OpSpecConstantOp, by their ranges of opcodes.
bool foldsInConstants(sv::Op op) {
    switch (op) {
    case sv::Op::OpVectorShuffle:
    case sv::Op::OpCompositeExtract:
    case sv::Op::OpCompositeInsert:
        return true;
    default:
        return (op >= sv::Op::OpConvertFToU && op <= sv::Op::OpFMod) ||
               (op >= sv::Op::OpLogicalEqual && op <= sv::Op::OpNot);
    }
}
} // namespace

llvm::Constant* Importer::constant(Id id) {
    if (id < values_.size() && values_[id]) {
        auto* known = llvm::dyn_cast<llvm::Constant>(values_[id]);
        check(known != nullptr, "an operand is not a constant");
        return known;
    }
    const Instruction* definition = source_.definition(id);
    if (!definition) {
        invalid(fmt::format("%{} is not defined", id));
    }
    if (definition->op() == sv::Op::OpVariable) {
        auto* variable = llvm::dyn_cast<llvm::Constant>(value(id));
        if (!variable) {
            unsupported(fmt::format("the address of %{} is not a constant", id));
        }
        return variable;
    }
    const Instruction* user = current_;
    current_ = definition;
    if (++constantDepth_ > kMaximumConstantDepth) {
        unsupported("constants nest too deeply");
    }
    llvm::Constant* result = buildConstant(*definition);
    --constantDepth_;
    check(result->getType() == resultType(*definition).llvmType, "the constant does not have its type");
    current_ = user;
    values_[id] = result;
    return result;
}

llvm::Constant* Importer::buildConstant(const Instruction& definition) {
    const Type& type = resultType(definition);
    switch (definition.op()) {
    case sv::Op::OpConstantTrue:
    case sv::Op::OpSpecConstantTrue:
        return builder_.getTrue();
    case sv::Op::OpConstantFalse:
    case sv::Op::OpSpecConstantFalse:
        return builder_.getFalse();
    case sv::Op::OpConstant:
    case sv::Op::OpSpecConstant: {
        check(type.kind == TypeKind::Int || type.kind == TypeKind::Float, "a number must have a numeric type");
        uint64_t bits = literal(definition, 0);
        if (type.width == 64) {
            bits |= uint64_t(literal(definition, 1)) << 32;
        }
        const llvm::APInt number(type.width, bits, false, true);
        if (type.kind == TypeKind::Int) {
            return llvm::ConstantInt::get(context_, number);
        }
        return llvm::ConstantFP::get(context_, llvm::APFloat(type.llvmType->getFltSemantics(), number));
    }
    case sv::Op::OpConstantNull:
        check(!type.llvmType->isVoidTy(), "void has no null");
        return llvm::Constant::getNullValue(type.llvmType);
    case sv::Op::OpUndef:
        check(!type.llvmType->isVoidTy(), "void has no value");
        return llvm::UndefValue::get(type.llvmType);
    case sv::Op::OpConstantComposite:
    case sv::Op::OpSpecConstantComposite: {
        std::vector<llvm::Constant*> parts;
        for (uint32_t i = 0; i < definition.operandCount(); ++i) {
            parts.push_back(constant(definition.operand(i)));
        }
        return composite(type, parts);
    }
    case sv::Op::OpSpecConstantOp:
        return specConstantOp(definition);
    default:
        invalid("this is not a constant");
    }
}

llvm::Constant* Importer::composite(const Type& type, llvm::ArrayRef<llvm::Constant*> parts) {
    if (type.kind == TypeKind::CooperativeMatrix) {
        auto* vector = llvm::cast<llvm::FixedVectorType>(type.llvmType);
        check(parts.size() == 1 && parts[0]->getType() == vector->getElementType(),
              "one number fills a cooperative matrix");
        return llvm::ConstantVector::getSplat(vector->getElementCount(), parts[0]);
    }
    check(type.kind == TypeKind::Vector || type.isAggregate(), "a composite constant has a composite type");
    check(partCount(type.llvmType) == parts.size(), "the constant has the wrong number of parts");
    for (size_t i = 0; i < parts.size(); ++i) {
        check(parts[i]->getType() == partType(type.llvmType, i), "a part of the constant has the wrong type");
    }
    if (type.kind == TypeKind::Vector) {
        return llvm::ConstantVector::get(parts);
    }
    if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type.llvmType)) {
        return llvm::ConstantArray::get(array, parts);
    }
    return llvm::ConstantStruct::get(llvm::cast<llvm::StructType>(type.llvmType), parts);
}

// Specialisation folds these before the import; one that remains is run through the ordinary handler of its opcode,
// which folds because every operand is a constant.
llvm::Constant* Importer::specConstantOp(const Instruction& definition) {
    Instruction inner = definition;
    inner.opcode = static_cast<uint16_t>(literal(definition, 0));
    ++inner.operandStart;
    Handler handler = handlerOf(inner.opcode);
    if (!handler || !foldsInConstants(inner.op())) {
        unsupported("this operation is not supported on specialisation constants");
    }
    auto* function = llvm::Function::Create(llvm::FunctionType::get(builder_.getVoidTy(), false),
                                            llvm::GlobalValue::InternalLinkage, "", module_.get());
    llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    builder_.SetInsertPoint(llvm::BasicBlock::Create(context_, "", function));
    (this->*handler)(inner);
    auto* folded = llvm::dyn_cast_or_null<llvm::Constant>(values_[definition.result]);
    values_[definition.result] = nullptr;
    if (!folded) {
        unsupported("the operation does not fold to a constant"); // the module is dropped, scratch function and all
    }
    function->eraseFromParent();
    return folded;
}

bool Importer::isConstantInteger(Id id, uint64_t& result) {
    const Instruction* definition = source_.definition(id);
    if (!definition) {
        invalid(fmt::format("%{} is not defined", id));
    }
    switch (definition->op()) {
    case sv::Op::OpConstant:
    case sv::Op::OpSpecConstant:
    case sv::Op::OpConstantNull:
    case sv::Op::OpSpecConstantOp:
        break;
    default:
        return false;
    }
    auto* integer = llvm::dyn_cast<llvm::ConstantInt>(constant(id));
    if (!integer) {
        return false;
    }
    result = integer->getZExtValue();
    return true;
}

uint64_t Importer::constantInteger(Id id) {
    uint64_t result = 0;
    if (!isConstantInteger(id, result)) {
        unsupported(fmt::format("%{} must be a constant integer", id));
    }
    return result;
}

llvm::Constant* Importer::packAt(std::vector<std::pair<uint64_t, llvm::Constant*>> parts, uint64_t size) {
    std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<llvm::Constant*> fields;
    uint64_t end = 0;
    for (const auto& [offset, part] : parts) {
        if (offset < end) {
            unsupported("an initialiser whose members overlap");
        }
        if (offset > end) {
            fields.push_back(llvm::Constant::getNullValue(bytes(offset - end)));
        }
        fields.push_back(part);
        end = offset + layout_.getTypeAllocSize(part->getType());
    }
    if (end < size) {
        fields.push_back(llvm::Constant::getNullValue(bytes(size - end)));
    }
    return llvm::ConstantStruct::getAnon(context_, fields, true);
}

// The initialiser of an object of `type`: the same bytes that a store of `value` would leave, padding zero.
llvm::Constant* Importer::memoryConstant(const Type& type, llvm::Constant* value, MatrixLayout matrix) {
    const Layout layout = layoutOf(type, matrix);
    if (value->isNullValue() || llvm::isa<llvm::UndefValue>(value)) {
        return llvm::Constant::getNullValue(layout.type);
    }
    if (type.kind == TypeKind::Bool) {
        return builder_.getInt8(1);
    }
    const bool holdsBools = type.kind == TypeKind::Vector && this->type(type.element).kind == TypeKind::Bool;
    if (value->getType() == layout.type && !holdsBools) {
        return value;
    }
    if (type.kind == TypeKind::Pointer) {
        unsupported("an initialiser that holds an address on a target with short pointers");
    }
    std::vector<std::pair<uint64_t, llvm::Constant*>> parts;
    for (uint64_t i = 0; i < partCount(value->getType()); ++i) {
        llvm::Constant* element = value->getAggregateElement(static_cast<unsigned>(i));
        if (!element) {
            unsupported("an initialiser that is not a plain constant");
        }
        switch (type.kind) {
        case TypeKind::CooperativeMatrix:
        case TypeKind::Vector: {
            const Type& scalar = this->type(type.element);
            parts.emplace_back(i * scalar.layout.size, memoryConstant(scalar, element, {}));
            break;
        }
        case TypeKind::Matrix: {
            const Type& column = this->type(type.element);
            const Type& scalar = this->type(column.element);
            for (uint32_t row = 0; row < column.count; ++row) {
                const uint64_t stride = matrixStride(type, matrix);
                const uint64_t offset =
                    matrix.rowMajor ? row * stride + i * scalar.layout.size : i * stride + row * scalar.layout.size;
                parts.emplace_back(offset, element->getAggregateElement(row));
            }
            break;
        }
        case TypeKind::Array:
            parts.emplace_back(i * arrayStride(type, matrix),
                               memoryConstant(this->type(type.element), element, matrix));
            break;
        case TypeKind::Struct:
            parts.emplace_back(type.offsets[i], memoryConstant(this->type(type.members[i]), element,
                                                               memberMatrixLayout(type, static_cast<uint32_t>(i))));
            break;
        default:
            invalid("the initialiser does not have the variable's type");
        }
    }
    return packAt(std::move(parts), layout.size);
}

} // namespace halyard::jit
