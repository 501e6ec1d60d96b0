// Group operations: one KIR call a scalar, and small arithmetic on ballots and lane numbers here.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

std::string Importer::typeSuffix(llvm::Type* scalar) const {
    if (scalar->isHalfTy()) {
        return "f16";
    }
    if (scalar->isFloatTy()) {
        return "f32";
    }
    if (scalar->isDoubleTy()) {
        return "f64";
    }
    if (scalar->isIntegerTy()) {
        return fmt::format("i{}", scalar->getIntegerBitWidth());
    }
    unsupported("the operation is not available for this type");
}

llvm::Value* Importer::convergentCall(const std::string& name, llvm::Type* result,
                                      llvm::ArrayRef<llvm::Value*> arguments) {
    std::vector<llvm::Type*> types;
    for (llvm::Value* argument : arguments) {
        types.push_back(argument->getType());
    }
    llvm::FunctionCallee callee = module_->getOrInsertFunction(name, llvm::FunctionType::get(result, types, false));
    auto* function = llvm::cast<llvm::Function>(callee.getCallee());
    function->setConvergent();
    function->setDoesNotThrow();
    llvm::CallInst* call = builder_.CreateCall(callee, arguments);
    call->setConvergent();
    return call;
}

std::string_view Importer::groupPrefix(const Instruction& instruction) {
    const uint64_t scope = constantInteger(literal(instruction, 0));
    if (scope == uint64_t(sv::Scope::Subgroup)) {
        return kir::kSubgroupPrefix;
    }
    if (scope == uint64_t(sv::Scope::Workgroup)) {
        const bool nonUniform =
            instruction.op() >= sv::Op::OpGroupNonUniformElect && instruction.op() <= sv::Op::OpGroupNonUniformQuadSwap;
        if (!nonUniform) {
            return kir::kWorkgroupPrefix;
        }
    }
    unsupported("this operation is not available in this scope");
}

void Importer::groupVote(const Instruction& instruction) {
    std::string name(groupPrefix(instruction));
    const bool all = instruction.op() == sv::Op::OpGroupAll || instruction.op() == sv::Op::OpGroupNonUniformAll;
    llvm::Type* boolean = builder_.getInt1Ty();
    define(instruction, convergentCall(name + (all ? "all" : "any"), boolean, {operand(instruction, 1, boolean)}));
}

void Importer::groupElect(const Instruction& instruction) {
    define(instruction, convergentCall(std::string(groupPrefix(instruction)) + "elect", builder_.getInt1Ty(), {}));
}

void Importer::groupBroadcast(const Instruction& instruction) {
    const std::string prefix(groupPrefix(instruction));
    llvm::Value* value = operand(instruction, 1, resultType(instruction).llvmType);
    if (instruction.op() == sv::Op::OpGroupNonUniformBroadcastFirst) {
        define(instruction, perLane(value->getType(), {value}, [&](llvm::ArrayRef<llvm::Value*> lane) {
                   llvm::Type* type = lane[0]->getType();
                   return convergentCall(prefix + "broadcast_first." + typeSuffix(type), type, lane);
               }));
        return;
    }
    llvm::Value* id = operand(instruction, 2);
    checkInteger(id->getType());
    std::vector<llvm::Value*> where;
    if (prefix == kir::kSubgroupPrefix) {
        check(!id->getType()->isVectorTy(), "a subgroup has one dimension");
        where.push_back(resize(id, builder_.getInt32Ty(), false));
    } else {
        const bool isVector = id->getType()->isVectorTy();
        for (uint32_t i = 0; i < 3; ++i) {
            llvm::Value* component = builder_.getInt64(0);
            if (isVector && i < partCount(id->getType())) {
                component = builder_.CreateExtractElement(id, uint64_t(i));
            } else if (!isVector && i == 0) {
                component = id;
            }
            where.push_back(resize(component, builder_.getInt64Ty(), false));
        }
    }
    define(instruction, perLane(value->getType(), {value}, [&](llvm::ArrayRef<llvm::Value*> lane) {
               llvm::Type* type = lane[0]->getType();
               std::vector<llvm::Value*> arguments{lane[0]};
               arguments.insert(arguments.end(), where.begin(), where.end());
               return convergentCall(prefix + "broadcast." + typeSuffix(type), type, arguments);
           }));
}

