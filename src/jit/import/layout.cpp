// Memory layout of SPIR-V types: OpenCL C's rules where the module gives no offsets, else exactly the module's.
#include "jit/import/importer.h"

#include <llvm/Support/MathExtras.h>

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

namespace {
constexpr uint64_t kMaximumObjectBytes = uint64_t(1) << 40;
constexpr uint64_t kMaximumLeaves = 8192; // scalars in a value that one instruction loads or stores
} // namespace

llvm::Type* Importer::bytes(uint64_t count) {
    return llvm::ArrayType::get(builder_.getInt8Ty(), count);
}

bool Importer::isExplicit(sv::StorageClass storage) const {
    switch (storage) {
    case sv::StorageClass::Uniform:
    case sv::StorageClass::StorageBuffer:
    case sv::StorageClass::PhysicalStorageBuffer:
    case sv::StorageClass::PushConstant:
        return true;
    default:
        return false;
    }
}

Layout Importer::layoutOf(const Type& type, MatrixLayout matrix) {
    switch (type.kind) {
    case TypeKind::Bool:
    case TypeKind::Int:
    case TypeKind::Float:
    case TypeKind::Pointer:
    case TypeKind::Event:
        return layoutOfScalar(type);
    case TypeKind::Vector:
        return layoutOfVector(type);
    case TypeKind::Matrix:
        return layoutOfMatrix(type, matrix);
    case TypeKind::Array:
    case TypeKind::RuntimeArray:
        return layoutOfArray(type, matrix);
    case TypeKind::CooperativeMatrix:
        return layoutOfCooperativeMatrix(type);
    case TypeKind::Struct:
        return type.layout;
    case TypeKind::Void:
    case TypeKind::Function:
        break;
    }
    invalid("an object of this type has no size");
}

Layout Importer::layoutOfScalar(const Type& type) {
    switch (type.kind) {
    case TypeKind::Bool:
        return {1, 1, 1, builder_.getInt8Ty()};
    case TypeKind::Int:
    case TypeKind::Float:
        return {type.width / 8, type.width / 8, type.width / 8, type.llvmType};
    default: {
        // KIR keeps pointers in memory at 64 bits; targets whose pointers are shorter store the integer.
        const bool wide = type.llvmType->isPointerTy() && layout_.getTypeAllocSize(type.llvmType) == 8;
        return {8, 8, 8, wide ? type.llvmType : builder_.getInt64Ty()};
    }
    }
}

Layout Importer::layoutOfVector(const Type& type) {
    const Type& element = this->type(type.element);
    const uint64_t scalar = element.layout.size;
    const uint64_t size = scalar * llvm::PowerOf2Ceil(type.count);
    llvm::Type* memory = llvm::FixedVectorType::get(element.layout.type, type.count);
    if (layout_.getTypeAllocSize(memory) != size) {
        memory = llvm::ArrayType::get(element.layout.type, llvm::PowerOf2Ceil(type.count));
    }
    return {size, size, scalar, memory};
}

uint64_t Importer::matrixStride(const Type& matrix, MatrixLayout layout) {
    if (layout.stride) {
        return layout.stride;
    }
    return type(matrix.element).layout.size;
}

Layout Importer::layoutOfMatrix(const Type& type, MatrixLayout matrix) {
    const Type& column = this->type(type.element);
    const Layout& natural = column.layout;
    if (matrix.stride == 0) {
        return {natural.size * type.count, natural.alignment, natural.scalarAlignment,
                llvm::ArrayType::get(natural.type, type.count)};
    }
    const uint64_t size = uint64_t(matrix.stride) * (matrix.rowMajor ? column.count : type.count);
    return {size, natural.scalarAlignment, natural.scalarAlignment, bytes(size)};
}

uint64_t Importer::arrayStride(const Type& array, MatrixLayout matrix) {
    if (array.stride) {
        return array.stride;
    }
    const Layout element = layoutOf(type(array.element), matrix);
    return llvm::alignTo(element.size, element.alignment);
}

Layout Importer::layoutOfArray(const Type& type, MatrixLayout matrix) {
    const Layout element = layoutOf(this->type(type.element), matrix);
    const uint64_t stride = arrayStride(type, matrix);
    Layout result{0, element.alignment, element.scalarAlignment, nullptr};
    if (type.stride) {
        // A decorated array promises the alignment of its scalars and no more.
        result.alignment = element.scalarAlignment;
    }
    if (__builtin_mul_overflow(stride, type.count, &result.size) || result.size > kMaximumObjectBytes) {
        unsupported("the array is too large");
    }
    const bool regular = element.type && layout_.getTypeAllocSize(element.type) == stride;
    result.type = regular ? llvm::ArrayType::get(element.type, type.count) : bytes(result.size);
    return result;
}

