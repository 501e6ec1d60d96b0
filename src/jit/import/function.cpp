// The call graph below the kernel, function signatures, and calls.
#include "jit/import/importer.h"
#include "spv/cooperative_matrix.h"

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

namespace {
constexpr size_t kMaximumCallDepth = 256;

bool isConvergent(sv::Op op) {
    const auto in = [op](sv::Op first, sv::Op last) { return op >= first && op <= last; };
    constexpr auto kOpGroupFirstKhr = static_cast<sv::Op>(6401), kOpGroupLastKhr = static_cast<sv::Op>(6408);
    return op == sv::Op::OpControlBarrier || in(sv::Op::OpGroupAsyncCopy, sv::Op::OpGroupSMax) ||
           in(sv::Op::OpGroupNonUniformElect, sv::Op::OpGroupNonUniformQuadSwap) ||
           in(sv::Op::OpSubgroupBallotKHR, sv::Op::OpSubgroupReadInvocationKHR) ||
           in(sv::Op::OpSubgroupShuffleINTEL, sv::Op::OpSubgroupShuffleXorINTEL) ||
           in(kOpGroupFirstKhr, kOpGroupLastKhr) ||
           in(static_cast<sv::Op>(spv::kOpCooperativeMatrixLoad), static_cast<sv::Op>(spv::kOpCooperativeMatrixMulAdd));
}

// Whether it matters which invocations run the instruction together. Barriers of the workgroup are for all of them.
bool isCollective(sv::Op op) {
    return isConvergent(op) && op != sv::Op::OpControlBarrier && op != sv::Op::OpGroupAsyncCopy &&
           op != sv::Op::OpGroupWaitEvents;
}
} // namespace

void Importer::checkExecutionModes() {
    for (const spv::EntryPoint::Mode& mode : entryPoint_->modes) {
        switch (mode.mode) {
        case sv::ExecutionMode::LocalSize:
        case sv::ExecutionMode::LocalSizeHint:
        case sv::ExecutionMode::LocalSizeId:
        case sv::ExecutionMode::LocalSizeHintId:
        case sv::ExecutionMode::VecTypeHint:
        case sv::ExecutionMode::SubgroupSize:
        case sv::ExecutionMode::SubgroupsPerWorkgroup:
        case sv::ExecutionMode::SubgroupsPerWorkgroupId:
        case sv::ExecutionMode::SubgroupUniformControlFlowKHR:
        case sv::ExecutionMode::DenormPreserve:
        case sv::ExecutionMode::RoundingModeRTE:
        case sv::ExecutionMode::MaxWorkgroupSizeINTEL:
            break;
        case sv::ExecutionMode::ContractionOff:
            contraction_ = false;
            break;
        case sv::ExecutionMode::SignedZeroInfNanPreserve:
            preserveSpecials_ = true;
            break;
        case sv::ExecutionMode::DenormFlushToZero:
        case sv::ExecutionMode::RoundingModeRTZ:
            readFloatControl(mode);
            break;
        default:
            constexpr uint32_t kFPFastMathDefault = 6028; // of SPV_KHR_float_controls2, newer than the headers
            if (static_cast<uint32_t>(mode.mode) == kFPFastMathDefault) {
                readFastMathDefault(mode);
                break;
            }
            unsupported(fmt::format("execution mode {} is not supported", static_cast<uint32_t>(mode.mode)));
        }
    }
    // LocalSize in the GLCompute flavour and everything about sizes is read from KernelInfo by the targets.
    for (const Instruction& instruction : source_.instructions()) {
        if (instruction.op() == sv::Op::OpFunction) {
            break;
        }
        if (instruction.op() == sv::Op::OpVariable &&
            travelsAsArgument(static_cast<sv::StorageClass>(literal(instruction, 0)))) {
            argumentVariables_.insert(instruction.result);
        }
    }
}

void Importer::noteVariable(FunctionPlan& plan, Id id) {
    // Any operand word may be an id; one that only looks like a variable costs an unused argument.
    if (!argumentVariables_.count(id) || plan.variables.count(id)) {
        return;
    }
    const Instruction& definition = *source_.definition(id);
    const bool isPrivate = static_cast<sv::StorageClass>(definition.operand(0)) == sv::StorageClass::Private;
    if (!isPrivate && !buffers_.count(id)) {
        return;
    }
    plan.variables.insert(id);
    if (isPrivate && definition.operandCount() > 1) {
        noteVariable(plan, definition.operand(1));
    }
}

