// Module-scope variables and the built-in inputs.
#include "jit/import/importer.h"

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

bool Importer::travelsAsArgument(sv::StorageClass storage) {
    switch (storage) {
    case sv::StorageClass::Private:
    case sv::StorageClass::Uniform:
    case sv::StorageClass::StorageBuffer:
    case sv::StorageClass::PushConstant:
        return true;
    default:
        return false;
    }
}

llvm::Value* Importer::moduleVariable(const Instruction& definition) {
    const Instruction* user = current_;
    current_ = &definition;
    constexpr uint32_t kMaximumDepth = 128; // of variables whose values are each other's addresses, their own included
    if (++constantDepth_ > kMaximumDepth) {
        unsupported("constants nest too deeply");
    }
    const auto storage = static_cast<sv::StorageClass>(literal(definition, 0));
    const Type& pointer = type(definition.resultType);
    check(pointer.kind == TypeKind::Pointer && pointer.storage == storage,
          "a variable's type is a pointer to its class");
    if (isProgramVariable(definition)) {
        values_[definition.result] = programAddress(definition);
        current_ = user;
        --constantDepth_;
        return values_[definition.result];
    }
    const Type& pointee = sizedPointee(pointer);
    llvm::Constant* initializer = definition.operandCount() > 1 ? constant(definition.operand(1)) : nullptr;
    llvm::Value* result = nullptr;
    switch (storage) {
    case sv::StorageClass::Input:
        result = builtinVariable(definition); // valid in the current function only, hence not cached by id alone
        break;
    case sv::StorageClass::Workgroup: {
        const uint64_t alignment = std::max(pointee.layout.alignment, pointerInfo(definition.result).alignment);
        const bool isBlock = pointee.kind == TypeKind::Struct && isDecorated(pointee.id, sv::Decoration::Block);
        llvm::GlobalVariable* variable = isBlock ? workgroupBlocks() : workgroupMemory(pointee.layout.type, alignment);
        if (initializer && !llvm::isa<llvm::UndefValue>(initializer)) {
            if (!initializer->isNullValue()) {
                unsupported("a Workgroup variable with an initialiser other than null");
            }
            clearedVariables_.push_back(variable);
        }
        result = variable;
        break;
    }
    case sv::StorageClass::UniformConstant:
        if (!initializer) {
            unsupported("a constant variable without a value, such as an image or a sampler");
        }
        result = constantData(pointee, initializer, {}, pointerInfo(definition.result).alignment);
        break;
    case sv::StorageClass::CrossWorkgroup:
        if (!initializer) {
            unsupported("a constant variable without a value");
        }
        result = constantData(pointee, initializer, {}, pointerInfo(definition.result).alignment);
        break;
    default:
        if (travelsAsArgument(storage)) {
            unsupported("a module-scope variable that is no parameter of the kernel");
        }
        unsupported("variables of this storage class are not supported");
    }
    current_ = user;
    --constantDepth_;
    values_[definition.result] = result;
    return result;
}

llvm::GlobalVariable* Importer::workgroupMemory(llvm::Type* type, uint64_t alignment) {
    auto* variable =
        new llvm::GlobalVariable(*module_, type, false, llvm::GlobalValue::InternalLinkage, llvm::UndefValue::get(type),
                                 "", nullptr, llvm::GlobalValue::NotThreadLocal, kir::kWorkgroup);
    variable->setAlignment(llvm::Align(alignment));
    return variable;
}

// SPV_KHR_workgroup_memory_explicit_layout: Workgroup variables of block types all start at the same address.
llvm::GlobalVariable* Importer::workgroupBlocks() {
    if (workgroupBlocks_) {
        return workgroupBlocks_;
    }
    uint64_t size = 0;
    for (const Instruction& instruction : source_.instructions()) {
        if (instruction.op() == sv::Op::OpFunction) {
            break;
        }
        if (instruction.op() == sv::Op::OpVariable &&
            static_cast<sv::StorageClass>(literal(instruction, 0)) == sv::StorageClass::Workgroup) {
            const Type& pointee = sizedPointee(type(instruction.resultType));
            if (isDecorated(pointee.id, sv::Decoration::Block)) {
                size = std::max(size, pointee.layout.size);
            }
        }
    }
    constexpr uint64_t kBlockAlignment = 16;
    workgroupBlocks_ = workgroupMemory(bytes(size), kBlockAlignment);
    return workgroupBlocks_;
}

