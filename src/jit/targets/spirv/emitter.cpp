#include "jit/targets/spirv/emitter.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/spirv/library.h"
#include "jit/vulkan_kernel_abi.h"

#include <cstddef>

#include <fmt/format.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

namespace halyard::jit::spirv {

using ::spv::Op;

namespace {

constexpr uint32_t kSpirv16 = 0x00010600; // Vulkan 1.3
// lavapipe runs both arms of selections nested deeper than 80 (LP_MAX_TGSI_NESTING), without a word.
constexpr uint32_t kDeepest = 70;

} // namespace

Emitter::Emitter(llvm::Function& kernel, const halyard::spv::KernelInfo& info, const Facts& facts)
    : Emitter(kernel, info, facts, kSpirv16) {}

Emitter::Emitter(llvm::Function& kernel, const halyard::spv::KernelInfo& info, const Facts& facts, uint32_t version)
    : kernel_(kernel), info_(info), data_(kernel.getParent()->getDataLayout()), module_(version), facts_(facts) {}

void Emitter::refuse(const std::string& what) {
    if (!refusal_) {
        refusal_ = what;
    }
}

void Emitter::refuse(const llvm::Instruction& instruction) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    instruction.print(stream);
    refuse("the operation '" + text.substr(text.find_first_not_of(' ')) + "'");
}

Id Emitter::emit(Op op, Id type, const Words& operands) {
    const Id id = module_.newId();
    Words words{type, id};
    words.insert(words.end(), operands.begin(), operands.end());
    append(code_, op, words);
    return id;
}

Id Emitter::emit(Op op, Id type, std::initializer_list<uint32_t> operands) {
    return emit(op, type, Words(operands));
}

Id Emitter::extended(uint32_t instruction, Id type, const Words& operands) {
    Words words{module_.glsl(), instruction};
    words.insert(words.end(), operands.begin(), operands.end());
    return emit(Op::OpExtInst, type, words);
}

// ---- Control flow.

void Emitter::label(Id id) {
    append(code_, Op::OpLabel, {id});
}
void Emitter::branch(Id target) {
    append(code_, Op::OpBranch, {target});
}
void Emitter::selection(Id merge, Id condition, Id yes, Id no) {
    append(code_, Op::OpSelectionMerge, {merge, 0});
    append(code_, Op::OpBranchConditional, {condition, yes, no});
}
void Emitter::once(Id merge, Id body) {
    append(code_, Op::OpSelectionMerge, {merge, 0});
    append(code_, Op::OpSwitch, {u32(0), body});
}
void Emitter::loopHeader(Id merge, Id next, Id body) {
    append(code_, Op::OpLoopMerge, {merge, next, 0});
    append(code_, Op::OpBranch, {body});
}
void Emitter::returnFromFunction() {
    append(code_, Op::OpReturn, Words{});
}
void Emitter::unreachable() {
    append(code_, Op::OpUnreachable, Words{});
}

void Emitter::code(uint32_t block) {
    values_.clear();
    for (const llvm::Instruction& instruction : *blocks_[block]) {
        if (!instruction.isTerminator()) {
            this->instruction(instruction);
        }
    }
}

Id Emitter::condition(uint32_t block) {
    code(block);
    return valueOf(llvm::cast<llvm::BranchInst>(blocks_[block]->getTerminator())->getCondition());
}

void Emitter::set(uint32_t variable, uint32_t value) {
    while (flowVariables_.size() <= variable) {
        const Id id = module_.newId();
        append(variables_, Op::OpVariable,
               {module_.pointerType(::spv::StorageClass::Function, uint32Type()), id,
                static_cast<uint32_t>(::spv::StorageClass::Function), u32(0)});
        flowVariables_.push_back(id);
    }
    append(code_, Op::OpStore, {flowVariables_[variable], u32(value)});
}

Id Emitter::equals(uint32_t variable, uint32_t value) {
    if (flowVariables_.size() <= variable) { // nothing sets it
        return module_.constantBool(value == 0);
    }
    const Id now = emit(Op::OpLoad, uint32Type(), {flowVariables_[variable]});
    return emit(Op::OpIEqual, module_.boolType(), {now, u32(value)});
}

// ---- Instructions.

void Emitter::call(const llvm::CallInst& call) {
    if (const auto* intrinsicCall = llvm::dyn_cast<llvm::IntrinsicInst>(&call)) {
        if (!intrinsic(*intrinsicCall)) {
            refuse(call);
        }
        return;
    }
    if (const llvm::Function* called = call.getCalledFunction(); called != nullptr) {
        const bool isPrint = called->getName() == kPrintBuffer;
        if (isPrint || called->getName() == kConstants) {
            define(&call,
                   launchAddress(isPrint ? offsetof(HyVulkanLaunch, print) : offsetof(HyVulkanLaunch, constants)));
            return;
        }
    }
    const Builtin builtin = builtinOf(call);
    if (builtin == Builtin::RegionBegin || builtin == Builtin::RegionEnd) {
        return; // structured control flow says where invocations meet
    }
    if (!query(call) && !synchronise(call) && !subgroup(call)) {
        refuse(call);
    }
}

