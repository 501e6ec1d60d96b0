#include "jit/targets/spirv/library.h"

#include "jit/kir.h"
#include "jit/passes/collective.h"
#include "jit/passes/combine.h"
#include "jit/vulkan_kernel_abi.h"

#include <cstddef>
#include <vector>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

constexpr uint32_t kAcquireRelease = 0x8, kWorkgroupMemory = 0x100; // SPIR-V's memory semantics

Value* query(llvm::IRBuilder<>& at, std::string_view name) {
    llvm::Module* module = at.GetInsertBlock()->getModule();
    llvm::FunctionCallee function = module->getOrInsertFunction(llvm::StringRef(name), at.getInt64Ty());
    return at.CreateTrunc(at.CreateCall(function), at.getInt32Ty());
}

Value* localSize(llvm::IRBuilder<>& at, uint32_t dimension) {
    llvm::Module* module = at.GetInsertBlock()->getModule();
    llvm::FunctionCallee function =
        module->getOrInsertFunction(llvm::StringRef(kir::kLocalSize), at.getInt64Ty(), at.getInt32Ty());
    return at.CreateTrunc(at.CreateCall(function, {at.getInt32(dimension)}), at.getInt32Ty());
}

void barrier(llvm::IRBuilder<>& at) {
    llvm::Module* module = at.GetInsertBlock()->getModule();
    llvm::Type* word = at.getInt32Ty();
    llvm::FunctionCallee function =
        module->getOrInsertFunction(llvm::StringRef(kir::kBarrier), at.getVoidTy(), word, word, word);
    at.CreateCall(function, {at.getInt32(kir::kScopeIdWorkgroup), at.getInt32(kir::kScopeIdWorkgroup),
                             at.getInt32(kAcquireRelease | kWorkgroupMemory)})
        ->addFnAttr(llvm::Attribute::Convergent);
}

// The atomic operation that combines words in any order; BAD_BINOP where there is none, or where the order shows.
llvm::AtomicRMWInst::BinOp unordered(const Collective& collective) {
    using Rmw = llvm::AtomicRMWInst;
    const bool isBool = collective.type->isIntegerTy(1);
    if (!isBool && !collective.type->isIntegerTy(32)) {
        return Rmw::BAD_BINOP;
    }
    switch (collective.combine) {
    case Combine::And:
        return Rmw::And;
    case Combine::Or:
        return Rmw::Or;
    case Combine::Xor:
        return Rmw::Xor;
    case Combine::IAdd:
        return isBool ? Rmw::BAD_BINOP : Rmw::Add;
    case Combine::SMin:
        return isBool ? Rmw::BAD_BINOP : Rmw::Min;
    case Combine::UMin:
        return isBool ? Rmw::BAD_BINOP : Rmw::UMin;
    case Combine::SMax:
        return isBool ? Rmw::BAD_BINOP : Rmw::Max;
    case Combine::UMax:
        return isBool ? Rmw::BAD_BINOP : Rmw::UMax;
    default:
        return Rmw::BAD_BINOP;
    }
}

// Reductions whose order does not show: one invocation of each subgroup adds what its subgroup has to a word. That asks
// nothing of how a device makes subgroups of a workgroup. Else each invocation leaves its value in workgroup memory,
// the first one combines them all in order, and each takes its own result: in the order of invocations, as KIR asks of
// floats, and in time that grows with the workgroup.
class WorkgroupOperation {
public:
    WorkgroupOperation(llvm::Function& function, const Collective& collective, uint32_t invocations)
        : function_(function), collective_(collective), type_(function.getReturnType()),
          slot_(type_->isIntegerTy(1) ? llvm::Type::getInt32Ty(function.getContext()) : type_),
          array_(llvm::ArrayType::get(slot_, invocations)),
          at_(llvm::BasicBlock::Create(function.getContext(), "entry", &function)) {
        slots_ = new llvm::GlobalVariable(*function.getParent(), array_, false, llvm::GlobalValue::InternalLinkage,
                                          llvm::UndefValue::get(array_), function.getName() + ".slots", nullptr,
                                          llvm::GlobalValue::NotThreadLocal, kir::kWorkgroup);
        slots_->setAlignment(llvm::Align(8));
    }

