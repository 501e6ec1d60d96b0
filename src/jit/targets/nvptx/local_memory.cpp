#include "jit/targets/nvptx/local_memory.h"

#include "jit/kir.h"
#include "jit/ptx_kernel_abi.h"

#include <algorithm>
#include <vector>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {
namespace {

bool isStatic(const llvm::GlobalVariable& variable) {
    return variable.getAddressSpace() == kir::kWorkgroup && !variable.isDeclaration();
}

uint64_t bytesOf(const llvm::GlobalVariable& variable) {
    return variable.getDataLayout().getTypeAllocSize(variable.getValueType());
}

} // namespace

uint64_t staticLocalBytes(const llvm::Module& module) {
    uint64_t bytes = 0;
    for (const llvm::GlobalVariable& variable : module.globals()) {
        if (isStatic(variable)) {
            bytes = llvm::alignTo(bytes, variable.getAlign().valueOrOne()) + bytesOf(variable);
        }
    }
    return bytes;
}

llvm::GlobalVariable& dynamicLocal(llvm::Module& module) {
    constexpr const char* kName = "hyLocal";
    if (llvm::GlobalVariable* known = module.getGlobalVariable(kName)) {
        return *known;
    }
    auto* type = llvm::ArrayType::get(llvm::Type::getInt8Ty(module.getContext()), 0);
    auto* made = new llvm::GlobalVariable(module, type, false, llvm::GlobalValue::ExternalLinkage, nullptr, kName,
                                          nullptr, llvm::GlobalValue::NotThreadLocal, kir::kWorkgroup);
    made->setAlignment(llvm::Align(HY_PTX_LOCAL_ALIGNMENT));
    return *made;
}

uint64_t moveToDynamicLocal(llvm::Module& module) {
    if (staticLocalBytes(module) <= kMaxStaticLocalBytes) {
        return 0;
    }
    std::vector<llvm::GlobalVariable*> variables;
    for (llvm::GlobalVariable& variable : module.globals()) {
        if (isStatic(variable)) {
            variables.push_back(&variable);
        }
    }
    // The largest first: fewest then share one object, whose parts alias analysis cannot tell from each other.
    std::stable_sort(variables.begin(), variables.end(),
                     [](const auto* a, const auto* b) { return bytesOf(*a) > bytesOf(*b); });
    uint64_t moved = 0;
    for (llvm::GlobalVariable* variable : variables) {
        if (staticLocalBytes(module) <= kMaxStaticLocalBytes) {
            break;
        }
        moved = llvm::alignTo(moved, variable->getAlign().valueOrOne());
        llvm::Constant* place = llvm::ConstantExpr::getGetElementPtr(
            llvm::Type::getInt8Ty(module.getContext()), &dynamicLocal(module),
            llvm::ConstantInt::get(llvm::Type::getInt32Ty(module.getContext()), moved));
        moved += bytesOf(*variable);
        variable->replaceAllUsesWith(place);
        variable->eraseFromParent();
    }
    return llvm::alignTo(moved, HY_PTX_LOCAL_ALIGNMENT);
}

} // namespace halyard::jit::nvptx