void Importer::plan(Id function, std::vector<Id>& path) {
    const spv::Function* source = source_.findFunction(function);
    if (!source) {
        invalid(fmt::format("function %{} does not exist", function));
    }
    if (source->blocks.empty()) {
        fail(HY_ERROR_UNSUPPORTED_SPIRV,
             fmt::format("function '{}' (%{}) has no body", libraryName(function).full, function),
             "link the module that defines it, for example with spirv-link");
    }
    if (std::find(path.begin(), path.end(), function) != path.end()) {
        fail(HY_ERROR_UNSUPPORTED_SPIRV,
             fmt::format("function '{}' (%{}) calls itself, directly or through others", source_.name(function),
                         function),
             "recursion is not available on any device; rewrite it as a loop");
    }
    if (plans_.count(function)) {
        return;
    }
    if (path.size() >= kMaximumCallDepth) {
        unsupported("functions call each other too deeply");
    }
    path.push_back(function);
    FunctionPlan plan;
    plan.source = source;
    planBody(plan, path);
    path.pop_back();
    plans_.emplace(function, std::move(plan));
    planOrder_.push_back(function);
}

void Importer::planBody(FunctionPlan& plan, std::vector<Id>& path) {
    for (const spv::Block& block : plan.source->blocks) {
        for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i) {
            const Instruction& instruction = source_.instructions()[i];
            plan.convergent |= isConvergent(instruction.op());
            plan.collective |= isCollective(instruction.op());
            if (instruction.op() == sv::Op::OpControlBarrier) {
                current_ = &instruction;
                plan.collective |= constantInteger(literal(instruction, 0)) == uint64_t(sv::Scope::Subgroup);
            }
            for (uint32_t index = 0; index < instruction.operandCount(); ++index) {
                noteVariable(plan, instruction.operand(index));
            }
            if (instruction.op() == sv::Op::OpFunctionCall) {
                current_ = &instruction;
                const Id callee = literal(instruction, 0);
                const spv::Function* target = source_.findFunction(callee);
                if (target && target->blocks.empty() && isLibraryFunction(callee)) {
                    const bool subgroup = libraryName(callee).name == "sub_group_barrier";
                    plan.convergent |= subgroup;
                    plan.collective |= subgroup;
                    continue;
                }
                this->plan(callee, path);
                const FunctionPlan& inner = plans_.at(callee);
                plan.variables.insert(inner.variables.begin(), inner.variables.end());
                plan.convergent |= inner.convergent;
                plan.collective |= inner.collective;
            }
        }
    }
    current_ = nullptr;
}

void Importer::declare(FunctionPlan& plan) {
    current_ = &source_.instructions()[plan.source->instruction];
    if (plan.source->id == entryPoint_->function) {
        declareKernel(plan);
    } else {
        const Type& signature = type(plan.source->functionType);
        check(signature.kind == TypeKind::Function && signature.members.size() == plan.source->parameters.size(),
              "the function's type does not fit its parameters");
        std::vector<llvm::Type*> parameters;
        for (size_t i = 0; i < signature.members.size(); ++i) {
            const Type& parameter = type(signature.members[i]);
            check(parameter.llvmType && !parameter.llvmType->isVoidTy() &&
                      typeIdOf(plan.source->parameters[i]) == signature.members[i],
                  "the function's type does not fit its parameters");
            parameters.push_back(parameter.llvmType);
        }
        for (Id variable : plan.variables) {
            for (llvm::Type* type : variableTypes(variable)) {
                parameters.push_back(type);
            }
        }
        const Type& result = type(plan.source->resultType);
        check(result.llvmType && signature.element == result.id, "the function's result does not fit its type");
        plan.function = llvm::Function::Create(
            llvm::FunctionType::get(result.llvmType, parameters, false), llvm::GlobalValue::InternalLinkage,
            fmt::format("f{}.{}", plan.source->id, source_.name(plan.source->id)), module_.get());
        if (plan.source->control & uint32_t(sv::FunctionControlMask::Inline)) {
            plan.function->addFnAttr(llvm::Attribute::InlineHint);
        }
    }
    plan.function->setDoesNotThrow();
    if (plan.convergent) {
        plan.function->setConvergent();
    }
}

