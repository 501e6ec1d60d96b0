#include "jit/targets/host/soft_operations.h"

#include "jit/devlib/devlib.h"
#include "jit/kir.h"

#include <array>
#include <string_view>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

namespace halyard::jit::host {

namespace {

enum class Type { F16, F32, F64 };

struct Operation {
    std::string_view symbol;
    std::string_view function; // of the device library
    Type operand;              // of all operands, and what the device library's name ends in
    unsigned operands;
    Type result;
};

constexpr std::array<Operation, 25> kOperations{{
    {"fma", "soft_fma", Type::F64, 3, Type::F64},
    {"fmaf", "soft_fma", Type::F32, 3, Type::F32},
    {"fmin", "soft_fmin", Type::F64, 2, Type::F64},
    {"fminf", "soft_fmin", Type::F32, 2, Type::F32},
    {"fmax", "soft_fmax", Type::F64, 2, Type::F64},
    {"fmaxf", "soft_fmax", Type::F32, 2, Type::F32},
    {"fmod", "fmod", Type::F64, 2, Type::F64},
    {"fmodf", "fmod", Type::F32, 2, Type::F32},
    {"floor", "soft_floor", Type::F64, 1, Type::F64},
    {"floorf", "soft_floor", Type::F32, 1, Type::F32},
    {"ceil", "soft_ceil", Type::F64, 1, Type::F64},
    {"ceilf", "soft_ceil", Type::F32, 1, Type::F32},
    {"trunc", "soft_trunc", Type::F64, 1, Type::F64},
    {"truncf", "soft_trunc", Type::F32, 1, Type::F32},
    {"rint", "soft_rint", Type::F64, 1, Type::F64},
    {"rintf", "soft_rint", Type::F32, 1, Type::F32},
    {"nearbyint", "soft_rint", Type::F64, 1, Type::F64},
    {"nearbyintf", "soft_rint", Type::F32, 1, Type::F32},
    {"roundeven", "soft_rint", Type::F64, 1, Type::F64},
    {"roundevenf", "soft_rint", Type::F32, 1, Type::F32},
    {"round", "soft_round", Type::F64, 1, Type::F64},
    {"roundf", "soft_round", Type::F32, 1, Type::F32},
    {"__extendhfsf2", "soft_widen", Type::F16, 1, Type::F32},
    {"__truncsfhf2", "soft_narrow", Type::F32, 1, Type::F16},
    {"__truncdfhf2", "soft_narrow", Type::F64, 1, Type::F16},
}};

llvm::Type* typeOf(Type type, llvm::LLVMContext& context) {
    switch (type) {
    case Type::F16:
        return llvm::Type::getHalfTy(context);
    case Type::F32:
        return llvm::Type::getFloatTy(context);
    default:
        return llvm::Type::getDoubleTy(context);
    }
}

std::string_view suffixOf(Type type) {
    constexpr std::array<std::string_view, 3> kNames{"f16", "f32", "f64"};
    return kNames[static_cast<size_t>(type)];
}

// Defines the symbol as a call of the device library's function.
void define(llvm::Module& module, const Operation& operation) {
    llvm::LLVMContext& context = module.getContext();
    const llvm::SmallVector<llvm::Type*, 3> operands(operation.operands, typeOf(operation.operand, context));
    auto* type = llvm::FunctionType::get(typeOf(operation.result, context), operands, false);
    auto* function =
        llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, llvm::StringRef(operation.symbol), module);
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    llvm::IRBuilder<> at(llvm::BasicBlock::Create(context, "entry", function));
    llvm::SmallVector<llvm::Value*, 3> values;
    for (llvm::Argument& argument : function->args()) {
        values.push_back(&argument);
    }
    const std::string name = kir::mathName(operation.function, suffixOf(operation.operand));
    at.CreateRet(at.CreateCall(module.getOrInsertFunction(name, type), values));
}

} // namespace

spv::Result<std::unique_ptr<llvm::Module>> softOperations(llvm::LLVMContext& context, llvm::TargetMachine& machine,
                                                          std::set<std::string>& wanted) {
    auto module = std::make_unique<llvm::Module>("soft", context);
    module->setTargetTriple(machine.getTargetTriple());
    module->setDataLayout(machine.createDataLayout());
    std::set<std::string> defined;
    for (const Operation& operation : kOperations) {
        if (wanted.contains(std::string(operation.symbol))) {
            define(*module, operation);
            defined.emplace(operation.symbol);
        }
    }
    wanted = std::move(defined);
    if (spv::Status status = linkDevlib(*module); !status) {
        return status.error();
    }
    return module;
}

} // namespace halyard::jit::host