    // `subgroups`: those of the device do arithmetic.
    void define(bool subgroups) {
        function_.setLinkage(llvm::GlobalValue::InternalLinkage);
        function_.setAttributes({});
        function_.addFnAttr(llvm::Attribute::Convergent);
        function_.addFnAttr(llvm::Attribute::AlwaysInline);
        Value* linear = query(at_, kir::kLocalLinearId);
        Value* x = localSize(at_, 0);
        Value* y = localSize(at_, 1);
        Value* count = at_.CreateMul(at_.CreateMul(x, y), localSize(at_, 2));
        if (subgroups && collective_.kind == CollectiveKind::Reduce &&
            unordered(collective_) != llvm::AtomicRMWInst::BAD_BINOP) {
            bySubgroups(linear);
            return;
        }
        write(linear, widen(function_.getArg(0)));
        barrier(at_);
        Value* wanted = linear;
        if (collective_.kind == CollectiveKind::Broadcast) {
            const auto id = [&](unsigned index) { return at_.CreateTrunc(function_.getArg(index), at_.getInt32Ty()); };
            wanted = at_.CreateAdd(id(1), at_.CreateMul(x, at_.CreateAdd(id(2), at_.CreateMul(y, id(3)))));
        } else {
            scan(linear, count);
            barrier(at_);
            if (collective_.kind == CollectiveKind::Reduce) {
                wanted = at_.CreateSub(count, at_.getInt32(1));
            }
        }
        Value* result = read(wanted);
        finish(result);
    }

private:
    Value* widen(Value* value) { return type_ == slot_ ? value : at_.CreateZExt(value, slot_); }
    Value* place(Value* index) { return at_.CreateInBoundsGEP(array_, slots_, {at_.getInt32(0), index}); }
    Value* read(Value* index) { return at_.CreateLoad(slot_, place(index)); }
    void write(Value* index, Value* value) { at_.CreateStore(value, place(index)); }

    void finish(Value* result) {
        barrier(at_); // the next operation writes there
        at_.CreateRet(type_ == slot_ ? result : at_.CreateICmpNE(result, at_.getInt32(0)));
    }

    Value* ofSubgroup(llvm::StringRef operation, llvm::ArrayRef<Value*> operands) {
        const std::string name = (llvm::StringRef(kir::kSubgroupPrefix) + operation).str();
        llvm::SmallVector<llvm::Type*, 1> types;
        for (Value* operand : operands) {
            types.push_back(operand->getType());
        }
        llvm::Type* result = operands.empty() ? at_.getInt1Ty() : type_;
        llvm::CallInst* call = at_.CreateCall(
            function_.getParent()->getOrInsertFunction(name, llvm::FunctionType::get(result, types, false)), operands);
        call->addFnAttr(llvm::Attribute::Convergent);
        return call;
    }

    void bySubgroups(Value* linear) {
        llvm::LLVMContext& context = function_.getContext();
        const auto block = [&](const char* name) { return llvm::BasicBlock::Create(context, name, &function_); };
        llvm::BasicBlock* first = block("first");
        llvm::BasicBlock* combining = block("combining");
        llvm::BasicBlock* adding = block("adding");
        llvm::BasicBlock* end = block("end");
        at_.CreateCondBr(at_.CreateICmpEQ(linear, at_.getInt32(0)), first, combining);
        at_.SetInsertPoint(first);
        write(at_.getInt32(0), jit::identity(collective_.combine, slot_));
        at_.CreateBr(combining);
        at_.SetInsertPoint(combining);
        barrier(at_);
        const llvm::StringRef operation = function_.getName().drop_front(kir::kWorkgroupPrefix.size());
        Value* own = widen(ofSubgroup(operation, {function_.getArg(0)}));
        at_.CreateCondBr(ofSubgroup("elect", {}), adding, end);
        at_.SetInsertPoint(adding);
        at_.CreateAtomicRMW(unordered(collective_), place(at_.getInt32(0)), own, llvm::Align(4),
                            llvm::AtomicOrdering::Monotonic,
                            context.getOrInsertSyncScopeID(llvm::StringRef(kir::kScopeWorkgroup)));
        at_.CreateBr(end);
        at_.SetInsertPoint(end);
        barrier(at_);
        finish(read(at_.getInt32(0)));
    }

