// What stands before the functions of a module: types, constants with their values, and module-scope variables.
#pragma once

#include "interp/layout.h"
#include "interp/operation.h"

#include <deque>
#include <span>
#include <unordered_map>

namespace halyard::interp {

// Data of the Kernel flavour's program scope (UniformConstant and CrossWorkgroup variables): an image that each run
// starts from.
struct ProgramObject {
    Id id = 0;
    std::vector<uint8_t> data;
    std::vector<uint8_t> written; // a byte each: 1 when an initialiser wrote it
    bool readOnly = false;
};

// A variable of any other storage class.
struct ModuleVariable {
    Id id = 0;
    ::spv::StorageClass storage{};
    const Type* type = nullptr; // what it holds; null for an untyped variable without a type
    const Layout* layout = nullptr;
    uint32_t initialiser = ~0u; // index in constants(), or ~0
    uint32_t builtIn = ~0u;     // Input: the built-in, or ~0
    bool readOnly = false;
};

// Reads a whole module; throws Refusal. References that it hands out live as long as it does.
class Declarations final : public TypeSource {
public:
    Declarations(const spv::Module& module, const spv::EntryPoint& entry, uint32_t subgroupSize);

    // An unknown id gives a type of Kind::Void, so that whoever expects something of it refuses.
    const Type& type(Id typeId) override;
    const Type& typeOf(Id value) override;
    bool constantInteger(Id id, uint64_t& out) override;
    const spv::Module& module() const override { return module_; }
    const FloatControls& floatControls() const override { return controls_; }

    // Null when `id` is no type that the interpreter knows.
    const Type* findType(Id id) const;
    LayoutTable& layouts() { return layouts_; }
    const Layout& layoutOf(const Type& type) { return layouts_.of(type); }
    // Whether `id` is a constant; `index` is that of its first cell in constants().
    bool findConstant(Id id, uint32_t& index) const;
    const std::vector<Cell>& constants() const { return constants_; }
    uint32_t addConstant(Cell cell);
    const ModuleVariable* findVariable(Id id) const;
    const std::vector<ProgramObject>& programObjects() const { return programObjects_; }
    // The layout that the pointer type's pointee has; null for an untyped pointer.
    const Layout* pointeeLayout(const Type& pointer);
    const spv::EntryPoint& entry() const { return entry_; }

private:
    void declareType(const spv::Instruction& instruction);
    void declareCooperativeMatrix(const spv::Instruction& instruction, Type& type);
    uint32_t cellsOf(const Type& type) const;
    const Type* need(const spv::Instruction& instruction, uint32_t operand);
    void declareConstant(const spv::Instruction& instruction);
    void declareComposite(const spv::Instruction& instruction, const Type& type, bool replicate);
    void declareSpecOp(const spv::Instruction& instruction);
    bool constantPointer(const spv::Instruction& instruction, uint16_t opcode);
    void declareVariable(const spv::Instruction& instruction);
    uint32_t programObject(const spv::Instruction& instruction, const Type& type, uint32_t initialiser, bool readOnly);
    void readControls();
    uint32_t define(const spv::Instruction& instruction, uint32_t cells);

    const spv::Module& module_;
    const spv::EntryPoint& entry_;
    uint32_t subgroupSize_;
    LayoutTable layouts_;
    FloatControls controls_;
    std::deque<Type> types_;
    std::unordered_map<Id, Type*> typeOfId_;
    std::vector<Cell> constants_;
    std::unordered_map<Id, uint32_t> constantOfId_;
    std::unordered_map<Id, ModuleVariable> variables_;
    std::vector<ProgramObject> programObjects_;
    uint64_t programBytes_ = 0;
    Type nothing_;
};

// Copies cells to bytes and marks them written, without checks. REQUIRES: both have room for plan.end bytes.
void storeImage(const Plan& plan, const Cell* cells, uint8_t* data, uint8_t* written);

// The operands of an access chain, or of what works like one, reduced to arithmetic.
struct ChainIndex {
    Id id = 0;
    uint64_t stride = 0;
};
struct Chain {
    uint64_t offset = 0;             // bytes, constant part
    std::vector<ChainIndex> indices; // dynamic parts: index times stride
    const Layout* layout = nullptr;  // of what it points to
};
// Walks `indices` (ids) from `layout`. Throws Refusal for a path that the type does not have.
Chain walkChain(Declarations& declarations, const spv::Instruction& instruction, const Layout& layout,
                std::span<const uint32_t> indices);

} // namespace halyard::interp
