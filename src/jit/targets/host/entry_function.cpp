#include "jit/targets/host/entry_function.h"

#include "jit/host_kernel_abi.h"
#include "jit/targets/host/debug_lines.h"
#include "jit/targets/host/group_function.h"

#include <cstddef>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

using llvm::BasicBlock;
using llvm::Function;
using llvm::Value;

namespace {

constexpr uint64_t kLocalGranularity = 128; // host_kernel_abi.h: each dynamic block is rounded up to this

class Emitter {
public:
    Emitter(llvm::Module& module, const Function& kernel, const spv::KernelInfo& info, const EntryPlan& plan)
        : module_(module), kernel_(kernel), info_(info), plan_(plan), at_(module.getContext()) {}

    void emitRun() {
        llvm::Type* pointer = at_.getPtrTy();
        auto* type = llvm::FunctionType::get(at_.getVoidTy(),
                                             {pointer, at_.getInt64Ty(), at_.getInt64Ty(), pointer, pointer}, false);
        run_ = Function::Create(type, llvm::GlobalValue::ExternalLinkage, "hyHostKernelRun", module_);
        run_->addFnAttr(llvm::Attribute::NoUnwind);
        run_->addParamAttr(3, llvm::Attribute::NoAlias);
        run_->addParamAttr(4, llvm::Attribute::NoAlias);
        run_->addParamAttr(3, llvm::Attribute::getWithAlignment(module_.getContext(), llvm::Align(128)));
        run_->addParamAttr(4, llvm::Attribute::getWithAlignment(module_.getContext(), llvm::Align(64)));
        describeEntry(kernel_, *run_, at_);
        at_.SetInsertPoint(BasicBlock::Create(module_.getContext(), "entry", run_));
        loadLaunch();
        loadArguments();
        emitGroupLoop();
    }

    void emitInfo() {
        llvm::LLVMContext& context = module_.getContext();
        llvm::Type* word = at_.getInt32Ty();
        auto* sizes = llvm::ConstantDataArray::get(context, llvm::ArrayRef<uint32_t>(plan_.workgroupSize));
        auto* type = llvm::StructType::get(
            context, {word, word, sizes->getType(), word, at_.getInt64Ty(), at_.getInt64Ty(), word, word});
        llvm::Constant* value = llvm::ConstantStruct::get(
            type, {at_.getInt32(HY_HOST_KERNEL_MAGIC), at_.getInt32(HY_HOST_KERNEL_ABI), sizes,
                   at_.getInt32(plan_.wholeSubgroups ? HY_HOST_KERNEL_WHOLE_SUBGROUPS : 0),
                   at_.getInt64(plan_.staticLocalBytes), at_.getInt64(plan_.scratchBytesPerItem),
                   at_.getInt32(info_.argumentBytes), at_.getInt32(plan_.subgroupSize)});
        auto* variable = new llvm::GlobalVariable(module_, type, true, llvm::GlobalValue::ExternalLinkage, value,
                                                  "hyHostKernelInfo");
        variable->setAlignment(llvm::Align(8));
    }

private:
    Value* loadField(Value* base, uint64_t offset, llvm::Type* type, const char* name) {
        auto* load = at_.CreateLoad(type, at_.CreateInBoundsGEP(at_.getInt8Ty(), base, at_.getInt64(offset)), name);
        load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(module_.getContext(), {}));
        return load;
    }

    void loadLaunch() {
        Value* launch = run_->getArg(0);
        for (unsigned i = 0; i < 3; ++i) {
            groups_[i] = loadField(launch, offsetof(HyHostLaunch, workgroups) + 4 * i, at_.getInt32Ty(), "groups");
            sizes_[i] = plan_.workgroupSize[i] != 0 ? static_cast<Value*>(at_.getInt32(plan_.workgroupSize[i]))
                                                    : loadField(launch, offsetof(HyHostLaunch, workgroupSize) + 4 * i,
                                                                at_.getInt32Ty(), "size");
        }
        auto* args =
            llvm::cast<llvm::LoadInst>(loadField(launch, offsetof(HyHostLaunch, args), at_.getPtrTy(), "args"));
        // Lets loads of by-value aggregates leave the work-item loop although a condition guards them.
        promise(*args, llvm::LLVMContext::MD_dereferenceable, info_.argumentBytes);
        promise(*args, llvm::LLVMContext::MD_align, 16);
        args_ = args;
        cancel_ = loadField(launch, offsetof(HyHostLaunch, cancel), at_.getPtrTy(), "cancel");
    }

