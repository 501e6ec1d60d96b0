// One case of the matrix: an instruction at one type in one flavour, as data. engine.h runs them.
#pragma once

#include "builder/kernel.h"
#include "builder/runner.h"
#include "matrix/numbers.h"

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace halyard::spirvtest {

// The type of an operand or result: a scalar, a vector of `width`, or a matrix of `columns` such vectors.
struct Type {
    Scalar scalar = Scalar::I32;
    uint32_t width = 1;
    uint32_t columns = 0;  // 0: no matrix
    bool isSigned = false; // integers of GLCompute modules

    uint32_t components() const { return width * (columns == 0 ? 1 : columns); }
    std::string name() const; // "i32", "f16x3", "f32m4x2" (columns x rows)
    bool operator==(const Type&) const = default;
    // The type's id, and that of its form in memory, where booleans are integers.
    Id id(Module& module) const;
    Id storedId(Module& module) const;
    Type element() const { return {scalar, 1, 0, isSigned}; }
    Type with(Scalar other) const { return {other, width, columns, isSigned}; }
};

using Value = std::vector<uint64_t>; // the bits of each component, columns one after the other
using Row = std::vector<Value>;      // the operands of one invocation
using Random = std::mt19937_64;
// Makes one component of an operand.
using Generator = std::function<uint64_t(Random&, Scalar)>;

// When a result is right. Between devices, or against the expected value.
struct Comparison {
    enum class Kind {
        Exact,         // the same bits
        NanEquivalent, // the same bits, or both NaN
        Ulp,           // at most `ulps` from the expected value; twice that between devices
        Accept,        // accept(row, result component by component, number of the component); devices may differ
    };
    Kind kind = Kind::NanEquivalent;
    double ulps = 0;
    std::function<bool(const Row&, uint64_t, size_t)> accept;
    bool eitherZero = false; // +0 and -0 are the same
};

struct Case {
    std::string name;        // "IAdd/kernel/i32x4", unique
    std::string instruction; // "OpIAdd": its line in docs/spirv.md
    Op op = Op::Nop;         // the core instruction, when it is one on values alone
    Flavour flavour = Flavour::Kernel;
    std::vector<Type> operands; // loaded from memory, one of each an invocation
    Type result;
    std::vector<Capability> capabilities; // beyond those of the types
    std::vector<std::string> extensions;
    // Writes the instruction; gives the result's id. It may add blocks, functions' calls and variables. ids: the
    // operands.
    std::function<Id(Module&, Kernel&, const Ids&)> emit;
    // For cases with functions of their own: `functions` writes them before the kernel, and `emitWith` stands for
    // `emit` and gets the ids that it gave.
    std::function<Ids(Module&)> functions;
    std::function<Id(Module&, Kernel&, const Ids& operands, const Ids& functions)> emitWith;
    // Pass `emit` pointers to the operands in their buffers (CrossWorkgroup or StorageBuffer) instead of their values.
    bool byPointer = false;
    std::vector<Generator> generators; // an operand without one takes any value
    // Changes operands for which the specification leaves the result undefined.
    std::function<void(Row&)> adjust;
    // The result by plain C++ on the host, for invocation `n` of all; null where only another device can tell.
    // An empty value: not defined for this invocation.
    std::function<Value(const std::vector<Row>&, size_t n)> expected;
    Comparison comparison;
    // Invocations a workgroup. Cases of one size share kernels.
    uint32_t workgroupSize = 32;
    // Cost of compiling it, in scalar operations: what a kernel may hold is bounded by the sum.
    uint32_t weight = 0; // 0: the components of the result
    // Alone in its module: it needs an execution mode, a memory model or globals that others must not see.
    bool alone = false;
    uint32_t version = 0x00010500; // of SPIR-V; another one needs `alone`
    std::vector<HySpecConstant> constants;
    std::vector<Argument> arguments; // after the buffers: of what `emit` declares beyond them; needs `alone`
};

using Cases = std::vector<Case>;

} // namespace halyard::spirvtest
