#include "jit/passes/spmd/private_rows.h"

#include <algorithm>
#include <vector>

#include <llvm/ADT/MapVector.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace halyard::jit::spmd {

using llvm::Instruction;
using llvm::Value;

namespace {

constexpr const char* kSpread = "hy.spread"; // of an alloca: its rows lie in the form [rows x [lanes x element]]
constexpr uint64_t kRowAlignment = 64;

// What is done with one array, when it is nothing but reading and writing its elements.
class Array {
public:
    explicit Array(llvm::AllocaInst& variable) : variable_(variable), data_(variable.getDataLayout()) {}

    bool canSpread() {
        const auto size = variable_.getAllocationSize(data_);
        return size && !size->isScalable() && collect(variable_) && element_ != nullptr && stepsFit() &&
               size->getFixedValue() % bytes() == 0 && size->getFixedValue() > bytes();
    }

    void spread(unsigned lanes) {
        const uint64_t rows = variable_.getAllocationSize(data_)->getFixedValue() / bytes();
        llvm::IRBuilder<> at(&variable_);
        auto* made = at.CreateAlloca(llvm::ArrayType::get(llvm::ArrayType::get(element_, lanes), rows),
                                     variable_.getAddressSpace(), nullptr, variable_.getName());
        made->setAlignment(std::max(variable_.getAlign(), llvm::Align(std::min(kRowAlignment, lanes * bytes()))));
        made->setMetadata(kSpread, llvm::MDNode::get(at.getContext(), {}));
        for (Instruction* note : notes_) {
            note->eraseFromParent();
        }
        for (const auto& [whole, writes] : wholes_) {
            splitWhole(*whole, writes, lanes);
        }
        // In the order in which they were found: a step behind the one that it begins at.
        for (llvm::GetElementPtrInst* step : steps_) {
            at.SetInsertPoint(step);
            Value* pointer = step->getPointerOperand() == &variable_ ? made : step->getPointerOperand();
            llvm::SmallMapVector<Value*, llvm::APInt, 4> variables;
            llvm::APInt offset(64, 0);
            step->collectOffset(data_, 64, variables, offset);
            // What is in bounds after all moves need not be between two of them, which were made in another order.
            const bool single = variables.size() + (offset.isZero() ? 0 : 1) == 1;
            const auto move = [&](Value* index, uint64_t elements) {
                llvm::Type* type = llvm::ArrayType::get(element_, elements * lanes);
                pointer = at.CreateGEP(type, pointer, index, "",
                                       single ? step->getNoWrapFlags() : llvm::GEPNoWrapFlags::none());
            };
            for (const auto& [index, scale] : variables) {
                move(index, scale.getZExtValue() / bytes());
            }
            if (!offset.isZero()) {
                move(at.getInt64(offset.getSExtValue() / static_cast<int64_t>(bytes())), 1);
            }
            step->replaceAllUsesWith(pointer);
        }
        variable_.replaceAllUsesWith(made);
        for (llvm::GetElementPtrInst* step : llvm::reverse(steps_)) {
            step->eraseFromParent();
        }
        for (Instruction* access : accesses_) { // another lane's element lies at the next address
            if (auto* load = llvm::dyn_cast<llvm::LoadInst>(access)) {
                load->setAlignment(std::min(load->getAlign(), llvm::Align(bytes())));
            } else {
                auto* store = llvm::cast<llvm::StoreInst>(access);
                store->setAlignment(std::min(store->getAlign(), llvm::Align(bytes())));
            }
        }
        variable_.eraseFromParent();
    }

private:
    // Fills and copies an element at a time. The array's address is still the old one.
    void splitWhole(llvm::MemIntrinsic& whole, bool writes, unsigned lanes) {
        llvm::IRBuilder<> at(&whole);
        Value* count = at.getInt64(lengthOf(whole) / bytes());
        const auto [body, row] = llvm::SplitBlockAndInsertSimpleForLoop(count, whole.getIterator());
        at.SetInsertPoint(body);
        llvm::Type* type = at.getIntNTy(static_cast<unsigned>(bytes() * 8));
        const auto place = [&](Value* pointer, bool own) {
            return at.CreateGEP(llvm::ArrayType::get(element_, own ? lanes : 1), pointer, row);
        };
        const llvm::Align to = llvm::commonAlignment(whole.getDestAlign().valueOrOne(), bytes());
        Value* value = nullptr;
        if (const auto* copy = llvm::dyn_cast<llvm::MemCpyInst>(&whole)) {
            const llvm::Align from = llvm::commonAlignment(copy->getSourceAlign().valueOrOne(), bytes());
            value = at.CreateAlignedLoad(type, place(copy->getRawSource(), !writes), from);
        } else {
            const auto* byte = llvm::cast<llvm::ConstantInt>(llvm::cast<llvm::MemSetInst>(whole).getValue());
            value = at.getInt(llvm::APInt::getSplat(static_cast<unsigned>(bytes() * 8), byte->getValue()));
        }
        at.CreateAlignedStore(value, place(whole.getRawDest(), writes), to);
        whole.eraseFromParent();
    }
    static uint64_t lengthOf(const llvm::MemIntrinsic& whole) {
        return llvm::cast<llvm::ConstantInt>(whole.getLength())->getZExtValue();
    }
    // A fill with a constant, or a copy from or to something else.
    bool addWhole(llvm::MemIntrinsic& whole, const Value& pointer) {
        const auto* fill = llvm::dyn_cast<llvm::MemSetInst>(&whole);
        const bool known =
            fill != nullptr ? llvm::isa<llvm::ConstantInt>(fill->getValue()) : llvm::isa<llvm::MemCpyInst>(whole);
        const auto* length = llvm::dyn_cast<llvm::ConstantInt>(whole.getLength());
        return known && !whole.isVolatile() && length != nullptr && !length->isZero() &&
               wholes_.insert({&whole, whole.getRawDest() == &pointer}).second;
    }
    uint64_t bytes() const { return data_.getTypeAllocSize(element_).getFixedValue(); }

