// Random kernels as trees, so that a failing one can be made smaller and written again.
//
// Everything a kernel computes is fixed by the specification to the bit: integers wrap, shifts are masked, divisors are
// never zero, floats use exact operations only, without contraction, and lose their NaN payload when they become
// integers. Invocations write memory of their own, meet in workgroup memory between barriers in uniform control flow,
// and in atomics that commute and whose results are not used.
#pragma once

#include "builder/module.h"

#include <memory>
#include <string>
#include <vector>

namespace halyard::spirvtest::random {

struct ValueType {
    enum class Kind : uint8_t { Bool, Int, Float };
    Kind kind = Kind::Int;
    uint8_t bits = 32;
    uint8_t lanes = 1;

    bool operator==(const ValueType&) const = default;
    ValueType scalar() const { return {kind, bits, 1}; }
};

enum class Form : uint8_t {
    // expressions
    Constant,   // value
    Variable,   // index: of Function::variables
    Builtin,    // op: BuiltIn number; dimension in index; u32
    Operation,  // op: opcode; children: operands, made safe by the renderer where a value could be undefined
    Extended,   // op: number in the flavour's extended set
    Choice,     // children: condition, a, b: a branch and a phi
    InputLoad,  // children: element number (masked)
    ArrayLoad,  // children: element number (masked); the private array
    SharedLoad, // children: element number (masked); workgroup memory
    Call,       // index: of Program::functions; children: arguments
    Subgroup,   // op: opcode; index: group operation; children: operand
    // statements
    Block,      // children: statements
    Assign,     // index: variable; children: value
    ArrayStore, // children: element number, u32 value
    If,         // children: condition, block, block
    Loop,       // index: variable that counts; value: trips at most; children: trip count, block
    Break,      // children: condition; leaves the innermost loop
    Continue,   // children: condition
    Switch,     // children: selector, blocks...; value: bit i: block i falls through into the next
    Return,     // children: condition, value; in functions only
    Output,     // index: slot of this invocation; children: u32 value
    Exchange,   // children: u32 value: own cell of workgroup memory, between barriers
    Atomic,     // op: opcode; index: cell; children: u32 value
    Maze,       // children: pairs of block and condition; targets: two successors for each; unstructured
};

struct Node;
using NodePtr = std::shared_ptr<Node>; // shared and immutable once a program is complete: copies are edits along a path

struct Node {
    Form form = Form::Constant;
    ValueType type;
    uint32_t op = 0;
    uint32_t index = 0;
    uint64_t value = 0;
    std::vector<NodePtr> children;
    std::vector<int> targets;
};

struct Function {
    std::vector<ValueType> parameters; // the first variables
    std::vector<ValueType> variables;
    ValueType result;
    NodePtr body; // a Block
};

struct Program {
    Flavour flavour = Flavour::Kernel;
    uint64_t seed = 0;
    bool subgroups = true; // may hold subgroup operations
    uint32_t workgroupSize[3] = {1, 1, 1};
    uint32_t workgroups[3] = {1, 1, 1};
    bool requiresSize = true;        // the module requires that workgroup size; else, in Kernel modules, it takes any
    std::vector<Function> functions; // helpers, callees first; the kernel is the last one

    uint32_t invocations() const {
        uint32_t count = 1;
        for (int i = 0; i < 3; ++i)
            count *= workgroupSize[i] * workgroups[i];
        return count;
    }
    uint32_t groupInvocations() const { return workgroupSize[0] * workgroupSize[1] * workgroupSize[2]; }
};

constexpr uint32_t kInputs = 64;     // u32 elements of the input buffer; a power of two
constexpr uint32_t kArray = 8;       // u32 elements of the private array; a power of two
constexpr uint32_t kOutputs = 6;     // u32 slots of an invocation in the output buffer
constexpr uint32_t kAtomicCells = 6; // u32 cells of the atomics buffer, one for each operation

// What a program may contain; for implementations that lack it.
struct Features {
    bool subgroups = true;
    bool floats = true;
};

// The same seed and features make the same program.
Program generate(uint64_t seed, const Features& features = {});

// The module, with one kernel "k" whose buffers are input, output, atomics.
Words render(const Program& program);

size_t sizeOf(const Program& program); // nodes

// Smaller programs that keep `fails` true: deletes and simplifies nodes while any single change does, at most
// `attempts` tries.
template <typename Predicate> Program minimise(Program program, int attempts, const Predicate& fails);

// Each way to make `program` simpler by one step, most drastic first.
std::vector<Program> simplifications(const Program& program);

template <typename Predicate> Program minimise(Program program, int attempts, const Predicate& fails) {
    for (bool progress = true; progress;) {
        progress = false;
        for (Program& candidate : simplifications(program)) {
            if (attempts-- <= 0)
                return program;
            if (fails(candidate)) {
                program = std::move(candidate);
                progress = true;
                break;
            }
        }
    }
    return program;
}

} // namespace halyard::spirvtest::random
