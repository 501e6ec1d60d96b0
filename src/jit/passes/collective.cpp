#include "jit/passes/collective.h"

#include "jit/kir.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit {

namespace {

struct Operation {
    std::string_view name;
    CollectiveKind kind;
    Combine combine = Combine::None;
    unsigned operands = 0;
};

using Kind = CollectiveKind;
constexpr std::array<Operation, 15> kOperations{{
    {"elect", Kind::Elect, Combine::None, 0},
    {"all", Kind::Reduce, Combine::And, 1},
    {"any", Kind::Reduce, Combine::Or, 1},
    {"ballot", Kind::Ballot, Combine::None, 1},
    {"all_equal", Kind::AllEqual, Combine::None, 1},
    {"broadcast", Kind::Broadcast, Combine::None, 2},
    {"broadcast_first", Kind::BroadcastFirst, Combine::None, 1},
    {"shuffle", Kind::Shuffle, Combine::None, 2},
    {"shuffle_xor", Kind::ShuffleXor, Combine::None, 2},
    {"shuffle_up", Kind::ShuffleUp, Combine::None, 2},
    {"shuffle_down", Kind::ShuffleDown, Combine::None, 2},
    {"reduce", Kind::Reduce, Combine::None, 1},
    {"inclusive", Kind::Inclusive, Combine::None, 1},
    {"exclusive", Kind::Exclusive, Combine::None, 1},
    {"clustered", Kind::Clustered, Combine::None, 2},
}};

constexpr std::array<std::pair<std::string_view, Combine>, 13> kCombines{{
    {"iadd", Combine::IAdd},
    {"fadd", Combine::FAdd},
    {"imul", Combine::IMul},
    {"fmul", Combine::FMul},
    {"smin", Combine::SMin},
    {"umin", Combine::UMin},
    {"fmin", Combine::FMin},
    {"smax", Combine::SMax},
    {"umax", Combine::UMax},
    {"fmax", Combine::FMax},
    {"and", Combine::And},
    {"or", Combine::Or},
    {"xor", Combine::Xor},
}};

// The text before the next dot, which is taken off.
std::string_view takePart(std::string_view& text) {
    const size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    return part;
}

bool fits(Combine combine, const llvm::Type& type) {
    switch (combine) {
    case Combine::FAdd:
    case Combine::FMul:
    case Combine::FMin:
    case Combine::FMax:
        return type.isFloatingPointTy();
    default:
        return type.isIntegerTy();
    }
}

bool isScalar(const llvm::Type& type) {
    return type.isIntegerTy(1) || type.isIntegerTy(8) || type.isIntegerTy(16) || type.isIntegerTy(32) ||
           type.isIntegerTy(64) || type.isHalfTy() || type.isFloatTy() || type.isDoubleTy();
}

bool hasWorkgroupForm(Kind kind) {
    return kind == Kind::Reduce || kind == Kind::Inclusive || kind == Kind::Exclusive || kind == Kind::Broadcast;
}

bool hasRightResult(const Collective& collective, const llvm::CallInst& call) {
    const llvm::Type& result = *call.getType();
    switch (collective.kind) {
    case Kind::Elect:
    case Kind::AllEqual:
        return result.isIntegerTy(1);
    case Kind::Ballot: {
        const auto* mask = llvm::dyn_cast<llvm::FixedVectorType>(&result);
        return collective.type->isIntegerTy(1) && mask != nullptr && mask->getNumElements() == 4 &&
               mask->getElementType()->isIntegerTy(32);
    }
    case Kind::Clustered: {
        const auto* size = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(1));
        return &result == collective.type && size != nullptr && size->getValue().isPowerOf2();
    }
    default:
        return &result == collective.type;
    }
}

std::optional<Collective> matrixMulAdd(const llvm::CallInst& call) {
    std::array<llvm::FixedVectorType*, 3> vectors{};
    std::array<uint32_t, 4> numbers{};
    if (call.arg_size() != vectors.size() + numbers.size()) {
        return std::nullopt;
    }
    for (unsigned i = 0; i < vectors.size(); ++i) {
        vectors[i] = llvm::dyn_cast<llvm::FixedVectorType>(call.getArgOperand(i)->getType());
    }
    for (unsigned i = 0; i < numbers.size(); ++i) {
        const auto* number = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(3 + i));
        if (number == nullptr) {
            return std::nullopt;
        }
        numbers[i] = static_cast<uint32_t>(number->getZExtValue());
    }
    if (!vectors[0] || !vectors[1] || vectors[2] != call.getType() || !vectors[2]) {
        return std::nullopt;
    }
    Collective collective;
    collective.kind = Kind::MatrixMulAdd;
    collective.type = vectors[2]->getElementType();
    collective.matrix = {numbers[0], numbers[1], numbers[2], numbers[3], vectors[0], vectors[1], vectors[2]};
    return collective;
}

} // namespace

bool isMatrixMulAdd(const llvm::CallInst& call) {
    const llvm::Function* callee = call.getCalledFunction();
    std::string_view name = callee != nullptr ? std::string_view(callee->getName()) : std::string_view();
    if (!name.starts_with(kir::kSubgroupPrefix)) {
        return false;
    }
    name.remove_prefix(kir::kSubgroupPrefix.size());
    return takePart(name) == kir::kMatrixMulAdd;
}

std::optional<Collective> collectiveOf(const llvm::CallInst& call) {
    const llvm::Function* callee = call.getCalledFunction();
    if (callee == nullptr) {
        return std::nullopt;
    }
    std::string_view name = callee->getName();
    Collective collective;
    if (name.starts_with(kir::kSubgroupPrefix)) {
        name.remove_prefix(kir::kSubgroupPrefix.size());
    } else if (name.starts_with(kir::kWorkgroupPrefix)) {
        name.remove_prefix(kir::kWorkgroupPrefix.size());
        collective.workgroup = true;
    } else {
        return std::nullopt;
    }
    if (isMatrixMulAdd(call)) {
        return matrixMulAdd(call);
    }
    const std::string_view operation = takePart(name);
    const auto* known = std::find_if(kOperations.begin(), kOperations.end(),
                                     [&](const Operation& entry) { return entry.name == operation; });
    if (known == kOperations.end() || (collective.workgroup && !hasWorkgroupForm(known->kind))) {
        return std::nullopt;
    }
    collective.kind = known->kind;
    collective.combine = known->combine;
    const unsigned operands = collective.workgroup && known->kind == Kind::Broadcast ? 4 : known->operands;
    if (call.arg_size() != operands) {
        return std::nullopt;
    }
    collective.type = operands > 0 ? call.getArgOperand(0)->getType() : llvm::Type::getInt1Ty(call.getContext());
    const bool combines = known->kind == Kind::Reduce || known->kind == Kind::Inclusive ||
                          known->kind == Kind::Exclusive || known->kind == Kind::Clustered;
    if (combines && collective.combine == Combine::None) {
        const std::string_view wanted = takePart(name);
        for (const auto& [text, combine] : kCombines) {
            collective.combine = text == wanted ? combine : collective.combine;
        }
        if (collective.combine == Combine::None) {
            return std::nullopt;
        }
    }
    if (!isScalar(*collective.type) || (combines && !fits(collective.combine, *collective.type)) ||
        !hasRightResult(collective, call)) {
        return std::nullopt;
    }
    return collective;
}

bool isWorkgroupUniform(const Collective& collective) {
    return collective.workgroup && (collective.kind == Kind::Reduce || collective.kind == Kind::Broadcast);
}

} // namespace halyard::jit
