#include "jit/targets/host/collective_code.h"

#include "jit/passes/combine.h"
#include "jit/targets/host/matrix_code.h"

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

namespace {

using llvm::BasicBlock;
using llvm::Value;
using Kind = CollectiveKind;

class Emitter {
public:
    Emitter(llvm::IRBuilder<>& at, const Exchange& exchange, const Lanes& lanes,
            const llvm::DenseMap<const llvm::AllocaInst*, Value*>& cells)
        : at_(at), exchange_(exchange), what_(exchange.what), lanes_(lanes), cells_(cells), type_(what_.type) {
        // Booleans live in bytes.
        if (type_->isIntegerTy(1)) {
            type_ = at.getInt8Ty();
        }
    }

    Value* run() {
        if (what_.workgroup) {
            size_ = lanes_.items;
            return group(at_.getInt64(0), lanes_.items);
        }
        size_ = at_.getInt64(lanes_.subgroupSize);
        loop(at_.getInt64(0), lanes_.items, size_, [&](Value* first) {
            Value* count = size_;
            if (!lanes_.allFull) {
                Value* left = at_.CreateSub(lanes_.items, first, "", true, true);
                count = at_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, left, size_);
            }
            group(first, count);
        });
        return nullptr;
    }

private:
    // for (i = begin; i < end; i += step) body(i). REQUIRES: it runs at least once.
    void loop(Value* begin, Value* end, Value* step, llvm::function_ref<void(Value*)> body) {
        llvm::Function* function = at_.GetInsertBlock()->getParent();
        BasicBlock* before = at_.GetInsertBlock();
        BasicBlock* header = BasicBlock::Create(at_.getContext(), "lanes", function);
        at_.CreateBr(header);
        at_.SetInsertPoint(header);
        llvm::PHINode* index = at_.CreatePHI(at_.getInt64Ty(), 2, "lane");
        index->addIncoming(begin, before);
        body(index);
        Value* next = at_.CreateAdd(index, step, "", true, true);
        index->addIncoming(next, at_.GetInsertBlock());
        BasicBlock* done = BasicBlock::Create(at_.getContext(), "lanes.end", function);
        at_.CreateCondBr(at_.CreateICmpULT(next, end), header, done);
        at_.SetInsertPoint(done);
    }

    void eachLane(llvm::function_ref<void(Value*)> body) { loop(at_.getInt64(0), count_, at_.getInt64(1), body); }

    llvm::AllocaInst* variable(llvm::Type* type) {
        BasicBlock& entry = at_.GetInsertBlock()->getParent()->getEntryBlock();
        return llvm::IRBuilder<>(&entry, entry.begin()).CreateAlloca(type);
    }

    Value* element(const llvm::AllocaInst& mailbox, Value* lane, llvm::Type* type) {
        return at_.CreateInBoundsGEP(type, cells_.lookup(&mailbox), at_.CreateAdd(first_, lane, "", true, true));
    }

    // Operand `index` of lane `lane` of this group.
    Value* operand(unsigned index, Value* lane, llvm::Type* type) {
        Value* operand = exchange_.operands[index];
        if (const auto* mailbox = llvm::dyn_cast<llvm::AllocaInst>(operand)) {
            return at_.CreateLoad(type, element(*mailbox, lane, type));
        }
        return operand->getType()->isIntegerTy(1) ? at_.CreateZExt(operand, type) : operand;
    }

    Value* value(Value* lane) { return operand(0, lane, type_); }

    void give(Value* lane, Value* result) {
        if (result->getType()->isIntegerTy(1)) {
            result = at_.CreateZExt(result, at_.getInt8Ty());
        }
        at_.CreateStore(result, element(*exchange_.result, lane, result->getType()));
    }

    // Whether the lane, which exists, takes part; null when all do.
    Value* takesPart(Value* lane) {
        if (lanes_.waiting == nullptr) {
            return nullptr;
        }
        Value* cell =
            at_.CreateInBoundsGEP(at_.getInt32Ty(), lanes_.waiting, at_.CreateAdd(first_, lane, "", true, true));
        return at_.CreateICmpEQ(at_.CreateLoad(at_.getInt32Ty(), cell), lanes_.cut);
    }

