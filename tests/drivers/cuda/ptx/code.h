// A function as it runs: instructions decoded once, operands as slots.
#pragma once

#include "alu.h"
#include "module.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace halyard::softcuda::ptx {

class Warp;
struct Op;

// What the lanes that ran an instruction do next.
enum class Step : uint8_t {
    Next,  // the instruction behind it
    Jump,  // Warp::pc was set
    Yield, // as Next, but another warp first
    Leave, // they wait, ended or went to other splits: Warp::current is no more
    Fault
};
using Handler = Step (*)(Warp& warp, const Op& op, uint32_t mask);

// A register when not negative, or else the constant ~slot.
using Slot = int32_t;

struct Op {
    AluFunction alu = nullptr; // or else `run`
    const void* aluData = nullptr;
    Handler run = nullptr;
    Handler perform = nullptr; // of an instruction that waits for lanes: what it does when they are there
    int32_t guard = -1;
    bool guardNegated = false;
    bool observes = false; // reads what others may have changed: a lane that spins does it over and over
    bool control = false;  // runs for lanes whose guard is false, too
    uint8_t destinations = 0, sources = 0;
    uint32_t slots = 0; // first of Code::slots: destinations, then sources
    Space space = Space::Generic;
    uint8_t elements = 1;  // of a vector
    uint8_t bytes = 0;     // of one element in memory
    uint8_t extendTo = 64; // bits of the register, for what is sign-extended
    uint32_t target = 0;   // of a branch, or an index of the handler's own
    int32_t reconverge = -1;
    int64_t offset = 0;            // of an address, or a value of the handler's own
    int64_t address = 0;           // the offset of the address where `offset` names the source with the member mask
    AluFunction laneAlu = nullptr; // of an instruction among lanes, run by `perform`
    uint32_t instruction = 0;      // in Function::body
};

struct Code {
    const Function* function = nullptr;
    std::vector<Op> ops;
    std::vector<Slot> slots;
    std::vector<std::array<uint64_t, kWarp>> constants;
    std::vector<std::vector<uint32_t>> tables; // brx
    struct Call {
        uint32_t callee = 0;                      // kIndirect: a register tells
        std::vector<uint32_t> arguments, results; // offsets in the caller's area
    };
    std::vector<Call> calls;
    uint32_t registers = 0;
    uint32_t localBytes = 0, localAlignment = 1;
    uint32_t areaBytes = 0; // .param of calls and, in a .func, its parameters and results: for each lane
    std::vector<uint32_t> parameterOffsets, resultOffsets; // of a .func, in its area
    uint32_t staticSharedBytes = 0;
    bool usesDynamicShared = false;

    static constexpr uint32_t kIndirect = ~0u;
};

// Where shared, local and parameter memory lie among generic addresses: no allocation of a device is there.
constexpr uint64_t kSharedWindow = uint64_t(0x10) << 56, kLocalWindow = uint64_t(0x20) << 56,
                   kParamWindow = uint64_t(0x30) << 56, kFunctionWindow = uint64_t(0x40) << 56,
                   kWindowMask = uint64_t(0xFF) << 56;

} // namespace halyard::softcuda::ptx