    void scan(Value* linear, Value* count) {
        llvm::LLVMContext& context = function_.getContext();
        llvm::BasicBlock* first = llvm::BasicBlock::Create(context, "first", &function_);
        llvm::BasicBlock* head = llvm::BasicBlock::Create(context, "head", &function_);
        llvm::BasicBlock* body = llvm::BasicBlock::Create(context, "body", &function_);
        llvm::BasicBlock* end = llvm::BasicBlock::Create(context, "end", &function_);
        const bool exclusive = collective_.kind == CollectiveKind::Exclusive;
        at_.CreateCondBr(at_.CreateICmpEQ(linear, at_.getInt32(0)), first, end);
        at_.SetInsertPoint(first);
        Value* start = read(at_.getInt32(0));
        if (exclusive) {
            write(at_.getInt32(0), jit::identity(collective_.combine, slot_));
        }
        at_.CreateBr(head);
        at_.SetInsertPoint(head);
        llvm::PHINode* index = at_.CreatePHI(at_.getInt32Ty(), 2);
        llvm::PHINode* sum = at_.CreatePHI(slot_, 2);
        index->addIncoming(at_.getInt32(1), first);
        sum->addIncoming(start, first);
        at_.CreateCondBr(at_.CreateICmpULT(index, count), body, end);
        at_.SetInsertPoint(body);
        Value* next = jit::combine(at_, collective_.combine, sum, read(index));
        write(index, exclusive ? static_cast<Value*>(sum) : next);
        index->addIncoming(at_.CreateAdd(index, at_.getInt32(1)), body);
        sum->addIncoming(next, body);
        at_.CreateBr(head);
        at_.SetInsertPoint(end);
    }

    llvm::Function& function_;
    const Collective& collective_;
    llvm::Type* type_;
    llvm::Type* slot_;
    llvm::ArrayType* array_;
    llvm::GlobalVariable* slots_ = nullptr;
    llvm::IRBuilder<> at_;
};

