#include "jit/import/importer.h"

#include "spv/spv.h"

#include <llvm/IR/Verifier.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/raw_ostream.h>

#include <new>

namespace halyard::jit {

namespace sv = ::spv;

Importer::Importer(llvm::LLVMContext& context, const spv::Module& source, const spv::KernelInfo& kernel,
                   const std::string& triple, const std::string& layout, const ImportOptions& options)
    : context_(context), source_(source), kernel_(kernel), options_(options),
      module_(std::make_unique<llvm::Module>(kernel.name, context)), layout_(""), builder_(context),
      lines_(source, *module_) {
    llvm::Expected<llvm::DataLayout> parsed = llvm::DataLayout::parse(layout);
    if (!parsed) {
        fail(HY_ERROR_INTERNAL, "the target's data layout is malformed: " + llvm::toString(parsed.takeError()));
    }
    layout_ = *parsed;
    module_->setDataLayout(layout_);
    module_->setTargetTriple(llvm::Triple(triple));
    values_.resize(source.bound());
    types_.resize(source.bound());
}

void Importer::fail(HyResult code, std::string_view what, std::string hint) const {
    std::string message(what);
    if (current_) {
        message += ": " + source_.describe(*current_);
    }
    throw Failure{{code, fmt::format("kernel '{}': {}", kernel_.name, message), std::move(hint)}};
}

void Importer::unsupported(std::string_view what) const {
    fail(HY_ERROR_UNSUPPORTED_SPIRV, what, "Halyard does not compile this yet; rewrite the kernel without it");
}

void Importer::invalid(std::string_view what) const {
    fail(HY_ERROR_INVALID_MODULE, what, "the tool that wrote the module is at fault; check it with spirv-val");
}

void Importer::check(bool condition, std::string_view what) const {
    if (!condition) {
        invalid(what);
    }
}

llvm::Value* Importer::value(Id id) {
    if (id < values_.size() && values_[id]) {
        return values_[id];
    }
    const Instruction* definition = source_.definition(id);
    if (!definition) {
        invalid(fmt::format("%{} is not defined", id));
    }
    switch (definition->op()) {
    case sv::Op::OpConstantTrue:
    case sv::Op::OpConstantFalse:
    case sv::Op::OpConstant:
    case sv::Op::OpConstantComposite:
    case sv::Op::OpConstantNull:
    case sv::Op::OpSpecConstantTrue:
    case sv::Op::OpSpecConstantFalse:
    case sv::Op::OpSpecConstant:
    case sv::Op::OpSpecConstantComposite:
    case sv::Op::OpSpecConstantOp:
    case sv::Op::OpUndef:
        return constant(id);
    case sv::Op::OpVariable:
        return moduleVariable(*definition);
    default:
        invalid(fmt::format("%{} is used before it is defined or outside its function", id));
    }
}

llvm::Value* Importer::operand(const Instruction& instruction, uint32_t index) {
    return value(literal(instruction, index));
}

llvm::Value* Importer::operand(const Instruction& instruction, uint32_t index, llvm::Type* expected) {
    llvm::Value* result = operand(instruction, index);
    if (result->getType() != expected) {
        invalid(fmt::format("operand {} has the wrong type", index));
    }
    return result;
}

uint32_t Importer::literal(const Instruction& instruction, uint32_t index) const {
    check(index < instruction.operandCount(), "the instruction lacks an operand");
    return instruction.operand(index);
}

Id Importer::typeIdOf(Id id) const {
    const Instruction* definition = source_.definition(id);
    if (!definition || definition->resultType == 0) {
        invalid(fmt::format("%{} has no type", id));
    }
    return definition->resultType;
}

const Type& Importer::typeOf(Id id) {
    return type(typeIdOf(id));
}

const Type& Importer::operandType(const Instruction& instruction, uint32_t index) {
    return typeOf(literal(instruction, index));
}

const Type& Importer::resultType(const Instruction& instruction) {
    const Type& result = type(instruction.resultType);
    check(result.llvmType != nullptr && !result.llvmType->isVoidTy(), "a value of this type cannot exist");
    return result;
}

void Importer::define(const Instruction& instruction, llvm::Value* value) {
    check(value->getType() == resultType(instruction).llvmType, "the operands do not give the result type");
    values_[instruction.result] = value;
}

void Importer::dispatch(const Instruction& instruction) {
    current_ = &instruction;
    Handler handler = handlerOf(instruction.opcode);
    if (!handler) {
        unsupported("this instruction is not supported");
    }
    if (usesMatrices_) {
        checkMatrices(instruction);
    }
    builder_.setFastMathFlags(fastMathFlags(instruction));
    if (controls_.any()) {
        dispatchControlled(instruction, handler);
    } else {
        (this->*handler)(instruction);
    }
}

void Importer::ignore(const Instruction&) {}

void Importer::undef(const Instruction& instruction) {
    define(instruction, llvm::UndefValue::get(resultType(instruction).llvmType));
}

void Importer::copyObject(const Instruction& instruction) {
    llvm::Value* source = operand(instruction, 0);
    if (source->getType()->isPointerTy()) {
        setPointerInfo(instruction, pointerInfo(instruction.operand(0)));
    }
    define(instruction, source);
}

bool Importer::isDecorated(Id id, sv::Decoration kind) const {
    return source_.findDecoration(id, kind) != nullptr;
}

// What the kernel's execution modes give the instruction's type, or null.
const uint32_t* Importer::fastMathDefault(const Instruction& instruction) const {
    if (controls_.fastMathDefaults.empty()) {
        return nullptr;
    }
    const auto scalarOf = [&](Id type) {
        const Instruction* definition = source_.definition(type);
        while (definition && definition->operandCount() > 0 &&
               (definition->op() == sv::Op::OpTypeVector || definition->op() == sv::Op::OpTypeMatrix)) {
            definition = source_.definition(definition->operand(0));
        }
        return definition;
    };
    const Instruction* type = scalarOf(instruction.resultType);
    if (type && type->op() == sv::Op::OpTypeBool && instruction.operandCount() > 0) { // comparisons
        const Instruction* operand = source_.definition(instruction.operand(0));
        type = operand ? scalarOf(operand->resultType) : nullptr;
    }
    const auto found = type ? controls_.fastMathDefaults.find(type->result) : controls_.fastMathDefaults.end();
    return found != controls_.fastMathDefaults.end() ? &found->second : nullptr;
}

llvm::FastMathFlags Importer::fastMathFlags(const Instruction& instruction) const {
    llvm::FastMathFlags flags;
    if (options_.fastMath) {
        flags.setFast();
        if (preserveSpecials_) {
            flags.setNoNaNs(false);
            flags.setNoInfs(false);
            flags.setNoSignedZeros(false);
        }
    }
    // With FloatControls2 only FPFastMathMode and FPFastMathDefault allow it.
    if (contraction_ && !controls_.secondEdition) {
        flags.setAllowContract();
    }
    if (instruction.result == 0) {
        return flags;
    }
    const spv::Decoration* mode = source_.findDecoration(instruction.result, sv::Decoration::FPFastMathMode);
    const uint32_t* known = mode && !mode->operands.empty() ? mode->operands.data() : fastMathDefault(instruction);
    if (known && !options_.fastMath) {
        const uint32_t mask = *known;
        // Bits from SPV_KHR_float_controls2 and SPV_INTEL_fp_fast_math_mode, which older headers do not name.
        constexpr uint32_t kAllowContract = 0x10000, kAllowReassociation = 0x20000, kAllowTransform = 0x40000;
        const bool fast = mask & uint32_t(sv::FPFastMathModeMask::Fast);
        flags.setNoNaNs(fast || (mask & uint32_t(sv::FPFastMathModeMask::NotNaN)));
        flags.setNoInfs(fast || (mask & uint32_t(sv::FPFastMathModeMask::NotInf)));
        flags.setNoSignedZeros(fast || (mask & uint32_t(sv::FPFastMathModeMask::NSZ)));
        flags.setAllowReciprocal(fast || (mask & uint32_t(sv::FPFastMathModeMask::AllowRecip)));
        flags.setAllowReassoc(fast || (mask & (kAllowReassociation | kAllowTransform)));
        flags.setAllowContract(flags.allowContract() || fast || (mask & (kAllowContract | kAllowTransform)));
        flags.setApproxFunc(fast);
    }
    if (isDecorated(instruction.result, sv::Decoration::NoContraction)) {
        flags.setAllowContract(false);
        flags.setAllowReassoc(false);
    }
    return flags;
}

std::unique_ptr<llvm::Module> Importer::run() {
    entryPoint_ = source_.findEntryPoint(kernel_.name);
    if (!entryPoint_ || !source_.findFunction(entryPoint_->function)) {
        fail(HY_ERROR_NOT_FOUND, "the module has no such entry point");
    }
    if (entryPoint_->model != sv::ExecutionModel::Kernel && entryPoint_->model != sv::ExecutionModel::GLCompute) {
        unsupported("the entry point is not a compute kernel");
    }
    constexpr uint32_t kFloatControls2 = 6029;
    for (const sv::Capability capability : source_.capabilities()) {
        controls_.secondEdition |= static_cast<uint32_t>(capability) == kFloatControls2;
    }
    checkExecutionModes();
    for (uint32_t i = 0; i < kernel_.parameters.size(); ++i) {
        const spv::Parameter& parameter = kernel_.parameters[i];
        buffers_[parameter.id].push_back(i);
        for (Id alias : parameter.aliases) {
            buffers_[alias].push_back(i);
        }
    }
    std::vector<Id> path;
    plan(entryPoint_->function, path);
    for (Id function : planOrder_) {
        declare(plans_.at(function));
    }
    for (Id function : planOrder_) {
        emitBody(plans_.at(function));
    }
    current_ = nullptr;
    lines_.finish();
    std::string problem;
    llvm::raw_string_ostream stream(problem);
    if (llvm::verifyModule(*module_, &stream)) {
        fail(HY_ERROR_INVALID_MODULE, "the module has no meaning as code: " + problem.substr(0, 400),
             "check the module with spirv-val; if it passes, report this message");
    }
    return std::move(module_);
}

spv::Result<std::unique_ptr<llvm::Module>> importKernel(llvm::LLVMContext& context, const spv::Module& module,
                                                        const spv::KernelInfo& kernel, const std::string& triple,
                                                        const std::string& layout, const ImportOptions& options) {
    try {
        return Importer(context, module, kernel, triple, layout, options).run();
    } catch (Failure& failure) {
        return std::move(failure.error);
    } catch (const std::bad_alloc&) {
        return spv::Error{HY_ERROR_OUT_OF_HOST_MEMORY, "no memory to import kernel '" + kernel.name + "'", ""};
    }
}

} // namespace halyard::jit