namespace {
// The OP part of `reduce.OP.T`, or null.
const char* groupOperationName(uint16_t opcode) {
    switch (opcode) {
    case 264: // OpGroupIAdd
    case 349: // OpGroupNonUniformIAdd
        return "iadd";
    case 265:
    case 350:
        return "fadd";
    case 266: // OpGroupFMin
    case 355:
        return "fmin";
    case 267: // OpGroupUMin
    case 354:
        return "umin";
    case 268: // OpGroupSMin
    case 353:
        return "smin";
    case 269: // OpGroupFMax
    case 358:
        return "fmax";
    case 270: // OpGroupUMax
    case 357:
        return "umax";
    case 271: // OpGroupSMax
    case 356:
        return "smax";
    case 351:
    case 6401: // OpGroupIMulKHR
        return "imul";
    case 352:
    case 6402: // OpGroupFMulKHR
        return "fmul";
    case 359:
    case 362: // OpGroupNonUniformLogicalAnd
    case 6403:
    case 6406:
        return "and";
    case 360:
    case 363:
    case 6404:
    case 6407:
        return "or";
    case 361:
    case 364:
    case 6405:
    case 6408:
        return "xor";
    default:
        return nullptr;
    }
}
} // namespace

void Importer::groupArithmetic(const Instruction& instruction) {
    const char* operation = groupOperationName(instruction.opcode);
    check(operation != nullptr, "unknown group operation");
    std::string name(groupPrefix(instruction));
    llvm::Value* value = operand(instruction, 2, resultType(instruction).llvmType);
    if (operation[0] == 'f') {
        checkFloat(value->getType());
    } else {
        checkInteger(value->getType());
    }
    llvm::Value* cluster = nullptr;
    switch (static_cast<sv::GroupOperation>(literal(instruction, 1))) {
    case sv::GroupOperation::Reduce:
        name += "reduce.";
        break;
    case sv::GroupOperation::InclusiveScan:
        name += "inclusive.";
        break;
    case sv::GroupOperation::ExclusiveScan:
        name += "exclusive.";
        break;
    case sv::GroupOperation::ClusteredReduce:
        name += "clustered.";
        cluster = builder_.getInt32(static_cast<uint32_t>(constantInteger(literal(instruction, 3))));
        break;
    default:
        unsupported("this kind of group operation is not supported");
    }
    name += operation;
    define(instruction, perLane(value->getType(), {value}, [&](llvm::ArrayRef<llvm::Value*> lane) {
               llvm::Type* type = lane[0]->getType();
               std::vector<llvm::Value*> arguments{lane[0]};
               if (cluster) {
                   arguments.push_back(cluster);
               }
               return convergentCall(name + "." + typeSuffix(type), type, arguments);
           }));
}

void Importer::groupShuffle(const Instruction& instruction) {
    const std::string prefix(groupPrefix(instruction));
    llvm::Value* value = operand(instruction, 1, resultType(instruction).llvmType);
    llvm::Value* selector = operand(instruction, 2);
    check(selector->getType()->isIntegerTy(), "the selector is an integer");
    selector = resize(selector, builder_.getInt32Ty(), false);
    std::string name = prefix + "shuffle";
    constexpr auto kRotate = static_cast<sv::Op>(4431); // OpGroupNonUniformRotateKHR
    switch (instruction.op()) {
    case sv::Op::OpGroupNonUniformShuffleXor:
        name += "_xor";
        break;
    case sv::Op::OpGroupNonUniformShuffleUp:
        name += "_up";
        break;
    case sv::Op::OpGroupNonUniformShuffleDown:
        name += "_down";
        break;
    case kRotate: {
        llvm::Value* lane = builtinCall(kir::kSubgroupLocalId, builder_.getInt32Ty());
        llvm::Value* size = instruction.operandCount() > 3
                                ? builder_.getInt32(static_cast<uint32_t>(constantInteger(instruction.operand(3))))
                                : builtinCall(kir::kSubgroupMaxSize, builder_.getInt32Ty());
        llvm::Value* inside = builder_.CreateSub(size, builder_.getInt32(1)); // sizes are powers of two
        llvm::Value* turned = builder_.CreateAnd(builder_.CreateAdd(lane, selector), inside);
        selector = builder_.CreateOr(builder_.CreateAnd(lane, builder_.CreateNot(inside)), turned);
        break;
    }
    default:
        break;
    }
    define(instruction, perLane(value->getType(), {value}, [&](llvm::ArrayRef<llvm::Value*> lane) {
               llvm::Type* type = lane[0]->getType();
               return convergentCall(name + "." + typeSuffix(type), type, {lane[0], selector});
           }));
}

