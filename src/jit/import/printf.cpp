// printf of OpenCL.std and of NonSemantic.DebugPrintf: the arguments become a record (printf/record.h) in private
// memory, and one call hands it over with the format string.
#include "jit/import/importer.h"
#include "printf/record.h"

namespace halyard::jit {

namespace sv = ::spv;

namespace {

uint32_t roundUp(uint32_t bytes) {
    return (bytes + printf::kEntryAlignment - 1) / printf::kEntryAlignment * printf::kEntryAlignment;
}

constexpr uint32_t kDebugPrintf = 1; // the only instruction of NonSemantic.DebugPrintf
constexpr uint64_t kMaxArguments = 256;

// Which arguments of the call the format string takes as strings: those of its %s conversions.
std::vector<bool> stringConversions(std::string_view format) {
    std::vector<bool> strings;
    for (size_t at = format.find('%'); at < format.size(); at = format.find('%', at)) {
        const size_t end = format.find_first_of("diouxXfFeEgGaAcsp%", at + 1);
        if (end == std::string_view::npos)
            break;
        if (format[end] != '%')
            strings.push_back(format[end] == 's');
        at = end + 1;
    }
    return strings;
}

// The text of a constant array of characters, or nothing when it is none.
std::string constantText(const llvm::Value* pointer) {
    const auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(pointer->stripPointerCasts());
    if (variable == nullptr || !variable->hasInitializer())
        return {};
    const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(variable->getInitializer());
    if (data == nullptr || !data->getElementType()->isIntegerTy(8))
        return {};
    return data->getRawDataValues().str();
}

} // namespace

// What an argument is in the record. Booleans print as 0 and 1, bfloat16 as float.
llvm::Value* Importer::printfValue(llvm::Value* value, bool isString, printf::Argument::Kind& kind) {
    llvm::Type* scalar = value->getType()->getScalarType();
    kind = printf::Argument::Kind::Integer;
    if (scalar->isPointerTy()) {
        check(!value->getType()->isVectorTy(), "printf takes no vectors of pointers");
        kind = isString ? printf::Argument::Kind::Text : printf::Argument::Kind::Pointer;
        return builder_.CreatePtrToInt(value, builder_.getInt64Ty());
    }
    if (scalar->isFloatingPointTy()) {
        kind = printf::Argument::Kind::Float;
        return scalar->isBFloatTy()
                   ? builder_.CreateFPExt(value, value->getType()->getWithNewType(builder_.getFloatTy()))
                   : value;
    }
    check(scalar->isIntegerTy(), "printf takes numbers, vectors of numbers and pointers");
    return scalar->isIntegerTy(1) ? resize(value, value->getType()->getWithNewType(builder_.getInt32Ty()), false)
                                  : value;
}

llvm::Value* Importer::emitPrintf(const Instruction& instruction, llvm::Value* format) {
    check(argumentCount(instruction) - 1 <= kMaxArguments, "printf takes at most 256 arguments");
    const std::vector<bool> strings = stringConversions(constantText(format));
    std::vector<std::pair<uint32_t, llvm::Value*>> stores; // offset in the record
    uint32_t bytes = 0;
    for (uint32_t i = 1; i < argumentCount(instruction); ++i) {
        printf::Argument::Kind kind{};
        llvm::Value* value = printfValue(argument(instruction, i), i <= strings.size() && strings[i - 1], kind);
        const uint32_t size = value->getType()->getScalarSizeInBits() / 8;
        const auto lanes = static_cast<uint32_t>(value->getType()->isVectorTy() ? partCount(value->getType()) : 1);
        const uint64_t header = static_cast<uint64_t>(kind) | uint64_t{size} << 32 | uint64_t{lanes} << 48;
        stores.emplace_back(bytes, builder_.getInt64(header));
        bytes += printf::kEntryHeaderBytes;
        for (uint32_t lane = 0; lane < lanes; ++lane) {
            stores.emplace_back(bytes + lane * size, lanes == 1 && !value->getType()->isVectorTy()
                                                         ? value
                                                         : builder_.CreateExtractElement(value, lane));
        }
        bytes += roundUp(size * lanes);
    }
    llvm::Value* record = entryAlloca(this->bytes(std::max(bytes, 1u)), printf::kEntryAlignment);
    for (const auto& [offset, value] : stores)
        builder_.CreateStore(value, at(record, offset));
    llvm::FunctionCallee callee = module_->getOrInsertFunction(
        kir::kPrintf,
        llvm::FunctionType::get(builder_.getInt32Ty(),
                                {builder_.getPtrTy(kir::kGlobal), record->getType(), builder_.getInt32Ty()}, false));
    llvm::cast<llvm::Function>(callee.getCallee())->setDoesNotThrow();
    return builder_.CreateCall(callee, {format, record, builder_.getInt32(bytes)});
}

void Importer::clPrintf(const Instruction& instruction, const ExtEntry&) {
    llvm::Value* format = argument(instruction, 0);
    check(format->getType()->isPointerTy(), "the format is a pointer");
    if (format->getType()->getPointerAddressSpace() != kir::kGlobal)
        format = builder_.CreateAddrSpaceCast(format, builder_.getPtrTy(kir::kGlobal));
    llvm::Value* result = emitPrintf(instruction, format);
    llvm::Type* type = resultType(instruction).llvmType;
    check(type != nullptr && type->isIntegerTy(32), "the result of printf is a 32-bit integer");
    define(instruction, result);
}

void Importer::debugPrintf(const Instruction& instruction) {
    if (literal(instruction, 1) != kDebugPrintf)
        return; // a later revision's non-semantic instruction
    const Instruction* string = source_.definition(literal(instruction, 2));
    check(string != nullptr && string->op() == sv::Op::OpString, "the format is an OpString");
    const std::string text(spv::literalString(string->words + string->operandStart, string->words + string->wordCount));
    auto* data = llvm::ConstantDataArray::getString(context_, text);
    auto* format = new llvm::GlobalVariable(*module_, data->getType(), true, llvm::GlobalValue::InternalLinkage, data,
                                            "", nullptr, llvm::GlobalValue::NotThreadLocal, kir::kGlobal);
    format->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    emitPrintf(instruction, format);
}

} // namespace halyard::jit