void Emitter::instruction(const llvm::Instruction& instruction) {
    if (llvm::isa<llvm::AllocaInst>(instruction)) {
        return;
    }
    if (instruction.isAtomic() && !llvm::isa<llvm::FenceInst>(instruction)) {
        atomic(instruction);
    } else if (const auto* loading = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        load(*loading);
    } else if (const auto* storing = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        store(*storing);
    } else if (const auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
        define(gep, address(*gep));
    } else if (const auto* calling = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        call(*calling);
    } else if (const auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(&instruction)) {
        const auto pair = pairs_.find(part->getAggregateOperand());
        if (pair == pairs_.end()) {
            refuse(instruction);
            return;
        }
        define(part, part->getIndices()[0] == 0 ? pair->second.first : pair->second.second);
    } else if (const auto* element = llvm::dyn_cast<llvm::ExtractElementInst>(&instruction)) {
        const Id type = typeOf(element->getType());
        const auto* constantIndex = llvm::dyn_cast<llvm::ConstantInt>(element->getIndexOperand());
        if (const auto wide = argumentParts_.find(element->getVectorOperand());
            wide != argumentParts_.end() && constantIndex != nullptr) {
            define(element, wide->second[constantIndex->getZExtValue()]);
            return;
        }
        const Id vector = valueOf(element->getVectorOperand());
        if (constantIndex != nullptr) {
            define(element,
                   emit(Op::OpCompositeExtract, type, {vector, static_cast<uint32_t>(constantIndex->getZExtValue())}));
        } else {
            define(element, emit(Op::OpVectorExtractDynamic, type, {vector, valueOf(element->getIndexOperand())}));
        }
    } else if (const auto* insertion = llvm::dyn_cast<llvm::InsertElementInst>(&instruction)) {
        const Id type = typeOf(insertion->getType());
        const Id value = valueOf(insertion->getOperand(1));
        const Id vector = valueOf(insertion->getOperand(0));
        if (const auto* index = llvm::dyn_cast<llvm::ConstantInt>(insertion->getOperand(2))) {
            define(insertion,
                   emit(Op::OpCompositeInsert, type, {value, vector, static_cast<uint32_t>(index->getZExtValue())}));
        } else {
            define(insertion,
                   emit(Op::OpVectorInsertDynamic, type, {vector, value, valueOf(insertion->getOperand(2))}));
        }
    } else if (!arithmetic(instruction)) {
        refuse(instruction);
    }
}

// ---- The module.

// The arguments are in the launch's block; the first block of the function reads them.
void Emitter::loadArguments() {
    const Id pointer = module_.pointerType(::spv::StorageClass::PushConstant, uint64Type());
    const Id block = module_.structType({uint64Type()});
    module_.decorate(block, ::spv::Decoration::Block);
    module_.decorateMember(block, 0, ::spv::Decoration::Offset, {0});
    const Id constants = module_.variable(::spv::StorageClass::PushConstant, block);
    launch_ = emit(Op::OpLoad, uint64Type(), {emit(Op::OpAccessChain, pointer, {constants, u32(0)})});
    const auto at = [&](uint32_t offset) {
        return emit(Op::OpIAdd, uint64Type(), {launch_, u64(uint64_t{HY_VULKAN_ARGUMENTS} + offset)});
    };
    Id local = 0; // where the next Workgroup parameter's block begins
    size_t next = 0;
    for (const halyard::spv::Parameter& parameter : info_.parameters) {
        llvm::Argument* argument = kernel_.getArg(static_cast<unsigned>(next++));
        llvm::Type* type = argument->getType();
        if (parameter.kind == halyard::spv::ParameterKind::LocalPointer) {
            if (local == 0) {
                local = u32(static_cast<uint32_t>(llvm::alignTo(workgroupBytes_, HY_VULKAN_LOCAL_ALIGNMENT)));
            }
            lasting_[argument] = local;
            const Id bytes = loadGlobal(at(parameter.offset), 32, 1, 4, false);
            const Id above = emit(Op::OpIAdd, uint32Type(), {bytes, u32(HY_VULKAN_LOCAL_ALIGNMENT - 1)});
            const Id rounded = emit(Op::OpBitwiseAnd, uint32Type(), {above, u32(~(HY_VULKAN_LOCAL_ALIGNMENT - 1))});
            local = emit(Op::OpIAdd, uint32Type(), {local, rounded});
        } else if (argument->hasByRefAttr() || argument->hasByValAttr()) {
            lasting_[argument] = at(parameter.offset);
        } else {
            const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
            const uint32_t bits = type->isPointerTy() ? 64 : bitsOf(type->getScalarType());
            const uint32_t alignment = std::min(parameter.alignment, 16u);
            if (vector != nullptr && vector->getNumElements() > 4) { // a vector of a size that Vulkan does not have
                Words& parts = argumentParts_[argument];
                for (uint32_t i = 0; i < vector->getNumElements(); ++i) {
                    const uint32_t offset = i * bits / 8;
                    const Id raw = loadGlobal(at(parameter.offset + offset), bits, 1,
                                              static_cast<uint32_t>(llvm::MinAlign(alignment, offset)), false);
                    parts.push_back(fromBits(raw, vector->getElementType()));
                }
                continue;
            }
            const Id raw = loadBits(Space::Global, at(parameter.offset), bits,
                                    vector != nullptr ? vector->getNumElements() : 1, alignment, false);
            lasting_[argument] = fromBits(raw, type);
        }
    }
    for (const halyard::spv::Parameter& parameter : info_.parameters) {
        if (parameter.needsLength) {
            lasting_[kernel_.getArg(static_cast<unsigned>(next++))] =
                loadGlobal(at(parameter.lengthOffset), 64, 1, 8, false);
        }
    }
}