llvm::Type* Importer::kernelParameterType(const spv::Parameter& parameter) {
    switch (parameter.kind) {
    case spv::ParameterKind::GlobalPointer:
        return llvm::PointerType::get(context_, kir::kGlobal);
    case spv::ParameterKind::LocalPointer:
        return llvm::PointerType::get(context_, kir::kWorkgroup);
    case spv::ParameterKind::PushConstants:
        return llvm::PointerType::get(context_, kir::kConstant);
    case spv::ParameterKind::Value:
        break;
    }
    const Type& type = typeOf(parameter.id);
    if (type.kind == TypeKind::Bool) {
        return builder_.getInt8Ty();
    }
    if (type.isAggregate() || type.kind == TypeKind::Pointer) {
        return llvm::PointerType::get(context_, kir::kConstant);
    }
    check(type.kind == TypeKind::Int || type.kind == TypeKind::Float || type.kind == TypeKind::Vector,
          "a kernel parameter of this type cannot be passed");
    return type.llvmType;
}

void Importer::declareKernel(FunctionPlan& plan) {
    const llvm::StringRef name = kernel_.name;
    if (name.empty() || name.starts_with("llvm.") || name.starts_with("hy.")) {
        unsupported("the kernel's name is empty or reserved");
    }
    check(type(plan.source->resultType).kind == TypeKind::Void, "a kernel returns nothing");
    std::vector<llvm::Type*> parameters;
    size_t lengths = 0;
    for (const spv::Parameter& parameter : kernel_.parameters) {
        parameters.push_back(kernelParameterType(parameter));
        lengths += parameter.needsLength;
    }
    parameters.insert(parameters.end(), lengths, builder_.getInt64Ty());
    plan.function = llvm::Function::Create(llvm::FunctionType::get(builder_.getVoidTy(), parameters, false),
                                           llvm::GlobalValue::ExternalLinkage, name, module_.get());
    plan.function->addFnAttr(llvm::StringRef(kir::kKernelAttribute.data(), kir::kKernelAttribute.size()));
    for (size_t i = 0; i < kernel_.parameters.size(); ++i) {
        annotateKernelParameter(*plan.function->getArg(i), kernel_.parameters[i]);
    }
}

void Importer::annotateKernelParameter(llvm::Argument& argument, const spv::Parameter& parameter) {
    argument.setName(parameter.name);
    if (!argument.getType()->isPointerTy()) {
        return;
    }
    llvm::AttrBuilder attributes(context_);
    const Id id = parameter.id;
    if (argument.getType()->getPointerAddressSpace() == kir::kConstant) {
        const Type& own = typeOf(id);
        const Layout layout = own.kind == TypeKind::Pointer ? sizedPointee(own).layout : own.layout;
        const bool fits = layout_.getTypeAllocSize(layout.type) == parameter.size;
        attributes.addByRefAttr(fits ? layout.type : bytes(parameter.size));
        attributes.addAlignmentAttr(llvm::Align(std::max<uint64_t>(parameter.alignment, 1)));
        attributes.addAttribute(llvm::Attribute::NoAlias);
        attributes.addAttribute(llvm::Attribute::ReadOnly);
        argument.addAttrs(attributes);
        return;
    }
    if (parameter.pointeeAlignment > 1) {
        attributes.addAlignmentAttr(llvm::Align(parameter.pointeeAlignment));
    }
    if (parameter.readOnly) {
        attributes.addAttribute(llvm::Attribute::ReadOnly);
    }
    if (isDecorated(id, sv::Decoration::Restrict) || isDecorated(id, sv::Decoration::RestrictPointer)) {
        attributes.addAttribute(llvm::Attribute::NoAlias);
    }
    for (const spv::Decoration& decoration : source_.decorations(id)) {
        if (decoration.member != spv::Decoration::kNoMember || decoration.operands.empty()) {
            continue;
        }
        if (decoration.kind == sv::Decoration::FuncParamAttr &&
            decoration.operands[0] == uint32_t(sv::FunctionParameterAttribute::NoAlias)) {
            attributes.addAttribute(llvm::Attribute::NoAlias);
        }
        if (decoration.kind == sv::Decoration::MaxByteOffset) {
            attributes.addDereferenceableAttr(decoration.operands[0]);
        }
    }
    argument.addAttrs(attributes);
}