void Importer::quad(const Instruction& instruction) {
    const std::string prefix(groupPrefix(instruction));
    llvm::Value* value = operand(instruction, 1, resultType(instruction).llvmType);
    llvm::Value* selector = nullptr;
    std::string name = prefix + "shuffle";
    if (instruction.op() == sv::Op::OpGroupNonUniformQuadSwap) {
        const uint64_t direction = constantInteger(literal(instruction, 2));
        check(direction <= 2, "unknown direction");
        selector = builder_.getInt32(static_cast<uint32_t>(direction) + 1);
        name += "_xor";
    } else {
        llvm::Value* index = operand(instruction, 2);
        check(index->getType()->isIntegerTy(), "the index is an integer");
        llvm::Value* lane = builtinCall(kir::kSubgroupLocalId, builder_.getInt32Ty());
        llvm::Value* first = builder_.CreateAnd(lane, builder_.getInt32(~3u));
        selector = builder_.CreateOr(first, builder_.CreateAnd(resize(index, builder_.getInt32Ty(), false), 3));
    }
    define(instruction, perLane(value->getType(), {value}, [&](llvm::ArrayRef<llvm::Value*> lane) {
               llvm::Type* type = lane[0]->getType();
               return convergentCall(name + "." + typeSuffix(type), type, {lane[0], selector});
           }));
}

void Importer::groupBallot(const Instruction& instruction) {
    const std::string prefix(groupPrefix(instruction));
    if (instruction.op() == sv::Op::OpGroupNonUniformBallot) {
        auto* mask = llvm::FixedVectorType::get(builder_.getInt32Ty(), 4);
        define(instruction, convergentCall(prefix + "ballot", mask, {operand(instruction, 1, builder_.getInt1Ty())}));
        return;
    }
    // OpGroupNonUniformAllEqual: every component must agree.
    llvm::Value* value = operand(instruction, 1);
    llvm::Value* result = builder_.getTrue();
    llvm::Type* type = value->getType();
    for (uint64_t i = 0; i < partCount(type); ++i) {
        llvm::Value* lane = type->isVectorTy() ? builder_.CreateExtractElement(value, i) : value;
        llvm::Value* equal =
            convergentCall(prefix + "all_equal." + typeSuffix(lane->getType()), builder_.getInt1Ty(), {lane});
        result = builder_.CreateAnd(result, equal);
    }
    define(instruction, result);
}

// Bits of the lanes before this one, or up to it.
llvm::Value* Importer::ballotBelow(bool inclusive) {
    llvm::Type* wide = builder_.getIntNTy(128);
    llvm::Value* lane = builder_.CreateZExt(builtinCall(kir::kSubgroupLocalId, builder_.getInt32Ty()), wide);
    llvm::Value* one = llvm::ConstantInt::get(wide, 1);
    llvm::Value* own = builder_.CreateShl(one, lane);
    llvm::Value* below = builder_.CreateSub(own, one);
    return inclusive ? builder_.CreateOr(below, own) : below;
}

