// The importer's one object: module-level state and a handler for each instruction family. Private to src/jit/import.
//
// Errors travel as the exception Failure from any depth and become a Result in importKernel(); nothing else catches it.
// LLVM is built without assertions, so a handler checks the LLVM types of its operands before it builds anything: an
// `operand()` that names the expected type is the usual way.
#pragma once

#include "jit/import/debug_lines.h"
#include "jit/import/float_controls.h"
#include "jit/import/import.h"
#include "jit/import/types.h"
#include "jit/kir.h"
#include "printf/format.h"

#include <fmt/format.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

namespace halyard::jit {

struct Failure {
    spv::Error error;
};

// Decoded memory operands of a load, store or copy.
struct Access {
    bool isVolatile = false;
    bool nontemporal = false;
    uint64_t alignment = 0; // bytes, 0 when the module does not say
};

// What the importer must know of a function before it emits anything: which module-scope variables reach it as extra
// arguments (KIR has no per-invocation globals), and whether it synchronises.
struct FunctionPlan {
    const spv::Function* source = nullptr;
    llvm::Function* function = nullptr;
    std::set<Id> variables; // Private, buffer and push-constant variables used here or below, in id order
    bool convergent = false;
    bool collective = false; // it contains operations of a subgroup or workgroup other than workgroup barriers
};

class Importer {
public:
    Importer(llvm::LLVMContext& context, const spv::Module& source, const spv::KernelInfo& kernel,
             const std::string& triple, const std::string& layout, const ImportOptions& options);
    // REQUIRES: called once. Throws Failure.
    std::unique_ptr<llvm::Module> run();

    using Handler = void (Importer::*)(const Instruction&);
    // The handler of an instruction inside a function body, or null when the importer refuses it there.
    static Handler handlerOf(uint16_t opcode);
    // Extended instruction sets: true when the importer compiles instruction `number`.
    static bool supportsOpenCl(uint32_t number);
    static bool supportsGlsl(uint32_t number);

private:
    struct ExtEntry {
        uint32_t number;
        void (Importer::*handler)(const Instruction&, const ExtEntry&);
        const char* name;   // device library function, where the handler calls one
        uint32_t parameter; // meaning belongs to the handler
    };
    struct OpEntry {
        ::spv::Op op;
        Handler handler;
    };
    using LaneFunction = std::function<llvm::Value*(llvm::ArrayRef<llvm::Value*>)>;

    // importer.cpp: diagnostics, value table, dispatch
    [[noreturn]] void fail(HyResult code, std::string_view what, std::string hint = {}) const;
    [[noreturn]] void unsupported(std::string_view what) const;
    [[noreturn]] void invalid(std::string_view what) const;
    void check(bool condition, std::string_view what) const;
    llvm::Value* value(Id id);
    llvm::Value* operand(const Instruction& instruction, uint32_t index);
    llvm::Value* operand(const Instruction& instruction, uint32_t index, llvm::Type* expected);
    uint32_t literal(const Instruction& instruction, uint32_t index) const;
    Id typeIdOf(Id id) const;
    const Type& typeOf(Id id);
    const Type& operandType(const Instruction& instruction, uint32_t index);
    const Type& resultType(const Instruction& instruction);
    void define(const Instruction& instruction, llvm::Value* value);
    void dispatch(const Instruction& instruction);
    void ignore(const Instruction& instruction);
    void undef(const Instruction& instruction);
    void copyObject(const Instruction& instruction);
    bool isDecorated(Id id, ::spv::Decoration kind) const;
    llvm::FastMathFlags fastMathFlags(const Instruction& instruction) const;
    const uint32_t* fastMathDefault(const Instruction& instruction) const;

    // types.cpp, layout.cpp
    const Type& type(Id id);
    const Type& makeType(const Instruction& definition);
    Type buildType(const Instruction& definition);
    void readStruct(Type& result, const Instruction& definition);
    void readPointer(Type& result, const Instruction& definition);
    void readVector(Type& result, const Instruction& definition);
    void readArray(Type& result, const Instruction& definition);
    void readFloat(Type& result, const Instruction& definition);
    unsigned addressSpace(::spv::StorageClass storage) const;
    Layout layoutOf(const Type& type, MatrixLayout matrix = {});
    Layout layoutOfVector(const Type& type);
    Layout layoutOfMatrix(const Type& type, MatrixLayout matrix);
    Layout layoutOfStruct(Type& type);
    Layout layoutOfScalar(const Type& type);
    Layout layoutOfCooperativeMatrix(const Type& type);
    Layout layoutOfArray(const Type& type, MatrixLayout matrix);
    llvm::Type* packedStruct(const Type& type, const std::vector<Layout>& members, uint64_t size);
    llvm::Type* bytes(uint64_t count);
    uint64_t arrayStride(const Type& array, MatrixLayout matrix);
    uint64_t matrixStride(const Type& matrix, MatrixLayout layout);
    MatrixLayout memberMatrixLayout(const Type& structure, uint32_t member);
    bool isExplicit(::spv::StorageClass storage) const;
    const Type& sizedPointee(const Type& pointer);
    uint64_t leafCount(const Type& type);
    bool isLarge(const Type& type);

