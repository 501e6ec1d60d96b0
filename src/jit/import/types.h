// A SPIR-V type as the importer sees it: its shape, its LLVM type in registers, and its layout in memory.
#pragma once

#include "spv/module.h"

#include <llvm/IR/DerivedTypes.h>

#include <vector>

namespace halyard::jit {

using spv::Id;
using spv::Instruction;

enum class TypeKind {
    Void,
    Bool,
    Int,
    Float,
    Vector,
    Matrix,
    Array,
    RuntimeArray,
    Struct,
    Pointer,
    Function,
    Event,
    CooperativeMatrix
};

// How a matrix lies in memory. Matrix types carry no layout: the member that contains one does.
struct MatrixLayout {
    uint32_t stride = 0; // bytes between columns (rows when rowMajor); 0 is the natural layout
    bool rowMajor = false;
};

// What is known of a pointer beyond its type. SPIR-V forbids pointers into matrices to pass through phis and calls, so
// an access chain's result is enough.
struct PointerInfo {
    uint64_t alignment = 1; // bytes, a power of two
    MatrixLayout matrix;
    bool isVolatile = false; // Volatile, or Coherent: other invocations see each access
};

struct Layout {
    uint64_t size = 0;            // bytes; a three-component vector takes the room of four
    uint64_t alignment = 1;       // of an object that the importer or OpenCL C places
    uint64_t scalarAlignment = 1; // of the widest scalar inside: all that an explicit layout promises
    llvm::Type* type = nullptr;   // its allocation size is `size`
};

struct Type {
    TypeKind kind = TypeKind::Void;
    Id id = 0;
    llvm::Type* llvmType = nullptr; // in registers; null for a runtime array
    uint32_t width = 0;             // Int and Float: bits
    bool isSigned = false;
    Id element = 0;     // Vector, Matrix, Array, CooperativeMatrix: element; Pointer: pointee; Function: result
    uint64_t count = 0; // components, columns, elements; CooperativeMatrix: elements of one invocation
    uint32_t rows = 0, columns = 0, use = 0; // CooperativeMatrix
    uint64_t stride = 0;                     // ArrayStride of arrays and pointers, 0 when undecorated
    ::spv::StorageClass storage{};           // Pointer
    std::vector<Id> members;                 // Struct members, Function parameters
    std::vector<uint64_t> offsets;           // Struct: bytes
    bool explicitLayout = false;             // Struct: has Offset decorations
    bool packed = false;                     // Struct: CPacked
    Layout layout;                           // with natural matrices; see Importer::layoutOf

    bool isScalar() const { return kind == TypeKind::Bool || kind == TypeKind::Int || kind == TypeKind::Float; }
    bool isAggregate() const {
        return kind == TypeKind::Struct || kind == TypeKind::Array || kind == TypeKind::Matrix ||
               kind == TypeKind::RuntimeArray;
    }
};

} // namespace halyard::jit