void Emitter::writeInterface() {
    module_.capability(::spv::Capability::Shader);
    module_.capability(::spv::Capability::VulkanMemoryModel);
    module_.capability(::spv::Capability::PhysicalStorageBufferAddresses);
    module_.memoryModel(::spv::AddressingModel::PhysicalStorageBuffer64, ::spv::MemoryModel::Vulkan);
    for (uint32_t i = 0; i < 3; ++i) {
        sizes_[i] = module_.specConstant(HY_VULKAN_SPEC_SIZE_X + i, 1);
    }
}

void Emitter::listBlocks() {
    for (const llvm::BasicBlock& block : kernel_) {
        blocks_.push_back(&block);
    }
}

halyard::spv::Error Emitter::refused(const std::string& what) const {
    return {HY_ERROR_UNSUPPORTED_SPIRV,
            "kernel '" + info_.name + "' has " + what + ", which has no form in " + environment_, ""};
}

halyard::spv::Result<Words> Emitter::run() {
    FlowGraph graph;
    std::map<const llvm::BasicBlock*, uint32_t> indices;
    listBlocks();
    for (const llvm::BasicBlock* block : blocks_) {
        indices[block] = static_cast<uint32_t>(indices.size());
    }
    for (const llvm::BasicBlock* block : blocks_) {
        FlowGraph::Block flow;
        for (const llvm::BasicBlock* successor : llvm::successors(block)) {
            flow.successors.push_back(indices[successor]);
        }
        flow.unreachable = llvm::isa<llvm::UnreachableInst>(block->getTerminator());
        graph.blocks.push_back(std::move(flow));
    }
    std::string why;
    const std::unique_ptr<Tree> tree = structure(graph, &why);
    if (tree == nullptr) {
        return refused("control flow that cannot be structured: " + why);
    }
    if (nesting(*tree) > kDeepest) {
        return refused(
            fmt::format("control flow nested {} deep (up to {} is run by every driver)", nesting(*tree), kDeepest));
    }
    writeInterface();
    layOutWorkgroup();
    layOutPrivate();
    loadArguments();
    layOutProgram();
    const Id first = newLabel();
    branch(first);
    writeStructured(*tree, *this, first);
    if (refusal_) {
        return refused(*refusal_);
    }
    const Id function = module_.newId();
    const Id type = module_.functionType({module_.voidType()});
    Words whole;
    append(whole, Op::OpFunction,
           {module_.voidType(), function, static_cast<uint32_t>(::spv::FunctionControlMask::MaskNone), type});
    append(whole, Op::OpLabel, {module_.newId()});
    whole.insert(whole.end(), variables_.begin(), variables_.end());
    whole.insert(whole.end(), code_.begin(), code_.end());
    append(whole, Op::OpFunctionEnd, Words{});
    module_.function(std::move(whole));
    module_.entryPoint(::spv::ExecutionModel::GLCompute, function, "main");
    const Id plane = module_.specConstantOperation(uint32Type(), Op::OpIMul, {sizes_[0], sizes_[1]});
    const Id all = module_.specConstantOperation(uint32Type(), Op::OpIMul, {plane, sizes_[2]});
    module_.executionModeId(function, ::spv::ExecutionMode::LocalSizeId, {all, u32(1), u32(1)});
    module_.string(fmt::format("halyard-vulkan abi={} static={} unit={} most={} print={} program={} constants={}",
                               HY_VULKAN_KERNEL_ABI, workgroupBytes_, workgroupUnit_, facts_.mostInvocations,
                               facts_.prints ? 1 : 0, program_.bytes.size(), constants_.bytes.size()));
    writeProgram();
    return module_.finish();
}

} // namespace halyard::jit::spirv
