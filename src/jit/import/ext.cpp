// Extended instructions: finding the handler, and calls of intrinsics and of the device library.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

void Importer::extInst(const Instruction& instruction) {
    auto set = source_.extInstImports().find(literal(instruction, 0));
    check(set != source_.extInstImports().end(), "the extended instruction set is not imported");
    const uint32_t number = literal(instruction, 1);
    const std::string_view name = set->second;
    const ExtEntry* entry = nullptr;
    if (name == "OpenCL.std") {
        entry = findOpenCl(number);
    } else if (name == "GLSL.std.450") {
        entry = findGlsl(number);
    } else if (name == "NonSemantic.DebugPrintf") {
        debugPrintf(instruction);
        return;
    } else if (name.starts_with("NonSemantic.") || name == "OpenCL.DebugInfo.100" || name == "DebugInfo") {
        return; // says nothing about the result of the program
    }
    if (!entry) {
        unsupported(fmt::format("instruction {} of {} is not supported", number, name));
    }
    (this->*entry->handler)(instruction, *entry);
}

uint32_t Importer::argumentCount(const Instruction& instruction) const {
    return instruction.operandCount() - 2;
}

llvm::Value* Importer::argument(const Instruction& instruction, uint32_t index) {
    return operand(instruction, index + 2);
}

llvm::Value* Importer::argument(const Instruction& instruction, uint32_t index, llvm::Type* expected) {
    return operand(instruction, index + 2, expected);
}

// Applies `function` to each component; scalar arguments go to every one.
llvm::Value* Importer::perLane(llvm::Type* result, llvm::ArrayRef<llvm::Value*> arguments,
                               const LaneFunction& function) {
    if (!result->isVectorTy()) {
        return function(arguments);
    }
    llvm::Value* vector = llvm::PoisonValue::get(result);
    for (uint64_t i = 0; i < partCount(result); ++i) {
        std::vector<llvm::Value*> lane;
        for (llvm::Value* argument : arguments) {
            const bool isVector = argument->getType()->isVectorTy();
            check(!isVector || partCount(argument->getType()) == partCount(result), "vectors of different lengths");
            lane.push_back(isVector ? builder_.CreateExtractElement(argument, i) : argument);
        }
        vector = builder_.CreateInsertElement(vector, function(lane), i);
    }
    return vector;
}

llvm::Value* Importer::mathCall(std::string_view name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> arguments) {
    return perLane(result, arguments, [&](llvm::ArrayRef<llvm::Value*> lane) -> llvm::Value* {
        check(lane[0]->getType()->isFloatingPointTy(), "the operation needs floating-point numbers");
        std::vector<llvm::Type*> types;
        for (llvm::Value* argument : lane) {
            types.push_back(argument->getType());
        }
        const std::string full = kir::mathName(name, typeSuffix(lane[0]->getType()));
        llvm::FunctionType* signature = llvm::FunctionType::get(result->getScalarType(), types, false);
        llvm::FunctionCallee callee = module_->getOrInsertFunction(full, signature);
        auto* function = llvm::cast<llvm::Function>(callee.getCallee());
        function->setDoesNotThrow();
        function->setWillReturn();
        function->setDoesNotAccessMemory();
        return builder_.CreateCall(callee, lane);
    });
}

std::pair<llvm::Value*, llvm::Value*> Importer::mathPair(std::string_view name, llvm::Type* second,
                                                         llvm::ArrayRef<llvm::Value*> arguments) {
    llvm::Type* type = arguments[0]->getType();
    llvm::Type* pair = llvm::StructType::get(context_, {type->getScalarType(), second});
    const uint64_t lanes = type->isVectorTy() ? partCount(type) : 1;
    llvm::Value* first = llvm::PoisonValue::get(type);
    llvm::Value* other = llvm::PoisonValue::get(type->getWithNewType(second));
    for (uint64_t i = 0; i < lanes; ++i) {
        std::vector<llvm::Value*> lane;
        for (llvm::Value* argument : arguments) {
            lane.push_back(type->isVectorTy() ? builder_.CreateExtractElement(argument, i) : argument);
        }
        llvm::Value* both = mathCall(name, pair, lane);
        llvm::Value* a = builder_.CreateExtractValue(both, 0);
        llvm::Value* b = builder_.CreateExtractValue(both, 1);
        first = type->isVectorTy() ? builder_.CreateInsertElement(first, a, i) : a;
        other = type->isVectorTy() ? builder_.CreateInsertElement(other, b, i) : b;
    }
    return {first, other};
}

llvm::Value* Importer::unaryIntrinsic(llvm::Intrinsic::ID id, llvm::Value* value) {
    return builder_.CreateUnaryIntrinsic(id, value);
}

llvm::Value* Importer::binaryIntrinsic(llvm::Intrinsic::ID id, llvm::Value* a, llvm::Value* b) {
    return builder_.CreateBinaryIntrinsic(id, a, b);
}

} // namespace halyard::jit
