// The shape of every value over the lanes, and with it which branches part them.
#pragma once

#include "jit/passes/spmd/lane_shape.h"
#include "jit/passes/spmd/levels.h"

#include <array>
#include <optional>

#include <llvm/ADT/DenseMap.h>

namespace llvm {
class CallInst;
class Function;
class Instruction;
class PHINode;
class Value;
} // namespace llvm

namespace halyard::jit::spmd {

// What the processor does under a mask at once: nothing (then code takes lane by lane), loads, or stores too.
enum class MaskedMemory : uint8_t { None, Loads, All };

struct Lanes {
    unsigned count = 1;                      // a power of two that divides workgroupSize[0]
    std::array<uint32_t, 3> workgroupSize{}; // known
    uint32_t subgroupSize = 1;
    MaskedMemory masked = MaskedMemory::All;
};

// The call that gives an id, below 2^31, when `value` is one cut to 32 bits or more; or null.
const llvm::CallInst* cutId(const llvm::Value* value);

// Whether `call` is an operation that lanes do together when they are a subgroup.
bool isLaneOperation(const llvm::CallInst& call);
// Whether its result is one for all lanes. `uniformLane`: the lane that they ask for is. REQUIRES: isLaneOperation.
bool isSameForLanes(const llvm::CallInst& call, bool uniformLane);

class Shapes {
public:
    // Linearises `levels` too. REQUIRES: global ids stay below 2^31.
    Shapes(llvm::Function& function, Levels& levels, const Lanes& lanes);

    const Lanes& lanes() const { return lanes_; }
    LaneShape of(const llvm::Value* value) const;
    // A barrier of the subgroup, which is in one vector.
    bool isLaneBarrier(const llvm::CallInst& call) const;
    // The strided or uniform integer `value`, extended lane by lane (signed or not) to a wider type, is strided too,
    // with the same stride: no active lane's value has wrapped round. extend() in widen.h builds it that way.
    bool extends(const llvm::Value* value, bool isSigned) const;
    // All lanes' values are in one aligned block, in which nothing wraps round.
    bool isAligned(const llvm::Value* value) const;
    // The stride that `value`, which varies, has unless an integer that was extended on the way had wrapped round among
    // the lanes; Widener::guess() builds the test. Nothing when more than that stands in the way.
    std::optional<int64_t> likelyStride(const llvm::Value* value) const;

private:
    void settle(llvm::Function& function);
    LaneShape transfer(const llvm::Instruction& instruction) const;
    LaneShape transferCall(const llvm::CallInst& call) const;
    bool isSameComparison(const llvm::Instruction& instruction) const;
    LaneShape transferPhi(const llvm::PHINode& phi) const;
    LaneShape transferBinary(const llvm::Instruction& instruction) const;
    LaneShape transferAddress(const llvm::Instruction& instruction) const;

    const Levels& levels_;
    const Lanes& lanes_;
    llvm::DenseMap<const llvm::Value*, LaneShape> shapes_;
};

} // namespace halyard::jit::spmd
