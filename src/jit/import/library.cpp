// OpenCL C functions that a producer left as calls of an imported, mangled name: clang-22 does so with the older
// atomics, the plain fences, conversions to half and double, integer dot products and the subgroup barrier. Itanium
// mangling: `_Z`, the length, the name, parameters.
#include "jit/import/importer.h"

#include <algorithm>
#include <charconv>

namespace halyard::jit {

namespace sv = ::spv;

namespace {
using Operation = llvm::AtomicRMWInst::BinOp;

struct AtomicName {
    std::string_view name;
    Operation signedOperation;
    Operation unsignedOperation;
    Operation floatOperation;
};

constexpr AtomicName kAtomics[] = {
    {"add", Operation::Add, Operation::Add, Operation::FAdd},
    {"sub", Operation::Sub, Operation::Sub, Operation::FSub},
    {"xchg", Operation::Xchg, Operation::Xchg, Operation::Xchg},
    {"inc", Operation::Add, Operation::Add, Operation::BAD_BINOP},
    {"dec", Operation::Sub, Operation::Sub, Operation::BAD_BINOP},
    {"min", Operation::Min, Operation::UMin, Operation::FMin},
    {"max", Operation::Max, Operation::UMax, Operation::FMax},
    {"and", Operation::And, Operation::And, Operation::BAD_BINOP},
    {"or", Operation::Or, Operation::Or, Operation::BAD_BINOP},
    {"xor", Operation::Xor, Operation::Xor, Operation::BAD_BINOP},
};

const AtomicName* findAtomic(std::string_view name) {
    for (std::string_view prefix : {"atomic_fetch_", "atomic_", "atom_"}) {
        if (!name.starts_with(prefix)) {
            continue;
        }
        std::string_view rest = name.substr(prefix.size());
        if (prefix == "atomic_fetch_" && rest.ends_with("_explicit")) {
            rest.remove_suffix(std::string_view("_explicit").size());
        }
        for (const AtomicName& candidate : kAtomics) {
            if (candidate.name == rest) {
                return &candidate;
            }
        }
    }
    return nullptr;
}

bool isFence(std::string_view name) {
    return name == "mem_fence" || name == "read_mem_fence" || name == "write_mem_fence";
}

// Of OpenCL C 2.0 and later: the first three come unmangled.
bool isPointerQuestion(std::string_view name) {
    return name == "__to_global" || name == "__to_local" || name == "__to_private" || name == "get_fence";
}

bool isConversion(std::string_view name) {
    return name.starts_with("convert_half") || name.starts_with("convert_double");
}

constexpr std::string_view kUnsignedLetters = "hjtmy";

// The mangled letter of the integer that an atomic operates on: behind its pointer's qualifiers.
bool isUnsigned(std::string_view parameters) {
    for (std::string_view qualifier : {"U7_Atomic", "V"}) {
        if (size_t at = parameters.find(qualifier); at != std::string_view::npos) {
            const size_t letter = at + qualifier.size();
            return letter < parameters.size() && kUnsignedLetters.find(parameters[letter]) != std::string_view::npos;
        }
    }
    return false;
}
} // namespace

Importer::LibraryName Importer::libraryName(Id function) const {
    std::string_view mangled = source_.name(function);
    if (const spv::Decoration* linkage = source_.findDecoration(function, sv::Decoration::LinkageAttributes)) {
        const uint32_t* words = linkage->operands.data();
        mangled = spv::literalString(words, words + linkage->operands.size());
    }
    LibraryName result{mangled, mangled, {}};
    if (!mangled.starts_with("_Z")) {
        return result;
    }
    size_t length = 0;
    const char* end = mangled.data() + mangled.size();
    const auto [digits, error] = std::from_chars(mangled.data() + 2, end, length);
    if (error == std::errc() && length <= static_cast<size_t>(end - digits)) {
        result.name = std::string_view(digits, length);
        result.parameters = std::string_view(digits + length, static_cast<size_t>(end - digits) - length);
    }
    return result;
}

bool Importer::isLibraryFunction(Id function) const {
    const std::string_view name = libraryName(function).name;
    return isFence(name) || name == "sub_group_barrier" || isConversion(name) || isPointerQuestion(name) ||
           isIntegerDot(function) || findAtomic(name) != nullptr;
}

void Importer::libraryCall(const Instruction& instruction) {
    const LibraryName name = libraryName(literal(instruction, 0));
    if (isFence(name.name) || name.name == "sub_group_barrier") {
        // Flags of OpenCL C: 1 local, 2 global, 4 image memory. Not known while compiling means all.
        uint64_t flags = 0;
        if (!isConstantInteger(literal(instruction, 1), flags)) {
            flags = 3;
        }
        constexpr uint32_t kAcquireRelease = 0x8, kWorkgroupMemory = 0x100, kCrossWorkgroupMemory = 0x200;
        const uint32_t semantics =
            kAcquireRelease | (flags & 1 ? kWorkgroupMemory : 0) | (flags & 2 ? kCrossWorkgroupMemory : 0);
        if (name.name == "sub_group_barrier") {
            emitBarrier(kir::kScopeIdSubgroup, kir::kScopeIdSubgroup, semantics);
        } else {
            emitFence(kir::kScopeIdWorkgroup, semantics);
        }
        return;
    }
    if (isConversion(name.name)) {
        libraryConvert(instruction, name);
        return;
    }
    if (isPointerQuestion(name.name)) {
        libraryPointer(instruction, name);
        return;
    }
    if (isIntegerDot(literal(instruction, 0))) {
        libraryDot(instruction, name);
        return;
    }
    libraryAtomic(instruction, name);
}

void Importer::libraryPointer(const Instruction& instruction, const LibraryName& name) {
    llvm::Value* pointer = pointerOperand(instruction, 1);
    llvm::Type* type = resultType(instruction).llvmType;
    if (name.name == "get_fence") { // flags of OpenCL C: 1 local, 2 global
        check(type->isIntegerTy(32), "the call has the wrong type");
        define(instruction, pointerSemantics(pointer, 1, 2));
        return;
    }
    const auto storage = name.name == "__to_global"  ? sv::StorageClass::CrossWorkgroup
                         : name.name == "__to_local" ? sv::StorageClass::Workgroup
                                                     : sv::StorageClass::Function;
    setPointerInfo(instruction, {});
    define(instruction, castToStorage(pointer, storage, type));
}

void Importer::libraryConvert(const Instruction& instruction, const LibraryName& name) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 1);
    checkFloat(type);
    check(partCount(type) == partCount(source->getType()), "the call has the wrong type");
    auto mode = sv::FPRoundingMode::RTE;
    if (name.name.ends_with("_rtz")) {
        mode = sv::FPRoundingMode::RTZ;
    } else if (name.name.ends_with("_rtp")) {
        mode = sv::FPRoundingMode::RTP;
    } else if (name.name.ends_with("_rtn")) {
        mode = sv::FPRoundingMode::RTN;
    }
    if (source->getType() == type) {
        define(instruction, source);
    } else if (source->getType()->isFPOrFPVectorTy()) {
        const bool widens = source->getType()->getScalarSizeInBits() < type->getScalarSizeInBits();
        define(instruction, widens ? builder_.CreateFPExt(source, type) : truncateFloat(source, type, mode));
    } else {
        checkInteger(source->getType());
        const bool isSigned = name.parameters.find_last_of(kUnsignedLetters) == std::string_view::npos;
        define(instruction, roundFromInteger(source, type, isSigned, mode));
    }
}

