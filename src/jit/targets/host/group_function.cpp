#include "jit/targets/host/group_function.h"

#include "jit/host_kernel_abi.h"
#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/host/collective_code.h"
#include "jit/targets/host/item_limit.h"
#include "jit/targets/host/item_loops.h"
#include "jit/targets/host/pieces.h"
#include "jit/targets/host/work_item.h"

#include <cstddef>

#include <llvm/ADT/MapVector.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
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

constexpr uint64_t kArrayAlignment = 64; // of what items keep, whatever its type would like

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
        if (cuts_.dispatched) {
            dispatch(at);
        } else {
            together(at);
        }
        return group_;
    }

private:
    // Each piece runs for all items, then its cut.
    void together(llvm::IRBuilder<>& at) {
        const std::vector<Piece> pieces = collectPieces(kernel_, cuts_);
        for (const Piece& piece : pieces) {
            pieceEntry_[piece.start] = BasicBlock::Create(llvm_, "piece", group_);
        }
        for (const Cut& cut : cuts_.cuts) {
            cutEntry_[cut.block] = BasicBlock::Create(llvm_, "cut", group_);
        }
        std::array<Tiles, 3> tiles;
        for (unsigned i = 3; i-- > 0;) {
            tiles[i] = openTiles(at, i);
        }
        at.CreateBr(pieceEntry_.lookup(&kernel_.getEntryBlock()));
        at.SetInsertPoint(cutEntry_.lookup(cuts_.exit));
        for (unsigned i = 0; i < 3; ++i) {
            closeTiles(at, i, tiles[i]);
        }
        at.CreateRetVoid();
        for (const Cut& cut : cuts_.cuts) {
            if (cut.block != cuts_.exit) {
                buildCut(cut);
            }
        }
        for (const Piece& piece : pieces) {
            at.SetInsertPoint(pieceEntry_.lookup(piece.start));
            if (doesNothing(piece)) {
                at.CreateBr(cutEntry_.lookup(piece.exits[0]));
                continue;
            }
            buildPiece(at, piece, nullptr);
            leave(at, piece);
        }
    }

    // The loop over the tiles of a dimension; none where one is enough.
    struct Tiles {
        BasicBlock* header = nullptr;
        llvm::PHINode* first = nullptr;
    };

    Tiles openTiles(llvm::IRBuilder<>& at, unsigned dimension) {
        if (shape_.tile[dimension] == 0 || shape_.tile[dimension] == shape_.workgroupSize[dimension]) {
            return {};
        }
        Tiles tiles;
        BasicBlock* before = at.GetInsertBlock();
        tiles.header = BasicBlock::Create(llvm_, "tile", group_);
        at.CreateBr(tiles.header);
        at.SetInsertPoint(tiles.header);
        tiles.first = at.CreatePHI(at.getInt32Ty(), 2, "first");
        tiles.first->addIncoming(at.getInt32(0), before);
        range_.firstLocal[dimension] = tiles.first;
        Value*& global = range_.firstGlobal[dimension];
        global = at.CreateAdd(global, at.CreateZExt(tiles.first, global->getType(), "", true), "", true, true);
        return tiles;
    }

    void closeTiles(llvm::IRBuilder<>& at, unsigned dimension, const Tiles& tiles) {
        if (tiles.header == nullptr) {
            return;
        }
        Value* next = at.CreateAdd(tiles.first, at.getInt32(shape_.tile[dimension]), "", true, true);
        tiles.first->addIncoming(next, at.GetInsertBlock());
        BasicBlock* done = BasicBlock::Create(llvm_, "tiles.end", group_);
        Value* more = at.CreateICmpULT(next, at.getInt32(shape_.workgroupSize[dimension]));
        llvm::BranchInst* branch = at.CreateCondBr(more, tiles.header, done);
        // A tile is as much code as registers hold.
        llvm::MDNode* whole = llvm::MDNode::get(llvm_, {llvm::MDString::get(llvm_, "llvm.loop.unroll.disable")});
        llvm::MDNode* id = llvm::MDNode::getDistinct(llvm_, {nullptr, whole});
        id->replaceOperandWith(0, id);
        branch->setMetadata(llvm::LLVMContext::MD_loop, id);
        at.SetInsertPoint(done);
    }

    // Over and over: the lowest cut that an item waits at, then the piece behind it, for the items that wait there.
    void dispatch(llvm::IRBuilder<>& at) {
        waiting_ = array(at, context_.waitingOffset, at.getInt32Ty());
        for (uint32_t i = 0; i < cuts_.cuts.size(); ++i) {
            number_[cuts_.cuts[i].block] = i;
        }
        buildPiece(at, collectPiece(&kernel_.getEntryBlock(), cuts_), nullptr);
        BasicBlock* next = BasicBlock::Create(llvm_, "dispatch", group_);
        at.CreateBr(next);
        at.SetInsertPoint(next);
        Value* lowest = lowestWaiting(at);
        BasicBlock* exit = BasicBlock::Create(llvm_, "exit", group_);
        llvm::SwitchInst* choice = at.CreateSwitch(lowest, exit);
        at.SetInsertPoint(exit);
        at.CreateRetVoid();
        for (const Cut& cut : cuts_.cuts) {
            if (cut.block == cuts_.exit) {
                continue;
            }
            BasicBlock* entry = BasicBlock::Create(llvm_, "cut", group_);
            choice->addCase(at.getInt32(number_.lookup(cut.block)), entry);
            at.SetInsertPoint(entry);
            meet(at, cut);
            buildPiece(at, collectPiece(cut.block->getSingleSuccessor(), cuts_), &cut);
            at.CreateBr(next);
        }
    }

    Value* lowestWaiting(llvm::IRBuilder<>& at) {
        BasicBlock* before = at.GetInsertBlock();
        BasicBlock* header = BasicBlock::Create(llvm_, "waiting", group_);
        BasicBlock* done = BasicBlock::Create(llvm_, "lowest", group_);
        at.CreateBr(header);
        at.SetInsertPoint(header);
        llvm::PHINode* index = at.CreatePHI(at.getInt64Ty(), 2);
        llvm::PHINode* lowest = at.CreatePHI(at.getInt32Ty(), 2);
        index->addIncoming(at.getInt64(0), before);
        lowest->addIncoming(at.getInt32(number_.lookup(cuts_.exit)), before);
        Value* cell = at.CreateInBoundsGEP(at.getInt32Ty(), waiting_, index);
        Value* lower = at.CreateBinaryIntrinsic(llvm::Intrinsic::umin, lowest, at.CreateLoad(at.getInt32Ty(), cell));
        Value* following = at.CreateAdd(index, at.getInt64(1), "", true, true);
        index->addIncoming(following, header);
        lowest->addIncoming(lower, header);
        at.CreateCondBr(at.CreateICmpULT(following, items_), header, done);
        at.SetInsertPoint(done);
        return lower;
    }

    // Room for one `type` of every item of the range: at `offset` of the scratch memory, or, for the few items of a
    // tile, on the stack, from where it goes into registers.
    Value* array(llvm::IRBuilder<>& at, uint64_t offset, llvm::Type* type) {
        if (range_.isPart) {
            AllocaInst* room = at.CreateAlloca(llvm::ArrayType::get(type, tileItems()));
            room->setAlignment(llvm::Align(kArrayAlignment));
            return room;
        }
        return at.CreateInBoundsGEP(at.getInt8Ty(), parameter(kScratch),
                                    at.CreateMul(at.getInt64(offset), paddedItems_, "", true, true));
    }

    uint64_t tileItems() const { return uint64_t{shape_.tile[0]} * shape_.tile[1] * shape_.tile[2] / shape_.lanes; }

    void declare() {
        llvm::SmallVector<llvm::Type*, 16> types(kernel_.getFunctionType()->params());
        types.append(kScalars, llvm::Type::getInt32Ty(llvm_));
        llvm::Type* pointer = llvm::PointerType::get(llvm_, 0);
        types.append({pointer, pointer, llvm::Type::getInt64Ty(llvm_), pointer, llvm::Type::getInt32Ty(llvm_)});
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
        values_.subgroupSize = shape_.subgroupSize;
        values_.countsPartial = shape_.countsPartial;
        values_.lanes = shape_.lanes;
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
            range_.firstGlobal[i] = at.CreateMul(group, size, "first", true, true);
        }
        range_.knownSize = shape_.workgroupSize;
        range_.size = values_.localSize;
        if (shape_.sideBySide) {
            range_.knownSize[0] = 0;
            range_.size[0] = at.CreateMul(parameter(kNeighbours), values_.localSize[0], "row", true, true);
        }
        if (shape_.tile[0] != 0) {
            range_.knownSize = shape_.tile;
            range_.isPart = true;
            for (unsigned i = 0; i < 3; ++i) {
                range_.size[i] = at.getInt32(shape_.tile[i]);
            }
        }
        Value* items = at.CreateMul(at.CreateMul(range_.size[0], range_.size[1]), range_.size[2]);
        items_ = at.CreateUDiv(at.CreateZExt(items, at.getInt64Ty()), at.getInt64(shape_.lanes), "", true);
        paddedItems_ = at.CreateAnd(at.CreateAdd(items_, at.getInt64(63)), at.getInt64(~uint64_t{63}));
        for (unsigned i = 0; i < slots_.all().size(); ++i) {
            const Slot& slot = slots_.all()[i];
            map_[slot.cell] = at.CreateAlloca(slot.type);
            arrays_.push_back(context_.slotOffset[i] != Context::kNone
                                  ? array(at, context_.slotOffset[i], storedType(slot))
                                  : nullptr);
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
                const uint64_t stride = found->second.stride;
                llvm::Type* bytes = llvm::ArrayType::get(at.getInt8Ty(), stride);
                privateArrays_[variable] = {array(at, found->second.offset, bytes), stride};
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

    // What the items do at a cut together. Returns the value of a shared operation, or null.
    Value* meet(llvm::IRBuilder<>& at, const Cut& cut) {
        if (cut.deviceFence) {
            at.CreateFence(llvm::AtomicOrdering::AcquireRelease);
        }
        if (cut.wholeGrid) {
            awaitGrid(at);
        }
        if (!cut.exchange) {
            return nullptr;
        }
        Lanes lanes;
        lanes.items = items_;
        for (unsigned i = 0; i < 2; ++i) {
            lanes.size[i] = at.CreateZExt(values_.localSize[i], at.getInt64Ty());
        }
        lanes.subgroupSize = shape_.subgroupSize;
        const auto* known = llvm::dyn_cast<llvm::ConstantInt>(items_);
        lanes.allFull = known != nullptr && known->getZExtValue() % shape_.subgroupSize == 0;
        lanes.waiting = waiting_;
        lanes.cut = at.getInt32(number_.lookup(cut.block));
        llvm::DenseMap<const AllocaInst*, Value*> cells;
        for (AllocaInst* mailbox : cuts_.mailboxes) {
            cells[mailbox] = privateArrays_[mailbox].first;
        }
        return emitCollective(at, *cut.exchange, lanes, cells);
    }

    // Waits for the other workgroups. The group ends here when they will not come, or the launch was cancelled: loops
    // of barriers may have a bound, and then look for that nowhere else.
    void awaitGrid(llvm::IRBuilder<>& at) {
        const auto field = [&](uint64_t offset) {
            return at.CreateLoad(at.getPtrTy(),
                                 at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), parameter(kLaunch), offset));
        };
        auto* type = llvm::FunctionType::get(at.getInt32Ty(), {at.getPtrTy()}, false);
        llvm::CallInst* call =
            at.CreateCall(type, field(offsetof(HyHostLaunch, awaitGrid)), {field(offsetof(HyHostLaunch, grid))});
        call->setDoesNotThrow();
        Value* cancelled = at.CreateLoad(at.getInt32Ty(), field(offsetof(HyHostLaunch, cancel)), /*isVolatile=*/true);
        Value* ends = at.CreateOr(call, cancelled);
        BasicBlock* stopped = BasicBlock::Create(llvm_, "stopped", group_);
        BasicBlock* together = BasicBlock::Create(llvm_, "arrived", group_);
        at.CreateCondBr(at.CreateICmpEQ(ends, at.getInt32(0)), together, stopped,
                        llvm::MDBuilder(llvm_).createLikelyBranchWeights());
        llvm::ReturnInst::Create(llvm_, stopped);
        at.SetInsertPoint(together);
    }

    // What the group does between two pieces: decides once where all go on.
    void buildCut(const Cut& cut) {
        llvm::IRBuilder<> at(cutEntry_.lookup(cut.block));
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
        Value* shared = meet(at, cut);
        for (Instruction& instruction : *cut.block) {
            if (shared != nullptr && &instruction == cut.exchange->shared) {
                map[&instruction] = shared;
                continue;
            }
            Instruction* copy = at.Insert(instruction.clone());
            map[&instruction] = copy;
            copy->setMetadata(llvm::LLVMContext::MD_loop, nullptr);
            llvm::RemapInstruction(copy, map, llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
        }
    }

    // Runs the piece for all items, or for those that wait at `from`, and leaves `at` behind it.
    void buildPiece(llvm::IRBuilder<>& at, const Piece& piece, const Cut* from) {
        accessGroup_ = llvm::MDNode::getDistinct(llvm_, {});
        ItemLoops loops(values_, range_);
        std::optional<ItemLimit> limit;
        if (from == nullptr && !range_.isPart && shape_.workgroupSize[0] != 0 && shape_.workgroupSize[1] == 1 &&
            shape_.workgroupSize[2] == 1) {
            limit = itemLimit(piece, slots_);
        }
        if (limit) {
            const uint64_t end = llvm::alignTo(limit->end, shape_.lanes);
            loops.limit(static_cast<uint32_t>(std::min<uint64_t>(end, shape_.workgroupSize[0])));
        }
        const ItemValues item = loops.open(at);
        BasicBlock* tail = BasicBlock::Create(llvm_, "item.end", group_);
        Value* index = loops.index(at);
        BasicBlock* skip = nullptr;
        if (from != nullptr) {
            skip = BasicBlock::Create(llvm_, "item.skip", group_);
            BasicBlock* run = BasicBlock::Create(llvm_, "item.run", group_, tail);
            auto* cut = at.CreateLoad(at.getInt32Ty(), at.CreateInBoundsGEP(at.getInt32Ty(), waiting_, index));
            cut->setMetadata(llvm::LLVMContext::MD_access_group, accessGroup_);
            at.CreateCondBr(at.CreateICmpEQ(cut, at.getInt32(number_.lookup(from->block))), run, skip);
            at.SetInsertPoint(run);
        }
        restore(at, piece, item, index);
        clonePiece(at, piece, item, tail);
        if (limit && limit->exact) {
            auto* branch = llvm::cast<llvm::BranchInst>(map_[limit->branch]);
            llvm::BranchInst::Create(branch->getSuccessor(limit->body), branch->getIterator());
            branch->eraseFromParent();
        }
        at.SetInsertPoint(tail);
        save(at, piece, index);
        if (cuts_.dispatched) {
            wait(at, piece, index);
        }
        if (skip != nullptr) {
            at.CreateBr(skip);
            at.SetInsertPoint(skip);
        }
        loops.close(at, accessGroup_);
    }

    // Notes where the item has come to.
    void wait(llvm::IRBuilder<>& at, const Piece& piece, Value* index) {
        if (piece.exits.empty()) {
            return; // an endless loop
        }
        Value* number = at.getInt32(number_.lookup(piece.exits[0]));
        if (piece.exits.size() > 1) {
            number = at.CreateLoad(at.getInt32Ty(), chosen_);
        }
        auto* store = at.CreateStore(number, at.CreateInBoundsGEP(at.getInt32Ty(), waiting_, index));
        store->setMetadata(llvm::LLVMContext::MD_access_group, accessGroup_);
    }

    llvm::Type* storedType(const Slot& slot) const {
        return slot.type->isIntegerTy(1) ? llvm::Type::getInt8Ty(llvm_) : slot.type;
    }

    // Arrays give no more.
    llvm::Align cellAlignment(unsigned slot) const {
        return std::min(data_.getABITypeAlign(storedType(slots_.all()[slot])), llvm::Align(kArrayAlignment));
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
                auto* load = at.CreateAlignedLoad(storedType(slot), contextCell(at, i, index), cellAlignment(i));
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
                note.CreateStore(note.getInt32(cuts_.dispatched ? number_.lookup(piece.exits[i]) : i), chosen_);
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
            auto* store = at.CreateAlignedStore(value, contextCell(at, i, index), cellAlignment(i));
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
    Value* items_ = nullptr;       // i64; those that the code of one does at once count as one
    Value* paddedItems_ = nullptr; // i64, a multiple of 64
    Value* waiting_ = nullptr;     // dispatched cuts: the number of the cut that each item waits at
    ItemRange range_;
    llvm::ValueToValueMapTy map_;      // kernel -> group, for the piece being cloned
    std::vector<Value*> arrays_;       // by slot: context array, or null
    std::vector<AllocaInst*> shared_;  // by slot: the group's copy of a uniform value, or null
    std::vector<AllocaInst*> leaving_; // by slot: what the work-items leave for `shared_`
    llvm::MapVector<AllocaInst*, std::pair<Value*, uint64_t>> privateArrays_; // base, stride
    bool hasStack_ = false;
    AllocaInst* chosen_ = nullptr;
    llvm::DenseMap<const BasicBlock*, BasicBlock*> pieceEntry_, cutEntry_;
    llvm::DenseMap<const BasicBlock*, uint32_t> number_; // dispatched cuts
    llvm::MDNode* accessGroup_ = nullptr;
};

} // namespace

Function* buildGroupFunction(Function& kernel, const CutList& cuts, const Slots& slots, const Context& context,
                             const LocalLayout& local, const GroupShape& shape) {
    return Builder(kernel, cuts, slots, context, local, shape).build();
}

} // namespace halyard::jit::host