    // constants.cpp
    llvm::Constant* constant(Id id);
    llvm::Constant* buildConstant(const Instruction& definition);
    llvm::Constant* composite(const Type& type, llvm::ArrayRef<llvm::Constant*> parts);
    llvm::Constant* specConstantOp(const Instruction& definition);
    uint64_t constantInteger(Id id);
    bool isConstantInteger(Id id, uint64_t& result);
    llvm::Constant* memoryConstant(const Type& type, llvm::Constant* value, MatrixLayout matrix);
    llvm::Constant* packAt(std::vector<std::pair<uint64_t, llvm::Constant*>> parts, uint64_t size);

    // globals.cpp
    llvm::Value* moduleVariable(const Instruction& definition);
    llvm::Value* constantData(const Type& type, llvm::Constant* value, MatrixLayout matrix, uint64_t alignment);
    llvm::GlobalVariable* workgroupMemory(llvm::Type* type, uint64_t alignment);
    llvm::GlobalVariable* workgroupBlocks();
    static bool travelsAsArgument(::spv::StorageClass storage);
    void materialisePrivates();
    void clearWorkgroupVariables();
    llvm::Value* builtinVariable(const Instruction& definition);
    llvm::Value* builtinValue(const Instruction& variable, const Type& type);
    llvm::Value* builtinCall(std::string_view name, llvm::Type* type);
    llvm::Value* builtinComponent(std::string_view name, uint32_t dimension);
    llvm::Value* subgroupMask(::spv::BuiltIn builtin, const Type& type);

    // float_controls.cpp
    enum class ExtOperation { Other, Computes, Fma, Sqrt };
    void readFloatControl(const spv::EntryPoint::Mode& mode);
    void readFastMathDefault(const spv::EntryPoint::Mode& mode);
    bool flushes(llvm::Type* type) const;
    bool roundsTowardsZero(llvm::Type* type) const;
    ::spv::FPRoundingMode defaultRounding(llvm::Type* type) const;
    llvm::Value* flushed(llvm::Value* value);
    ExtOperation extOperation(const Instruction& instruction);
    void dispatchControlled(const Instruction& instruction, Handler handler);
    bool towardsZero(const Instruction& instruction, ExtOperation ext);
    llvm::Value* shrunk(llvm::Value* value, llvm::Value* error);
    llvm::Value* sumTowardsZero(llvm::Value* a, llvm::Value* b);

    // pointer_space.cpp
    llvm::Value* pointerSpace(llvm::Value* pointer);
    llvm::Value* castToStorage(llvm::Value* pointer, ::spv::StorageClass storage, llvm::Type* result);
    llvm::Value* pointerSemantics(llvm::Value* pointer, uint32_t workgroup, uint32_t global);
    void genericCastExplicit(const Instruction& instruction);
    void genericPointerSemantics(const Instruction& instruction);

    // program_data.cpp
    bool isProgramVariable(const Instruction& definition) const;
    llvm::Constant* programAddress(const Instruction& definition);
    void layOutProgram();

    // function.cpp
    void plan(Id function, std::vector<Id>& path);
    void planBody(FunctionPlan& plan, std::vector<Id>& path);
    void declare(FunctionPlan& plan);
    void declareKernel(FunctionPlan& plan);
    llvm::Type* kernelParameterType(const spv::Parameter& parameter);
    void annotateKernelParameter(llvm::Argument& argument, const spv::Parameter& parameter);
    void noteVariable(FunctionPlan& plan, Id id);
    void emitBody(FunctionPlan& plan);
    void bindKernelParameters(FunctionPlan& plan);
    void bindBuffers(const std::vector<llvm::Value*>& pointers, const std::vector<llvm::Value*>& lengths);
    llvm::Value* descriptorTable(const std::vector<llvm::Value*>& elements);
    std::vector<llvm::Type*> variableTypes(Id variable);
    bool needsLength(Id variable) const;
    void bindParameters(FunctionPlan& plan);
    llvm::Value* privateCopy(llvm::Value* source, const Type& type, uint64_t alignment);
    llvm::AllocaInst* entryAlloca(llvm::Type* type, uint64_t alignment);
    void functionCall(const Instruction& instruction);
    void checkExecutionModes();

