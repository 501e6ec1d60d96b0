// Turns one kernel of a module into a Prepared. Private to src/interp; throws Refusal.
#pragma once

#include "interp/prepared.h"

#include "interp/order.h"
#include "interp/refusal.h"

namespace halyard::interp {

class Decoder {
public:
    Decoder(std::shared_ptr<const spv::Module> module, const spv::KernelInfo& kernel, uint32_t subgroupSize);
    std::unique_ptr<Prepared> run();

private:
    // What is known of a pointer beyond its type.
    struct Traits {
        const Layout* layout = nullptr; // of the pointee; null when unknown
        bool relaxed = false;
        bool readOnly = false;
    };
    struct MemoryOperands {
        uint32_t alignment = 0;
        bool relaxed = false;
    };
    using Instruction = spv::Instruction;

    // decoder.cpp: functions and control flow
    void collectFunctions();
    void decodeFunction(uint32_t index);
    void assignRegisters(const BlockOrder& order);
    BlockOrder order(const spv::Function& function);
    void decodeBlock(const spv::Block& block);
    void collectPhis();
    void terminator(const Instruction& instruction, const spv::Block& block);
    uint32_t edge(const Instruction& instruction, Id from, Id to);
    void resolveEdges();
    void switchTable(const Instruction& instruction, const spv::Block& block);
    void call(const Instruction& instruction);
    bool containsCollective(uint32_t firstInstruction, uint32_t end) const;
    void instruction(const Instruction& instruction);
    bool evaluate(const Instruction& instruction);
    void extended(const Instruction& instruction);
    void print(const Instruction& instruction, uint32_t firstOperand, bool formatIsText);
    void measureStack();

    // decode_memory.cpp
    bool memory(const Instruction& instruction);
    void functionVariable(const Instruction& instruction);
    void load(const Instruction& instruction);
    void store(const Instruction& instruction);
    void copy(const Instruction& instruction, bool sized);
    void chain(const Instruction& instruction, bool element, bool untyped);
    void arrayLength(const Instruction& instruction, bool untyped);
    void pointerStep(const Instruction& instruction);
    void atomic(const Instruction& instruction);
    MemoryOperands memoryOperands(const Instruction& instruction, uint32_t& operand);
    MemoryAccess access(const Instruction& instruction, Id pointer, const Type* value, MemoryOperands operands);
    Traits traits(Id pointer);
    uint32_t elementSize(const Type& pointer, const Layout& layout);

    // decode_interface.cpp
    Ref useVariable(const Instruction& user, const ModuleVariable& variable);
    void kernelParameters();
    uint32_t privateSlot(const Instruction& user, Id id, const Layout& layout);
    uint32_t workgroupObject(const ModuleVariable& variable);
    void finishWorkgroup();
    std::vector<uint32_t> parametersOf(const Instruction& user, Id variable) const;
    Ref selectBuffer(const Instruction& instruction, const ModuleVariable& variable, Id index);

    // decode_group.cpp
    bool group(const Instruction& instruction);
    void barrier(const Instruction& instruction);
    void collective(const Instruction& instruction, CollectiveCode code, std::initializer_list<Id> values);
    bool groupScope(const Instruction& instruction, Id scope);
    void matrixAccess(const Instruction& instruction, bool isStore);
    void matrixMulAdd(const Instruction& instruction);
    void asyncCopy(const Instruction& instruction);

    // Shared
    Ref ref(const Instruction& user, Id id);
    Id idAt(const Instruction& user, uint32_t operand) const;
    const Type& valueType(const Instruction& user, Id id);
    const Type& resultType(const Instruction& user);
    const Type& pointerType(const Instruction& user, Id id);
    uint64_t constantOr(Id id, uint64_t otherwise);
    uint64_t constant(const Instruction& user, Id id);
    static bool isBufferArray(const ModuleVariable& variable) {
        return variable.type->kind == Kind::Array && (variable.storage == ::spv::StorageClass::StorageBuffer ||
                                                      variable.storage == ::spv::StorageClass::Uniform);
    }
    Step& emit(const Instruction& instruction, Code code, std::initializer_list<Id> operands);
    void result(Step& step, const Instruction& instruction);
    [[noreturn]] void invalid(const Instruction& instruction, const std::string& what) const {
        refuseInvalid(*prepared_->module, instruction, what);
    }
    [[noreturn]] void unsupported(const Instruction& instruction, const std::string& what) const {
        refuseUnsupported(*prepared_->module, instruction, what);
    }

    std::unique_ptr<Prepared> prepared_;
    const spv::Module& module_;
    Declarations& declarations_;
    std::vector<const spv::Function*> functions_; // callees first
    std::unordered_map<Id, uint32_t> functionIndex_;
    std::vector<std::unordered_map<Id, uint32_t>> parameterRegisters_; // of each function

    // Of the function that is decoded
    const spv::Function* function_ = nullptr;
    FunctionCode* code_ = nullptr;
    std::unordered_map<Id, uint32_t> registers_;
    std::unordered_map<Id, Ref> aliases_; // results that are constants
    std::unordered_map<Id, Traits> traits_;
    std::unordered_map<Id, uint32_t> blockIndex_;
    std::vector<uint32_t> blockStart_; // steps
    std::vector<uint32_t> joinStart_;
    std::vector<bool> joined_; // loop headers with a join
    std::vector<std::pair<uint32_t, uint32_t>> backEdges_;
    struct PendingEdge {
        uint32_t edge, from, to;
    };
    std::vector<PendingEdge> pendingEdges_;
    std::unordered_map<uint64_t, Id> phiValues_; // phi << 32 | block -> value

    std::unordered_map<Id, Ref> globals_;
    uint32_t explicitWorkgroup_ = kNone; // the object that all explicitly laid out Workgroup blocks share
};

} // namespace halyard::interp
