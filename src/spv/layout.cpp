#include "spv/layout.h"
#include "spv/opcodes.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

// Far beyond any device's memory, and small enough that sums of a few sizes cannot overflow.
constexpr uint64_t kMaxSize = uint64_t{1} << 48;
constexpr uint32_t kPointerSize = 8;
constexpr uint32_t kMaxScalarBits = 64;
constexpr uint32_t kMaxComponents = 16;

// The alignment that an address keeps after `distance` bytes.
uint32_t alignmentAfter(uint32_t alignment, uint64_t distance) {
    if (distance == 0)
        return alignment;
    const uint64_t lowestBit = distance & (~distance + 1);
    return static_cast<uint32_t>(std::min<uint64_t>(alignment, lowestBit));
}

const uint32_t* decorationValue(const Decoration* decoration) {
    return decoration != nullptr && !decoration->operands.empty() ? decoration->operands.data() : nullptr;
}

} // namespace

Error TypeLayouts::invalid(const Instruction& type, const char* what) const {
    return {HY_ERROR_INVALID_MODULE, fmt::format("{} {}", module_.describe(type), what), {}};
}

Result<TypeLayout> TypeLayouts::of(Id type) {
    if (auto it = known_.find(type); it != known_.end())
        return it->second;
    const Instruction* definition = module_.definition(type);
    if (definition == nullptr)
        return Error{HY_ERROR_INVALID_MODULE, fmt::format("%{} is used as a type and not defined", type), {}};
    Result<TypeLayout> layout = compute(*definition);
    if (layout && layout->size > kMaxSize)
        return invalid(*definition, "is larger than 2^48 bytes");
    if (layout)
        known_.emplace(type, *layout);
    return layout;
}

// Recursion ends: parse() bounds how deep types nest, and pointers are not followed.
Result<TypeLayout> TypeLayouts::compute(const Instruction& type) {
    const auto needs = [&](uint32_t operands) { return type.operandCount() >= operands; };
    switch (type.op()) {
    case Op::OpTypeBool:
        return TypeLayout{1, 1, false};
    case Op::OpTypeInt:
    case Op::OpTypeFloat:
        return needs(1) ? scalar(type) : invalid(type, "has no width");
    case Op::OpTypePointer:
        return TypeLayout{kPointerSize, kPointerSize, false};
    case Op::OpTypeVector:
        return needs(2) ? vector(type) : invalid(type, "has too few operands");
    case Op::OpTypeMatrix:
        return needs(2) ? matrix(type, 0, false) : invalid(type, "has too few operands");
    case Op::OpTypeArray:
    case Op::OpTypeRuntimeArray: {
        if (!needs(type.op() == Op::OpTypeArray ? 2 : 1))
            return invalid(type, "has too few operands");
        Result<TypeLayout> element = of(type.operand(0));
        return element ? array(type, *element) : element;
    }
    case Op::OpTypeStruct:
        return structure(type);
    default:
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     fmt::format("{} has no size in memory that Halyard knows", module_.describe(type)),
                     {}};
    }
}

Result<TypeLayout> TypeLayouts::scalar(const Instruction& type) const {
    const uint32_t width = type.operand(0);
    if (width < 8 || width > kMaxScalarBits || !std::has_single_bit(width))
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     fmt::format("{} has {} bits, not 8, 16, 32 or 64", module_.describe(type), width),
                     {}};
    return TypeLayout{width / 8, width / 8, false};
}

Result<TypeLayout> TypeLayouts::vector(const Instruction& type) {
    const uint32_t count = type.operand(1);
    if (count < 1 || count > kMaxComponents)
        return invalid(type, "has no such number of components");
    Result<TypeLayout> component = of(type.operand(0));
    if (!component)
        return component;
    const uint64_t padded = component->size * std::bit_ceil(count);
    const uint64_t size = rules_ == LayoutRules::OpenCl ? padded : component->size * count;
    return TypeLayout{size, static_cast<uint32_t>(std::min<uint64_t>(padded, 4096)), false};
}

