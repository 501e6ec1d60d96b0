// The module of the Kernel flavour: parameters, blocks, execution modes.
#include "jit/targets/spirv/kernel_emitter.h"

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/IR/CFG.h>

namespace halyard::jit::spirv {

using ::spv::Capability;
using ::spv::Op;

namespace {

constexpr uint32_t kSpirv12 = 0x00010200; // of OpenCL 2.2, which every Level Zero driver takes
constexpr uint32_t kSpirv13 = 0x00010300; // has the operations of subgroups

bool isSubgroups(Capability capability) {
    return capability >= Capability::GroupNonUniform && capability <= Capability::GroupNonUniformQuad;
}

} // namespace

KernelEmitter::KernelEmitter(llvm::Function& kernel, const halyard::spv::KernelInfo& info, const Facts& facts,
                             const std::array<uint32_t, 3>& workgroupSize)
    : Emitter(kernel, info, facts, kSpirv12), workgroupSize_(workgroupSize) {
    environment_ = "SPIR-V for OpenCL";
}

// The parameters of the function, in the order of the packed block, and their types.
Words KernelEmitter::parameters(Words& type) {
    Words code;
    const auto add = [&](Id parameterType, const std::string& name) {
        const Id id = module_.newId();
        type.push_back(parameterType);
        append(code, Op::OpFunctionParameter, {parameterType, id});
        if (!name.empty()) {
            module_.name(id, name);
        }
        return id;
    };
    unsigned next = 0;
    for (const halyard::spv::Parameter& parameter : info_.parameters) {
        const llvm::Argument* argument = kernel_.getArg(next++);
        if (argument->hasByRefAttr() || argument->hasByValAttr()) {
            const Id block = module_.structType({blockOf(parameter.size, parameter.alignment).type});
            const Id id = add(module_.pointerType(::spv::StorageClass::Function, block), parameter.name);
            module_.decorate(id, ::spv::Decoration::FuncParamAttr,
                             {static_cast<uint32_t>(::spv::FunctionParameterAttribute::ByVal)});
            lasting_[argument] = bytes(id, Space::Private);
            continue;
        }
        const Id id = add(typeOf(argument->getType()), parameter.name);
        lasting_[argument] = id;
        if (!argument->getType()->isPointerTy()) {
            continue;
        }
        if (parameter.pointeeAlignment > 1) {
            module_.decorate(id, ::spv::Decoration::Alignment, {parameter.pointeeAlignment});
        }
        if (parameter.readOnly) {
            module_.decorate(id, ::spv::Decoration::FuncParamAttr,
                             {static_cast<uint32_t>(::spv::FunctionParameterAttribute::NoWrite)});
        }
    }
    for (const halyard::spv::Parameter& parameter : info_.parameters) {
        if (parameter.needsLength) {
            lasting_[kernel_.getArg(next++)] = add(uint64Type(), parameter.name + "_length");
        }
    }
    return code;
}

// Reverse post-order: a block comes before those it dominates. Values do not cross blocks (separateBlocks), so that
// there are no phis.
void KernelEmitter::writeBlocks() {
    listBlocks();
    std::map<const llvm::BasicBlock*, std::pair<uint32_t, Id>> places;
    for (const llvm::BasicBlock* block : blocks_) {
        const auto index = static_cast<uint32_t>(places.size());
        places[block] = {index, newLabel()};
    }
    const auto labelOf = [&](const llvm::BasicBlock* block) { return places.at(block).second; };
    branch(labelOf(blocks_[0]));
    const llvm::ReversePostOrderTraversal<const llvm::Function*> order(&kernel_);
    for (const llvm::BasicBlock* block : order) {
        label(labelOf(block));
        code(places.at(block).first);
        const llvm::Instruction* end = block->getTerminator();
        if (const auto* way = llvm::dyn_cast<llvm::BranchInst>(end)) {
            if (way->isConditional()) {
                emitVoid(Op::OpBranchConditional,
                         {valueOf(way->getCondition()), labelOf(way->getSuccessor(0)), labelOf(way->getSuccessor(1))});
            } else {
                branch(labelOf(way->getSuccessor(0)));
            }
        } else if (llvm::isa<llvm::ReturnInst>(end)) {
            returnFromFunction();
        } else if (llvm::isa<llvm::UnreachableInst>(end)) {
            unreachable();
        } else {
            refuse(*end);
        }
    }
}

void KernelEmitter::writeModes(Id function) {
    using ::spv::ExecutionMode;
    const auto threeOf = [&](ExecutionMode mode, const std::array<uint32_t, 3>& sizes) {
        if (sizes[0] != 0) {
            module_.executionMode(function, mode, {sizes[0], sizes[1], sizes[2]});
        }
    };
    threeOf(ExecutionMode::LocalSize, workgroupSize_);
    threeOf(ExecutionMode::LocalSizeHint, info_.workgroupSizeHint);
    module_.executionMode(function, ExecutionMode::ContractionOff, {});
    if (info_.requiredSubgroupSize != 0) {
        module_.capability(Capability::SubgroupDispatch);
        module_.executionMode(function, ExecutionMode::SubgroupSize, {info_.requiredSubgroupSize});
    }
    if (info_.requiredSubgroups != 0) {
        module_.capability(Capability::SubgroupDispatch);
        module_.executionMode(function, ExecutionMode::SubgroupsPerWorkgroup, {info_.requiredSubgroups});
    }
}

halyard::spv::Result<Words> KernelEmitter::run() {
    module_.capability(Capability::Kernel);
    module_.capability(Capability::Addresses);
    module_.memoryModel(::spv::AddressingModel::Physical64, ::spv::MemoryModel::OpenCL);
    Words type{module_.voidType()};
    const Words own = parameters(type);
    layOutPrivates();
    layOutGlobals();
    writeBlocks();
    if (refusal_) {
        return refused(*refusal_);
    }
    const Id function = module_.newId();
    Words whole;
    append(whole, Op::OpFunction,
           {module_.voidType(), function, static_cast<uint32_t>(::spv::FunctionControlMask::MaskNone),
            module_.functionType(type)});
    whole.insert(whole.end(), own.begin(), own.end());
    append(whole, Op::OpLabel, {module_.newId()});
    whole.insert(whole.end(), variables_.begin(), variables_.end());
    whole.insert(whole.end(), code_.begin(), code_.end());
    append(whole, Op::OpFunctionEnd, Words{});
    module_.function(std::move(whole));
    module_.entryPoint(::spv::ExecutionModel::Kernel, function, info_.name);
    writeModes(function);
    if (module_.declaresAny(isSubgroups)) {
        module_.version(kSpirv13);
    }
    return module_.finish();
}

} // namespace halyard::jit::spirv
