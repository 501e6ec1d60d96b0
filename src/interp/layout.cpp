#include "interp/layout.h"

#include "interp/refusal.h"

#include <algorithm>
#include <bit>

namespace halyard::interp {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 48;
constexpr uint32_t kMaxAlignment = 4096;
constexpr uint32_t kPointerBytes = 8;

uint64_t alignUp(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

uint64_t literal(const spv::Module& module, Id id, ::spv::Decoration kind, uint32_t member, uint64_t otherwise) {
    const spv::Decoration* decoration = module.findDecoration(id, kind, member);
    return decoration != nullptr && !decoration->operands.empty() && !decoration->operandsAreIds
               ? decoration->operands[0]
               : otherwise;
}

} // namespace

void LayoutTable::fail(const Type& type, const char* what) {
    const spv::Instruction* definition = module_.definition(type.id);
    if (definition == nullptr)
        throw Refusal{{HY_ERROR_INVALID_MODULE, what, {}}};
    refuseInvalid(module_, *definition, what);
}

const Layout& LayoutTable::find(const Type& type, MatrixRule rule) {
    // Only what contains a matrix depends on the rule.
    if (type.scalar().kind == Kind::Struct || type.isScalar() || type.kind == Kind::Vector)
        rule = {};
    const auto key = std::make_pair(&type, rule);
    if (auto it = known_.find(key); it != known_.end())
        return *it->second;
    Layout layout;
    compute(layout, type, rule);
    if (layout.size > kMaxBytes)
        fail(type, "is larger than 2^48 bytes");
    const Layout& stored = layouts_.emplace_back(std::move(layout));
    known_.emplace(key, &stored);
    return stored;
}

void LayoutTable::compute(Layout& layout, const Type& type, MatrixRule rule) {
    layout.type = &type;
    switch (type.kind) {
    case Kind::Bool:
        layout.size = 1;
        break;
    case Kind::Int:
    case Kind::Float:
        layout.size = layout.align = type.bits / 8u;
        break;
    case Kind::Pointer:
    case Kind::Event:
        layout.size = layout.align = kPointerBytes;
        break;
    case Kind::Vector:
    case Kind::CooperativeMatrix: {
        layout.element = &find(*type.element, {});
        layout.stride = layout.element->size;
        const uint64_t count = type.kind == Kind::Vector ? type.count : type.cells;
        const bool padded = openCl_ && type.kind == Kind::Vector;
        layout.size = layout.stride * (padded ? std::bit_ceil(count) : count);
        layout.align =
            padded ? static_cast<uint32_t>(std::min<uint64_t>(layout.size, kMaxAlignment)) : layout.element->align;
        break;
    }
    case Kind::Matrix:
        matrix(layout, type, rule);
        break;
    case Kind::Array:
    case Kind::RuntimeArray: {
        layout.element = &find(*type.element, rule);
        layout.align = layout.element->align;
        layout.stride = literal(module_, type.id, ::spv::Decoration::ArrayStride, spv::Decoration::kNoMember,
                                alignUp(layout.element->size, layout.align));
        // An array of open structures is one of buffers, which are not neighbours in memory.
        layout.endsOpen = type.kind == Kind::RuntimeArray || layout.element->endsOpen;
        if (type.kind == Kind::Array && __builtin_mul_overflow(layout.stride, type.count, &layout.size))
            fail(type, "is larger than 2^48 bytes");
        break;
    }
    case Kind::Struct:
        structure(layout, type);
        break;
    default:
        fail(type, "has no place in memory");
    }
}

void LayoutTable::matrix(Layout& layout, const Type& type, MatrixRule rule) {
    const Layout& column = find(*type.element, {});
    const uint64_t scalar = column.stride;
    const uint64_t rows = type.element->count;
    layout.align = column.align;
    if (rule.rowMajor) {
        const uint64_t rowStride = rule.stride != 0 ? rule.stride : scalar * type.count;
        const Layout*& strided = columns_[{&column, rowStride}];
        if (strided == nullptr) {
            Layout copy;
            copy.type = column.type;
            copy.size = rowStride * (rows - 1) + scalar;
            copy.align = static_cast<uint32_t>(scalar);
            copy.stride = rowStride;
            copy.element = column.element;
            strided = &layouts_.emplace_back(std::move(copy));
        }
        layout.element = strided;
        layout.stride = scalar;
        layout.size = rowStride * rows;
        return;
    }
    layout.element = &column;
    layout.stride = rule.stride != 0 ? rule.stride : column.size;
    layout.size = layout.stride * type.count;
}

void LayoutTable::structure(Layout& layout, const Type& type) {
    using D = ::spv::Decoration;
    const bool packed = module_.findDecoration(type.id, D::CPacked) != nullptr;
    uint64_t end = 0;
    bool isExplicit = false;
    for (uint32_t i = 0; i < type.members.size(); ++i) {
        MatrixRule rule;
        rule.stride = literal(module_, type.id, D::MatrixStride, i, 0);
        rule.rowMajor = module_.findDecoration(type.id, D::RowMajor, i) != nullptr;
        const Layout& member = find(*type.members[i], rule);
        if (member.endsOpen && i + 1 != type.members.size())
            fail(type, "has a runtime array that is not its last member");
        const uint32_t align = packed ? 1 : member.align;
        const uint64_t natural = alignUp(end, align);
        const uint64_t offset = literal(module_, type.id, D::Offset, i, natural);
        isExplicit |= module_.findDecoration(type.id, D::Offset, i) != nullptr;
        layout.offsets.push_back(offset);
        layout.members.push_back(&member);
        layout.align = std::max(layout.align, align);
        layout.endsOpen |= member.endsOpen;
        end = std::max(end, offset + member.size);
        if (end > kMaxBytes)
            fail(type, "is larger than 2^48 bytes");
    }
    layout.size = isExplicit && !openCl_ ? end : alignUp(end, layout.align);
}

const Plan& LayoutTable::plan(const Layout& layout) {
    if (layout.plan == nullptr) {
        auto plan = std::make_unique<Plan>();
        plan->items.reserve(layout.type->cells);
        flatten(layout, 0, *plan);
        for (const PlanItem& item : plan->items) {
            plan->end = std::max(plan->end, item.offset + item.bytes);
            plan->alignment = std::max<uint32_t>(plan->alignment, item.bytes);
            plan->regular &= item.offset % item.bytes == 0;
        }
        layout.plan = std::move(plan);
    }
    return *layout.plan;
}

void LayoutTable::flatten(const Layout& layout, uint64_t offset, Plan& plan) {
    const Type& type = *layout.type;
    switch (type.kind) {
    case Kind::Vector:
    case Kind::Matrix:
    case Kind::Array:
        for (uint64_t i = 0; i < type.count; ++i)
            flatten(*layout.element, offset + i * layout.stride, plan);
        return;
    case Kind::CooperativeMatrix:
        for (uint64_t i = 0; i < type.cells; ++i)
            flatten(*layout.element, offset + i * layout.stride, plan);
        return;
    case Kind::Struct:
        for (size_t i = 0; i < layout.members.size(); ++i)
            flatten(*layout.members[i], offset + layout.offsets[i], plan);
        return;
    default:
        plan.items.push_back({offset, static_cast<uint8_t>(layout.size), type.kind == Kind::Bool});
        return;
    }
}

} // namespace halyard::interp