Result<TypeLayout> TypeLayouts::matrix(const Instruction& type, uint32_t stride, bool rowMajor) {
    Result<TypeLayout> column = of(type.operand(0));
    if (!column)
        return column;
    const uint64_t columns = type.operand(1);
    if (stride == 0)
        return TypeLayout{alignUp(column->size, column->alignment) * columns, column->alignment, false};
    const Instruction* vector = module_.definition(type.operand(0));
    const bool isVector = vector->op() == Op::OpTypeVector && vector->operandCount() >= 2;
    const uint64_t lines = rowMajor && isVector ? vector->operand(1) : columns;
    return TypeLayout{lines * stride, alignmentAfter(column->alignment, stride), false};
}

Result<TypeLayout> TypeLayouts::array(const Instruction& type, const TypeLayout& element) {
    if (element.endsOpen)
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     fmt::format("{} has elements that are runtime arrays", module_.describe(type)),
                     {}};
    uint64_t stride = alignUp(element.size, element.alignment);
    if (const uint32_t* given = decorationValue(module_.findDecoration(type.result, ::spv::Decoration::ArrayStride)))
        stride = *given;
    TypeLayout layout{0, alignmentAfter(element.alignment, stride), type.op() == Op::OpTypeRuntimeArray};
    if (layout.endsOpen)
        return layout;
    const std::optional<uint64_t> length = folder_.scalar(type.operand(1));
    if (!length)
        return invalid(type, "has no constant length");
    if (__builtin_mul_overflow(stride, *length, &layout.size))
        return invalid(type, "is larger than 2^48 bytes");
    return layout;
}

Result<TypeLayout> TypeLayouts::member(const Instruction& structure, uint32_t index) {
    const Id id = structure.operand(index);
    const uint32_t* stride =
        decorationValue(module_.findDecoration(structure.result, ::spv::Decoration::MatrixStride, index));
    if (stride == nullptr)
        return of(id);
    // The decoration lies on the member, however many arrays there are between it and the matrix.
    const bool rowMajor = module_.findDecoration(structure.result, ::spv::Decoration::RowMajor, index) != nullptr;
    std::vector<const Instruction*> arrays;
    const Instruction* type = module_.definition(id);
    while (type != nullptr && (type->op() == Op::OpTypeArray || type->op() == Op::OpTypeRuntimeArray) &&
           type->operandCount() >= (type->op() == Op::OpTypeArray ? 2u : 1u)) {
        arrays.push_back(type);
        type = module_.definition(type->operand(0));
    }
    if (type == nullptr || type->op() != Op::OpTypeMatrix || type->operandCount() < 2)
        return of(id);
    Result<TypeLayout> layout = matrix(*type, *stride, rowMajor);
    for (auto it = arrays.rbegin(); layout && it != arrays.rend(); ++it)
        layout = array(**it, *layout);
    return layout;
}

Result<TypeLayout> TypeLayouts::structure(const Instruction& type) {
    const bool packed = module_.findDecoration(type.result, ::spv::Decoration::CPacked) != nullptr;
    TypeLayout layout;
    uint64_t end = 0;
    for (uint32_t i = 0; i < type.operandCount(); ++i) {
        Result<TypeLayout> inner = member(type, i);
        if (!inner)
            return inner;
        if (inner->endsOpen && i + 1 != type.operandCount())
            return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                         fmt::format("{} has a runtime array that is not its last member", module_.describe(type)),
                         {}};
        const uint32_t* offset = decorationValue(module_.findDecoration(type.result, ::spv::Decoration::Offset, i));
        const uint64_t start = offset != nullptr ? *offset : packed ? end : alignUp(end, inner->alignment);
        const uint32_t alignment = packed ? 1 : alignmentAfter(inner->alignment, start);
        layout.alignment = std::max(layout.alignment, alignment);
        layout.endsOpen = inner->endsOpen;
        end = std::max(end, start + inner->size);
        if (end > kMaxSize)
            return invalid(type, "is larger than 2^48 bytes");
    }
    layout.size = rules_ == LayoutRules::OpenCl ? alignUp(end, layout.alignment) : end;
    return layout;
}

} // namespace halyard::spv