MatrixLayout Importer::memberMatrixLayout(const Type& structure, uint32_t member) {
    const Type* inner = &type(structure.members[member]);
    while (inner->kind == TypeKind::Array || inner->kind == TypeKind::RuntimeArray) {
        inner = &type(inner->element);
    }
    if (inner->kind != TypeKind::Matrix) {
        return {};
    }
    const spv::Decoration* stride = source_.findDecoration(structure.id, sv::Decoration::MatrixStride, member);
    if (!stride || stride->operands.empty()) {
        check(!structure.explicitLayout, "a matrix in a block needs MatrixStride");
        return {};
    }
    check(stride->operands[0] != 0, "MatrixStride is zero");
    return {stride->operands[0], source_.findDecoration(structure.id, sv::Decoration::RowMajor, member) != nullptr};
}

Layout Importer::layoutOfStruct(Type& type) {
    Layout result;
    std::vector<Layout> members;
    uint64_t end = 0;
    for (uint32_t i = 0; i < type.members.size(); ++i) {
        type.explicitLayout |= source_.findDecoration(type.id, sv::Decoration::Offset, i) != nullptr;
    }
    for (uint32_t i = 0; i < type.members.size(); ++i) {
        check(!type.explicitLayout || this->type(type.members[i]).kind != TypeKind::CooperativeMatrix,
              "a cooperative matrix has no place in a block");
        const Layout member = layoutOf(this->type(type.members[i]), memberMatrixLayout(type, i));
        uint64_t offset = 0;
        if (type.explicitLayout) {
            const spv::Decoration* decoration = source_.findDecoration(type.id, sv::Decoration::Offset, i);
            check(decoration && !decoration->operands.empty(), "some members of the structure have no Offset");
            offset = decoration->operands[0];
        } else {
            offset = type.packed ? end : llvm::alignTo(end, member.alignment);
        }
        if (offset + member.size > kMaximumObjectBytes) {
            unsupported("the structure is too large");
        }
        type.offsets.push_back(offset);
        end = std::max(end, offset + member.size);
        result.scalarAlignment = std::max(result.scalarAlignment, member.scalarAlignment);
        result.alignment = std::max(result.alignment, member.alignment);
        members.push_back(member);
    }
    if (type.packed) {
        result.alignment = result.scalarAlignment = 1;
    } else if (type.explicitLayout) {
        result.alignment = result.scalarAlignment;
    }
    result.size = llvm::alignTo(end, result.alignment);
    result.type = packedStruct(type, members, result.size);
    return result;
}

llvm::Type* Importer::packedStruct(const Type& type, const std::vector<Layout>& members, uint64_t size) {
    std::vector<uint32_t> order(members.size());
    for (uint32_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return type.offsets[a] < type.offsets[b]; });
    std::vector<llvm::Type*> fields;
    uint64_t end = 0;
    auto pad = [&](uint64_t to) {
        if (to > end) {
            fields.push_back(bytes(to - end));
        }
        end = to;
    };
    for (uint32_t index : order) {
        if (type.offsets[index] < end || layout_.getTypeAllocSize(members[index].type) != members[index].size) {
            return bytes(size); // a scalar in the fourth lane of a vec3, or members that overlap
        }
        pad(type.offsets[index]);
        fields.push_back(members[index].type);
        end += members[index].size;
    }
    pad(size);
    return llvm::StructType::get(context_, fields, true);
}

// The type of the object behind a pointer, which must be one that memory can hold.
const Type& Importer::sizedPointee(const Type& pointer) {
    check(pointer.kind == TypeKind::Pointer, "the type is not a pointer");
    const Type& pointee = type(pointer.element);
    check(pointee.layout.type != nullptr, "an object of this type has no size");
    return pointee;
}

// Whether a value of this type is moved in memory where that can be: as registers it would be as many loads and stores.
bool Importer::isLarge(const Type& type) {
    constexpr uint64_t kLargeBytes = 512;
    return type.isAggregate() && type.layout.size > kLargeBytes;
}

uint64_t Importer::leafCount(const Type& type) {
    uint64_t leaves = 0;
    switch (type.kind) {
    case TypeKind::Matrix:
        leaves = type.count;
        break;
    case TypeKind::Array:
        leaves = type.count * leafCount(this->type(type.element));
        break;
    case TypeKind::Struct:
        leaves = 1; // so that nested empty structures cannot make this walk exponential
        for (Id member : type.members) {
            leaves += leafCount(this->type(member));
        }
        break;
    default:
        leaves = 1;
    }
    if (leaves > kMaximumLeaves) {
        unsupported(fmt::format("a value of more than {} scalars", kMaximumLeaves));
    }
    return leaves;
}

} // namespace halyard::jit
