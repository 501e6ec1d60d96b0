// What the hy.subgroup.* and hy.workgroup.* calls of KIR mean (docs/kir.md, rule 6), so that no pass takes names apart.
#pragma once

#include <cstdint>
#include <optional>

namespace llvm {
class CallInst;
class FixedVectorType;
class Type;
} // namespace llvm

namespace halyard::jit {

enum class CollectiveKind : uint8_t {
    Elect,
    AllEqual,
    Ballot,
    Broadcast, // of a subgroup: (value, lane); of a workgroup: (value, x, y, z)
    BroadcastFirst,
    Shuffle, // the rest of the shuffles, too: (value, lane, mask or distance)
    ShuffleXor,
    ShuffleUp,
    ShuffleDown,
    Reduce, // all and any are reductions of i1
    Inclusive,
    Exclusive,
    Clustered,    // (value, constant cluster size)
    MatrixMulAdd, // (a, b, c): vectors of the invocation's elements
};

enum class Combine : uint8_t { None, IAdd, FAdd, IMul, FMul, SMin, UMin, FMin, SMax, UMax, FMax, And, Or, Xor };

// a (rows x inner) times b (inner x columns) plus c.
struct MatrixProduct {
    uint32_t rows = 0;
    uint32_t columns = 0;
    uint32_t inner = 0;
    uint32_t flags = 0; // Cooperative Matrix Operands (spv/cooperative_matrix.h)
    llvm::FixedVectorType* a = nullptr;
    llvm::FixedVectorType* b = nullptr;
    llvm::FixedVectorType* c = nullptr; // and of the result
};

struct Collective {
    CollectiveKind kind = CollectiveKind::Elect;
    Combine combine = Combine::None;
    bool workgroup = false;     // over the whole workgroup
    llvm::Type* type = nullptr; // of the value operand; i1 for elect; the result's elements for a matrix
    MatrixProduct matrix;       // MatrixMulAdd
};

// What `call` does; nothing when it is no such operation or one that is not in the rules.
std::optional<Collective> collectiveOf(const llvm::CallInst& call);

// Whether `call` multiplies cooperative matrices.
bool isMatrixMulAdd(const llvm::CallInst& call);

// Whether all invocations of the workgroup get the same value.
bool isWorkgroupUniform(const Collective& collective);

} // namespace halyard::jit