llvm::Value* Importer::constantData(const Type& type, llvm::Constant* value, MatrixLayout matrix, uint64_t alignment) {
    llvm::Constant* memory = memoryConstant(type, value, matrix);
    auto* variable = new llvm::GlobalVariable(*module_, memory->getType(), true, llvm::GlobalValue::InternalLinkage,
                                              memory, "", nullptr, llvm::GlobalValue::NotThreadLocal, kir::kGlobal);
    variable->setAlignment(llvm::Align(std::max(alignment, layoutOf(type, matrix).alignment)));
    variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return variable;
}

// The kernel owns every Private variable; functions receive their addresses. All are placed before any is initialised,
// for an initialiser may be the address of another.
void Importer::materialisePrivates() {
    std::vector<Id> privates;
    for (Id id : currentPlan_->variables) {
        const Instruction& definition = *source_.definition(id);
        if (static_cast<sv::StorageClass>(definition.operand(0)) == sv::StorageClass::Private) {
            const Type& pointee = sizedPointee(type(definition.resultType));
            values_[id] =
                entryAlloca(pointee.layout.type, std::max(pointee.layout.alignment, pointerInfo(id).alignment));
            privates.push_back(id);
        }
    }
    for (Id id : privates) {
        const Instruction& definition = *source_.definition(id);
        if (definition.operandCount() > 1) {
            current_ = &definition;
            const Type& pointee = sizedPointee(type(definition.resultType));
            llvm::Value* initial = value(definition.operand(1));
            check(initial->getType() == pointee.llvmType, "the initialiser does not have the variable's type");
            auto* known = llvm::dyn_cast<llvm::Constant>(initial);
            if (known && pointee.isAggregate()) {
                const uint64_t alignment = std::max(pointee.layout.alignment, pointerInfo(id).alignment);
                storeConstant(pointee, known, values_[id], {false, false, alignment});
            } else {
                storeValue(pointee, initial, values_[id], {}, {});
            }
        }
    }
}

void Importer::clearWorkgroupVariables() {
    if (clearedVariables_.empty()) {
        return;
    }
    // The first invocation clears, the others wait. Runs last, when every variable in use is known: the kernel's own
    // code starts in the block after entry_.
    llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    llvm::Instruction* toBody = entry_->getTerminator();
    llvm::BasicBlock* body = toBody->getSuccessor(0);
    llvm::Function* function = entry_->getParent();
    auto* clear = llvm::BasicBlock::Create(context_, "", function, body);
    auto* ready = llvm::BasicBlock::Create(context_, "", function, body);
    toBody->eraseFromParent();
    builder_.SetInsertPoint(entry_);
    llvm::Value* first =
        builder_.CreateICmpEQ(builtinCall(kir::kLocalLinearId, builder_.getInt64Ty()), builder_.getInt64(0));
    builder_.CreateCondBr(first, clear, ready);
    builder_.SetInsertPoint(clear);
    for (llvm::GlobalVariable* variable : clearedVariables_) {
        builder_.CreateMemSet(variable, builder_.getInt8(0), layout_.getTypeAllocSize(variable->getValueType()),
                              variable->getAlign());
    }
    builder_.CreateBr(ready);
    builder_.SetInsertPoint(ready);
    constexpr uint32_t kAcquireReleaseWorkgroupMemory = 0x8 | 0x100;
    emitBarrier(kir::kScopeIdWorkgroup, kir::kScopeIdWorkgroup, kAcquireReleaseWorkgroupMemory);
    builder_.CreateBr(body);
}