    // library.cpp
    struct LibraryName {
        std::string_view full;       // as the module spells it
        std::string_view name;       // demangled
        std::string_view parameters; // mangled
    };
    LibraryName libraryName(Id function) const;
    bool isLibraryFunction(Id function) const;
    bool isIntegerDot(Id function) const;
    void libraryCall(const Instruction& instruction);
    void libraryConvert(const Instruction& instruction, const LibraryName& name);
    void libraryDot(const Instruction& instruction, const LibraryName& name);
    void libraryAtomic(const Instruction& instruction, const LibraryName& name);
    void libraryPointer(const Instruction& instruction, const LibraryName& name);

    // control.cpp
    void emitBlocks(const std::vector<const spv::Block*>& order);
    std::vector<Id> successors(const Instruction& terminator);
    std::vector<const spv::Block*> reachableBlocks(const spv::Function& function);
    void finishPhis();
    llvm::BasicBlock* block(Id label) const;
    void branch(const Instruction& instruction);
    void branchConditional(const Instruction& instruction);
    void switchInstruction(const Instruction& instruction);
    void returnInstruction(const Instruction& instruction);
    void unreachable(const Instruction& instruction);
    void phi(const Instruction& instruction);
    void loopMerge(const Instruction& instruction);
    void markLoop(llvm::Instruction* terminator, Id target);
    void markRegions();
    void emitRegion(std::string_view marker, uint32_t region);

    // memory.cpp
    void functionVariable(const Instruction& instruction);
    void findCopies(const spv::Function& function);
    void load(const Instruction& instruction);
    void store(const Instruction& instruction);
    void copyMemory(const Instruction& instruction);
    void copyMemorySized(const Instruction& instruction);
    Access memoryAccess(const Instruction& instruction, uint32_t& index, Id pointer);
    void storeConstant(const Type& type, llvm::Constant* value, llvm::Value* pointer, Access access);
    llvm::Value* loadValue(const Type& type, llvm::Value* pointer, MatrixLayout matrix, Access access);
    void storeValue(const Type& type, llvm::Value* value, llvm::Value* pointer, MatrixLayout matrix, Access access);
    llvm::Value* loadScalar(llvm::Type* type, llvm::Value* pointer, Access access);
    void storeScalar(llvm::Value* value, llvm::Value* pointer, Access access);
    llvm::Value* at(llvm::Value* pointer, uint64_t offset);
    Access atOffset(Access access, uint64_t offset) const;

    // access.cpp
    struct Cursor {
        llvm::Value* pointer = nullptr;
        uint64_t constantOffset = 0;
        uint64_t alignment = 1;
        bool inBounds = false;
    };
    void accessChain(const Instruction& instruction);
    bool isDescriptorArray(Id variable);
    llvm::Value* descriptor(Id variable, llvm::Value* table, llvm::Type* type, Id index);
    llvm::Value* lengthOf(Id pointer);
    void advance(Cursor& cursor, llvm::Value* index, uint64_t stride);
    void flush(Cursor& cursor);
    PointerInfo pointerInfo(Id pointer);
    void setPointerInfo(const Instruction& instruction, PointerInfo info);
    void arrayLength(const Instruction& instruction);
    void pointerCompare(const Instruction& instruction);
    void pointerDifference(const Instruction& instruction);
    void addressSpaceCast(const Instruction& instruction);
    void sizeOf(const Instruction& instruction);
    void readClock(const Instruction& instruction);
    llvm::Value* pointerOperand(const Instruction& instruction, uint32_t index);
    const Type& pointeeOf(const Instruction& instruction, uint32_t index);
    Id step(Cursor& cursor, const Type& current, Id index, PointerInfo& info);

