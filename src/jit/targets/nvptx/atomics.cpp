#include "jit/targets/nvptx/atomics.h"

#include "jit/kir.h"
#include "jit/targets/nvptx/assembly.h"

#include <optional>

#include <llvm/CodeGen/AtomicExpandUtils.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/AtomicOrdering.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace halyard::jit::nvptx {
namespace {

using llvm::AtomicOrdering;
using llvm::AtomicRMWInst;
using llvm::Value;

// ".global", ".shared", or nothing for a generic address.
std::string spaceName(const llvm::Type* pointer) {
    switch (pointer->getPointerAddressSpace()) {
    case kir::kGlobal:
        return ".global";
    case kir::kWorkgroup:
        return ".shared";
    default:
        return "";
    }
}

std::string scopeName(const llvm::LLVMContext& context, llvm::SyncScope::ID id) {
    llvm::SmallVector<llvm::StringRef, 8> names;
    context.getSyncScopeNames(names);
    const llvm::StringRef name = names[id];
    if (name == llvm::StringRef(kir::kScopeSystem)) {
        return ".sys";
    }
    return name == llvm::StringRef(kir::kScopeDevice) ? ".gpu" : ".cta"; // nothing is smaller
}

std::string orderName(AtomicOrdering ordering) {
    switch (ordering) {
    case AtomicOrdering::Acquire:
        return ".acquire";
    case AtomicOrdering::Release:
        return ".release";
    case AtomicOrdering::AcquireRelease:
    case AtomicOrdering::SequentiallyConsistent:
        return ".acq_rel";
    default:
        return ".relaxed";
    }
}

// An address as the instruction takes it: 64 bits, or 32 in shared memory, whose pointers have 64 as well here.
Value* addressOf(llvm::IRBuilderBase& at, Value* pointer) {
    return at.CreatePtrToInt(pointer, at.getInt64Ty());
}

// A sequentially consistent operation is a strong fence and an operation that acquires and releases (PTX ISA, 8.10;
// Lustig et al., "A Formal Analysis of the NVIDIA PTX Memory Consistency Model", ASPLOS 2019, table 2).
void fenceIfStrong(llvm::IRBuilderBase& at, AtomicOrdering ordering, const std::string& scope) {
    if (ordering == AtomicOrdering::SequentiallyConsistent) {
        emitAssembly(at, at.getVoidTy(), "fence.sc" + scope + ";", "");
    }
}

llvm::Type* integerOf(llvm::IRBuilderBase& at, llvm::Type* type, const llvm::DataLayout& data) {
    return at.getIntNTy(static_cast<unsigned>(data.getTypeSizeInBits(type)));
}

Value* toInteger(llvm::IRBuilderBase& at, Value* value, llvm::Type* integer) {
    return value->getType()->isPointerTy() ? at.CreatePtrToInt(value, integer) : at.CreateBitCast(value, integer);
}

Value* fromInteger(llvm::IRBuilderBase& at, Value* value, llvm::Type* type) {
    return type->isPointerTy() ? at.CreateIntToPtr(value, type) : at.CreateBitCast(value, type);
}

class Lowering {
public:
    explicit Lowering(llvm::Function& kernel) : data_(kernel.getParent()->getDataLayout()) {}

    void lower(llvm::LoadInst& load) {
        llvm::IRBuilder<> at(&load);
        const std::string scope = scopeName(load.getContext(), load.getSyncScopeID());
        llvm::Type* integer = integerOf(at, load.getType(), data_);
        const unsigned bits = integer->getIntegerBitWidth();
        fenceIfStrong(at, load.getOrdering(), scope);
        const bool acquires = llvm::isAcquireOrStronger(load.getOrdering());
        // A register of 8 bits does not exist: the instruction extends.
        llvm::Type* loaded = bits == 8 ? at.getInt16Ty() : integer;
        Value* value =
            emitAssembly(at, loaded,
                         "ld" + std::string(acquires ? ".acquire" : ".relaxed") + scope +
                             spaceName(load.getPointerOperandType()) + ".b" + std::to_string(bits) + " $0, [$1];",
                         std::string("=") + constraintOf(loaded) + ",l", {addressOf(at, load.getPointerOperand())});
        load.replaceAllUsesWith(fromInteger(at, at.CreateTrunc(value, integer), load.getType()));
        load.eraseFromParent();
    }