// An Input variable becomes a local copy in each function that names it; the copy folds away in optimisation.
llvm::Value* Importer::builtinVariable(const Instruction& definition) {
    if (!entry_) {
        unsupported("an input variable as a constant");
    }
    const Type& pointee = sizedPointee(type(definition.resultType));
    llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    llvm::AllocaInst* copy = entryAlloca(pointee.layout.type, pointee.layout.alignment);
    builder_.SetInsertPoint(entry_, std::next(copy->getIterator()));
    storeValue(pointee, builtinValue(definition, pointee), copy, {}, {});
    inputVariables_.push_back(definition.result);
    return copy;
}

llvm::Value* Importer::builtinCall(std::string_view name, llvm::Type* type) {
    llvm::FunctionCallee callee =
        module_->getOrInsertFunction(llvm::StringRef(name.data(), name.size()), llvm::FunctionType::get(type, false));
    auto* function = llvm::cast<llvm::Function>(callee.getCallee());
    function->setDoesNotThrow();
    function->setWillReturn();
    function->setDoesNotAccessMemory();
    return builder_.CreateCall(callee);
}

llvm::Value* Importer::builtinComponent(std::string_view name, uint32_t dimension) {
    llvm::FunctionCallee callee = module_->getOrInsertFunction(llvm::StringRef(name.data(), name.size()),
                                                               builder_.getInt64Ty(), builder_.getInt32Ty());
    auto* function = llvm::cast<llvm::Function>(callee.getCallee());
    function->setDoesNotThrow();
    function->setWillReturn();
    function->setDoesNotAccessMemory();
    return builder_.CreateCall(callee, builder_.getInt32(dimension));
}

namespace {
std::string_view vectorBuiltin(sv::BuiltIn builtin) {
    switch (builtin) {
    case sv::BuiltIn::NumWorkgroups:
        return kir::kNumGroups;
    case sv::BuiltIn::WorkgroupSize:
    case sv::BuiltIn::EnqueuedWorkgroupSize:
        return kir::kLocalSize;
    case sv::BuiltIn::WorkgroupId:
        return kir::kGroupId;
    case sv::BuiltIn::LocalInvocationId:
        return kir::kLocalId;
    case sv::BuiltIn::GlobalInvocationId:
        return kir::kGlobalId;
    case sv::BuiltIn::GlobalSize:
        return kir::kGlobalSize;
    case sv::BuiltIn::GlobalOffset:
        return kir::kGlobalOffset;
    default:
        return {};
    }
}

std::string_view scalarBuiltin(sv::BuiltIn builtin, bool& wide) {
    wide = false;
    switch (builtin) {
    case sv::BuiltIn::LocalInvocationIndex:
        wide = true;
        return kir::kLocalLinearId;
    case sv::BuiltIn::GlobalLinearId:
        wide = true;
        return kir::kGlobalLinearId;
    case sv::BuiltIn::SubgroupSize:
        return kir::kSubgroupSize;
    case sv::BuiltIn::SubgroupMaxSize:
        return kir::kSubgroupMaxSize;
    case sv::BuiltIn::NumSubgroups:
    case sv::BuiltIn::NumEnqueuedSubgroups:
        return kir::kNumSubgroups;
    case sv::BuiltIn::SubgroupId:
        return kir::kSubgroupId;
    case sv::BuiltIn::SubgroupLocalInvocationId:
        return kir::kSubgroupLocalId;
    default:
        return {};
    }
}
} // namespace