llvm::AllocaInst* Importer::entryAlloca(llvm::Type* type, uint64_t alignment) {
    llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    builder_.SetInsertPoint(entry_, entry_->begin());
    llvm::AllocaInst* result = builder_.CreateAlloca(type, layout_.getAllocaAddrSpace());
    result->setAlignment(llvm::Align(alignment));
    return result;
}

llvm::Value* Importer::privateCopy(llvm::Value* source, const Type& type, uint64_t alignment) {
    llvm::AllocaInst* copy = entryAlloca(type.layout.type, std::max(type.layout.alignment, alignment));
    builder_.CreateMemCpy(copy, copy->getAlign(), source, llvm::Align(alignment), type.layout.size);
    return copy;
}

void Importer::bindKernelParameters(FunctionPlan& plan) {
    size_t lengthIndex = kernel_.parameters.size();
    std::vector<llvm::Value*> pointers(kernel_.parameters.size());
    std::vector<llvm::Value*> lengths(kernel_.parameters.size());
    std::set<Id> bound;
    for (size_t i = 0; i < kernel_.parameters.size(); ++i) {
        const spv::Parameter& parameter = kernel_.parameters[i];
        llvm::Argument* argument = plan.function->getArg(i);
        const Type& type = typeOf(parameter.id);
        llvm::Value* bindTo = argument;
        if (type.kind == TypeKind::Bool) {
            bindTo = builder_.CreateICmpNE(argument, builder_.getInt8(0));
        } else if (type.isAggregate()) {
            bindTo = loadValue(type, argument, {}, {false, false, type.layout.alignment});
        } else if (type.kind == TypeKind::Pointer && parameter.kind == spv::ParameterKind::Value) {
            bindTo = privateCopy(argument, sizedPointee(type), std::max<uint32_t>(parameter.alignment, 1));
        }
        check(bindTo->getType() == type.llvmType, "a kernel parameter of this type cannot be passed");
        values_[parameter.id] = pointers[i] = bindTo;
        bound.insert(parameter.id);
        lengths[i] = parameter.needsLength ? plan.function->getArg(lengthIndex++) : nullptr;
        if (parameter.kind != spv::ParameterKind::Value && parameter.pointeeAlignment > 1) {
            pointers_[parameter.id].alignment = parameter.pointeeAlignment;
        }
    }
    bindBuffers(pointers, lengths);
    for (Id parameter : plan.source->parameters) {
        check(bound.count(parameter) != 0, "a parameter of the kernel was not reflected");
    }
}

bool Importer::needsLength(Id variable) const {
    auto buffer = buffers_.find(variable);
    return buffer != buffers_.end() &&
           std::any_of(buffer->second.begin(), buffer->second.end(),
                       [&](uint32_t position) { return kernel_.parameters[position].needsLength; });
}

// What a function is given for a module-scope variable: its address, and its length where one is asked for. An array of
// descriptors is a table of addresses, and one of lengths.
std::vector<llvm::Type*> Importer::variableTypes(Id variable) {
    const bool isTable = isDescriptorArray(variable);
    llvm::Type* table = llvm::PointerType::get(context_, layout_.getAllocaAddrSpace());
    std::vector<llvm::Type*> result{isTable ? table : typeOf(variable).llvmType};
    if (needsLength(variable)) {
        result.push_back(isTable ? table : builder_.getInt64Ty());
    }
    return result;
}

llvm::Value* Importer::descriptorTable(const std::vector<llvm::Value*>& elements) {
    llvm::Type* type = elements[0]->getType();
    llvm::AllocaInst* table =
        entryAlloca(llvm::ArrayType::get(type, elements.size()), layout_.getABITypeAlign(type).value());
    for (size_t i = 0; i < elements.size(); ++i) {
        builder_.CreateStore(elements[i], at(table, i * layout_.getTypeAllocSize(type)));
    }
    return table;
}

// `pointers` and `lengths` by the position of the parameter. Several variables may stand for one parameter.
void Importer::bindBuffers(const std::vector<llvm::Value*>& pointers, const std::vector<llvm::Value*>& lengths) {
    for (const auto& [variable, positions] : buffers_) {
        if (source_.definition(variable)->op() != sv::Op::OpVariable) {
            continue;
        }
        if (!isDescriptorArray(variable)) {
            values_[variable] = pointers[positions[0]];
            lengths_[variable] = lengths[positions[0]];
            continue;
        }
        std::vector<llvm::Value*> elements;
        std::vector<llvm::Value*> sizes;
        for (uint32_t position : positions) {
            elements.push_back(pointers[position]);
            sizes.push_back(lengths[position] ? lengths[position] : builder_.getInt64(0));
        }
        values_[variable] = descriptorTable(elements);
        if (needsLength(variable)) {
            lengths_[variable] = descriptorTable(sizes);
        }
    }
}

