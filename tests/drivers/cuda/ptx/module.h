// A PTX module as it is written: declarations and instructions, nothing resolved but names within a function.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace halyard::softcuda::ptx {

enum class Space : uint8_t { Generic, Register, Global, Shared, Local, Const, Param };

// A scalar type of PTX: kind and width ("u32" is {Unsigned, 32}); f16x2 and bf16x2 have lanes 2 and the width of both.
enum class Kind : uint8_t { None, Bits, Unsigned, Signed, Float, BFloat, Predicate, TF32 };
struct Type {
    Kind kind = Kind::None;
    uint8_t bits = 0;
    uint8_t lanes = 1;
    bool operator==(const Type&) const = default;
};

struct Register {
    uint32_t index = 0; // in the function's register file
    Type type;
};

// An operand. Immediates carry the bits as written: integers sign-extended to 64, 0f and 0d constants their pattern.
struct Immediate {
    uint64_t bits = 0;
    Kind kind = Kind::Bits; // Float for 0f (32) and 0d (64)
    uint8_t width = 64;
};
struct Symbol { // a variable, parameter or function by name
    std::string name;
};
struct Special { // %tid.x, %laneid, %clock64 ...
    std::string name;
};
struct Label {
    uint32_t target = 0; // index of an instruction of the function
};
struct Address { // [base+offset]
    std::variant<Register, Symbol, Immediate> base;
    int64_t offset = 0;
    bool isValue = false; // symbol+offset, without brackets
};
struct Vector;     // {%r1, %r2}
struct Discard {}; // _
using Operand = std::variant<Register, Immediate, Symbol, Special, Label, Address, Vector, Discard>;
struct Vector {
    std::vector<Operand> elements;
};

struct Instruction {
    std::string opcode;                 // "fma"
    std::vector<std::string> modifiers; // {"rn", "f32"}: everything between dots
    std::vector<Operand> operands;      // destination first, as written; "d|p" is a Vector of two
    int32_t guard = -1;                 // register index of the predicate, or -1
    bool guardNegated = false;
    uint32_t line = 0; // of the PTX text
};

struct Variable {
    std::string name;
    Space space = Space::Global;
    uint32_t alignment = 1;
    uint64_t bytes = 0; // 0: extern array without a size
    bool external = false, visible = false;
    std::vector<std::byte> initial; // empty: zeros
    struct Relocation {
        uint64_t offset = 0;
        std::string symbol;
        int64_t addend = 0;
        bool generic = true;
    };
    std::vector<Relocation> relocations;
};

struct Parameter {
    std::string name;
    uint32_t alignment = 1;
    uint32_t bytes = 0;
    uint32_t offset = 0; // in the parameter block
};

struct Function {
    std::string name;
    bool entry = false;
    std::vector<Parameter> parameters, results;
    uint32_t parameterBytes = 0;
    std::vector<Type> registers;
    std::vector<Variable> locals; // .local and .shared of the function, .param of calls
    std::vector<Instruction> body;
    std::array<uint32_t, 3> maxThreads{}; // .maxntid; zeros: none
    std::array<uint32_t, 3> requiredThreads{};
    std::array<uint32_t, 3> requiredCluster{}; // .reqnctapercluster
    bool defined = false;                      // has a body; else a prototype
};

struct Module {
    uint32_t version = 0; // 78 for .version 7.8
    std::string target;   // "sm_90"
    std::vector<Variable> variables;
    std::vector<Function> functions;
};

} // namespace halyard::softcuda::ptx
