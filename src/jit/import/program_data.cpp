// Writable variables at program scope (CrossWorkgroup): one block, laid out alike for every kernel of the module.
#include "jit/import/importer.h"

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

namespace {
// A relocation within an object's data and code reaches 2 GiB.
constexpr uint64_t kMaximumProgramBytes = uint64_t{1} << 30;
} // namespace

bool Importer::isProgramVariable(const Instruction& definition) const {
    return definition.op() == sv::Op::OpVariable && definition.operandCount() > 0 &&
           static_cast<sv::StorageClass>(definition.operand(0)) == sv::StorageClass::CrossWorkgroup &&
           !isDecorated(definition.result, sv::Decoration::Constant);
}

llvm::Constant* Importer::programAddress(const Instruction& definition) {
    if (!programBlock_) {
        layOutProgram();
    }
    auto found = programOffsets_.find(definition.result);
    check(found != programOffsets_.end(), "a variable at program scope stands inside a function");
    return llvm::ConstantExpr::getInBoundsGetElementPtr(builder_.getInt8Ty(), programBlock_,
                                                        builder_.getInt64(found->second));
}

// Every variable gets its place before any is initialised, for an initialiser may be the address of another.
void Importer::layOutProgram() {
    const Instruction* user = current_;
    std::vector<const Instruction*> variables;
    uint64_t size = 0;
    uint64_t alignment = 16;
    for (const Instruction& instruction : source_.instructions()) {
        if (instruction.op() == sv::Op::OpFunction) {
            break;
        }
        if (!isProgramVariable(instruction)) {
            continue;
        }
        current_ = &instruction;
        for (const spv::Decoration& decoration : source_.decorations(instruction.result)) {
            if (decoration.kind == sv::Decoration::LinkageAttributes && !decoration.operands.empty() &&
                decoration.operands.back() == uint32_t(sv::LinkageType::Import)) {
                fail(HY_ERROR_UNSUPPORTED_SPIRV, "a variable at program scope that another module defines",
                     "link the module that defines it, for example with spirv-link");
            }
        }
        const Type& pointee = sizedPointee(type(instruction.resultType));
        const uint64_t own = std::max(pointee.layout.alignment, pointerInfo(instruction.result).alignment);
        size = llvm::alignTo(size, own);
        programOffsets_[instruction.result] = size;
        if (pointee.layout.size > kMaximumProgramBytes || size + pointee.layout.size > kMaximumProgramBytes) {
            unsupported("the variables at program scope take more than 1 GiB");
        }
        size += pointee.layout.size;
        alignment = std::max(alignment, own);
        variables.push_back(&instruction);
    }
    llvm::Type* placeholder = bytes(std::max<uint64_t>(size, 1));
    programBlock_ = new llvm::GlobalVariable(*module_, placeholder, false, llvm::GlobalValue::ExternalLinkage,
                                             llvm::Constant::getNullValue(placeholder), kir::kProgramData.data(),
                                             nullptr, llvm::GlobalValue::NotThreadLocal, kir::kGlobal);
    programBlock_->setAlignment(llvm::Align(alignment));
    std::vector<std::pair<uint64_t, llvm::Constant*>> parts;
    for (const Instruction* variable : variables) {
        if (variable->operandCount() < 2) {
            continue;
        }
        current_ = variable;
        const Type& pointee = sizedPointee(type(variable->resultType));
        llvm::Constant* initial = constant(variable->operand(1));
        check(initial->getType() == pointee.llvmType, "the initialiser does not have the variable's type");
        if (!initial->isNullValue() && !llvm::isa<llvm::UndefValue>(initial)) {
            parts.emplace_back(programOffsets_.at(variable->result), memoryConstant(pointee, initial, {}));
        }
    }
    if (!parts.empty()) {
        programBlock_->replaceInitializer(packAt(std::move(parts), size));
    }
    current_ = user;
}

} // namespace halyard::jit
