#include "jit/targets/nvptx/constant_bytes.h"

#include <vector>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {
namespace {

bool hasVectors(const llvm::Type* type) {
    if (const auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
        return hasVectors(array->getElementType());
    }
    if (const auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
        return llvm::any_of(structure->elements(), hasVectors);
    }
    return type->isVectorTy();
}

// Little-endian bytes of `value` at `at`; false for what has none, such as an address.
bool write(const llvm::Constant& value, const llvm::DataLayout& data, std::vector<uint8_t>& bytes, uint64_t at) {
    llvm::Type* type = value.getType();
    if (llvm::isa<llvm::ConstantAggregateZero, llvm::UndefValue>(value) || value.isNullValue()) {
        return true; // zeros
    }
    const auto number = [&](const llvm::APInt& bits) {
        const uint64_t count = data.getTypeStoreSize(type).getFixedValue();
        const llvm::APInt whole = bits.zext(static_cast<unsigned>(count * 8));
        for (uint64_t i = 0; i < count; ++i) {
            bytes[at + i] = static_cast<uint8_t>(whole.extractBitsAsZExtValue(8, static_cast<unsigned>(i * 8)));
        }
        return true;
    };
    if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(&value)) {
        return number(integer->getValue());
    }
    if (const auto* real = llvm::dyn_cast<llvm::ConstantFP>(&value)) {
        return number(real->getValueAPF().bitcastToAPInt());
    }
    if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
        for (unsigned i = 0; i < structure->getNumElements(); ++i) {
            const uint64_t offset = data.getStructLayout(structure)->getElementOffset(i).getFixedValue();
            if (!write(*value.getAggregateElement(i), data, bytes, at + offset)) {
                return false;
            }
        }
        return true;
    }
    const auto* array = llvm::dyn_cast<llvm::ArrayType>(type);
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
    if ((array == nullptr && vector == nullptr) || (vector != nullptr && vector->getScalarSizeInBits() % 8 != 0)) {
        return false;
    }
    llvm::Type* element = array != nullptr ? array->getElementType() : vector->getElementType();
    const uint64_t stride = data.getTypeAllocSize(element).getFixedValue();
    const uint64_t count = array != nullptr ? array->getNumElements() : vector->getNumElements();
    for (uint64_t i = 0; i < count; ++i) {
        if (!write(*value.getAggregateElement(static_cast<unsigned>(i)), data, bytes, at + i * stride)) {
            return false;
        }
    }
    return true;
}

} // namespace

void flattenConstants(llvm::Module& module) {
    const llvm::DataLayout& data = module.getDataLayout();
    for (llvm::GlobalVariable& variable : llvm::make_early_inc_range(module.globals())) {
        if (!variable.hasInitializer() || !hasVectors(variable.getValueType())) {
            continue;
        }
        std::vector<uint8_t> bytes(data.getTypeAllocSize(variable.getValueType()).getFixedValue());
        if (!write(*variable.getInitializer(), data, bytes, 0)) {
            continue;
        }
        llvm::Constant* flat = llvm::ConstantDataArray::get(module.getContext(), bytes);
        auto* copy =
            new llvm::GlobalVariable(module, flat->getType(), variable.isConstant(), variable.getLinkage(), flat, "",
                                     &variable, variable.getThreadLocalMode(), variable.getAddressSpace());
        copy->setAlignment(variable.getAlign() ? *variable.getAlign() : data.getPrefTypeAlign(variable.getValueType()));
        copy->takeName(&variable);
        variable.replaceAllUsesWith(copy);
        variable.eraseFromParent();
    }
}

} // namespace halyard::jit::nvptx