    Value* ifActive(Value* lane, Value* yes, Value* no) {
        Value* active = takesPart(lane);
        return active != nullptr ? at_.CreateSelect(active, yes, no) : yes;
    }

    // The number of the first lane that takes part; any lane when none does.
    Value* firstLane() {
        if (lanes_.waiting == nullptr) {
            return at_.getInt64(0);
        }
        llvm::AllocaInst* first = variable(at_.getInt64Ty());
        Value* last = at_.CreateSub(count_, at_.getInt64(1), "", true, true);
        at_.CreateStore(last, first);
        eachLane([&](Value* lane) {
            Value* known = at_.CreateLoad(at_.getInt64Ty(), first);
            Value* candidate = ifActive(lane, lane, last);
            at_.CreateStore(at_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, known, candidate), first);
        });
        return at_.CreateLoad(at_.getInt64Ty(), first);
    }

    Value* group(Value* first, Value* count) {
        first_ = first;
        count_ = count;
        switch (what_.kind) {
        case Kind::Elect: {
            Value* elected = firstLane();
            eachLane([&](Value* lane) { give(lane, at_.CreateICmpEQ(lane, elected)); });
            return nullptr;
        }
        case Kind::AllEqual:
            allEqual();
            return nullptr;
        case Kind::Ballot:
            ballot();
            return nullptr;
        case Kind::BroadcastFirst: {
            Value* common = value(firstLane());
            eachLane([&](Value* lane) { give(lane, common); });
            return nullptr;
        }
        case Kind::Broadcast:
            if (what_.workgroup) {
                return share(broadcast());
            }
            shuffle();
            return nullptr;
        case Kind::Shuffle:
        case Kind::ShuffleXor:
        case Kind::ShuffleUp:
        case Kind::ShuffleDown:
            shuffle();
            return nullptr;
        case Kind::Reduce:
            return share(reduce(at_.getInt64(0), count_));
        case Kind::Inclusive:
        case Kind::Exclusive:
            scan();
            return nullptr;
        case Kind::Clustered:
            clustered();
            return nullptr;
        case Kind::MatrixMulAdd: // matrix_code.h
            break;
        }
        return nullptr;
    }

    // Gives all lanes one value, or the group's code.
    Value* share(Value* result) {
        if (exchange_.shared != nullptr) {
            return what_.type->isIntegerTy(1) ? at_.CreateTrunc(result, what_.type) : result;
        }
        eachLane([&](Value* lane) { give(lane, result); });
        return nullptr;
    }

    llvm::Constant* booleanOr(llvm::Constant* constant) const {
        // All ones of a boolean is 1.
        return what_.type->isIntegerTy(1) && !constant->isNullValue() ? llvm::ConstantInt::get(type_, 1) : constant;
    }

    Value* reduce(Value* begin, Value* end) {
        llvm::AllocaInst* sum = variable(type_);
        at_.CreateStore(booleanOr(neutral(what_.combine, type_)), sum);
        loop(begin, end, at_.getInt64(1), [&](Value* lane) {
            Value* before = at_.CreateLoad(type_, sum);
            Value* after = combine(at_, what_.combine, before, value(lane));
            at_.CreateStore(ifActive(lane, after, before), sum);
        });
        return at_.CreateLoad(type_, sum);
    }

    void scan() {
        const bool inclusive = what_.kind == Kind::Inclusive;
        llvm::AllocaInst* sum = variable(type_);
        at_.CreateStore(booleanOr(inclusive ? neutral(what_.combine, type_) : identity(what_.combine, type_)), sum);
        eachLane([&](Value* lane) {
            Value* before = at_.CreateLoad(type_, sum);
            Value* after = ifActive(lane, combine(at_, what_.combine, before, value(lane)), before);
            at_.CreateStore(after, sum);
            give(lane, inclusive ? after : before);
        });
    }

    void clustered() {
        const auto* wanted = llvm::cast<llvm::ConstantInt>(exchange_.operands[1]);
        const uint64_t size = wanted->getLimitedValue(lanes_.subgroupSize);
        loop(at_.getInt64(0), count_, at_.getInt64(size), [&](Value* begin) {
            Value* end = at_.CreateAdd(begin, at_.getInt64(size), "", true, true);
            if (!lanes_.allFull) {
                end = at_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, end, count_);
            }
            Value* sum = reduce(begin, end);
            loop(begin, end, at_.getInt64(1), [&](Value* lane) { give(lane, sum); });
        });
    }

    void allEqual() {
        Value* common = value(firstLane());
        llvm::AllocaInst* equal = variable(at_.getInt8Ty());
        at_.CreateStore(at_.getInt8(1), equal);
        eachLane([&](Value* lane) {
            Value* own = value(lane);
            Value* same = type_->isFloatingPointTy() ? at_.CreateFCmpOEQ(own, common) : at_.CreateICmpEQ(own, common);
            same = ifActive(lane, same, at_.getTrue());
            Value* before = at_.CreateLoad(at_.getInt8Ty(), equal);
            at_.CreateStore(at_.CreateAnd(before, at_.CreateZExt(same, at_.getInt8Ty())), equal);
        });
        Value* result = at_.CreateLoad(at_.getInt8Ty(), equal);
        eachLane([&](Value* lane) { give(lane, result); });
    }

    void ballot() {
        llvm::Type* wide = at_.getInt64Ty();
        llvm::AllocaInst* bits = variable(wide);
        at_.CreateStore(at_.getInt64(0), bits);
        eachLane([&](Value* lane) {
            Value* vote = ifActive(lane, at_.CreateZExt(value(lane), wide), at_.getInt64(0));
            at_.CreateStore(at_.CreateOr(at_.CreateLoad(wide, bits), at_.CreateShl(vote, lane)), bits);
        });
        Value* result = at_.CreateLoad(wide, bits);
        eachLane([&](Value* lane) { give(lane, result); });
    }

    void shuffle() {
        eachLane([&](Value* lane) {
            Value* other = at_.CreateZExt(operand(1, lane, at_.getInt32Ty()), at_.getInt64Ty());
            switch (what_.kind) {
            case Kind::ShuffleXor:
                other = at_.CreateXor(lane, other);
                break;
            case Kind::ShuffleUp:
                other = at_.CreateSub(lane, other); // below zero is far beyond the last lane
                break;
            case Kind::ShuffleDown:
                other = at_.CreateAdd(lane, other);
                break;
            default:
                break;
            }
            Value* from = at_.CreateSelect(at_.CreateICmpULT(other, count_), other, lane);
            give(lane, value(ifActive(from, from, lane)));
        });
    }

    Value* broadcast() {
        // The ids are the same for all; those of the first item that is here will do.
        Value* lane = firstLane();
        const auto id = [&](unsigned index) { return operand(index, lane, at_.getInt64Ty()); };
        Value* row = at_.CreateAdd(at_.CreateMul(id(3), lanes_.size[1]), id(2));
        Value* from = at_.CreateAdd(at_.CreateMul(row, lanes_.size[0]), id(1));
        return value(at_.CreateSelect(at_.CreateICmpULT(from, count_), from, lane));
    }

    llvm::IRBuilder<>& at_;
    const Exchange& exchange_;
    const Collective& what_;
    const Lanes& lanes_;
    const llvm::DenseMap<const llvm::AllocaInst*, Value*>& cells_;
    llvm::Type* type_;
    Value* size_ = nullptr;  // of a group
    Value* first_ = nullptr; // the item that is lane 0 of the group
    Value* count_ = nullptr; // lanes of the group
};