// dot and dot_acc_sat of vectors of integers, and of four 8-bit integers packed into 32 bits.
bool Importer::isIntegerDot(Id function) const {
    const LibraryName name = libraryName(function);
    const bool packed = name.name.starts_with("dot_4x8packed_") || name.name.starts_with("dot_acc_sat_4x8packed_");
    return packed || ((name.name == "dot" || name.name == "dot_acc_sat") && name.parameters.starts_with("Dv"));
}

void Importer::libraryDot(const Instruction& instruction, const LibraryName& name) {
    llvm::Type* result = resultType(instruction).llvmType;
    check(result->isIntegerTy(), "the result is an integer");
    const bool saturates = name.name.starts_with("dot_acc_sat");
    llvm::Value* a = operand(instruction, 1);
    llvm::Value* b = operand(instruction, 2, a->getType());
    checkInteger(a->getType());
    bool signedA = false;
    bool signedB = false;
    if (a->getType()->isVectorTy()) {
        // "Dv4_cDv4_h", or "Dv4_cS_" where both are alike
        const size_t first = name.parameters.find('_') + 1;
        check(first < name.parameters.size(), "the call has the wrong type");
        const size_t second = name.parameters.find("_", first);
        const bool alike = name.parameters.substr(first + 1).starts_with("S_");
        check(alike || (second != std::string_view::npos && second + 1 < name.parameters.size()),
              "the call has the wrong type");
        const auto isSigned = [](char letter) { return kUnsignedLetters.find(letter) == std::string_view::npos; };
        signedA = isSigned(name.parameters[first]);
        signedB = alike ? signedA : isSigned(name.parameters[second + 1]);
    } else {
        check(a->getType()->isIntegerTy(32), "the call has the wrong type");
        const std::string_view kinds = name.name.substr(name.name.find("packed_") + 7); // "us_int": b is signed
        check(kinds.size() > 2, "the call has the wrong type");
        signedA = kinds[0] == 's';
        signedB = kinds[1] == 's';
        auto* packed = llvm::FixedVectorType::get(builder_.getInt8Ty(), 4);
        a = builder_.CreateBitCast(a, packed);
        b = builder_.CreateBitCast(b, packed);
    }
    llvm::Value* accumulator = saturates ? operand(instruction, 3, result) : nullptr;
    define(instruction, integerDotProduct(a, b, signedA, signedB, result, accumulator));
}