// Combines the values of a cluster's active invocations in their order, each of them taken by a shuffle.
void defineCluster(llvm::Function& function, const Collective& collective) {
    llvm::LLVMContext& context = function.getContext();
    llvm::Module& module = *function.getParent();
    const auto block = [&](const char* name) { return llvm::BasicBlock::Create(context, name, &function); };
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setAttributes({});
    function.addFnAttr(llvm::Attribute::Convergent);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    llvm::BasicBlock* entry = block("entry");
    llvm::BasicBlock* head = block("head");
    llvm::BasicBlock* body = block("body");
    llvm::BasicBlock* end = block("end");
    llvm::IRBuilder<> at(entry);
    llvm::Type* type = function.getReturnType();
    llvm::Type* word = at.getInt32Ty();
    const auto subgroup = [&](llvm::StringRef operation, llvm::Type* result, llvm::ArrayRef<Value*> operands) {
        llvm::SmallVector<llvm::Type*, 2> types;
        for (Value* operand : operands) {
            types.push_back(operand->getType());
        }
        const std::string name = (llvm::StringRef(kir::kSubgroupPrefix) + operation).str();
        llvm::CallInst* call =
            at.CreateCall(module.getOrInsertFunction(name, llvm::FunctionType::get(result, types, false)), operands);
        call->addFnAttr(llvm::Attribute::Convergent);
        return call;
    };
    Value* mine = at.CreateCall(module.getOrInsertFunction(llvm::StringRef(kir::kSubgroupLocalId), word));
    Value* size = function.getArg(1);
    Value* first = at.CreateAnd(mine, at.CreateNeg(size)); // a power of two
    Value* active = subgroup("ballot", llvm::FixedVectorType::get(word, 4), {at.getTrue()});
    at.CreateBr(head);
    at.SetInsertPoint(head);
    llvm::PHINode* index = at.CreatePHI(word, 2);
    llvm::PHINode* sum = at.CreatePHI(type, 2);
    llvm::PHINode* any = at.CreatePHI(at.getInt1Ty(), 2);
    at.CreateCondBr(at.CreateICmpULT(index, size), body, end);
    at.SetInsertPoint(body);
    Value* lane = at.CreateAdd(first, index);
    Value* bits = at.CreateExtractElement(active, at.CreateAnd(at.CreateLShr(lane, 5), at.getInt32(3)));
    Value* bit = at.CreateAnd(at.CreateLShr(bits, at.CreateAnd(lane, at.getInt32(31))), at.getInt32(1));
    Value* isActive = at.CreateICmpNE(bit, at.getInt32(0));
    const llvm::StringRef suffix = function.getName().rsplit('.').second;
    Value* source = at.CreateSelect(isActive, lane, mine);
    Value* other = subgroup(("shuffle." + suffix).str(), type, {function.getArg(0), source});
    Value* combined = at.CreateSelect(any, jit::combine(at, collective.combine, sum, other), other);
    index->addIncoming(at.getInt32(0), entry);
    sum->addIncoming(function.getArg(0), entry);
    any->addIncoming(at.getFalse(), entry);
    index->addIncoming(at.CreateAdd(index, at.getInt32(1)), body);
    sum->addIncoming(at.CreateSelect(isActive, combined, sum), body);
    any->addIncoming(at.CreateOr(any, isActive), body);
    at.CreateBr(head);
    at.SetInsertPoint(end);
    at.CreateRet(sum);
}

} // namespace

bool defineWorkgroupOperations(llvm::Module& module, uint32_t invocations, bool subgroups) {
    std::vector<llvm::Function*> wanted;
    for (llvm::Function& function : module) {
        if (function.isDeclaration() && function.getName().starts_with(llvm::StringRef(kir::kWorkgroupPrefix)) &&
            !function.use_empty()) {
            wanted.push_back(&function);
        }
    }
    bool any = false;
    for (llvm::Function* function : wanted) {
        const auto* call = llvm::dyn_cast<llvm::CallInst>(*function->user_begin());
        const std::optional<Collective> collective = call != nullptr ? collectiveOf(*call) : std::nullopt;
        if (!collective || !collective->workgroup || function->getReturnType()->isVectorTy() ||
            (collective->combine == Combine::None && collective->kind != CollectiveKind::Broadcast)) {
            continue; // the emitter refuses it by name
        }
        WorkgroupOperation(*function, *collective, invocations).define(subgroups);
        any = true;
    }
    return any;
}

void defineClusters(llvm::Module& module) {
    std::vector<std::pair<llvm::Function*, Collective>> wanted;
    for (llvm::Function& function : module) {
        if (!function.isDeclaration() || function.use_empty()) {
            continue;
        }
        const auto* call = llvm::dyn_cast<llvm::CallInst>(*function.user_begin());
        const std::optional<Collective> collective = call != nullptr ? collectiveOf(*call) : std::nullopt;
        if (collective && !collective->workgroup && collective->kind == CollectiveKind::Clustered) {
            wanted.emplace_back(&function, *collective);
        }
    }
    for (const auto& [function, collective] : wanted) {
        defineCluster(*function, collective);
    }
}

