#include "jit/targets/host/group_function.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/host/work_item.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>

namespace halyard::jit::host {

using llvm::AllocaInst;
using llvm::BasicBlock;
using llvm::Function;
using llvm::Instruction;
using llvm::Value;

namespace {

// The code between two cuts, as one start block and everything reachable from it without passing a cut.
struct Piece {
    BasicBlock* start = nullptr;
    std::vector<BasicBlock*> blocks;
    llvm::SmallSetVector<BasicBlock*, 4> exits; // cut blocks
};

Piece collectPiece(BasicBlock* start, const CutList& cuts) {
    Piece piece;
    piece.start = start;
    llvm::SmallSetVector<BasicBlock*, 32> seen;
    if (cuts.find(start) != nullptr) {
        piece.exits.insert(start);
        return piece;
    }
    seen.insert(start);
    for (unsigned i = 0; i < seen.size(); ++i) {
        for (BasicBlock* successor : llvm::successors(seen[i])) {
            if (cuts.find(successor) != nullptr) {
                piece.exits.insert(successor);
            } else {
                seen.insert(successor);
            }
        }
    }
    piece.blocks.assign(seen.begin(), seen.end());
    return piece;
}

// Pieces in the order in which the group reaches their starts.
std::vector<Piece> collectPieces(Function& kernel, const CutList& cuts) {
    std::vector<Piece> pieces;
    llvm::SmallSetVector<BasicBlock*, 16> starts;
    starts.insert(&kernel.getEntryBlock());
    for (unsigned i = 0; i < starts.size(); ++i) {
        pieces.push_back(collectPiece(starts[i], cuts));
        for (BasicBlock* exit : pieces.back().exits) {
            for (BasicBlock* successor : llvm::successors(exit)) {
                starts.insert(successor);
            }
        }
    }
    return pieces;
}

bool doesNothing(const Piece& piece) {
    return piece.exits.size() == 1 && llvm::all_of(piece.blocks, [](const BasicBlock* block) {
               return block->sizeWithoutDebug() == 1 && block->getTerminator()->getNumSuccessors() == 1;
           });
}

// Blocks that use the address of `variable`, directly or through pointers made from it; false when the address escapes.
bool collectUses(const Value& variable, llvm::SmallPtrSetImpl<const Value*>& seen,
                 llvm::SmallPtrSetImpl<const BasicBlock*>& blocks) {
    if (!seen.insert(&variable).second) {
        return true;
    }
    for (const llvm::User* user : variable.users()) {
        const auto* instruction = llvm::dyn_cast<Instruction>(user);
        if (instruction == nullptr) {
            return false;
        }
        blocks.insert(instruction->getParent());
        if (llvm::isa<llvm::GetElementPtrInst, llvm::AddrSpaceCastInst>(instruction)) {
            if (!collectUses(*instruction, seen, blocks)) {
                return false;
            }
        } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(instruction)) {
            if (store->getValueOperand() == &variable) {
                return false;
            }
        } else if (!llvm::isa<llvm::LoadInst, llvm::CallInst>(instruction)) {
            return false;
        }
    }
    return true;
}

// A private variable may stay on the stack, shared by all work-items in turn, when one piece alone uses it and the
// group runs that piece once.
bool staysInOnePiece(const AllocaInst& variable, const std::vector<Piece>& pieces,
                     const llvm::DenseMap<BasicBlock*, unsigned>& byStart) {
    llvm::SmallPtrSet<const Value*, 8> seen;
    llvm::SmallPtrSet<const BasicBlock*, 8> blocks;
    if (!collectUses(variable, seen, blocks)) {
        return pieces.size() == 1;
    }
    const Piece* only = nullptr;
    for (const Piece& piece : pieces) {
        if (llvm::any_of(piece.blocks, [&](const BasicBlock* block) { return blocks.contains(block); })) {
            if (only != nullptr) {
                return false;
            }
            only = &piece;
        }
    }
    if (only == nullptr) {
        return true;
    }
    llvm::SmallSetVector<const Piece*, 8> reached;
    const auto follow = [&](const Piece& piece) {
        for (BasicBlock* exit : piece.exits) {
            for (BasicBlock* successor : llvm::successors(exit)) {
                reached.insert(&pieces[byStart.lookup(successor)]);
            }
        }
    };
    follow(*only);
    for (unsigned i = 0; i < reached.size(); ++i) {
        follow(*reached[i]);
    }
    return !reached.contains(only);
}

llvm::DenseMap<BasicBlock*, unsigned> indexByStart(const std::vector<Piece>& pieces) {
    llvm::DenseMap<BasicBlock*, unsigned> index;
    for (unsigned i = 0; i < pieces.size(); ++i) {
        index[pieces[i].start] = i;
    }
    return index;
}

llvm::BitVector liveOut(const Piece& piece, const Slots& slots) {
    llvm::BitVector live(static_cast<unsigned>(slots.all().size()));
    for (const BasicBlock* exit : piece.exits) {
        live |= slots.liveIn(exit);
    }
    llvm::BitVector written(live.size());
    for (const BasicBlock* block : piece.blocks) {
        written |= slots.writes(block);
    }
    live &= written;
    return live;
}

class Builder {
public:
    Builder(Function& kernel, const CutList& cuts, const Slots& slots, const Context& context, const LocalLayout& local,
            const GroupShape& shape)
        : kernel_(kernel), cuts_(cuts), slots_(slots), context_(context), local_(local), shape_(shape),
          llvm_(kernel.getContext()), data_(kernel.getDataLayout()) {}