    void lower(llvm::StoreInst& store) {
        llvm::IRBuilder<> at(&store);
        const std::string scope = scopeName(store.getContext(), store.getSyncScopeID());
        Value* stored = store.getValueOperand();
        llvm::Type* integer = integerOf(at, stored->getType(), data_);
        const unsigned bits = integer->getIntegerBitWidth();
        fenceIfStrong(at, store.getOrdering(), scope);
        const bool releases = llvm::isReleaseOrStronger(store.getOrdering());
        Value* value = toInteger(at, stored, integer);
        value = bits == 8 ? at.CreateZExt(value, at.getInt16Ty()) : value;
        emitAssembly(at, at.getVoidTy(),
                     "st" + std::string(releases ? ".release" : ".relaxed") + scope +
                         spaceName(store.getPointerOperandType()) + ".b" + std::to_string(bits) + " [$0], $1;",
                     std::string("l,") + constraintOf(value->getType()),
                     {addressOf(at, store.getPointerOperand()), value});
        store.eraseFromParent();
    }

    void lower(AtomicRMWInst& operation) {
        const std::string name = nameOf(operation);
        if (name.empty()) {
            expand(operation);
            return;
        }
        llvm::IRBuilder<> at(&operation);
        const std::string scope = scopeName(operation.getContext(), operation.getSyncScopeID());
        fenceIfStrong(at, operation.getOrdering(), scope);
        Value* value = operation.getValOperand();
        llvm::Type* type = value->getType();
        llvm::Type* integer = integerOf(at, type, data_);
        if (operation.getOperation() == AtomicRMWInst::Sub) {
            value = at.CreateNeg(value);
        }
        const bool isFloat = type->isFloatTy() || type->isDoubleTy();
        const char* constraint = type->isFloatTy() ? "f" : type->isDoubleTy() ? "d" : constraintOf(integer);
        const bool asInteger = !isFloat || operation.getOperation() == AtomicRMWInst::Xchg;
        llvm::Type* moved = asInteger ? integer : type;
        constraint = asInteger ? constraintOf(integer) : constraint;
        Value* result = emitAssembly(
            at, moved,
            "atom" + orderName(operation.getOrdering()) + scope + spaceName(operation.getPointerOperand()->getType()) +
                name + " $0, [$1], $2;",
            std::string("=") + constraint + ",l," + constraint,
            {addressOf(at, operation.getPointerOperand()), asInteger ? toInteger(at, value, integer) : value});
        operation.replaceAllUsesWith(asInteger ? fromInteger(at, result, type) : result);
        operation.eraseFromParent();
    }

    void lower(llvm::AtomicCmpXchgInst& exchange) {
        llvm::IRBuilder<> at(&exchange);
        Value* wanted = exchange.getNewValOperand();
        llvm::Type* type = wanted->getType();
        llvm::Type* integer = integerOf(at, type, data_);
        const unsigned bits = integer->getIntegerBitWidth();
        Value* expected = toInteger(at, exchange.getCompareOperand(), integer);
        wanted = toInteger(at, wanted, integer);
        Value* found = bits >= 32 ? compareExchange(at, exchange, expected, wanted)
                                  : compareExchangePart(exchange, expected, wanted, integer);
        at.SetInsertPoint(&exchange);
        Value* same = at.CreateICmpEQ(found, expected);
        Value* pair = at.CreateInsertValue(llvm::PoisonValue::get(exchange.getType()), fromInteger(at, found, type), 0);
        pair = at.CreateInsertValue(pair, same, 1);
        exchange.replaceAllUsesWith(pair);
        exchange.eraseFromParent();
    }

private:
    // The end of PTX's name for the operation, as ".add.u32"; empty when there is none.
    static std::string nameOf(const AtomicRMWInst& operation) {
        const llvm::Type* type = operation.getType();
        const unsigned bits = type->isPointerTy() ? 64 : type->getScalarSizeInBits();
        if (bits != 32 && bits != 64) {
            return "";
        }
        const std::string width = std::to_string(bits);
        switch (operation.getOperation()) {
        case AtomicRMWInst::Xchg:
            return ".exch.b" + width;
        case AtomicRMWInst::Add:
        case AtomicRMWInst::Sub:
            return ".add.u" + width;
        case AtomicRMWInst::And:
            return ".and.b" + width;
        case AtomicRMWInst::Or:
            return ".or.b" + width;
        case AtomicRMWInst::Xor:
            return ".xor.b" + width;
        case AtomicRMWInst::Max:
            return ".max.s" + width;
        case AtomicRMWInst::Min:
            return ".min.s" + width;
        case AtomicRMWInst::UMax:
            return ".max.u" + width;
        case AtomicRMWInst::UMin:
            return ".min.u" + width;
        case AtomicRMWInst::FAdd:
            return ".add.f" + width;
        default:
            return "";
        }
    }