llvm::Value* Importer::builtinValue(const Instruction& variable, const Type& type) {
    const spv::Decoration* decoration = source_.findDecoration(variable.result, sv::Decoration::BuiltIn);
    if (!decoration || decoration->operands.empty()) {
        unsupported("an input variable that is no built-in");
    }
    const auto builtin = static_cast<sv::BuiltIn>(decoration->operands[0]);
    const Type& scalar = type.kind == TypeKind::Vector ? this->type(type.element) : type;
    check(scalar.kind == TypeKind::Int, "a built-in input holds integers");
    if (std::string_view name = vectorBuiltin(builtin); !name.empty()) {
        check(type.kind == TypeKind::Vector && type.count == 3, "this built-in has three components");
        llvm::Value* result = llvm::PoisonValue::get(type.llvmType);
        for (uint32_t i = 0; i < 3; ++i) {
            result = builder_.CreateInsertElement(result, resize(builtinComponent(name, i), scalar.llvmType, false), i);
        }
        return result;
    }
    switch (builtin) {
    case sv::BuiltIn::SubgroupEqMask:
    case sv::BuiltIn::SubgroupGeMask:
    case sv::BuiltIn::SubgroupGtMask:
    case sv::BuiltIn::SubgroupLeMask:
    case sv::BuiltIn::SubgroupLtMask:
        return subgroupMask(builtin, type);
    default:
        break;
    }
    check(type.kind == TypeKind::Int, "this built-in is a scalar");
    bool wide = false;
    if (std::string_view name = scalarBuiltin(builtin, wide); !name.empty()) {
        llvm::Type* own = wide ? builder_.getInt64Ty() : builder_.getInt32Ty();
        return resize(builtinCall(name, own), type.llvmType, false);
    }
    switch (builtin) {
    case sv::BuiltIn::WorkDim: {
        // A launch always has three dimensions; the highest one above 1 counts.
        llvm::Value* one = builder_.getInt64(1);
        llvm::Value* deep = builder_.CreateICmpUGT(builtinComponent(kir::kGlobalSize, 2), one);
        llvm::Value* high = builder_.CreateICmpUGT(builtinComponent(kir::kGlobalSize, 1), one);
        llvm::Value* flat = builder_.CreateSelect(high, builder_.getInt32(2), builder_.getInt32(1));
        return resize(builder_.CreateSelect(deep, builder_.getInt32(3), flat), type.llvmType, false);
    }
    case sv::BuiltIn::DeviceIndex:
        return llvm::ConstantInt::get(type.llvmType, 0);
    default:
        unsupported(fmt::format("built-in {} is not supported", decoration->operands[0]));
    }
}

llvm::Value* Importer::subgroupMask(sv::BuiltIn builtin, const Type& type) {
    check(type.kind == TypeKind::Vector && type.count == 4 && this->type(type.element).width == 32,
          "a subgroup mask has four 32-bit components");
    llvm::Type* wide = builder_.getIntNTy(128);
    llvm::Value* lane = builder_.CreateZExt(builtinCall(kir::kSubgroupLocalId, builder_.getInt32Ty()), wide);
    llvm::Value* size = builder_.CreateZExt(builtinCall(kir::kSubgroupMaxSize, builder_.getInt32Ty()), wide);
    llvm::Value* one = llvm::ConstantInt::get(wide, 1);
    llvm::Value* own = builder_.CreateShl(one, lane);
    llvm::Value* below = builder_.CreateSub(own, one);
    // Size is at most 128, where the shift would be out of range.
    llvm::Value* full = builder_.CreateICmpEQ(size, llvm::ConstantInt::get(wide, 128));
    llvm::Value* shifted = builder_.CreateShl(one, builder_.CreateAnd(size, llvm::ConstantInt::get(wide, 127)));
    llvm::Value* all =
        builder_.CreateSelect(full, llvm::Constant::getAllOnesValue(wide), builder_.CreateSub(shifted, one));
    llvm::Value* mask = own;
    switch (builtin) {
    case sv::BuiltIn::SubgroupLtMask:
        mask = below;
        break;
    case sv::BuiltIn::SubgroupLeMask:
        mask = builder_.CreateOr(below, own);
        break;
    case sv::BuiltIn::SubgroupGeMask:
        mask = builder_.CreateAnd(builder_.CreateNot(below), all);
        break;
    case sv::BuiltIn::SubgroupGtMask:
        mask = builder_.CreateAnd(builder_.CreateNot(builder_.CreateOr(below, own)), all);
        break;
    default:
        break;
    }
    return builder_.CreateBitCast(mask, type.llvmType);
}

} // namespace halyard::jit