void Importer::bindParameters(FunctionPlan& plan) {
    uint32_t index = 0;
    for (Id parameter : plan.source->parameters) {
        llvm::Value* argument = plan.function->getArg(index++);
        for (const spv::Decoration& decoration : source_.decorations(parameter)) {
            if (decoration.kind == sv::Decoration::FuncParamAttr && !decoration.operands.empty() &&
                decoration.operands[0] == uint32_t(sv::FunctionParameterAttribute::ByVal) &&
                argument->getType()->isPointerTy()) {
                argument = privateCopy(argument, sizedPointee(typeOf(parameter)), 1);
                break;
            }
        }
        values_[parameter] = argument;
    }
    for (Id variable : plan.variables) {
        values_[variable] = plan.function->getArg(index++);
        if (needsLength(variable)) {
            lengths_[variable] = plan.function->getArg(index++);
        }
    }
}

void Importer::emitBody(FunctionPlan& plan) {
    currentPlan_ = &plan;
    current_ = &source_.instructions()[plan.source->instruction];
    blocks_.clear();
    exits_.clear();
    emitted_.clear();
    phis_.clear();
    unrolledLoops_.clear();
    loopMerges_.clear();
    lengths_.clear();
    for (Id variable : inputVariables_) {
        values_[variable] = nullptr;
    }
    inputVariables_.clear();
    const bool isKernel = plan.source->id == entryPoint_->function;
    lines_.enter(*plan.source, isKernel ? kernel_.name : source_.name(plan.source->id), *plan.function);
    builder_.SetCurrentDebugLocation(lines_.location());
    entry_ = llvm::BasicBlock::Create(context_, "", plan.function);
    const std::vector<const spv::Block*> order = reachableBlocks(*plan.source);
    for (const spv::Block* block : order) {
        blocks_[block->label] = llvm::BasicBlock::Create(context_, "", plan.function);
    }
    findCopies(*plan.source);
    builder_.SetInsertPoint(entry_);
    builder_.SetInsertPoint(builder_.CreateBr(block(order.front()->label)));
    if (isKernel) {
        bindKernelParameters(plan);
        materialisePrivates();
    } else {
        bindParameters(plan);
    }
    emitBlocks(order);
    markRegions();
    if (isKernel) {
        clearWorkgroupVariables();
    }
    entry_ = nullptr;
}

void Importer::functionCall(const Instruction& instruction) {
    auto found = plans_.find(literal(instruction, 0));
    if (found == plans_.end() && isLibraryFunction(literal(instruction, 0))) {
        libraryCall(instruction);
        return;
    }
    check(found != plans_.end() && found->second.function, "the callee is not a function");
    const FunctionPlan& callee = found->second;
    check(callee.source->id != entryPoint_->function, "an entry point is called");
    std::vector<llvm::Value*> arguments;
    for (uint32_t i = 1; i < instruction.operandCount(); ++i) {
        arguments.push_back(operand(instruction, i));
    }
    check(arguments.size() == callee.source->parameters.size(), "the call has the wrong number of arguments");
    for (Id variable : callee.variables) {
        arguments.push_back(value(variable));
        if (needsLength(variable)) {
            arguments.push_back(lengths_.at(variable));
        }
    }
    llvm::FunctionType* signature = callee.function->getFunctionType();
    for (size_t i = 0; i < arguments.size(); ++i) {
        check(arguments[i]->getType() == signature->getParamType(i), "an argument of the call has the wrong type");
    }
    const uint32_t region = nextRegion_++;
    if (callee.collective) {
        emitRegion(kir::kRegionBegin, region);
    }
    llvm::CallInst* call = builder_.CreateCall(callee.function, arguments);
    if (callee.collective) {
        emitRegion(kir::kRegionEnd, region);
    }
    if (!call->getType()->isVoidTy()) {
        define(instruction, call);
    }
}

} // namespace halyard::jit