bool definePrint(llvm::Module& module) {
    llvm::Function* print = module.getFunction(llvm::StringRef(kir::kPrintf));
    if (print == nullptr || print->use_empty()) {
        return false;
    }
    llvm::LLVMContext& context = module.getContext();
    const auto block = [&](const char* name) { return llvm::BasicBlock::Create(context, name, print); };
    llvm::IRBuilder<> at(block("entry"));
    llvm::Type* global = at.getPtrTy(kir::kGlobal);
    const llvm::SyncScope::ID scope = context.getOrInsertSyncScopeID(llvm::StringRef(kir::kScopeDevice));
    print->setLinkage(llvm::GlobalValue::InternalLinkage);
    print->addFnAttr(llvm::Attribute::AlwaysInline);
    llvm::BasicBlock* given = block("given");
    llvm::BasicBlock* fits = block("fits");
    llvm::BasicBlock* full = block("full");
    llvm::BasicBlock* none = block("none");
    Value* buffer = at.CreateCall(module.getOrInsertFunction(kPrintBuffer, global));
    at.CreateCondBr(at.CreateICmpEQ(at.CreatePtrToInt(buffer, at.getInt64Ty()), at.getInt64(0)), none, given);
    at.SetInsertPoint(given);
    const auto field = [&](size_t offset) { return at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), buffer, offset); };
    const auto add = [&](size_t offset, Value* value) {
        return at.CreateAtomicRMW(llvm::AtomicRMWInst::Add, field(offset), value, llvm::Align(4),
                                  llvm::AtomicOrdering::Monotonic, scope);
    };
    Value* bytes = print->getArg(2);
    Value* padded = at.CreateAnd(at.CreateAdd(bytes, at.getInt32(7)), at.getInt32(~7U));
    Value* whole = at.CreateAdd(padded, at.getInt32(sizeof(HyVulkanPrintRecord)));
    Value* from = add(offsetof(HyVulkanPrintBuffer, used), whole);
    Value* capacity =
        at.CreateAlignedLoad(at.getInt32Ty(), field(offsetof(HyVulkanPrintBuffer, capacity)), llvm::Align(4));
    Value* isIn = at.CreateICmpULE(from, capacity); // first, since the sum may wrap around
    Value* room = at.CreateSub(capacity, from);
    at.CreateCondBr(at.CreateAnd(isIn, at.CreateICmpULE(whole, room)), fits, full);
    at.SetInsertPoint(full);
    add(offsetof(HyVulkanPrintBuffer, lost), at.getInt32(1));
    at.CreateBr(none);
    at.SetInsertPoint(fits);
    Value* offset = at.CreateZExt(at.CreateAdd(from, at.getInt32(sizeof(HyVulkanPrintBuffer))), at.getInt64Ty());
    Value* record = at.CreateInBoundsGEP(at.getInt8Ty(), buffer, offset);
    const auto part = [&](size_t within) { return at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), record, within); };
    at.CreateAlignedStore(at.CreateOr(bytes, at.getInt32(HY_VULKAN_PRINT_WRITTEN)),
                          part(offsetof(HyVulkanPrintRecord, bytes)), llvm::Align(4));
    Value* constants = at.CreateCall(module.getOrInsertFunction(kConstants, global));
    Value* format = at.CreateSub(at.CreatePtrToInt(print->getArg(0), at.getInt64Ty()),
                                 at.CreatePtrToInt(constants, at.getInt64Ty()));
    at.CreateAlignedStore(at.CreateTrunc(format, at.getInt32Ty()), part(offsetof(HyVulkanPrintRecord, format)),
                          llvm::Align(4));
    at.CreateMemCpy(part(sizeof(HyVulkanPrintRecord)), llvm::Align(8), print->getArg(1), llvm::Align(8), bytes);
    at.CreateRet(at.getInt32(0));
    at.SetInsertPoint(none);
    at.CreateRet(at.getInt32(-1));
    return true;
}

} // namespace halyard::jit::spirv
