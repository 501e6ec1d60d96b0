// Types and register values of the interpreter. It shares the SPIR-V parser with the compiler and nothing else.
//
// A value of any type lives in registers as a flat row of cells, one per scalar, in order: the components of a vector,
// the columns of a matrix, the elements of an array, the members of a structure, depth first. Memory layout (offsets,
// strides) is a matter of layout.h alone.
#pragma once

#include "spv/module.h"

#include <cstdint>
#include <vector>

namespace halyard::interp {

using spv::Id;

// One scalar. `bits` is canonical: booleans 0 or 1; integers zero-extended from their width whatever their sign;
// floats as their IEEE (or bfloat16) bits, zero-extended; pointers 64-bit addresses (memory.h); events a number.
// `undefined`: made from uninitialised memory or OpUndef. Operations pass it on; only using it as a branch
// condition, an address or an operand of an atomic is an error. `bits` of an undefined cell may be anything canonical.
// `partial`: of a cell that counts as defined, the bytes (a bit each) that came from uninitialised memory. Operations
// that compute leave it 0; those that hand whole cells on keep it, so that copying a structure as wide integers
// loses nothing about its padding.
struct Cell {
    uint64_t bits = 0;
    bool undefined = false;
    uint8_t partial = 0;
};

enum class Kind : uint8_t {
    Void,
    Bool,
    Int,
    Float,
    Vector, // count x element
    Matrix, // count columns, element = the column vector
    Array,
    RuntimeArray, // never in registers
    Struct,
    Pointer,
    Event,
    CooperativeMatrix, // in registers: the cells of one invocation's share
    Function,
};

enum class FloatFormat : uint8_t { Ieee, BFloat16 };

struct Type {
    Id id = 0;
    Kind kind = Kind::Void;
    uint8_t bits = 0;      // Int, Float
    bool isSigned = false; // Int: OpTypeInt's signedness. Instructions, not types, decide how bits are read.
    FloatFormat format = FloatFormat::Ieee;
    uint64_t count = 0;               // Vector components, Matrix columns, Array elements
    const Type* element = nullptr;    // Vector, Matrix, arrays; Pointer: the pointee (null when untyped or forward)
    std::vector<const Type*> members; // Struct; Function: parameters
    ::spv::StorageClass storage{};    // Pointer
    uint32_t rows = 0, columns = 0, use = 0; // CooperativeMatrix
    uint32_t cells = 0;                      // cells of a register of this type; 0 for Void, RuntimeArray, Function

    bool isScalar() const { return kind == Kind::Bool || kind == Kind::Int || kind == Kind::Float; }
    // The scalar type of a scalar or vector (or matrix); itself for everything else.
    const Type& scalar() const {
        const Type* type = this;
        while (type->kind == Kind::Vector || type->kind == Kind::Matrix || type->kind == Kind::CooperativeMatrix)
            type = type->element;
        return *type;
    }
};

} // namespace halyard::interp