// What is known where the operation is, is known in its function.
Value* inside(Value* outer, Value* parameter) {
    return llvm::isa<llvm::Constant>(outer) ? outer : parameter;
}

} // namespace

Value* emitCollective(llvm::IRBuilder<>& at, const Exchange& exchange, const Lanes& lanes,
                      const llvm::DenseMap<const llvm::AllocaInst*, Value*>& cells) {
    if (exchange.what.kind == Kind::MatrixMulAdd) {
        emitMatrixMulAdd(at, exchange, lanes, cells);
        return nullptr;
    }
    // The function's parameters, in order: sizes, where the items wait, the number of the cut, the mailboxes' arrays,
    // the constant operands. What else makes two operations differ is in its name.
    std::string name = "lanes";
    const auto mark = [&](uint64_t part) { name += "." + std::to_string(part); };
    const Collective& what = exchange.what;
    for (const uint64_t part : {uint64_t(what.kind), uint64_t(what.combine), uint64_t(what.workgroup),
                                uint64_t(what.type->getTypeID()), uint64_t(what.type->getScalarSizeInBits()),
                                uint64_t(exchange.shared != nullptr), uint64_t(lanes.waiting != nullptr)}) {
        mark(part);
    }
    llvm::SmallVector<Value*, 12> arguments{lanes.items, lanes.size[0], lanes.size[1]};
    if (lanes.waiting != nullptr) {
        arguments.append({lanes.waiting, lanes.cut});
    }
    const size_t fixed = arguments.size();
    for (Value* operand : exchange.operands) {
        const auto* mailbox = llvm::dyn_cast_or_null<llvm::AllocaInst>(operand);
        if (what.kind == Kind::Clustered && operand == exchange.operands[1]) {
            mark(llvm::cast<llvm::ConstantInt>(operand)->getLimitedValue(lanes.subgroupSize));
        } else if (operand != nullptr) {
            mark(mailbox != nullptr);
            arguments.push_back(mailbox != nullptr ? cells.lookup(mailbox) : operand);
        }
    }
    if (exchange.result != nullptr) {
        arguments.push_back(cells.lookup(exchange.result));
    }
    llvm::Module& module = *at.GetInsertBlock()->getModule();
    llvm::Function* function = module.getFunction(name);
    if (function == nullptr) {
        llvm::SmallVector<llvm::Type*, 12> types;
        for (const Value* argument : arguments) {
            types.push_back(argument->getType());
        }
        llvm::Type* result = exchange.shared != nullptr ? what.type : at.getVoidTy();
        function = llvm::Function::Create(llvm::FunctionType::get(result, types, false),
                                          llvm::GlobalValue::InternalLinkage, name, module);
        function->addFnAttr(llvm::Attribute::NoUnwind);
        for (llvm::Argument& argument : function->args()) {
            if (argument.getType()->isPointerTy()) {
                argument.addAttr(llvm::Attribute::NoAlias);
            }
        }
        Lanes insideLanes = lanes;
        insideLanes.items = inside(lanes.items, function->getArg(0));
        insideLanes.size = {inside(lanes.size[0], function->getArg(1)), inside(lanes.size[1], function->getArg(2))};
        if (lanes.waiting != nullptr) {
            insideLanes.waiting = function->getArg(3);
            insideLanes.cut = function->getArg(4);
            function->addFnAttr(llvm::Attribute::NoInline);
        }
        llvm::DenseMap<const llvm::AllocaInst*, Value*> insideCells;
        Exchange insideExchange = exchange;
        auto* next = function->arg_begin() + fixed;
        for (Value*& operand : insideExchange.operands) {
            if (operand == nullptr || (what.kind == Kind::Clustered && operand == exchange.operands[1])) {
                continue;
            }
            if (const auto* mailbox = llvm::dyn_cast<llvm::AllocaInst>(operand)) {
                insideCells[mailbox] = next++;
            } else {
                operand = next++;
            }
        }
        if (exchange.result != nullptr) {
            insideCells[exchange.result] = next;
        }
        llvm::IRBuilder<> into(llvm::BasicBlock::Create(at.getContext(), "entry", function));
        Value* value = Emitter(into, insideExchange, insideLanes, insideCells).run();
        exchange.shared != nullptr ? into.CreateRet(value) : into.CreateRetVoid();
    }
    llvm::CallInst* call = at.CreateCall(function, arguments);
    return exchange.shared != nullptr ? call : nullptr;
}

} // namespace halyard::jit::host