    Function* build() {
        declare();
        BasicBlock* entry = BasicBlock::Create(llvm_, "entry", group_);
        llvm::IRBuilder<> at(entry);
        prepare(at);
        const std::vector<Piece> pieces = collectPieces(kernel_, cuts_);
        for (const Piece& piece : pieces) {
            pieceEntry_[piece.start] = BasicBlock::Create(llvm_, "piece", group_);
        }
        for (const Cut& cut : cuts_.cuts) {
            cutEntry_[cut.block] = BasicBlock::Create(llvm_, "cut", group_);
        }
        at.CreateBr(pieceEntry_.lookup(&kernel_.getEntryBlock()));
        for (const Cut& cut : cuts_.cuts) {
            buildCut(cut);
        }
        for (const Piece& piece : pieces) {
            buildPiece(piece);
        }
        return group_;
    }

private:
    struct Loop {
        BasicBlock* header = nullptr;
        BasicBlock* latch = nullptr;
        llvm::PHINode* local = nullptr;
        llvm::PHINode* global = nullptr;
    };

    void declare() {
        llvm::SmallVector<llvm::Type*, 16> types(kernel_.getFunctionType()->params());
        types.append(kScalars, llvm::Type::getInt32Ty(llvm_));
        types.append({llvm::PointerType::get(llvm_, 0), llvm::PointerType::get(llvm_, 0)});
        group_ = Function::Create(llvm::FunctionType::get(llvm::Type::getVoidTy(llvm_), types, false),
                                  llvm::GlobalValue::InternalLinkage, shape_.wideIds ? "group_wide" : "group",
                                  kernel_.getParent());
        for (unsigned i = 0; i < kernel_.arg_size(); ++i) {
            map_[kernel_.getArg(i)] = group_->getArg(i);
            llvm::AttrBuilder attributes(llvm_, kernel_.getAttributes().getParamAttrs(i));
            attributes.removeAttribute(llvm::Attribute::ByRef);
            group_->addParamAttrs(i, attributes);
        }
        for (const unsigned pointer : {kLocal, kScratch}) {
            parameter(pointer)->addAttr(llvm::Attribute::NoAlias);
        }
        group_->addFnAttr(llvm::Attribute::NoUnwind);
    }

    llvm::Argument* parameter(unsigned index) {
        return group_->getArg(static_cast<unsigned>(kernel_.arg_size()) + index);
    }

