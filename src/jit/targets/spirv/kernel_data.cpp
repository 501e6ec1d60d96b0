// Variables of the Kernel flavour: private and workgroup ones, and constants, each a SPIR-V variable of its own.
#include "jit/kir.h"
#include "jit/targets/spirv/kernel_emitter.h"

#include <algorithm>

#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::spirv {

using ::spv::Op;

namespace {

constexpr uint64_t kElements = 60000; // the longest instruction has 65,535 words
constexpr uint64_t kAligned = 128;    // the widest vector is aligned so

} // namespace

// An array of units, which are what the alignment comes from.
KernelEmitter::Block KernelEmitter::blockOf(uint64_t size, uint64_t alignment) {
    if (alignment > kAligned) {
        refuse("a variable that is aligned to " + std::to_string(alignment) + " bytes");
        alignment = kAligned;
    }
    Block block;
    block.unitBytes = std::min<uint64_t>(alignment, 8);
    block.perUnit = static_cast<uint32_t>(alignment / block.unitBytes);
    block.count = std::max<uint64_t>(1, (size + alignment - 1) / alignment);
    const Id word = module_.intType(static_cast<uint32_t>(block.unitBytes * 8));
    block.unit = block.perUnit == 1 ? word : module_.vectorType(word, block.perUnit);
    block.type = module_.arrayType(block.unit, u64(block.count));
    return block;
}

Id KernelEmitter::initialValue(const Block& block, const std::vector<uint8_t>& bytes) {
    if (std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; })) {
        return module_.constantNull(block.type);
    }
    if (block.count > kElements) {
        refuse("a constant of " + std::to_string(bytes.size()) + " bytes");
        return 1;
    }
    const auto word = [&](uint64_t index) {
        uint64_t value = 0;
        for (uint64_t i = 0; i < block.unitBytes; ++i) {
            const uint64_t at = index * block.unitBytes + i;
            value |= at < bytes.size() ? uint64_t{bytes[at]} << (8 * i) : 0;
        }
        return module_.constant(static_cast<uint32_t>(block.unitBytes * 8), value);
    };
    Words elements;
    for (uint64_t i = 0; i < block.count; ++i) {
        Words parts;
        for (uint32_t j = 0; j < block.perUnit; ++j) {
            parts.push_back(word(i * block.perUnit + j));
        }
        elements.push_back(block.perUnit == 1 ? parts[0] : module_.constantComposite(block.unit, parts));
    }
    return module_.constantComposite(block.type, elements);
}

void KernelEmitter::layOutPrivates() {
    for (const llvm::Instruction& instruction : llvm::instructions(kernel_)) {
        const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
        if (variable == nullptr || placeSlot(*variable)) {
            continue;
        }
        const std::optional<llvm::TypeSize> size = variable->getAllocationSize(data_);
        if (!size || size->isScalable()) {
            refuse("a private variable of a size that is known at run time alone");
            return;
        }
        const Block block = blockOf(size->getFixedValue(), variable->getAlign().value());
        const auto storage = ::spv::StorageClass::Function;
        const Id id = module_.newId();
        append(variables_, Op::OpVariable,
               {module_.pointerType(storage, block.type), id, static_cast<uint32_t>(storage)});
        privates_[variable] = bytes(id, Space::Private);
    }
}

void KernelEmitter::layOutGlobals() {
    for (const llvm::GlobalVariable& variable : kernel_.getParent()->globals()) {
        if (variable.use_empty()) {
            continue;
        }
        const uint64_t size = data_.getTypeAllocSize(variable.getValueType()).getFixedValue();
        const bool inWorkgroup = variable.getAddressSpace() == kir::kWorkgroup;
        const uint64_t own = data_.getValueOrABITypeAlignment(variable.getAlign(), variable.getValueType()).value();
        // Atomic operations on bytes change the word around them (expand_atomics.h).
        const Block block = blockOf(size, inWorkgroup ? std::max<uint64_t>(own, 4) : own);
        if (inWorkgroup) {
            const Id id = module_.data(::spv::StorageClass::Workgroup, block.type, 0);
            lasting_[&variable] = bytes(id, Space::Workgroup);
            continue;
        }
        if (!variable.isConstant() || !variable.hasInitializer()) {
            refuse("variables at program scope, which the kernels of a module share (a module made here has one)");
            return;
        }
        DataBlock image;
        image.bytes.resize(size);
        initialise(image, 0, *variable.getInitializer());
        const Id id = module_.data(::spv::StorageClass::CrossWorkgroup, block.type, initialValue(block, image.bytes));
        module_.decorate(id, ::spv::Decoration::Constant);
        lasting_[&variable] = bytes(id, Space::Global);
    }
}

} // namespace halyard::jit::spirv
