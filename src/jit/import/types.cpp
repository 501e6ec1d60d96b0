// SPIR-V types: shape and register type. Memory layout is in layout.cpp.
#include "jit/import/importer.h"
#include "spv/cooperative_matrix.h"

namespace halyard::jit {

namespace sv = ::spv;

namespace {
// Far above anything real; keeps a hostile module from exhausting the stack.
constexpr uint32_t kMaximumTypeDepth = 128;
constexpr uint64_t kMaximumArrayElements = 1u << 28;
} // namespace

const Type& Importer::type(Id id) {
    if (id < types_.size() && types_[id]) {
        return *types_[id];
    }
    const Instruction* definition = source_.definition(id);
    if (!definition) {
        invalid(fmt::format("type %{} is not defined", id));
    }
    return makeType(*definition);
}

const Type& Importer::makeType(const Instruction& definition) {
    const Instruction* user = current_;
    current_ = &definition;
    if (++typeDepth_ > kMaximumTypeDepth) {
        unsupported("types nest too deeply");
    }
    auto result = std::make_unique<Type>(buildType(definition));
    --typeDepth_;
    current_ = user;
    std::unique_ptr<Type>& slot = types_[definition.result];
    slot = std::move(result);
    return *slot;
}

Type Importer::buildType(const Instruction& definition) {
    Type result;
    result.id = definition.result;
    switch (definition.op()) {
    case sv::Op::OpTypeVoid:
        result.llvmType = builder_.getVoidTy();
        return result;
    case sv::Op::OpTypeBool:
        result.kind = TypeKind::Bool;
        result.llvmType = builder_.getInt1Ty();
        break;
    case sv::Op::OpTypeInt:
        result.kind = TypeKind::Int;
        result.width = literal(definition, 0);
        result.isSigned = literal(definition, 1) != 0;
        if (result.width != 8 && result.width != 16 && result.width != 32 && result.width != 64) {
            unsupported("integers have 8, 16, 32 or 64 bits");
        }
        result.llvmType = builder_.getIntNTy(result.width);
        break;
    case sv::Op::OpTypeFloat:
        readFloat(result, definition);
        break;
    case sv::Op::OpTypeVector:
    case sv::Op::OpTypeMatrix:
        readVector(result, definition);
        break;
    case sv::Op::OpTypeArray:
    case sv::Op::OpTypeRuntimeArray:
        readArray(result, definition);
        break;
    case sv::Op::OpTypeStruct:
        readStruct(result, definition);
        break;
    case sv::Op::OpTypePointer:
        readPointer(result, definition);
        break;
    case sv::Op::OpTypeEvent:
        result.kind = TypeKind::Event;
        result.llvmType = builder_.getInt64Ty();
        break;
    case sv::Op::OpTypeFunction:
        result.kind = TypeKind::Function;
        result.element = literal(definition, 0);
        for (uint32_t i = 1; i < definition.operandCount(); ++i) {
            result.members.push_back(definition.operand(i));
        }
        return result;
    default:
        if (definition.opcode == spv::kOpTypeCooperativeMatrix) {
            readCooperativeMatrix(result, definition);
            break;
        }
        unsupported("this type is not supported");
    }
    if (result.kind == TypeKind::Struct) {
        result.layout = layoutOfStruct(result);
    } else {
        result.layout = layoutOf(result);
    }
    return result;
}

void Importer::readFloat(Type& result, const Instruction& definition) {
    result.kind = TypeKind::Float;
    result.width = literal(definition, 0);
    constexpr uint32_t kBFloat16 = 0; // FPEncoding of SPV_KHR_bfloat16
    if (definition.operandCount() > 1) {
        if (definition.operand(1) != kBFloat16 || result.width != 16) {
            unsupported("this floating-point encoding is not supported");
        }
        result.llvmType = builder_.getBFloatTy();
    } else if (result.width == 16) {
        result.llvmType = builder_.getHalfTy();
    } else if (result.width == 32) {
        result.llvmType = builder_.getFloatTy();
    } else if (result.width == 64) {
        result.llvmType = builder_.getDoubleTy();
    } else {
        unsupported("floating-point numbers have 16, 32 or 64 bits");
    }
}

void Importer::readVector(Type& result, const Instruction& definition) {
    const bool isVector = definition.op() == sv::Op::OpTypeVector;
    result.kind = isVector ? TypeKind::Vector : TypeKind::Matrix;
    result.element = literal(definition, 0);
    result.count = literal(definition, 1);
    const Type& element = type(result.element);
    check(result.count >= (isVector ? 1 : 2) && result.count <= 16, "a vector or matrix has 2 to 16 components");
    if (isVector) {
        check(element.isScalar(), "vectors hold scalars");
        result.llvmType = llvm::FixedVectorType::get(element.llvmType, result.count);
    } else {
        check(element.kind == TypeKind::Vector && type(element.element).kind == TypeKind::Float,
              "matrices hold vectors of floating-point numbers");
        result.llvmType = llvm::ArrayType::get(element.llvmType, result.count);
    }
}

void Importer::readArray(Type& result, const Instruction& definition) {
    result.element = literal(definition, 0);
    const Type& element = type(result.element);
    if (const spv::Decoration* stride = source_.findDecoration(result.id, sv::Decoration::ArrayStride);
        stride && !stride->operands.empty()) {
        result.stride = stride->operands[0];
        check(result.stride != 0, "ArrayStride is zero");
    }
    if (definition.op() == sv::Op::OpTypeRuntimeArray) {
        result.kind = TypeKind::RuntimeArray;
        check(element.layout.type != nullptr, "the element type has no size");
        return;
    }
    result.kind = TypeKind::Array;
    result.count = constantInteger(literal(definition, 1));
    check(result.count > 0, "the array's length is zero");
    if (result.count > kMaximumArrayElements) {
        unsupported("the array is too large");
    }
    check(element.llvmType != nullptr && !element.llvmType->isVoidTy() && element.kind != TypeKind::Function,
          "an array of this type cannot exist");
    result.llvmType = llvm::ArrayType::get(element.llvmType, result.count);
}

void Importer::readStruct(Type& result, const Instruction& definition) {
    result.kind = TypeKind::Struct;
    std::vector<llvm::Type*> members;
    for (uint32_t i = 0; i < definition.operandCount(); ++i) {
        const Type& member = type(definition.operand(i));
        result.members.push_back(member.id);
        if (member.kind == TypeKind::RuntimeArray) {
            check(i + 1 == definition.operandCount(), "a runtime array must be the last member");
            members.push_back(llvm::ArrayType::get(builder_.getInt8Ty(), 0)); // keeps member indices
            continue;
        }
        check(member.llvmType && !member.llvmType->isVoidTy(), "a member of this type cannot exist");
        members.push_back(member.llvmType);
    }
    result.packed = isDecorated(result.id, sv::Decoration::CPacked);
    result.llvmType = llvm::StructType::get(context_, members);
}

void Importer::readPointer(Type& result, const Instruction& definition) {
    result.kind = TypeKind::Pointer;
    result.storage = static_cast<sv::StorageClass>(literal(definition, 0));
    result.element = literal(definition, 1);
    if (const spv::Decoration* stride = source_.findDecoration(result.id, sv::Decoration::ArrayStride);
        stride && !stride->operands.empty()) {
        result.stride = stride->operands[0];
    }
    result.llvmType = llvm::PointerType::get(context_, addressSpace(result.storage));
}

unsigned Importer::addressSpace(sv::StorageClass storage) const {
    switch (storage) {
    case sv::StorageClass::UniformConstant:
    case sv::StorageClass::Uniform:
    case sv::StorageClass::StorageBuffer:
    case sv::StorageClass::CrossWorkgroup:
    case sv::StorageClass::PhysicalStorageBuffer:
        return kir::kGlobal;
    case sv::StorageClass::Workgroup:
        return kir::kWorkgroup;
    case sv::StorageClass::PushConstant:
        return kir::kConstant;
    case sv::StorageClass::Generic:
        return kir::kGeneric;
    case sv::StorageClass::Function:
    case sv::StorageClass::Private:
    case sv::StorageClass::Input:
        return layout_.getAllocaAddrSpace();
    default:
        unsupported("pointers of this storage class are not supported");
    }
}

} // namespace halyard::jit