    void prepare(llvm::IRBuilder<>& at) {
        for (unsigned i = 0; i < 3; ++i) {
            values_.groupId[i] = parameter(kGroupId + i);
            values_.numGroups[i] = parameter(kNumGroups + i);
            const uint32_t known = shape_.workgroupSize[i];
            values_.localSize[i] = known != 0 ? static_cast<Value*>(at.getInt32(known)) : parameter(kLocalSize + i);
            Value* group = values_.groupId[i];
            Value* size = values_.localSize[i];
            if (shape_.wideIds) {
                group = at.CreateZExt(group, at.getInt64Ty());
                size = at.CreateZExt(size, at.getInt64Ty());
            }
            firstId_[i] = at.CreateMul(group, size, "first", true, true);
        }
        Value* items = at.CreateMul(at.CreateMul(values_.localSize[0], values_.localSize[1]), values_.localSize[2]);
        items = at.CreateZExt(items, at.getInt64Ty());
        Value* padded = at.CreateAnd(at.CreateAdd(items, at.getInt64(63)), at.getInt64(~uint64_t{63}));
        const auto array = [&](uint64_t offset) {
            Value* base = at.CreateInBoundsGEP(at.getInt8Ty(), parameter(kScratch),
                                               at.CreateMul(at.getInt64(offset), padded, "", true, true));
            return base;
        };
        for (unsigned i = 0; i < slots_.all().size(); ++i) {
            const Slot& slot = slots_.all()[i];
            map_[slot.cell] = at.CreateAlloca(slot.type);
            arrays_.push_back(context_.slotOffset[i] != Context::kNone ? array(context_.slotOffset[i]) : nullptr);
            shared_.push_back(slot.carry == Carry::Uniform ? at.CreateAlloca(slot.type) : nullptr);
            leaving_.push_back(slot.carry == Carry::Uniform ? at.CreateAlloca(slot.type) : nullptr);
        }
        for (Instruction& instruction : kernel_.getEntryBlock()) {
            auto* variable = llvm::dyn_cast<AllocaInst>(&instruction);
            if (variable == nullptr || map_.count(variable) != 0) {
                continue;
            }
            const auto found = context_.privateArrays.find(variable);
            if (found != context_.privateArrays.end()) {
                privateArrays_[variable] = {array(found->second.offset), found->second.stride};
            } else {
                map_[variable] = at.Insert(variable->clone());
                hasStack_ = true;
            }
        }
        for (const auto& [variable, offset] : local_.offsets) {
            Value* address = at.CreateInBoundsGEP(at.getInt8Ty(), parameter(kLocal), at.getInt64(offset));
            map_[variable] = at.CreateAddrSpaceCast(address, variable->getType());
        }
        chosen_ = at.CreateAlloca(at.getInt32Ty(), nullptr, "chosen");
    }