    // arithmetic.cpp
    void integerBinary(const Instruction& instruction);
    void integerDivision(const Instruction& instruction);
    void floatBinary(const Instruction& instruction);
    void negate(const Instruction& instruction);
    void fusedMultiplyAdd(const Instruction& instruction);
    void arithmeticFence(const Instruction& instruction);
    void extendedArithmetic(const Instruction& instruction);
    void dot(const Instruction& instruction);
    void integerDot(const Instruction& instruction);
    void mixedDot(const Instruction& instruction);
    llvm::Value* dotProduct(llvm::Value* a, llvm::Value* b);
    llvm::Value* integerDotProduct(llvm::Value* a, llvm::Value* b, bool signedA, bool signedB, llvm::Type* result,
                                   llvm::Value* accumulator);
    llvm::Value* safeDivisor(llvm::Value* numerator, llvm::Value* divisor, bool isSigned);
    void checkFloat(llvm::Type* type) const;
    void checkInteger(llvm::Type* type) const;

    // matrix.cpp
    void vectorTimesScalar(const Instruction& instruction);
    void matrixTimesScalar(const Instruction& instruction);
    void vectorTimesMatrix(const Instruction& instruction);
    void matrixTimesVector(const Instruction& instruction);
    void matrixTimesMatrix(const Instruction& instruction);
    void outerProduct(const Instruction& instruction);
    void transpose(const Instruction& instruction);
    llvm::Value* linearCombination(llvm::Value* matrix, uint32_t columns, llvm::Value* weights);

    // cooperative.cpp
    void readCooperativeMatrix(Type& result, const Instruction& definition);
    void checkMatrices(const Instruction& instruction);
    std::string matrixName(llvm::Type* type);
    void matrixAccess(const Instruction& instruction);
    void matrixMulAdd(const Instruction& instruction);
    void matrixLength(const Instruction& instruction);
    void cooperativeTimesScalar(const Instruction& instruction);

    // conversion.cpp
    void floatToInteger(const Instruction& instruction);
    void integerToFloat(const Instruction& instruction);
    void integerConvert(const Instruction& instruction);
    void saturatingConvert(const Instruction& instruction);
    void floatConvert(const Instruction& instruction);
    void bfloatConvert(const Instruction& instruction);
    void quantizeToF16(const Instruction& instruction);
    void bitcast(const Instruction& instruction);
    void pointerToInteger(const Instruction& instruction);
    void integerToPointer(const Instruction& instruction);
    ::spv::FPRoundingMode roundingMode(const Instruction& instruction, ::spv::FPRoundingMode fallback) const;
    static llvm::Constant* signMask(llvm::Type* bits);
    llvm::Value* truncateFloat(llvm::Value* value, llvm::Type* to, ::spv::FPRoundingMode mode);
    llvm::Value* roundFromInteger(llvm::Value* value, llvm::Type* to, bool isSigned, ::spv::FPRoundingMode mode);
    llvm::Value* stepTowards(llvm::Value* rounded, llvm::Value* tooLow, llvm::Value* tooHigh,
                             ::spv::FPRoundingMode mode);

    // bits.cpp
    void shift(const Instruction& instruction);
    void bitwiseNot(const Instruction& instruction);
    void bitFieldInsert(const Instruction& instruction);
    void bitFieldExtract(const Instruction& instruction);
    void bitReverse(const Instruction& instruction);
    void bitCount(const Instruction& instruction);
    llvm::Value* resize(llvm::Value* value, llvm::Type* type, bool isSigned);
    llvm::Value* splatTo(llvm::Value* scalar, llvm::Type* type);
    llvm::Value* lowMask(llvm::Value* count);

    // composite.cpp
    void compositeConstruct(const Instruction& instruction);
    void compositeExtract(const Instruction& instruction);
    void compositeInsert(const Instruction& instruction);
    void copyLogical(const Instruction& instruction);
    void vectorExtractDynamic(const Instruction& instruction);
    void vectorInsertDynamic(const Instruction& instruction);
    void vectorShuffle(const Instruction& instruction);
    llvm::Value* part(llvm::Value* composite, uint32_t index);
    llvm::Value* withPart(llvm::Value* composite, llvm::Value* part, uint32_t index);
    llvm::Value* insertPath(llvm::Value* composite, llvm::Value* object, const Instruction& instruction,
                            uint32_t index);
    static uint64_t partCount(llvm::Type* type);
    static llvm::Type* partType(llvm::Type* type, uint64_t index);

    // logic.cpp
    void compare(const Instruction& instruction);
    void floatClass(const Instruction& instruction);
    void logical(const Instruction& instruction);
    void anyAll(const Instruction& instruction);
    void select(const Instruction& instruction);
    void assumeTrue(const Instruction& instruction);
    void expect(const Instruction& instruction);

