// From prepared LLVM IR (prepare.h) to a Vulkan SPIR-V module. Pointers are integers until the moment of an access:
// what points to global memory is a 64-bit device address, what points to workgroup or private memory a 32-bit byte
// offset in the one array that all such variables share, and a generic pointer 64 bits with the space in the top two.
// So pointers can be stored, compared, chosen and chased.
#pragma once

#include "jit/targets/spirv/module_writer.h"
#include "jit/targets/spirv/structured_code.h"
#include "spv/reflect.h"
#include "spv/status.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <llvm/IR/DataLayout.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halyard::jit::spirv {

// How a value of LLVM's looks in SPIR-V.
enum class Space : uint8_t { Global, Workgroup, Private, Generic };

class Emitter : public CodeSink {
public:
    // What the backend must know besides what the emitter finds.
    struct Facts {
        bool prints = false;
        uint32_t mostInvocations = 0; // of a workgroup; 0: any
    };
    Emitter(llvm::Function& kernel, const halyard::spv::KernelInfo& info, const Facts& facts);

    // The words of the module. Errors: HY_ERROR_UNSUPPORTED_SPIRV naming what has no form here.
    virtual halyard::spv::Result<Words> run();

protected:
    Emitter(llvm::Function& kernel, const halyard::spv::KernelInfo& info, const Facts& facts, uint32_t version);

    // ---- Control flow (CodeSink).
    Id newLabel() override { return module_.newId(); }
    void label(Id id) override;
    void branch(Id target) override;
    void selection(Id merge, Id condition, Id yes, Id no) override;
    void once(Id merge, Id body) override;
    void loopHeader(Id merge, Id next, Id body) override;
    void returnFromFunction() override;
    void unreachable() override;
    void code(uint32_t block) override;
    Id condition(uint32_t block) override;
    void set(uint32_t variable, uint32_t value) override;
    Id equals(uint32_t variable, uint32_t value) override;

    // ---- Code. `emit` appends an instruction with a result.
    Id emit(::spv::Op op, Id type, std::initializer_list<uint32_t> operands);
    Id emit(::spv::Op op, Id type, const Words& operands);
    void emitVoid(::spv::Op op, std::initializer_list<uint32_t> operands) { append(code_, op, operands); }
    virtual Id extended(uint32_t instruction, Id type, const Words& operands); // of GLSL.std.450
    Id u32(uint32_t value) { return module_.constant(32, value); }
    Id u64(uint64_t value) { return module_.constant(64, value); }
    Id uint32Type() { return module_.intType(32); }
    Id uint64Type() { return module_.intType(64); }
    void refuse(const std::string& what); // the first one is the answer
    void refuse(const llvm::Instruction& instruction);

    // ---- Types and values (values.cpp).
    Id typeOf(llvm::Type* type);
    virtual Space spaceOf(const llvm::Type* pointer) const;
    virtual Id pointerValueType(Space space) { return module_.intType(pointerBits(space)); }
    virtual uint32_t widestVector() const { return 4; } // drivers of Vulkan take more without a word
    virtual Id nullPointer(Space space) { return module_.constant(pointerBits(space), 0); }
    virtual Id privateAddress(const llvm::AllocaInst& variable);   // as a pointer of the variable's own type
    virtual Id comparable(Id value, llvm::Type*) { return value; } // a pointer as what OpIEqual takes
    static uint32_t pointerBits(Space space) { return space == Space::Global || space == Space::Generic ? 64 : 32; }
    uint32_t bitsOf(llvm::Type* type) const; // of a scalar, pointers included
    Id valueOf(const llvm::Value* value);
    Id constantOf(const llvm::Constant* constant);
    void define(const llvm::Value* value, Id id) { values_[value] = id; }

    // ---- Instructions.
    void instruction(const llvm::Instruction& instruction);
    bool arithmetic(const llvm::Instruction& instruction); // arithmetic.cpp
    Id binary(const llvm::BinaryOperator& operation);
    virtual Id exact(Id result, const llvm::Instruction* operation = nullptr); // unless the operation may be relaxed
    Id compareIntegers(const llvm::ICmpInst& compare);
    Id compareFloats(const llvm::FCmpInst& compare);
    Id cast(const llvm::CastInst& cast); // casts.cpp
    virtual Id castPointer(const llvm::CastInst& cast);
    Id toGeneric(Id pointer, Space space);
    Id fromGeneric(Id pointer, Space space);
    Id resizeInteger(Id value, uint32_t from, uint32_t to, bool isSigned);
    void call(const llvm::CallInst& call);
    bool intrinsic(const llvm::IntrinsicInst& call); // intrinsics.cpp
    virtual Id countBits(const llvm::IntrinsicInst& call);
    virtual Id reverseBits(Id value, uint32_t bits);
    virtual bool query(const llvm::CallInst& call); // work_item.cpp
    Id groupComponent(::spv::BuiltIn builtin, uint32_t dimension);
    Id localComponent(uint32_t dimension);
    Id launchWord(uint32_t offset);
    virtual bool synchronise(const llvm::CallInst& call); // barriers.cpp
    bool subgroup(const llvm::CallInst& call);            // subgroup.cpp
    virtual uint32_t semantics(llvm::AtomicOrdering ordering, bool loads, bool stores) const;
    virtual Id scopeOf(llvm::SyncScope::ID scope);