    static std::string caseOrder(const llvm::AtomicCmpXchgInst& exchange) {
        return orderName(exchange.getMergedOrdering());
    }

    Value* compareExchange(llvm::IRBuilderBase& at, const llvm::AtomicCmpXchgInst& exchange, Value* expected,
                           Value* wanted) {
        const std::string scope = scopeName(exchange.getContext(), exchange.getSyncScopeID());
        fenceIfStrong(at, exchange.getMergedOrdering(), scope);
        const std::string constraint = constraintOf(wanted->getType());
        return emitAssembly(at, wanted->getType(),
                            "atom" + caseOrder(exchange) + scope + spaceName(exchange.getPointerOperand()->getType()) +
                                ".cas.b" + std::to_string(wanted->getType()->getIntegerBitWidth()) +
                                " $0, [$1], $2, $3;",
                            "=" + constraint + ",l," + constraint + "," + constraint,
                            {addressOf(at, const_cast<Value*>(exchange.getPointerOperand())), expected, wanted});
    }

    // 8 or 16 bits in their word: tried again as long as only the neighbours differ from what was expected.
    Value* compareExchangePart(llvm::AtomicCmpXchgInst& exchange, Value* expected, Value* wanted, llvm::Type* integer) {
        llvm::LLVMContext& context = exchange.getContext();
        llvm::Type* word = llvm::Type::getInt32Ty(context);
        const std::string scope = scopeName(context, exchange.getSyncScopeID());
        const std::string space = spaceName(exchange.getPointerOperand()->getType());
        llvm::BasicBlock* before = exchange.getParent();
        llvm::BasicBlock* after = before->splitBasicBlock(exchange.getIterator());
        llvm::BasicBlock* loop = llvm::BasicBlock::Create(context, "part", before->getParent(), after);
        before->getTerminator()->eraseFromParent();
        llvm::IRBuilder<> at(before);
        Value* address = addressOf(at, exchange.getPointerOperand());
        Value* place = at.CreateAnd(address, at.getInt64(~uint64_t{3}));
        Value* shift = at.CreateShl(at.CreateTrunc(at.CreateAnd(address, at.getInt64(3)), word), 3);
        Value* mask = at.CreateShl(at.getInt32(integer->getIntegerBitWidth() == 8 ? 0xff : 0xffff), shift);
        Value* expectedPart = at.CreateShl(at.CreateZExt(expected, word), shift);
        Value* wantedPart = at.CreateShl(at.CreateZExt(wanted, word), shift);
        fenceIfStrong(at, exchange.getMergedOrdering(), scope);
        Value* first = emitAssembly(at, word, "ld.relaxed" + scope + space + ".b32 $0, [$1];", "=r,l", {place});
        at.CreateBr(loop);
        at.SetInsertPoint(loop);
        llvm::PHINode* seen = at.CreatePHI(word, 2);
        Value* neighbours = at.CreateAnd(seen, at.CreateNot(mask));
        Value* found = emitAssembly(
            at, word, "atom" + caseOrder(exchange) + scope + space + ".cas.b32 $0, [$1], $2, $3;", "=r,l,r,r",
            {place, at.CreateOr(neighbours, expectedPart), at.CreateOr(neighbours, wantedPart)});
        seen->addIncoming(first, before);
        seen->addIncoming(found, loop);
        Value* asExpected = at.CreateICmpEQ(at.CreateAnd(found, mask), expectedPart);
        Value* othersChanged = at.CreateICmpNE(at.CreateAnd(found, at.CreateNot(mask)), neighbours);
        at.CreateCondBr(at.CreateAnd(asExpected, othersChanged), loop, after);
        at.SetInsertPoint(&exchange);
        return at.CreateTrunc(at.CreateLShr(found, shift), integer);
    }