    bool addAccess(Instruction& access, bool isSimple) {
        llvm::Type* type = llvm::getLoadStoreType(&access);
        const uint64_t size = data_.getTypeStoreSize(type).getFixedValue();
        const bool scalar = type->isIntegerTy() || type->isFloatingPointTy();
        if (!isSimple || !scalar || data_.getTypeSizeInBits(type).getFixedValue() != size * 8 ||
            data_.getTypeAllocSize(type).getFixedValue() != size || !llvm::isPowerOf2_64(size) || size > 8) {
            return false;
        }
        accesses_.push_back(&access);
        element_ = element_ == nullptr ? type : element_;
        return bytes() == size;
    }

    bool collect(Value& pointer) {
        for (llvm::User* user : pointer.users()) {
            if (auto* load = llvm::dyn_cast<llvm::LoadInst>(user)) {
                if (!addAccess(*load, load->isSimple())) {
                    return false;
                }
            } else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(user)) {
                if (store->getValueOperand() == &pointer || !addAccess(*store, store->isSimple())) {
                    return false;
                }
            } else if (auto* step = llvm::dyn_cast<llvm::GetElementPtrInst>(user)) {
                if (step->getType()->isVectorTy() || step->getPointerOperand() != &pointer) {
                    return false;
                }
                steps_.push_back(step);
                if (!collect(*step)) {
                    return false;
                }
            } else if (auto* note = llvm::dyn_cast<llvm::LifetimeIntrinsic>(user)) {
                notes_.push_back(note);
            } else if (auto* whole = llvm::dyn_cast<llvm::MemIntrinsic>(user)) {
                if (!addWhole(*whole, pointer)) {
                    return false;
                }
            } else {
                return false;
            }
        }
        return true;
    }

    // All by whole elements.
    bool stepsFit() const {
        const auto fits = [&](const auto& whole) { return lengthOf(*whole.first) % bytes() == 0; };
        return llvm::all_of(wholes_, fits) && llvm::all_of(steps_, [&](const llvm::GetElementPtrInst* step) {
                   llvm::SmallMapVector<Value*, llvm::APInt, 4> variables;
                   llvm::APInt offset(64, 0);
                   return step->collectOffset(data_, 64, variables, offset) &&
                          offset.getSExtValue() % static_cast<int64_t>(bytes()) == 0 &&
                          llvm::all_of(variables, [&](const auto& variable) {
                              const llvm::APInt& scale = variable.second;
                              return scale.isStrictlyPositive() && scale.getZExtValue() % bytes() == 0;
                          });
               });
    }

    llvm::AllocaInst& variable_;
    const llvm::DataLayout& data_;
    llvm::Type* element_ = nullptr;
    std::vector<Instruction*> accesses_, notes_;
    std::vector<llvm::GetElementPtrInst*> steps_;
    llvm::MapVector<llvm::MemIntrinsic*, bool> wholes_; // and whether they write to the array
};

} // namespace

void spreadPrivateArrays(llvm::Function& function, unsigned lanes) {
    std::vector<llvm::AllocaInst*> variables;
    for (Instruction& instruction : function.getEntryBlock()) {
        auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
        if (variable != nullptr && variable->isStaticAlloca()) {
            variables.push_back(variable);
        }
    }
    for (llvm::AllocaInst* variable : variables) {
        if (Array array(*variable); array.canSpread()) {
            array.spread(lanes);
        }
    }
}

bool isSpread(const llvm::AllocaInst& variable) {
    return variable.hasMetadata(kSpread);
}

uint64_t laneStride(const llvm::AllocaInst& variable) {
    const llvm::DataLayout& data = variable.getDataLayout();
    if (isSpread(variable)) {
        llvm::Type* row = llvm::cast<llvm::ArrayType>(variable.getAllocatedType())->getElementType();
        return data.getTypeAllocSize(row->getArrayElementType()).getFixedValue();
    }
    const auto bytes = variable.getAllocationSize(data);
    return llvm::alignTo(std::max<uint64_t>(bytes ? bytes->getFixedValue() : 0, 1), variable.getAlign());
}

} // namespace halyard::jit::spmd