void Importer::ballotQuery(const Instruction& instruction) {
    groupPrefix(instruction);
    auto* mask = llvm::FixedVectorType::get(builder_.getInt32Ty(), 4);
    const bool counts = instruction.op() == sv::Op::OpGroupNonUniformBallotBitCount;
    llvm::Value* ballot = operand(instruction, counts ? 2 : 1, mask);
    llvm::Type* wide = builder_.getIntNTy(128);
    ballot = builder_.CreateBitCast(ballot, wide);
    llvm::Type* type = resultType(instruction).llvmType;
    switch (instruction.op()) {
    case sv::Op::OpGroupNonUniformInverseBallot:
    case sv::Op::OpGroupNonUniformBallotBitExtract: {
        llvm::Value* index = instruction.op() == sv::Op::OpGroupNonUniformInverseBallot
                                 ? builtinCall(kir::kSubgroupLocalId, builder_.getInt32Ty())
                                 : operand(instruction, 2);
        check(index->getType()->isIntegerTy(), "the index is an integer");
        index = builder_.CreateAnd(resize(index, wide, false), llvm::ConstantInt::get(wide, 127));
        define(instruction, builder_.CreateTrunc(builder_.CreateLShr(ballot, index), builder_.getInt1Ty()));
        return;
    }
    default:
        break;
    }
    check(type->isIntegerTy(), "the result is an integer");
    if (counts) {
        const auto operation = static_cast<sv::GroupOperation>(literal(instruction, 1));
        if (operation == sv::GroupOperation::Reduce) {
            // Only bits of lanes that exist count.
            llvm::Value* size = builder_.CreateZExt(builtinCall(kir::kSubgroupMaxSize, builder_.getInt32Ty()), wide);
            llvm::Value* unused = builder_.CreateSub(llvm::ConstantInt::get(wide, 128), size);
            ballot = builder_.CreateShl(ballot, unused);
        } else if (operation == sv::GroupOperation::InclusiveScan || operation == sv::GroupOperation::ExclusiveScan) {
            ballot = builder_.CreateAnd(ballot, ballotBelow(operation == sv::GroupOperation::InclusiveScan));
        } else {
            unsupported("this kind of group operation is not supported");
        }
        define(instruction, resize(unaryIntrinsic(llvm::Intrinsic::ctpop, ballot), type, false));
        return;
    }
    const bool lowest = instruction.op() == sv::Op::OpGroupNonUniformBallotFindLSB;
    llvm::Value* zeros = builder_.CreateBinaryIntrinsic(lowest ? llvm::Intrinsic::cttz : llvm::Intrinsic::ctlz, ballot,
                                                        builder_.getFalse());
    llvm::Value* index = lowest ? zeros : builder_.CreateSub(llvm::ConstantInt::get(wide, 127), zeros);
    define(instruction, resize(index, type, false));
}

// The instructions of SPV_KHR_shader_ballot and SPV_KHR_subgroup_vote have no scope operand.
void Importer::subgroupKhr(const Instruction& instruction) {
    const std::string prefix(kir::kSubgroupPrefix);
    llvm::Type* boolean = builder_.getInt1Ty();
    switch (instruction.op()) {
    case sv::Op::OpSubgroupBallotKHR: {
        auto* mask = llvm::FixedVectorType::get(builder_.getInt32Ty(), 4);
        define(instruction, convergentCall(prefix + "ballot", mask, {operand(instruction, 0, boolean)}));
        return;
    }
    case sv::Op::OpSubgroupAllKHR:
        define(instruction, convergentCall(prefix + "all", boolean, {operand(instruction, 0, boolean)}));
        return;
    case sv::Op::OpSubgroupAnyKHR:
        define(instruction, convergentCall(prefix + "any", boolean, {operand(instruction, 0, boolean)}));
        return;
    case sv::Op::OpSubgroupAllEqualKHR:
        define(instruction, convergentCall(prefix + "all_equal.i1", boolean, {operand(instruction, 0, boolean)}));
        return;
    default:
        break;
    }
    llvm::Value* value = operand(instruction, 0, resultType(instruction).llvmType);
    const bool first = instruction.op() == sv::Op::OpSubgroupFirstInvocationKHR;
    llvm::Value* index = nullptr;
    if (!first) {
        index = operand(instruction, 1);
        check(index->getType()->isIntegerTy(), "the index is an integer");
        index = resize(index, builder_.getInt32Ty(), false);
    }
    define(instruction, perLane(value->getType(), {value}, [&](llvm::ArrayRef<llvm::Value*> lane) {
               llvm::Type* type = lane[0]->getType();
               std::vector<llvm::Value*> arguments{lane[0]};
               if (index) {
                   arguments.push_back(index);
               }
               return convergentCall(prefix + (first ? "broadcast_first." : "broadcast.") + typeSuffix(type), type,
                                     arguments);
           }));
}

