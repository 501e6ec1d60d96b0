// What the hy.subgroup.* and hy.workgroup.* calls of KIR mean (docs/kir.md, rule 6), so that no pass takes names apart.
#pragma once

#include <cstdint>
#include <optional>

namespace llvm {
class CallInst;
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
    Clustered, // (value, constant cluster size)
};

enum class Combine : uint8_t { None, IAdd, FAdd, IMul, FMul, SMin, UMin, FMin, SMax, UMax, FMax, And, Or, Xor };

struct Collective {
    CollectiveKind kind = CollectiveKind::Elect;
    Combine combine = Combine::None;
    bool workgroup = false;     // over the whole workgroup
    llvm::Type* type = nullptr; // of the value operand; i1 for elect
};

// What `call` does; nothing when it is no such operation or one that is not in the rules.
std::optional<Collective> collectiveOf(const llvm::CallInst& call);

// Whether all invocations of the workgroup get the same value.
bool isWorkgroupUniform(const Collective& collective);

} // namespace halyard::jit