void Importer::libraryAtomic(const Instruction& instruction, const LibraryName& name) {
    const AtomicName* found = findAtomic(name.name);
    if (!found) {
        unsupported("this library function is not supported");
    }
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* pointer = pointerOperand(instruction, 1);
    check(type->isIntegerTy() || type->isFloatingPointTy(), "atomic operations need a scalar");
    check(!type->isIntegerTy(1), "atomic operations need a number");
    Operation operation = found->floatOperation;
    if (type->isIntegerTy()) {
        operation = isUnsigned(name.parameters) ? found->unsignedOperation : found->signedOperation;
    }
    check(operation != Operation::BAD_BINOP, "atomic operation on a type that lacks it");
    const bool counts = found->name == "inc" || found->name == "dec";
    llvm::Value* amount = counts ? llvm::ConstantInt::get(type, 1) : operand(instruction, 2, type);
    // The older functions are relaxed; atomic_fetch_* is sequentially consistent unless it says otherwise.
    auto order = llvm::AtomicOrdering::Monotonic;
    if (name.name.starts_with("atomic_fetch_")) {
        order = llvm::AtomicOrdering::SequentiallyConsistent;
        uint64_t wanted = 0;
        if (instruction.operandCount() > 3 && isConstantInteger(instruction.operand(3), wanted)) {
            // memory_order: relaxed 0, acquire 2, release 3, acq_rel 4, seq_cst 5.
            constexpr llvm::AtomicOrdering kOrders[] = {
                llvm::AtomicOrdering::Monotonic,      llvm::AtomicOrdering::Acquire,
                llvm::AtomicOrdering::Acquire,        llvm::AtomicOrdering::Release,
                llvm::AtomicOrdering::AcquireRelease, llvm::AtomicOrdering::SequentiallyConsistent};
            order = kOrders[std::min<uint64_t>(wanted, 5)];
        }
    }
    // Device scope holds the narrower ones; all_svm_devices is the system.
    llvm::SyncScope::ID scope =
        context_.getOrInsertSyncScopeID(llvm::StringRef(kir::kScopeDevice.data(), kir::kScopeDevice.size()));
    if (instruction.operandCount() > 4) {
        scope = llvm::SyncScope::System;
    }
    define(instruction, builder_.CreateAtomicRMW(operation, pointer, amount,
                                                 llvm::Align(type->getScalarSizeInBits() / 8), order, scope));
}

} // namespace halyard::jit
