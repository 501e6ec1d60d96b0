// Data at program scope: constants of the kernel, and the variables that all kernels of a module share. Each of the two
// is a block of device memory whose address comes with the launch and whose initial bytes come with the module.
#include "jit/kir.h"
#include "jit/targets/spirv/emitter.h"
#include "jit/vulkan_kernel_abi.h"

#include <fmt/format.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

#include <cstddef>

namespace halyard::jit::spirv {

using ::spv::Op;

namespace {

constexpr size_t kBytesOfAString = 60000; // the longest instruction has 65,535 words

void put(std::vector<uint8_t>& bytes, uint64_t offset, const llvm::APInt& value, uint64_t size) {
    const llvm::APInt wide = value.zextOrTrunc(static_cast<unsigned>(size * 8));
    for (uint64_t i = 0; i < size; ++i) {
        bytes[offset + i] = static_cast<uint8_t>(wide.extractBitsAsZExtValue(8, static_cast<unsigned>(i * 8)));
    }
}

} // namespace

void Emitter::layOutProgram() {
    for (const llvm::GlobalVariable& variable : kernel_.getParent()->globals()) {
        if (variable.getAddressSpace() == kir::kWorkgroup || variable.use_empty()) {
            continue;
        }
        DataBlock& block = variable.getName() == llvm::StringRef(kir::kProgramData) ? program_ : constants_;
        const uint64_t offset =
            llvm::alignTo(block.bytes.size(), std::max<uint64_t>(variable.getAlign().valueOrOne().value(), 8));
        dataPlaces_[&variable] = {&block, offset};
        block.bytes.resize(offset + data_.getTypeAllocSize(variable.getValueType()));
    }
    for (const auto& [variable, place] : dataPlaces_) {
        if (variable->hasInitializer()) {
            initialise(*place.first, place.second, *variable->getInitializer());
        }
    }
    if (!program_.bytes.empty()) {
        program_.base = launchAddress(offsetof(HyVulkanLaunch, program));
    }
    if (!constants_.bytes.empty()) {
        constants_.base = launchAddress(offsetof(HyVulkanLaunch, constants));
    }
}

Id Emitter::launchAddress(uint32_t offset) {
    return loadGlobal(emit(Op::OpIAdd, uint64Type(), {launch_, u64(offset)}), 64, 1, 8, false);
}

std::optional<Id> Emitter::dataAddress(const llvm::GlobalVariable& variable) {
    const auto found = dataPlaces_.find(&variable);
    if (found == dataPlaces_.end()) {
        return std::nullopt;
    }
    const auto [block, offset] = found->second;
    return offset == 0 ? block->base : emit(Op::OpIAdd, uint64Type(), {block->base, u64(offset)});
}

void Emitter::initialise(DataBlock& block, uint64_t offset, const llvm::Constant& value) {
    llvm::Type* type = value.getType();
    if (value.isNullValue() || llvm::isa<llvm::UndefValue>(value)) {
        return;
    }
    if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(&value)) {
        return put(block.bytes, offset, integer->getValue(), data_.getTypeStoreSize(type));
    }
    if (const auto* number = llvm::dyn_cast<llvm::ConstantFP>(&value)) {
        return put(block.bytes, offset, number->getValueAPF().bitcastToAPInt(), data_.getTypeStoreSize(type));
    }
    if (type->isPointerTy()) {
        llvm::APInt addend(64, 0);
        const llvm::Value* base = value.stripAndAccumulateConstantOffsets(data_, addend, true);
        const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(base);
        const auto found = variable != nullptr ? dataPlaces_.find(variable) : dataPlaces_.end();
        if (found == dataPlaces_.end()) {
            refuse("an address in the initial value of a variable at program scope");
            return;
        }
        addresses_.push_back(fmt::format("halyard-vulkan-address {} {} {} {}", &block == &program_ ? 0 : 1, offset,
                                         found->second.first == &program_ ? 0 : 1,
                                         found->second.second + addend.getZExtValue()));
        return;
    }
    const auto* structure = llvm::dyn_cast<llvm::StructType>(type);
    const unsigned count = structure != nullptr ? structure->getNumElements()
                           : type->isArrayTy()  ? static_cast<unsigned>(type->getArrayNumElements())
                           : type->isVectorTy() ? llvm::cast<llvm::FixedVectorType>(type)->getNumElements()
                                                : 0;
    for (unsigned i = 0; i < count; ++i) {
        const llvm::Constant* element = value.getAggregateElement(i);
        if (element == nullptr) {
            refuse("an initial value of a variable at program scope");
            return;
        }
        const uint64_t at =
            structure != nullptr
                ? data_.getStructLayout(const_cast<llvm::StructType*>(structure))->getElementOffset(i).getFixedValue()
                : i * data_.getTypeAllocSize(element->getType()).getFixedValue();
        initialise(block, offset + at, *element);
    }
    if (count == 0) {
        refuse("an initial value of a variable at program scope");
    }
}

// Zeros at the end are left out.
void Emitter::writeProgram() {
    for (const DataBlock* block : {&program_, &constants_}) {
        const int index = block == &program_ ? 0 : 1;
        size_t last = block->bytes.size();
        while (last > 0 && block->bytes[last - 1] == 0) {
            --last;
        }
        for (size_t from = 0; from < last; from += kBytesOfAString) {
            std::string text = fmt::format("halyard-vulkan-data {} {} ", index, from);
            for (size_t i = from; i < std::min(last, from + kBytesOfAString); ++i) {
                text += fmt::format("{:02x}", block->bytes[i]);
            }
            module_.string(text);
        }
    }
    for (const std::string& address : addresses_) {
        module_.string(address);
    }
}

} // namespace halyard::jit::spirv