    void promise(llvm::LoadInst& load, unsigned kind, uint64_t value) {
        if (value != 0) {
            load.setMetadata(
                kind, llvm::MDNode::get(module_.getContext(), llvm::ConstantAsMetadata::get(at_.getInt64(value))));
        }
    }

    Value* argumentAddress(uint32_t offset) {
        return at_.CreateInBoundsGEP(at_.getInt8Ty(), args_, at_.getInt64(offset));
    }

    Value* loadArgument(uint32_t offset, llvm::Type* type) {
        if (type->isIntegerTy(1)) {
            return at_.CreateICmpNE(loadField(args_, offset, at_.getInt8Ty(), ""), at_.getInt8(0));
        }
        auto* load = llvm::cast<llvm::LoadInst>(loadField(args_, offset, type, ""));
        load->setAlignment(llvm::commonAlignment(llvm::Align(16), offset));
        return load;
    }

    void loadArguments() {
        localBytes_ = at_.getInt64(plan_.staticLocalBytes);
        unsigned index = 0;
        for (const spv::Parameter& parameter : info_.parameters) {
            const llvm::Argument* formal = kernel_.getArg(index++);
            if (parameter.kind == spv::ParameterKind::LocalPointer) {
                Value* address = at_.CreateInBoundsGEP(at_.getInt8Ty(), run_->getArg(3), localBytes_);
                arguments_.push_back(at_.CreateAddrSpaceCast(address, formal->getType()));
                Value* bytes = loadArgument(parameter.offset, at_.getInt64Ty());
                Value* rounded = at_.CreateAnd(at_.CreateAdd(bytes, at_.getInt64(kLocalGranularity - 1)),
                                               at_.getInt64(~(kLocalGranularity - 1)));
                localBytes_ = at_.CreateAdd(localBytes_, rounded);
            } else if (formal->hasAttribute(llvm::Attribute::ByRef)) {
                arguments_.push_back(at_.CreateAddrSpaceCast(argumentAddress(parameter.offset), formal->getType()));
            } else {
                arguments_.push_back(loadArgument(parameter.offset, formal->getType()));
            }
        }
        for (const spv::Parameter& parameter : info_.parameters) {
            if (parameter.needsLength) {
                arguments_.push_back(loadArgument(parameter.lengthOffset, at_.getInt64Ty()));
            }
        }
    }

    // for (i = first; i < end; i += n, advance ids) { if (*cancel) return; n = 1, or neighbours; group(...); }
    void emitGroupLoop() {
        llvm::LLVMContext& context = module_.getContext();
        Value* first = run_->getArg(1);
        Value* end = run_->getArg(2);
        Value* nx = at_.CreateZExt(groups_[0], at_.getInt64Ty());
        Value* ny = at_.CreateZExt(groups_[1], at_.getInt64Ty());
        auto* exit = BasicBlock::Create(context, "exit", run_);
        auto* divide = BasicBlock::Create(context, "divide", run_, exit);
        auto* header = BasicBlock::Create(context, "group", run_, exit);
        auto* body = BasicBlock::Create(context, "run", run_, exit);
        at_.CreateCondBr(at_.CreateICmpULT(first, end), divide, exit);

        at_.SetInsertPoint(divide);
        Value* row = at_.CreateUDiv(first, nx);
        std::array<Value*, 3> start{at_.CreateURem(first, nx), at_.CreateURem(row, ny), at_.CreateUDiv(row, ny)};
        for (Value*& id : start) {
            id = at_.CreateTrunc(id, at_.getInt32Ty());
        }
        at_.CreateBr(header);

        at_.SetInsertPoint(header);
        llvm::PHINode* index = at_.CreatePHI(at_.getInt64Ty(), 2, "index");
        index->addIncoming(first, divide);
        std::array<llvm::PHINode*, 3> ids{};
        for (unsigned i = 0; i < 3; ++i) {
            ids[i] = at_.CreatePHI(at_.getInt32Ty(), 2, "id");
            ids[i]->addIncoming(start[i], divide);
        }
        auto* cancelled = at_.CreateLoad(at_.getInt32Ty(), cancel_, /*isVolatile=*/true);
        at_.CreateCondBr(at_.CreateICmpNE(cancelled, at_.getInt32(0)), exit, body,
                         llvm::MDBuilder(context).createUnlikelyBranchWeights());

        at_.SetInsertPoint(body);
        Value* count = countNeighbours(ids[0], at_.CreateSub(end, index));
        callGroup(ids, count);
        Value* next = at_.CreateAdd(index, at_.CreateZExt(count, at_.getInt64Ty()), "", true);
        Value* x = at_.CreateAdd(ids[0], count);
        Value* wrapX = at_.CreateICmpEQ(x, groups_[0]);
        Value* y = at_.CreateAdd(ids[1], at_.CreateZExt(wrapX, at_.getInt32Ty()));
        Value* wrapY = at_.CreateICmpEQ(y, groups_[1]);
        Value* z = at_.CreateAdd(ids[2], at_.CreateZExt(wrapY, at_.getInt32Ty()));
        BasicBlock* latch = at_.GetInsertBlock();
        index->addIncoming(next, latch);
        ids[0]->addIncoming(at_.CreateSelect(wrapX, at_.getInt32(0), x), latch);
        ids[1]->addIncoming(at_.CreateSelect(wrapY, at_.getInt32(0), y), latch);
        ids[2]->addIncoming(z, latch);
        at_.CreateCondBr(at_.CreateICmpULT(next, end), header, exit);

        at_.SetInsertPoint(exit);
        at_.CreateRetVoid();
    }