    // atomics.cpp
    void atomicLoad(const Instruction& instruction);
    void atomicStore(const Instruction& instruction);
    void atomicReadModifyWrite(const Instruction& instruction);
    void atomicCompareExchange(const Instruction& instruction);
    void atomicFlag(const Instruction& instruction);
    llvm::SyncScope::ID syncScope(Id scope);
    llvm::AtomicOrdering ordering(Id semantics);
    llvm::Value* atomicPointer(const Instruction& instruction, uint32_t index, llvm::Type* type);

    // barriers.cpp
    void controlBarrier(const Instruction& instruction);
    void memoryBarrier(const Instruction& instruction);
    void asyncCopy(const Instruction& instruction);
    void waitEvents(const Instruction& instruction);
    void emitFence(uint32_t scope, uint32_t semantics);
    void emitBarrier(uint32_t executionScope, uint32_t memoryScope, uint32_t semantics);

    // subgroup.cpp
    void groupVote(const Instruction& instruction);
    void groupBroadcast(const Instruction& instruction);
    void groupArithmetic(const Instruction& instruction);
    void groupElect(const Instruction& instruction);
    void groupShuffle(const Instruction& instruction);
    void groupBallot(const Instruction& instruction);
    void ballotQuery(const Instruction& instruction);
    void quad(const Instruction& instruction);
    void subgroupKhr(const Instruction& instruction);
    void intelShuffle(const Instruction& instruction);
    void intelBlock(const Instruction& instruction);
    std::string_view groupPrefix(const Instruction& instruction);
    llvm::Value* convergentCall(const std::string& name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> arguments);
    llvm::Value* ballotBelow(bool inclusive);
    std::string typeSuffix(llvm::Type* scalar) const;

    // ext.cpp: dispatch, device library calls
    void extInst(const Instruction& instruction);
    llvm::Value* perLane(llvm::Type* result, llvm::ArrayRef<llvm::Value*> arguments, const LaneFunction& function);
    llvm::Value* mathCall(std::string_view name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> arguments);
    llvm::Value* unaryIntrinsic(llvm::Intrinsic::ID id, llvm::Value* value);
    llvm::Value* binaryIntrinsic(llvm::Intrinsic::ID id, llvm::Value* a, llvm::Value* b);
    llvm::Value* argument(const Instruction& instruction, uint32_t index);
    llvm::Value* argument(const Instruction& instruction, uint32_t index, llvm::Type* expected);
    uint32_t argumentCount(const Instruction& instruction) const;
    // The device library's functions with two results; `second` is the scalar type of the second one.
    std::pair<llvm::Value*, llvm::Value*> mathPair(std::string_view name, llvm::Type* second,
                                                   llvm::ArrayRef<llvm::Value*> arguments);

    // ext_common.cpp: what both instruction sets have
    void extMath(const Instruction& instruction, const ExtEntry& entry);
    void extIntrinsic(const Instruction& instruction, const ExtEntry& entry);
    void extFloatBlend(const Instruction& instruction, const ExtEntry& entry);
    void extGeometric(const Instruction& instruction, const ExtEntry& entry);
    void extInteger(const Instruction& instruction, const ExtEntry& entry);
    void extPointerResult(const Instruction& instruction, const ExtEntry& entry);
    llvm::Value* lengthOf(llvm::Value* vector, bool guarded);
    llvm::Value* normalized(llvm::Value* vector, bool guarded);
    llvm::Value* crossProduct(llvm::Value* a, llvm::Value* b);
    llvm::Value* scaled(llvm::Value* vector, llvm::Value** unscale);
    llvm::Constant* floatConstant(llvm::Type* type, double number) const;
    llvm::Value* multiplyHigh(llvm::Value* a, llvm::Value* b, bool isSigned);
    llvm::Value* saturatingMad(llvm::Value* a, llvm::Value* b, llvm::Value* c, bool isSigned);