    // What the group does between two pieces: decides once where all go on.
    void buildCut(const Cut& cut) {
        llvm::IRBuilder<> at(cutEntry_.lookup(cut.block));
        if (cut.deviceFence) {
            at.CreateFence(llvm::AtomicOrdering::AcquireRelease);
        }
        llvm::ValueToValueMapTy map;
        for (unsigned i = 0; i < slots_.all().size(); ++i) {
            if (shared_[i] != nullptr) {
                map[slots_.all()[i].cell] = shared_[i];
            }
        }
        for (unsigned i = 0; i < kernel_.arg_size(); ++i) {
            map[kernel_.getArg(i)] = group_->getArg(i);
        }
        for (const BasicBlock* successor : llvm::successors(cut.block)) {
            map[successor] = pieceEntry_.lookup(successor);
        }
        for (Instruction& instruction : *cut.block) {
            Instruction* copy = at.Insert(instruction.clone());
            map[&instruction] = copy;
            copy->setMetadata(llvm::LLVMContext::MD_loop, nullptr);
            llvm::RemapInstruction(copy, map, llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
        }
    }

    void buildPiece(const Piece& piece) {
        llvm::IRBuilder<> at(pieceEntry_.lookup(piece.start));
        if (doesNothing(piece)) {
            at.CreateBr(cutEntry_.lookup(piece.exits[0]));
            return;
        }
        accessGroup_ = llvm::MDNode::getDistinct(llvm_, {});
        std::array<Loop, 3> loops;
        for (unsigned i = 3; i-- > 0;) {
            openLoop(at, i, loops[i]);
        }
        ItemValues item;
        item.group = &values_;
        for (unsigned i = 0; i < 3; ++i) {
            item.localId[i] = loops[i].local != nullptr ? static_cast<Value*>(loops[i].local) : at.getInt32(0);
            item.globalId[i] = loops[i].global != nullptr ? static_cast<Value*>(loops[i].global) : firstId_[i];
        }
        BasicBlock* latch = BasicBlock::Create(llvm_, "item.end", group_);
        Value* index = itemIndex(at, item);
        restore(at, piece, item, index);
        clonePiece(at, piece, item, latch);
        at.SetInsertPoint(latch);
        save(at, piece, index);
        for (unsigned i = 0; i < 3; ++i) {
            closeLoop(at, i, loops[i]);
        }
        leave(at, piece);
    }

    void openLoop(llvm::IRBuilder<>& at, unsigned dimension, Loop& loop) {
        if (shape_.workgroupSize[dimension] == 1) {
            return;
        }
        BasicBlock* before = at.GetInsertBlock();
        loop.header = BasicBlock::Create(llvm_, "items", group_);
        at.CreateBr(loop.header);
        at.SetInsertPoint(loop.header);
        loop.local = at.CreatePHI(at.getInt32Ty(), 2, "local");
        loop.local->addIncoming(at.getInt32(0), before);
        // Its own counter: the optimiser believes "no wrap" of an increment more readily than of a sum.
        loop.global = at.CreatePHI(firstId_[dimension]->getType(), 2, "global");
        loop.global->addIncoming(firstId_[dimension], before);
    }

    void closeLoop(llvm::IRBuilder<>& at, unsigned dimension, Loop& loop) {
        if (loop.header == nullptr) {
            return;
        }
        Value* next = at.CreateAdd(loop.local, at.getInt32(1), "", true, true);
        Value* nextGlobal =
            at.CreateAdd(loop.global, llvm::ConstantInt::get(loop.global->getType(), 1), "", true, true);
        BasicBlock* latch = at.GetInsertBlock();
        loop.local->addIncoming(next, latch);
        loop.global->addIncoming(nextGlobal, latch);
        BasicBlock* done = BasicBlock::Create(llvm_, "items.end", group_);
        llvm::BranchInst* branch =
            at.CreateCondBr(at.CreateICmpULT(next, values_.localSize[dimension]), loop.header, done);
        if (dimension == innermost()) {
            llvm::MDNode* parallel =
                llvm::MDNode::get(llvm_, {llvm::MDString::get(llvm_, "llvm.loop.parallel_accesses"), accessGroup_});
            // Unrolled by its trip count before the vectoriser runs, the loop would leave the next one to be
            // vectorised, across rows of work-items.
            llvm::MDNode* whole = llvm::MDNode::get(llvm_, {llvm::MDString::get(llvm_, "llvm.loop.unroll.disable")});
            llvm::MDNode* id = llvm::MDNode::getDistinct(llvm_, {nullptr, parallel, whole});
            id->replaceOperandWith(0, id);
            branch->setMetadata(llvm::LLVMContext::MD_loop, id);
        }
        at.SetInsertPoint(done);
    }

    unsigned innermost() const {
        for (unsigned i = 0; i < 3; ++i) {
            if (shape_.workgroupSize[i] != 1) {
                return i;
            }
        }
        return 0;
    }

    Value* itemIndex(llvm::IRBuilder<>& at, const ItemValues& item) {
        const auto wide = [&](Value* value) { return at.CreateZExt(value, at.getInt64Ty(), "", true); };
        Value* row = at.CreateAdd(at.CreateMul(wide(item.localId[2]), wide(values_.localSize[1]), "", true, true),
                                  wide(item.localId[1]), "", true, true);
        return at.CreateAdd(at.CreateMul(row, wide(values_.localSize[0]), "", true, true), wide(item.localId[0]), "",
                            true, true);
    }

    llvm::Type* storedType(const Slot& slot) const {
        return slot.type->isIntegerTy(1) ? llvm::Type::getInt8Ty(llvm_) : slot.type;
    }

    Value* contextCell(llvm::IRBuilder<>& at, unsigned slot, Value* index) {
        return at.CreateInBoundsGEP(storedType(slots_.all()[slot]), arrays_[slot], index);
    }

    void restore(llvm::IRBuilder<>& at, const Piece& piece, const ItemValues& item, Value* index) {
        for (const auto& [variable, array] : privateArrays_) {
            Value* offset = at.CreateMul(index, at.getInt64(array.second), "", true, true);
            map_[variable] = at.CreateInBoundsGEP(at.getInt8Ty(), array.first, offset);
        }
        for (const unsigned i : slots_.liveIn(piece.start).set_bits()) {
            const Slot& slot = slots_.all()[i];
            Value* value = nullptr;
            if (slot.carry == Carry::Uniform) {
                value = at.CreateLoad(slot.type, shared_[i]);
            } else if (slot.carry == Carry::Recomputed) {
                value = recompute(at, slot, item);
            } else if (arrays_[i] == nullptr) {
                continue; // no piece leaves a value: what is read is undefined
            } else {
                auto* load = at.CreateLoad(storedType(slot), contextCell(at, i, index));
                load->setMetadata(llvm::LLVMContext::MD_access_group, accessGroup_);
                value = slot.type->isIntegerTy(1) ? at.CreateTrunc(load, slot.type) : load;
            }
            at.CreateStore(value, map_[slot.cell]);
        }
    }

    Value* recompute(llvm::IRBuilder<>& at, const Slot& slot, const ItemValues& item) {
        llvm::ValueToValueMapTy& map = map_;
        Value* result = nullptr;
        for (Instruction* step : slot.recipe) {
            auto* call = llvm::dyn_cast<llvm::CallInst>(step);
            if (call != nullptr && isQuery(builtinOf(*call))) {
                result = lowerQuery(at, *call, item);
            } else {
                Instruction* copy = at.Insert(step->clone());
                llvm::RemapInstruction(copy, map, llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
                result = copy;
            }
            map[step] = result;
        }
        return result;
    }

    void clonePiece(llvm::IRBuilder<>& at, const Piece& piece, const ItemValues& item, BasicBlock* latch) {
        std::vector<BasicBlock*> clones;
        for (BasicBlock* block : piece.blocks) {
            BasicBlock* clone = BasicBlock::Create(llvm_, block->getName(), group_, latch);
            map_[block] = clone;
            clones.push_back(clone);
        }
        // Ends that meet at a cut go to the latch, through a note of which cut it was when there are several.
        for (unsigned i = 0; i < piece.exits.size(); ++i) {
            BasicBlock* target = latch;
            if (piece.exits.size() > 1) {
                target = BasicBlock::Create(llvm_, "arrive", group_, latch);
                llvm::IRBuilder<> note(target);
                note.CreateStore(note.getInt32(i), chosen_);
                note.CreateBr(latch);
            }
            map_[piece.exits[i]] = target;
        }
        std::vector<Instruction*> copies;
        for (unsigned i = 0; i < clones.size(); ++i) {
            llvm::IRBuilder<> into(clones[i]);
            for (Instruction& instruction : *piece.blocks[i]) {
                if (llvm::isa<AllocaInst>(instruction)) {
                    continue;
                }
                auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
                if (call != nullptr && isQuery(builtinOf(*call))) {
                    // Its only operand, the dimension, may be computed in this block.
                    Value* lowered = nullptr;
                    if (call->arg_size() == 1 && !builtinDimension(*call)) {
                        auto* copy = llvm::cast<llvm::CallInst>(into.Insert(call->clone()));
                        llvm::RemapInstruction(copy, map_,
                                               llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
                        lowered = lowerQuery(into, *copy, item);
                        copy->eraseFromParent();
                    } else {
                        lowered = lowerQuery(into, *call, item);
                    }
                    map_[&instruction] = lowered;
                    continue;
                }
                Instruction* copy = into.Insert(instruction.clone(), instruction.getName());
                map_[&instruction] = copy;
                copies.push_back(copy);
            }
        }
        for (Instruction* copy : copies) {
            llvm::RemapInstruction(copy, map_, llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
            markParallel(*copy);
        }
        at.CreateBr(llvm::cast<BasicBlock>(map_[piece.start]));
    }

    // Work-items do not depend on each other between two cuts, unless they meet in an atomic, or in a stack variable
    // that they use in turn: with any of those about, nothing is said of pointers that may lead there.
    void markParallel(Instruction& instruction) {
        const Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
        if (pointer == nullptr || instruction.isAtomic() || instruction.isVolatile()) {
            return;
        }
        if (pointer->getType()->getPointerAddressSpace() == kir::kConstant && llvm::isa<llvm::LoadInst>(instruction)) {
            // The argument block does not change while a kernel runs.
            instruction.setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(llvm_, {}));
        }
        if (!hasStack_ || pointer->getType()->getPointerAddressSpace() != data_.getAllocaAddrSpace()) {
            instruction.setMetadata(llvm::LLVMContext::MD_access_group, accessGroup_);
        }
    }

    void save(llvm::IRBuilder<>& at, const Piece& piece, Value* index) {
        const llvm::BitVector live = liveOut(piece, slots_);
        for (const unsigned i : live.set_bits()) {
            const Slot& slot = slots_.all()[i];
            if (slot.carry == Carry::Recomputed) {
                continue;
            }
            Value* value = at.CreateLoad(slot.type, map_[slot.cell]);
            if (slot.carry == Carry::Uniform) {
                at.CreateStore(value, leaving_[i]);
                continue;
            }
            if (slot.type->isIntegerTy(1)) {
                value = at.CreateZExt(value, at.getInt8Ty());
            }
            auto* store = at.CreateStore(value, contextCell(at, i, index));
            store->setMetadata(llvm::LLVMContext::MD_access_group, accessGroup_);
        }
    }

    void leave(llvm::IRBuilder<>& at, const Piece& piece) {
        const llvm::BitVector live = liveOut(piece, slots_);
        for (const unsigned i : live.set_bits()) {
            if (shared_[i] != nullptr) {
                at.CreateStore(at.CreateLoad(slots_.all()[i].type, leaving_[i]), shared_[i]);
            }
        }
        if (piece.exits.empty()) {
            at.CreateUnreachable(); // an endless loop
            return;
        }
        if (piece.exits.size() == 1) {
            at.CreateBr(cutEntry_.lookup(piece.exits[0]));
            return;
        }
        auto* choice = at.CreateSwitch(at.CreateLoad(at.getInt32Ty(), chosen_), cutEntry_.lookup(piece.exits[0]));
        for (unsigned i = 1; i < piece.exits.size(); ++i) {
            choice->addCase(at.getInt32(i), cutEntry_.lookup(piece.exits[i]));
        }
    }

    Function& kernel_;
    const CutList& cuts_;
    const Slots& slots_;
    const Context& context_;
    const LocalLayout& local_;
    const GroupShape& shape_;
    llvm::LLVMContext& llvm_;
    const llvm::DataLayout& data_;
    Function* group_ = nullptr;
    GroupValues values_;
    std::array<Value*, 3> firstId_{};
    llvm::ValueToValueMapTy map_;      // kernel -> group, for the piece being cloned
    std::vector<Value*> arrays_;       // by slot: context array, or null
    std::vector<AllocaInst*> shared_;  // by slot: the group's copy of a uniform value, or null
    std::vector<AllocaInst*> leaving_; // by slot: what the work-items leave for `shared_`
    llvm::MapVector<AllocaInst*, std::pair<Value*, uint64_t>> privateArrays_; // base, stride
    bool hasStack_ = false;
    AllocaInst* chosen_ = nullptr;
    llvm::DenseMap<const BasicBlock*, BasicBlock*> pieceEntry_, cutEntry_;
    llvm::MDNode* accessGroup_ = nullptr;
};

} // namespace

Context::Context(Function& kernel, const CutList& cuts, const Slots& slots) {
    const llvm::DataLayout& data = kernel.getDataLayout();
    const std::vector<Piece> pieces = collectPieces(kernel, cuts);
    llvm::BitVector carried(static_cast<unsigned>(slots.all().size()));
    for (const Piece& piece : pieces) {
        carried |= liveOut(piece, slots);
    }
    for (unsigned i = 0; i < slots.all().size(); ++i) {
        const bool needed = carried.test(i) && slots.all()[i].carry == Carry::PerItem;
        slotOffset.push_back(needed ? bytesPerItem : kNone);
        if (needed) {
            bytesPerItem += data.getTypeAllocSize(slots.all()[i].type);
        }
    }
    const auto byStart = indexByStart(pieces);
    llvm::SmallPtrSet<const Value*, 16> cells;
    for (const Slot& slot : slots.all()) {
        cells.insert(slot.cell);
    }
    for (Instruction& instruction : kernel.getEntryBlock()) {
        auto* variable = llvm::dyn_cast<AllocaInst>(&instruction);
        if (variable == nullptr || cells.contains(variable) || staysInOnePiece(*variable, pieces, byStart)) {
            continue;
        }
        const uint64_t size = variable->getAllocationSize(data).value_or(llvm::TypeSize::getFixed(0));
        const uint64_t stride = llvm::alignTo(std::max<uint64_t>(size, 1), variable->getAlign());
        privateArrays[variable] = {bytesPerItem, stride};
        bytesPerItem += stride;
    }
}

Function* buildGroupFunction(Function& kernel, const CutList& cuts, const Slots& slots, const Context& context,
                             const LocalLayout& local, const GroupShape& shape) {
    return Builder(kernel, cuts, slots, context, local, shape).build();
}

} // namespace halyard::jit::host