// SPV_INTEL_subgroups: shuffles over one value, or over two side by side.
void Importer::intelShuffle(const Instruction& instruction) {
    const std::string prefix(kir::kSubgroupPrefix);
    llvm::Type* word = builder_.getInt32Ty();
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* first = operand(instruction, 0, type);
    constexpr uint16_t kShuffle = 5571, kDown = 5572, kUp = 5573;
    const bool pair = instruction.opcode == kDown || instruction.opcode == kUp;
    llvm::Value* second = pair ? operand(instruction, 1, type) : first;
    llvm::Value* selector = operand(instruction, pair ? 2 : 1);
    check(selector->getType()->isIntegerTy(), "the selector is an integer");
    selector = resize(selector, word, false);
    const auto shuffle = [&](llvm::Value* value, const char* name, llvm::Value* lane) {
        return convergentCall(prefix + name + typeSuffix(value->getType()), value->getType(), {value, lane});
    };
    define(instruction, perLane(type, {first, second}, [&](llvm::ArrayRef<llvm::Value*> lane) -> llvm::Value* {
               if (!pair) {
                   return shuffle(lane[0], instruction.opcode == kShuffle ? "shuffle." : "shuffle_xor.", selector);
               }
               // Lane numbers run through both values: (current, next) downwards, (previous, current) upwards.
               llvm::Value* size = builtinCall(kir::kSubgroupMaxSize, word);
               llvm::Value* own = builtinCall(kir::kSubgroupLocalId, word);
               llvm::Value* from = instruction.opcode == kDown
                                       ? builder_.CreateAdd(own, selector)
                                       : builder_.CreateSub(builder_.CreateAdd(own, size), selector);
               llvm::Value* inFirst = builder_.CreateICmpULT(from, size);
               llvm::Value* rest = builder_.CreateSub(from, size);
               llvm::Value* low = shuffle(lane[0], "shuffle.", builder_.CreateSelect(inFirst, from, own));
               llvm::Value* high = shuffle(lane[1], "shuffle.", builder_.CreateSelect(inFirst, own, rest));
               return builder_.CreateSelect(inFirst, low, high);
           }));
}

// Component i of lane l is element i * size + l from the pointer.
void Importer::intelBlock(const Instruction& instruction) {
    const bool reads = instruction.result != 0;
    llvm::Value* base = pointerOperand(instruction, 0);
    llvm::Value* data = reads ? nullptr : operand(instruction, 1);
    llvm::Type* type = reads ? resultType(instruction).llvmType : data->getType();
    checkInteger(type);
    llvm::Type* scalar = type->getScalarType();
    const uint64_t width = scalar->getScalarSizeInBits() / 8;
    llvm::Type* wide = builder_.getInt64Ty();
    llvm::Value* size = resize(builtinCall(kir::kSubgroupMaxSize, builder_.getInt32Ty()), wide, false);
    llvm::Value* index = resize(builtinCall(kir::kSubgroupLocalId, builder_.getInt32Ty()), wide, false);
    llvm::Value* result = llvm::PoisonValue::get(type);
    for (uint64_t i = 0; i < partCount(type); ++i) {
        llvm::Value* element = builder_.CreateGEP(scalar, base, index);
        const Access access{false, false, width};
        if (!reads) {
            storeScalar(type->isVectorTy() ? builder_.CreateExtractElement(data, i) : data, element, access);
        } else if (type->isVectorTy()) {
            result = builder_.CreateInsertElement(result, loadScalar(scalar, element, access), i);
        } else {
            result = loadScalar(scalar, element, access);
        }
        index = builder_.CreateAdd(index, size);
    }
    if (reads) {
        define(instruction, result);
    }
}

} // namespace halyard::jit