    // ---- Memory (memory.cpp, arena.cpp, generic.cpp).
    virtual Id address(const llvm::GetElementPtrInst& gep);
    void load(const llvm::LoadInst& load);
    void store(const llvm::StoreInst& store);
    void atomic(const llvm::Instruction& instruction); // atomics.cpp
    virtual bool hasAtomics(Space space, uint32_t bits) const;
    virtual Id atomicPlace(Space space, Id pointer, uint32_t bits);
    // A scalar of `bits`, as an unsigned integer, or a vector of such.
    virtual Id loadBits(Space space, Id pointer, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile);
    virtual void storeBits(Space space, Id pointer, Id value, uint32_t bits, uint32_t count, uint32_t alignment,
                           bool isVolatile);
    Id loadGlobal(Id pointer, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile);
    void storeGlobal(Id pointer, Id value, uint32_t bits, uint32_t count, uint32_t alignment, bool isVolatile);
    Id globalAccess(Id pointer, uint32_t bits, uint32_t count);
    Id loadArena(Space space, Id offset, uint32_t bits);
    void storeArena(Space space, Id offset, Id value, uint32_t bits);
    Id arenaElement(Space space, Id index);
    Id genericFunction(bool isStore, uint32_t bits, uint32_t alignment); // a helper function of the module
    virtual Id fromBits(Id value, llvm::Type* type); // an unsigned integer of the size, or a vector of these
    virtual Id toBits(Id value, llvm::Type* type);

    // ---- Data at program scope (program_data.cpp).
    struct DataBlock {
        std::vector<uint8_t> bytes; // at the start
        Id base = 0;                // its address
    };
    void layOutProgram();
    void writeProgram();
    void initialise(DataBlock& block, uint64_t offset, const llvm::Constant& value);
    std::optional<Id> dataAddress(const llvm::GlobalVariable& variable);
    Id launchAddress(uint32_t offset); // a field of the HyVulkanLaunch

    void listBlocks();
    halyard::spv::Error refused(const std::string& what) const;
    // The variable that stands for an alloca whose address nobody sees; false when it is seen.
    bool placeSlot(const llvm::AllocaInst& variable);
    void layOutPrivate();
    void layOutWorkgroup();
    void loadArguments();
    void writeInterface();

    llvm::Function& kernel_;
    const halyard::spv::KernelInfo& info_;
    const llvm::DataLayout& data_;
    std::string environment_ = "SPIR-V for Vulkan"; // what has no form here has none in this
    ModuleWriter module_;
    Words code_;      // of the function that is written now
    Words variables_; // OpVariable of the main function
    std::vector<const llvm::BasicBlock*> blocks_;
    std::map<const llvm::Value*, Id> values_;  // of the block that is written now, and what the first block defines
    std::map<const llvm::Value*, Id> lasting_; // arguments and the like
    std::map<const llvm::Value*, Words> argumentParts_;     // of vectors of more components than SPIR-V has for Vulkan
    std::map<const llvm::Value*, std::pair<Id, Id>> pairs_; // results of two parts
    std::map<const llvm::AllocaInst*, Id> slots_;           // allocas that are a variable of the function
    std::map<const llvm::AllocaInst*, uint32_t> privateOffsets_;
    std::map<const llvm::GlobalVariable*, uint32_t> workgroupOffsets_;
    std::vector<Id> flowVariables_;
    std::map<std::string, Id> helpers_;
    const Facts facts_;
    DataBlock program_, constants_;
    std::map<const llvm::GlobalVariable*, std::pair<DataBlock*, uint64_t>> dataPlaces_; // with the offset
    std::vector<std::string> addresses_; // strings of the module that tell of addresses in initial values
    Id launch_ = 0;                      // the address of the HyVulkanLaunch
    Id privateArena_ = 0, workgroupArena_ = 0;
    uint32_t privateBytes_ = 0, workgroupBytes_ = 0;
    uint32_t workgroupUnit_ = 4; // bytes of an element of the workgroup arena
    Id sizes_[3] = {};           // the specialisation constants of the workgroup size
    std::optional<std::string> refusal_;
};

} // namespace halyard::jit::spirv