    void expand(AtomicRMWInst& operation) {
        llvm::expandAtomicRMWToCmpXchg(&operation, [](llvm::IRBuilderBase& builder, Value* pointer, Value* loaded,
                                                      Value* wanted, llvm::Align align, AtomicOrdering ordering,
                                                      llvm::SyncScope::ID scope, Value*& success, Value*& found,
                                                      llvm::Instruction*) {
            llvm::Type* type = wanted->getType();
            llvm::Type* integer = builder.getIntNTy(type->getScalarSizeInBits());
            auto* pair = builder.CreateAtomicCmpXchg(
                pointer, builder.CreateBitCast(loaded, integer), builder.CreateBitCast(wanted, integer), align,
                ordering, llvm::AtomicCmpXchgInst::getStrongestFailureOrdering(ordering), scope);
            success = builder.CreateExtractValue(pair, 1);
            found = builder.CreateBitCast(builder.CreateExtractValue(pair, 0), type);
        });
    }

    const llvm::DataLayout& data_;
};

template <typename T> llvm::SmallVector<T*, 16> allOf(llvm::Function& function) {
    llvm::SmallVector<T*, 16> found;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        auto* match = llvm::dyn_cast<T>(&instruction);
        if (match != nullptr && instruction.isAtomic()) {
            found.push_back(match);
        }
    }
    return found;
}

// What is wrong with an atomic operation, or nothing.
std::optional<std::string> refusal(const llvm::Instruction& instruction, const llvm::DataLayout& data) {
    llvm::Type* type = instruction.getType();
    llvm::Align align(1);
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        align = load->getAlign();
    } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        type = store->getValueOperand()->getType();
        align = store->getAlign();
    } else if (const auto* operation = llvm::dyn_cast<AtomicRMWInst>(&instruction)) {
        align = operation->getAlign();
    } else if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
        type = exchange->getNewValOperand()->getType();
        align = exchange->getAlign();
    } else {
        return std::nullopt;
    }
    const uint64_t bits = data.getTypeSizeInBits(type);
    if (type->isVectorTy() || !llvm::isPowerOf2_64(bits) || bits < 8 || bits > 64) {
        return "an atomic operation on " + std::to_string(bits) + " bits";
    }
    return align.value() * 8 < bits ? std::optional<std::string>("a misaligned atomic operation") : std::nullopt;
}

} // namespace

spv::Status lowerAtomics(llvm::Function& kernel, const std::string& kernelName) {
    for (const llvm::Instruction& instruction : llvm::instructions(kernel)) {
        if (instruction.isAtomic()) {
            if (const auto why = refusal(instruction, kernel.getParent()->getDataLayout())) {
                return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                                  "kernel '" + kernelName + "' has " + *why + ", which PTX has not", ""};
            }
        }
    }
    Lowering lowering(kernel);
    for (auto* operation : allOf<AtomicRMWInst>(kernel)) {
        lowering.lower(*operation);
    }
    for (auto* exchange : allOf<llvm::AtomicCmpXchgInst>(kernel)) {
        lowering.lower(*exchange);
    }
    for (auto* load : allOf<llvm::LoadInst>(kernel)) {
        lowering.lower(*load);
    }
    for (auto* store : allOf<llvm::StoreInst>(kernel)) {
        lowering.lower(*store);
    }
    for (auto* fence : allOf<llvm::FenceInst>(kernel)) {
        llvm::IRBuilder<> at(fence);
        const bool strong = fence->getOrdering() == AtomicOrdering::SequentiallyConsistent;
        emitAssembly(at, at.getVoidTy(),
                     std::string(strong ? "fence.sc" : "fence.acq_rel") +
                         scopeName(fence->getContext(), fence->getSyncScopeID()) + ";",
                     "");
        fence->eraseFromParent();
    }
    return spv::Unit{};
}

} // namespace halyard::jit::nvptx
