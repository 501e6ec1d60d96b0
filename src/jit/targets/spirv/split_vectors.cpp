#include "jit/targets/spirv/split_vectors.h"

#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;
using Parts = llvm::SmallVector<Value*, 16>;

constexpr unsigned kWidest = 4; // components that a device's vector has

const llvm::FixedVectorType* vectorOf(const llvm::Type* type) {
    return llvm::dyn_cast<llvm::FixedVectorType>(type);
}

unsigned countOf(const llvm::Type* type) {
    const auto* vector = vectorOf(type);
    return vector != nullptr ? vector->getNumElements() : 1;
}

// Whether memory and registers of a device hold numbers of so many bits.
bool isWord(unsigned bits) {
    return bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

bool holdsVector(const llvm::Type* type) {
    const auto* structure = llvm::dyn_cast<llvm::StructType>(type);
    return type->isVectorTy() || (structure != nullptr && llvm::any_of(structure->elements(), [](llvm::Type* member) {
                                      return member->isVectorTy();
                                  }));
}

class Splitter {
public:
    explicit Splitter(llvm::Function& kernel) : kernel_(kernel), data_(kernel.getParent()->getDataLayout()) {}

    void run() {
        std::vector<llvm::Instruction*> order; // each after what it uses, but for phis
        for (llvm::BasicBlock* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&kernel_)) {
            for (llvm::Instruction& instruction : *block) {
                order.push_back(&instruction);
            }
        }
        std::vector<llvm::Instruction*> done;
        for (llvm::Instruction* instruction : order) {
            const bool touches =
                holdsVector(instruction->getType()) ||
                llvm::any_of(instruction->operands(), [](const llvm::Use& use) { return holdsVector(use->getType()); });
            if (!touches) {
                continue;
            }
            llvm::IRBuilder<> at(instruction);
            if (split(at, *instruction)) {
                done.push_back(instruction);
            } else {
                giveVectors(at, *instruction);
            }
        }
        completePhis();
        for (llvm::Instruction* instruction : done) {
            if (!instruction->use_empty()) {
                instruction->replaceAllUsesWith(llvm::PoisonValue::get(instruction->getType()));
            }
        }
        for (llvm::Instruction* instruction : done) {
            instruction->eraseFromParent();
        }
    }

private:
    const Parts& parts(Value* value) {
        const auto [at, added] = parts_.try_emplace(value);
        Parts& found = at->second;
        if (!added) {
            return found;
        }
        const unsigned count = countOf(value->getType());
        if (auto* constant = llvm::dyn_cast<llvm::Constant>(value)) {
            for (unsigned i = 0; i < count; ++i) {
                llvm::Constant* element = constant->getAggregateElement(i);
                found.push_back(element != nullptr ? element
                                                   : llvm::PoisonValue::get(constant->getType()->getScalarType()));
            }
            return found;
        }
        // A parameter, or what stays a vector.
        auto* instruction = llvm::dyn_cast<llvm::Instruction>(value);
        llvm::IRBuilder<> behind(instruction != nullptr ? &*instruction->getInsertionPointAfterDef().value()
                                                        : &*kernel_.getEntryBlock().getFirstInsertionPt());
        for (unsigned i = 0; i < count; ++i) {
            found.push_back(behind.CreateExtractElement(value, i));
        }
        return found;
    }

    // The component of a vector; a scalar is each component of itself.
    Value* part(Value* value, unsigned index) { return value->getType()->isVectorTy() ? parts(value)[index] : value; }

    static Value* join(llvm::IRBuilder<>& at, llvm::ArrayRef<Value*> components) {
        if (components.size() == 1) {
            return components[0];
        }
        Value* vector = llvm::PoisonValue::get(
            llvm::FixedVectorType::get(components[0]->getType(), static_cast<unsigned>(components.size())));
        for (size_t i = 0; i < components.size(); ++i) {
            vector = at.CreateInsertElement(vector, components[i], static_cast<uint64_t>(i));
        }
        return vector;
    }

    // The instruction stays, with its vectors made of the components.
    void giveVectors(llvm::IRBuilder<>& at, llvm::Instruction& instruction) {
        for (llvm::Use& use : instruction.operands()) {
            if (use->getType()->isVectorTy() && !llvm::isa<llvm::Constant, llvm::Argument>(use.get())) {
                Value* vector = join(at, parts(use.get()));
                use.set(vector->getType() == use->getType()
                            ? vector // one of one component has no vector of its own to be joined to
                            : at.CreateInsertElement(llvm::PoisonValue::get(use->getType()), vector, uint64_t{0}));
            }
        }
    }

    void completePhis() {
        for (const auto& [phi, components] : phis_) {
            for (unsigned i = 0; i < components.size(); ++i) {
                for (unsigned from = 0; from < phi->getNumIncomingValues(); ++from) {
                    components[i]->addIncoming(part(phi->getIncomingValue(from), i), phi->getIncomingBlock(from));
                }
            }
        }
    }

    // `make(index)` for each component.
    template <typename Make> bool each(llvm::Instruction& instruction, Make&& make) {
        Parts result;
        for (unsigned i = 0; i < countOf(instruction.getType()); ++i) {
            result.push_back(make(i));
        }
        parts_[&instruction] = std::move(result);
        return true;
    }

    // The same instruction on scalars.
    bool componentwise(llvm::IRBuilder<>& at, llvm::Instruction& instruction) {
        return each(instruction, [&](unsigned i) -> Value* {
            Parts operands;
            for (Value* operand : instruction.operands()) {
                operands.push_back(part(operand, i));
            }
            llvm::Type* scalar = instruction.getType()->getScalarType();
            if (const auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction)) {
                return at.CreateCast(cast->getOpcode(), operands[0], scalar);
            }
            if (const auto* compare = llvm::dyn_cast<llvm::CmpInst>(&instruction)) {
                return at.CreateCmp(compare->getPredicate(), operands[0], operands[1]);
            }
            if (const auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
                return at.CreateGEP(gep->getSourceElementType(), operands[0], llvm::ArrayRef(operands).drop_front(), "",
                                    gep->getNoWrapFlags());
            }
            if (llvm::isa<llvm::SelectInst>(instruction)) {
                return at.CreateSelect(operands[0], operands[1], operands[2]);
            }
            if (llvm::isa<llvm::FreezeInst>(instruction)) {
                return at.CreateFreeze(operands[0]);
            }
            Value* result = at.CreateNAryOp(instruction.getOpcode(), operands);
            if (auto* made = llvm::dyn_cast<llvm::Instruction>(result)) { // else a constant
                made->copyIRFlags(&instruction);
            }
            return result;
        });
    }

    // Integers of `bits` that hold the components, the first one lowest.
    Parts regroup(llvm::IRBuilder<>& at, llvm::ArrayRef<Value*> components, unsigned bits) {
        const unsigned from = components[0]->getType()->getScalarSizeInBits();
        const unsigned piece = std::gcd(from, bits);
        Parts pieces;
        for (Value* component : components) {
            Value* whole = at.CreateBitCast(component, at.getIntNTy(from));
            for (unsigned low = 0; low < from; low += piece) {
                pieces.push_back(at.CreateTrunc(low == 0 ? whole : at.CreateLShr(whole, low), at.getIntNTy(piece)));
            }
        }
        Parts result;
        for (size_t next = 0; next < pieces.size();) {
            Value* whole = nullptr;
            for (unsigned low = 0; low < bits; low += piece) {
                Value* placed = at.CreateZExt(pieces[next++], at.getIntNTy(bits));
                placed = low == 0 ? placed : at.CreateShl(placed, low);
                whole = whole == nullptr ? placed : at.CreateOr(whole, placed);
            }
            result.push_back(whole);
        }
        return result;
    }

    bool bitCast(llvm::IRBuilder<>& at, llvm::BitCastInst& cast) {
        Value* source = cast.getOperand(0);
        llvm::Type* from = source->getType();
        llvm::Type* to = cast.getType();
        if (countOf(from) == countOf(to) && from->isVectorTy() == to->isVectorTy()) {
            return componentwise(at, cast);
        }
        const unsigned bits = to->getScalarSizeInBits();
        Parts result;
        if (countOf(from) <= kWidest && countOf(to) <= kWidest && isWord(from->getScalarSizeInBits()) && isWord(bits)) {
            Value* whole = from->isVectorTy() ? join(at, parts(source)) : source;
            llvm::Type* type = countOf(to) == 1 ? to->getScalarType() : to;
            whole = at.CreateBitCast(whole, type);
            for (unsigned i = 0; i < countOf(to); ++i) {
                result.push_back(type->isVectorTy() ? at.CreateExtractElement(whole, i) : whole);
            }
        } else {
            Parts single{source};
            for (Value* number : regroup(at, from->isVectorTy() ? parts(source) : single, bits)) {
                result.push_back(at.CreateBitCast(number, to->getScalarType()));
            }
        }
        if (to->isVectorTy()) {
            parts_[&cast] = std::move(result);
        } else {
            cast.replaceAllUsesWith(result[0]);
        }
        return true;
    }

    bool shuffle(llvm::ShuffleVectorInst& shuffle) {
        const unsigned inFirst = countOf(shuffle.getOperand(0)->getType());
        return each(shuffle, [&](unsigned i) -> Value* {
            const int from = shuffle.getMaskValue(i);
            if (from < 0) {
                return llvm::PoisonValue::get(shuffle.getType()->getScalarType());
            }
            const auto index = static_cast<unsigned>(from);
            return index < inFirst ? part(shuffle.getOperand(0), index) : part(shuffle.getOperand(1), index - inFirst);
        });
    }

    bool insert(llvm::IRBuilder<>& at, llvm::InsertElementInst& insertion) {
        Value* index = insertion.getOperand(2);
        return each(insertion, [&](unsigned i) {
            Value* before = part(insertion.getOperand(0), i);
            if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(index)) {
                return constant->getValue() == i ? insertion.getOperand(1) : before;
            }
            Value* isHere = at.CreateICmpEQ(index, llvm::ConstantInt::get(index->getType(), i));
            return at.CreateSelect(isHere, insertion.getOperand(1), before);
        });
    }

    bool extract(llvm::IRBuilder<>& at, llvm::ExtractElementInst& extraction) {
        Value* vector = extraction.getVectorOperand();
        Value* index = extraction.getIndexOperand();
        const unsigned count = countOf(vector->getType());
        Value* result = nullptr;
        if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(index)) {
            result = constant->getValue().ult(count)
                         ? part(vector, static_cast<unsigned>(constant->getZExtValue()))
                         : static_cast<Value*>(llvm::PoisonValue::get(extraction.getType()));
        } else {
            result = part(vector, 0);
            for (unsigned i = 1; i < count; ++i) {
                Value* isHere = at.CreateICmpEQ(index, llvm::ConstantInt::get(index->getType(), i));
                result = at.CreateSelect(isHere, part(vector, i), result);
            }
        }
        extraction.replaceAllUsesWith(result);
        return true;
    }

    // In one access where the device has such a vector, else in as few as there can be. `visit(at, first, count, place,
    // alignment)` for each.
    template <typename Visit>
    void eachAccess(llvm::IRBuilder<>& at, llvm::Type* type, Value* pointer, llvm::Align alignment, Visit&& visit) {
        const unsigned count = countOf(type);
        const uint64_t bytes = type->getScalarType()->isPointerTy() ? data_.getTypeStoreSize(type->getScalarType())
                                                                    : type->getScalarSizeInBits() / 8;
        const unsigned step = bytes > 8 ? 1 : kWidest;
        for (unsigned first = 0; first < count; first += step) {
            const uint64_t offset = first * bytes;
            Value* place = offset == 0 ? pointer : at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), pointer, offset);
            visit(first, std::min(step, count - first), place, llvm::commonAlignment(alignment, offset));
        }
    }

    // Components smaller than bytes lie in memory as the bits of one integer.
    static bool hasBytes(llvm::Type* type) {
        return type->getScalarType()->isPointerTy() || isWord(type->getScalarSizeInBits()) ||
               type->getScalarSizeInBits() == 128;
    }

    bool load(llvm::IRBuilder<>& at, llvm::LoadInst& load) {
        if (load.isAtomic()) {
            return false;
        }
        llvm::Type* type = load.getType();
        llvm::Type* scalar = type->getScalarType();
        Parts result;
        if (!hasBytes(type)) {
            llvm::Type* integer = at.getIntNTy(scalar->getScalarSizeInBits() * countOf(type));
            Value* whole = at.CreateAlignedLoad(integer, load.getPointerOperand(), load.getAlign(), load.isVolatile());
            for (Value* number : regroup(at, {whole}, scalar->getScalarSizeInBits())) {
                result.push_back(at.CreateBitCast(number, scalar));
            }
            parts_[&load] = std::move(result);
            return true;
        }
        eachAccess(at, type, load.getPointerOperand(), load.getAlign(),
                   [&](unsigned, unsigned count, Value* place, llvm::Align alignment) {
                       llvm::Type* access = count == 1 ? scalar : llvm::FixedVectorType::get(scalar, count);
                       Value* loaded = at.CreateAlignedLoad(access, place, alignment, load.isVolatile());
                       for (unsigned i = 0; i < count; ++i) {
                           result.push_back(count == 1 ? loaded : at.CreateExtractElement(loaded, i));
                       }
                   });
        parts_[&load] = std::move(result);
        return true;
    }

    bool store(llvm::IRBuilder<>& at, llvm::StoreInst& store) {
        if (store.isAtomic()) {
            return false;
        }
        const Parts& stored = parts(store.getValueOperand());
        llvm::Type* type = store.getValueOperand()->getType();
        if (!hasBytes(type)) {
            Value* whole = regroup(at, stored, type->getScalarSizeInBits() * countOf(type))[0];
            at.CreateAlignedStore(whole, store.getPointerOperand(), store.getAlign(), store.isVolatile());
            return true;
        }
        eachAccess(at, type, store.getPointerOperand(), store.getAlign(),
                   [&](unsigned first, unsigned count, Value* place, llvm::Align alignment) {
                       Value* value = join(at, llvm::ArrayRef(stored).slice(first, count));
                       at.CreateAlignedStore(value, place, alignment, store.isVolatile());
                   });
        return true;
    }

    bool reduce(llvm::IRBuilder<>& at, llvm::IntrinsicInst& call) {
        const llvm::Intrinsic::ID id = call.getIntrinsicID();
        const bool isFloat = id == llvm::Intrinsic::vector_reduce_fadd || id == llvm::Intrinsic::vector_reduce_fmul;
        const Parts& components = parts(call.getArgOperand(isFloat ? 1 : 0));
        Value* result = isFloat ? call.getArgOperand(0) : components[0]; // in order, from the start value
        for (size_t i = isFloat ? 0 : 1; i < components.size(); ++i) {
            if (const unsigned opcode = llvm::getArithmeticReductionInstruction(id); opcode != 0) {
                result = at.CreateNAryOp(opcode, {result, components[i]});
                if (auto* made = llvm::dyn_cast<llvm::Instruction>(result); made != nullptr && isFloat) {
                    made->copyIRFlags(&call);
                }
            } else {
                result =
                    at.CreateBinaryIntrinsic(llvm::getMinMaxReductionIntrinsicOp(id), result, components[i], &call);
            }
        }
        call.replaceAllUsesWith(result);
        return true;
    }

    static bool isReduction(llvm::Intrinsic::ID id) {
        switch (id) {
        case llvm::Intrinsic::vector_reduce_add:
        case llvm::Intrinsic::vector_reduce_mul:
        case llvm::Intrinsic::vector_reduce_and:
        case llvm::Intrinsic::vector_reduce_or:
        case llvm::Intrinsic::vector_reduce_xor:
        case llvm::Intrinsic::vector_reduce_fadd:
        case llvm::Intrinsic::vector_reduce_fmul:
        case llvm::Intrinsic::vector_reduce_smax:
        case llvm::Intrinsic::vector_reduce_smin:
        case llvm::Intrinsic::vector_reduce_umax:
        case llvm::Intrinsic::vector_reduce_umin:
        case llvm::Intrinsic::vector_reduce_fmax:
        case llvm::Intrinsic::vector_reduce_fmin:
        case llvm::Intrinsic::vector_reduce_fmaximum:
        case llvm::Intrinsic::vector_reduce_fminimum:
            return true;
        default:
            return false;
        }
    }

    bool intrinsic(llvm::IRBuilder<>& at, llvm::IntrinsicInst& call) {
        const llvm::Intrinsic::ID id = call.getIntrinsicID();
        if (isReduction(id)) {
            return reduce(at, call);
        }
        const bool pair = llvm::isa<llvm::WithOverflowInst>(call);
        const bool fence = id == llvm::Intrinsic::arithmetic_fence;
        if (!pair && !(call.getType()->isVectorTy() && (fence || llvm::isTriviallyVectorizable(id)))) {
            return false;
        }
        llvm::Type* first = call.getArgOperand(0)->getType();
        Parts results;
        for (unsigned i = 0; i < countOf(pair ? first : call.getType()); ++i) {
            Parts operands;
            llvm::SmallVector<llvm::Type*, 3> types;
            if (pair || llvm::isVectorIntrinsicWithOverloadTypeAtArg(id, -1, nullptr)) {
                types.push_back(pair ? first->getScalarType() : call.getType()->getScalarType());
            }
            for (unsigned operand = 0; operand < call.arg_size(); ++operand) {
                operands.push_back(part(call.getArgOperand(operand), i));
                if (!pair && llvm::isVectorIntrinsicWithOverloadTypeAtArg(id, static_cast<int>(operand), nullptr)) {
                    types.push_back(operands.back()->getType());
                }
            }
            auto* made = at.CreateIntrinsic(id, types, operands);
            made->copyIRFlags(&call);
            results.push_back(made);
        }
        (pair ? pairs_ : parts_)[&call] = std::move(results);
        return true;
    }

    bool extractValue(llvm::IRBuilder<>& at, llvm::ExtractValueInst& member) {
        const auto found = pairs_.find(member.getAggregateOperand());
        if (found == pairs_.end() || !member.getType()->isVectorTy()) {
            return false;
        }
        return each(member, [&](unsigned i) { return at.CreateExtractValue(found->second[i], member.getIndices()); });
    }

    bool split(llvm::IRBuilder<>& at, llvm::Instruction& instruction) {
        if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
            std::vector<llvm::PHINode*> made;
            each(*phi, [&](unsigned) {
                made.push_back(at.CreatePHI(phi->getType()->getScalarType(), phi->getNumIncomingValues()));
                return made.back();
            });
            phis_.emplace_back(phi, std::move(made));
            return true;
        }
        if (auto* loading = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
            return load(at, *loading);
        }
        if (auto* storing = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
            return store(at, *storing);
        }
        if (auto* extraction = llvm::dyn_cast<llvm::ExtractElementInst>(&instruction)) {
            return extract(at, *extraction);
        }
        if (auto* insertion = llvm::dyn_cast<llvm::InsertElementInst>(&instruction)) {
            return insert(at, *insertion);
        }
        if (auto* shuffling = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction)) {
            return shuffle(*shuffling);
        }
        if (auto* cast = llvm::dyn_cast<llvm::BitCastInst>(&instruction)) {
            return bitCast(at, *cast);
        }
        if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction)) {
            return intrinsic(at, *call);
        }
        if (auto* member = llvm::dyn_cast<llvm::ExtractValueInst>(&instruction)) {
            return extractValue(at, *member);
        }
        return (instruction.isUnaryOp() || instruction.isBinaryOp() ||
                llvm::isa<llvm::CastInst, llvm::CmpInst, llvm::GetElementPtrInst, llvm::SelectInst, llvm::FreezeInst>(
                    instruction)) &&
               componentwise(at, instruction);
    }

    llvm::Function& kernel_;
    const llvm::DataLayout& data_;
    std::map<Value*, Parts> parts_;
    std::map<Value*, Parts> pairs_; // calls that give a structure of two vectors: one call for each component
    std::vector<std::pair<llvm::PHINode*, std::vector<llvm::PHINode*>>> phis_;
};

} // namespace

void splitVectors(llvm::Function& kernel) {
    Splitter(kernel).run();
}

} // namespace halyard::jit::spirv