    // How many workgroups of the `left` ones to run at once: those of one row.
    Value* countNeighbours(Value* id, Value* left) {
        if (plan_.sideBySide == 1) {
            return at_.getInt32(1);
        }
        const auto least = [&](Value* a, Value* b) { return at_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, a, b); };
        Value* most = at_.CreateTrunc(least(left, at_.getInt64(plan_.sideBySide)), at_.getInt32Ty());
        return least(at_.CreateSub(groups_[0], id), most);
    }

    void callGroup(const std::array<llvm::PHINode*, 3>& ids, Value* neighbours) {
        llvm::SmallVector<Value*, 24> operands(arguments_.begin(), arguments_.end());
        operands.append(ids.begin(), ids.end());
        operands.append(groups_.begin(), groups_.end());
        operands.append(sizes_.begin(), sizes_.end());
        operands.push_back(run_->getArg(3));
        operands.push_back(run_->getArg(4));
        operands.push_back(localBytes_);
        operands.push_back(run_->getArg(0));
        operands.push_back(neighbours);
        if (plan_.wideGroup == nullptr) {
            at_.CreateCall(plan_.group, operands);
            return;
        }
        Value* fits = at_.getTrue();
        for (unsigned i = 0; i < 3; ++i) {
            Value* count = i == 0 ? at_.CreateZExt(neighbours, at_.getInt64Ty()) : at_.getInt64(1);
            Value* after = at_.CreateAdd(at_.CreateZExt(ids[i], at_.getInt64Ty()), count, "", true, true);
            Value* items = at_.CreateMul(after, at_.CreateZExt(sizes_[i], at_.getInt64Ty()), "", true);
            fits = at_.CreateAnd(fits, at_.CreateICmpULE(items, at_.getInt64(uint64_t{1} << 31)));
        }
        llvm::LLVMContext& context = module_.getContext();
        auto* narrow = BasicBlock::Create(context, "narrow", run_);
        auto* wide = BasicBlock::Create(context, "wide", run_);
        auto* done = BasicBlock::Create(context, "done", run_);
        at_.CreateCondBr(fits, narrow, wide, llvm::MDBuilder(context).createLikelyBranchWeights());
        at_.SetInsertPoint(narrow);
        at_.CreateCall(plan_.group, operands);
        at_.CreateBr(done);
        at_.SetInsertPoint(wide);
        at_.CreateCall(plan_.wideGroup, operands);
        at_.CreateBr(done);
        at_.SetInsertPoint(done);
    }

    llvm::Module& module_;
    const Function& kernel_;
    const spv::KernelInfo& info_;
    const EntryPlan& plan_;
    llvm::IRBuilder<> at_;
    Function* run_ = nullptr;
    std::array<Value*, 3> groups_{}, sizes_{};
    Value* args_ = nullptr;
    Value* cancel_ = nullptr;
    Value* localBytes_ = nullptr; // variables and blocks of parameters
    std::vector<Value*> arguments_;
};

} // namespace

void emitEntry(llvm::Module& module, const Function& kernel, const spv::KernelInfo& info, const EntryPlan& plan) {
    Emitter emitter(module, kernel, info, plan);
    emitter.emitRun();
    emitter.emitInfo();
}

} // namespace halyard::jit::host