    // ext_opencl.cpp
    static const ExtEntry* findOpenCl(uint32_t number);
    void clIlogb(const Instruction& instruction, const ExtEntry& entry);
    void clNan(const Instruction& instruction, const ExtEntry& entry);
    void clSelect(const Instruction& instruction, const ExtEntry& entry);
    void clUpsample(const Instruction& instruction, const ExtEntry& entry);
    llvm::Value* vectorAddress(llvm::Value* pointer, llvm::Value* offset, uint64_t stride);
    void clVload(const Instruction& instruction, const ExtEntry& entry);
    void clVstore(const Instruction& instruction, const ExtEntry& entry);
    void clShuffle(const Instruction& instruction, const ExtEntry& entry);
    void clPrefetch(const Instruction& instruction, const ExtEntry& entry);
    void clBitselect(const Instruction& instruction, const ExtEntry& entry);

    // printf.cpp
    void clPrintf(const Instruction& instruction, const ExtEntry& entry);
    void debugPrintf(const Instruction& instruction);
    llvm::Value* emitPrintf(const Instruction& instruction, llvm::Value* format);
    llvm::Value* printfValue(llvm::Value* value, bool isString, printf::Argument::Kind& kind);

    // ext_glsl.cpp
    static const ExtEntry* findGlsl(uint32_t number);
    void glslMatrix(const Instruction& instruction, const ExtEntry& entry);
    void glslPack(const Instruction& instruction, const ExtEntry& entry);
    void glslUnpack(const Instruction& instruction, const ExtEntry& entry);
    void glslGeometric(const Instruction& instruction, const ExtEntry& entry);
    void glslFindBit(const Instruction& instruction, const ExtEntry& entry);
    void glslPair(const Instruction& instruction, const ExtEntry& entry);
    llvm::Value* determinant(llvm::Value* matrix, llvm::ArrayRef<uint32_t> rows, llvm::ArrayRef<uint32_t> columns);
    void glslFract(const Instruction& instruction, const ExtEntry& entry);

    llvm::LLVMContext& context_;
    const spv::Module& source_;
    const spv::KernelInfo& kernel_;
    const ImportOptions& options_;
    std::unique_ptr<llvm::Module> module_;
    llvm::DataLayout layout_;
    llvm::IRBuilder<> builder_;
    DebugLines lines_;
    bool contraction_ = true;       // no ContractionOff
    bool preserveSpecials_ = false; // SignedZeroInfNanPreserve
    FloatControls controls_;
    const Instruction* current_ = nullptr;
    const spv::EntryPoint* entryPoint_ = nullptr;

    std::vector<llvm::Value*> values_;             // by id; module-scope arguments are rebound for each function
    std::vector<std::unique_ptr<Type>> types_;     // by id
    std::unordered_map<Id, PointerInfo> pointers_; // by id, where more is known than the pointee's own layout
    std::unordered_map<Id, llvm::Value*> lengths_; // buffer variable -> its byte count in the current function
    // Buffer variable -> positions of its kernel parameters: one, or one an element for an array of descriptors.
    std::unordered_map<Id, std::vector<uint32_t>> buffers_;
    std::set<Id> argumentVariables_; // module-scope variables that travel as arguments
    std::map<Id, FunctionPlan> plans_;
    std::vector<Id> planOrder_;                           // callees before callers
    std::vector<llvm::GlobalVariable*> clearedVariables_; // Workgroup variables with a null initialiser
    llvm::GlobalVariable* workgroupBlocks_ = nullptr;     // the memory that Workgroup variables of block types share
    llvm::GlobalVariable* programBlock_ = nullptr;        // the variables at program scope
    std::unordered_map<Id, uint64_t> programOffsets_;
    bool usesMatrices_ = false; // cooperative ones
    uint32_t typeDepth_ = 0;
    uint32_t constantDepth_ = 0;

    // The function being emitted.
    const FunctionPlan* currentPlan_ = nullptr;
    llvm::BasicBlock* entry_ = nullptr;
    std::vector<Id> inputVariables_; // Input variables materialised in this function
    std::unordered_map<Id, llvm::BasicBlock*> blocks_;
    std::unordered_map<Id, llvm::BasicBlock*> exits_; // label -> the LLVM block that ends it
    std::set<Id> emitted_;                            // labels whose emission has begun
    std::vector<std::pair<const Instruction*, llvm::PHINode*>> phis_;
    std::set<Id> copies_;                                 // loads whose value is stored and not used otherwise
    std::unordered_map<Id, llvm::AllocaInst*> snapshots_; // those of them that are too large for registers, in memory
    std::unordered_map<Id, bool> unrolledLoops_;
    std::vector<std::pair<Id, Id>> loopMerges_; // header and merge block of each loop
    uint32_t nextRegion_ = 0;
    Id currentLabel_ = 0;
};

} // namespace halyard::jit
