// What runs an instruction that is not one on registers alone.
#pragma once

#include "warp.h"

namespace halyard::softcuda::ptx::handlers {

// control.cpp
Step branch(Warp& warp, const Op& op, uint32_t mask);
Step branchTable(Warp& warp, const Op& op, uint32_t mask);
Step meet(Warp& warp, const Op& op, uint32_t mask);
Step exit(Warp& warp, const Op& op, uint32_t mask);
Step ret(Warp& warp, const Op& op, uint32_t mask);
Step call(Warp& warp, const Op& op, uint32_t mask);
Step trap(Warp& warp, const Op& op, uint32_t mask);
Step yield(Warp& warp, const Op& op, uint32_t mask);
Step nothing(Warp& warp, const Op& op, uint32_t mask);
Step fence(Warp& warp, const Op& op, uint32_t mask);

// sync.cpp
Step lanes(Warp& warp, const Op& op, uint32_t mask);       // waits for lanes, then Op::perform
Step performAlu(Warp& warp, const Op& op, uint32_t group); // Op::laneAlu
Step performElect(Warp& warp, const Op& op, uint32_t group);
Step activeMask(Warp& warp, const Op& op, uint32_t mask);
enum class BarrierUse : uint8_t { Sync, Arrive, Popc, And, Or };
Step barrier(Warp& warp, const Op& op, uint32_t mask); // Op::target is the BarrierUse

// moves.cpp
Step copy(Warp& warp, const Op& op, uint32_t mask);
Step pack(Warp& warp, const Op& op, uint32_t mask);       // Op::offset: bits of a part
Step unpack(Warp& warp, const Op& op, uint32_t mask);     // likewise
Step signExtend(Warp& warp, const Op& op, uint32_t mask); // from Op::bytes to Op::extendTo
Step addWindow(Warp& warp, const Op& op, uint32_t mask);  // cvta of Op::offset
Step dropWindow(Warp& warp, const Op& op, uint32_t mask); // cvta.to
Step isSpace(Warp& warp, const Op& op, uint32_t mask);
Step dynamicShared(Warp& warp, const Op& op, uint32_t mask); // its address and Op::offset
Step localAddress(Warp& warp, const Op& op, uint32_t mask);  // Op::offset in the frame's local memory
Step special(Warp& warp, const Op& op, uint32_t mask);       // Op::target is a SpecialRegister

// memory.cpp
Step loadParameter(Warp& warp, const Op& op, uint32_t mask); // of the kernel, at the constant Op::offset
Step copyAsync(Warp& warp, const Op& op, uint32_t mask);
Handler load(uint32_t bytes, bool isSigned);
Handler store(uint32_t bytes);
Handler atomic(const std::string& operation, Type type, Space space); // null: there is none

// matrix.cpp
Step performMatrixLoad(Warp& warp, const Op& op, uint32_t group);
Step performMatrixStore(Warp& warp, const Op& op, uint32_t group);
Step performLoadRows(Warp& warp, const Op& op, uint32_t group); // ldmatrix

// The host's memory for `bytes` at an address of a lane, aligned to them; null after a fault.
std::byte* resolve(Warp& warp, const Op& op, Space space, uint64_t address, uint32_t bytes, bool write, uint32_t lane);

} // namespace halyard::softcuda::ptx::handlers
