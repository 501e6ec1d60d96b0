// Many cases in one kernel: each invocation loads its operands of every case, computes, and stores every result.
// Compiling dominates the time, so a kernel holds as many cases as it can; a refusal of the whole is narrowed down by
// the caller.
#pragma once

#include "builder/runner.h"
#include "matrix/case.h"

namespace halyard::spirvtest {

// The invocations of a launch with workgroups of this size: at least 512.
size_t invocationsOf(uint32_t workgroupSize);

class Batch {
public:
    // The cases share flavour and workgroupSize. They must live as long as the batch.
    explicit Batch(std::vector<const Case*> cases);

    const std::vector<const Case*>& cases() const { return cases_; }
    // The operands of case `i`.
    const std::vector<Row>& rows(size_t i) const { return rows_[i]; }
    const Words& words() const { return words_; }

    // Runs on a device. On success results[i][n] is the result of case i in invocation n.
    Outcome run(TestDevice& device, std::vector<std::vector<Value>>* results) const;

private:
    struct Slot {
        size_t buffer = 0;
        size_t index = 0; // among the slots of the buffer
    };
    struct Buffer {
        Id element = 0;
        Type type;
        uint32_t stride = 0;
        size_t slots = 0;
    };
    Slot place(std::vector<Buffer>& buffers, Module& module, const Type& type);
    void write(Module& module);
    void put(Bytes& bytes, const Buffer& buffer, const Slot& slot, size_t n, const Value& value) const;
    Value get(const Bytes& bytes, const Buffer& buffer, const Slot& slot, size_t n, const Type& type) const;

    std::vector<const Case*> cases_;
    size_t count_;
    std::vector<std::vector<Row>> rows_;
    std::vector<Buffer> inputs_, outputs_;
    std::vector<std::vector<Slot>> operandSlots_;
    std::vector<Slot> resultSlots_;
    Words words_;
};

} // namespace halyard::spirvtest
