// The loop over steps: one invocation until it waits, ends or has used its time slice.
#include "interp/run.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

uint64_t truncated(uint64_t bits, uint32_t width) {
    return width >= 64 ? bits : bits & ((uint64_t{1} << width) - 1);
}

int64_t extended(uint64_t bits, uint32_t width) {
    return static_cast<int64_t>(bits << (64 - width)) >> (64 - width);
}

} // namespace

void Run::takeEdge(const Edge& edge, Cell* const* bases) {
    const PhiCopy* copies = code_.copies.data() + edge.firstCopy;
    if (!edge.overlaps) {
        for (uint32_t i = 0; i < edge.copyCount; ++i)
            std::copy_n(at(bases, copies[i].source), copies[i].cells, bases[0] + copies[i].destination);
        return;
    }
    copyRow_.clear();
    for (uint32_t i = 0; i < edge.copyCount; ++i) {
        const Cell* source = at(bases, copies[i].source);
        copyRow_.insert(copyRow_.end(), source, source + copies[i].cells);
    }
    const Cell* source = copyRow_.data();
    for (uint32_t i = 0; i < edge.copyCount; ++i) {
        std::copy_n(source, copies[i].cells, bases[0] + copies[i].destination);
        source += copies[i].cells;
    }
}

bool Run::chain(const Step& step, Cell* const* bases) {
    const ChainCode& code = code_.chains[step.payload];
    const Ref* operands = code_.operands.data() + step.operands;
    Cell address = *at(bases, operands[0]);
    address.bits += code.offset;
    for (const ChainStep& index : code.steps) {
        const Cell& value = *at(bases, operands[index.operand]);
        address.bits += static_cast<uint64_t>(extended(value.bits, index.width)) * index.stride;
        address.undefined |= value.undefined;
    }
    bases[0][step.result] = address;
    return true;
}

// Returns false when a finding ends the run.
bool Run::execute(Invocation& invocation, uint64_t slice) {
    Cell* bases[3];
    this->bases(invocation, bases);
    const Step* const steps = code_.steps.data();
    const Ref* const operands = code_.operands.data();
    uint32_t pc = invocation.pc;
    left_ = slice;
    bool ok = true;
    while (left_ != 0) {
        --left_;
        const Step& step = steps[pc];
        const Ref* const refs = operands + step.operands;
        invocation.pc = pc;
        switch (step.code) {
        case Code::Evaluate: {
            const Operation& operation = code_.operations[step.payload];
            const Cell** row = operandRow_.data();
            for (uint32_t i = 0; i < step.operandCount; ++i)
                row[i] = at(bases, refs[i]);
            Cell* out = step.result != kNone ? bases[0] + step.result : nullptr;
            operation.evaluate(operation, {row, step.operandCount}, out, *this);
            ++pc;
            if (finding_)
                ok = false;
            break;
        }
        case Code::Jump: {
            const Edge& edge = code_.edges[step.payload];
            takeEdge(edge, bases);
            pc = edge.target;
            break;
        }
        case Code::Branch: {
            const Cell& condition = *at(bases, refs[0]);
            if (condition.undefined && settings_.detectUninitialised) {
                ok = reportUndefined("the branch condition");
                break;
            }
            const Edge& edge = code_.edges[step.payload + (condition.bits != 0 ? 0 : 1)];
            takeEdge(edge, bases);
            pc = edge.target;
            break;
        }
        case Code::Switch: {
            const Cell& selector = *at(bases, refs[0]);
            if (selector.undefined && settings_.detectUninitialised) {
                ok = reportUndefined("the switch selector");
                break;
            }
            const SwitchTable& table = code_.switches[step.payload];
            const auto found = std::lower_bound(table.cases.begin(), table.cases.end(), selector.bits,
                                                [](const auto& entry, uint64_t value) { return entry.first < value; });
            const bool hit = found != table.cases.end() && found->first == selector.bits;
            const Edge& edge = code_.edges[hit ? found->second : table.otherwise];
            takeEdge(edge, bases);
            pc = edge.target;
            break;
        }
        case Code::Call: {
            const CallSite& site = code_.calls[step.payload];
            const FunctionCode& callee = code_.functions[site.function];
            const CallFrame& caller = invocation.calls.back();
            const uint32_t base = caller.base + code_.functions[caller.function].frameCells;
            Cell* frame = invocation.registers + base;
            std::memset(static_cast<void*>(frame), 0, callee.frameCells * sizeof(Cell));
            for (uint32_t i = 0; i < step.operandCount; ++i)
                std::copy_n(at(bases, refs[i]), site.arguments[i].second, frame + site.arguments[i].first);
            invocation.calls.push_back({site.function, base, pc});
            bases[0] = frame;
            pc = callee.entry;
            break;
        }
        case Code::Return:
        case Code::ReturnValue: {
            const CallFrame frame = invocation.calls.back();
            for (const uint32_t slot : code_.functions[frame.function].slots)
                invocation.generations[slot] += invocation.generations[slot] & 1;
            if (invocation.calls.size() == 1) {
                invocation.wait = Wait::Ended;
                return true;
            }
            const Cell* value = step.operandCount != 0 ? at(bases, refs[0]) : nullptr;
            invocation.calls.pop_back();
            bases[0] = invocation.registers + invocation.calls.back().base;
            const Step& call = steps[frame.caller];
            if (value != nullptr && call.result != kNone)
                std::copy_n(value, call.cells, bases[0] + call.result);
            pc = frame.caller + 1;
            break;
        }
        case Code::Unreachable:
            ok = report("reached an instruction that the module declares unreachable");
            break;
        case Code::Variable:
            startVariable(step.payload, step.operandCount != 0 ? at(bases, refs[0]) : nullptr, bases[0][step.result]);
            ++pc;
            break;
        case Code::Load:
            ok = load(*at(bases, refs[0]), code_.accesses[step.payload], bases[0] + step.result);
            ++pc;
            break;
        case Code::Store:
            ok = store(*at(bases, refs[0]), code_.accesses[step.payload], at(bases, refs[1]));
            ++pc;
            break;
        case Code::CopyMemory:
            ok = copyMemory(step, bases);
            ++pc;
            break;
        case Code::Chain:
            ok = chain(step, bases);
            ++pc;
            break;
        case Code::Descriptor: {
            const Cell& index = *at(bases, refs[1]);
            if (index.undefined && settings_.detectUninitialised)
                ok = reportUndefined("the index of a buffer");
            else if (index.bits >= step.payload)
                ok = report(fmt::format("out of bounds: buffer {} of an array of {}", index.bits, step.payload));
            else
                bases[0][step.result] = at(bases, refs[0])[index.bits];
            ++pc;
            break;
        }
        case Code::ArrayLength:
            ok = arrayLength(step, bases);
            ++pc;
            break;
        case Code::PointerEqual: {
            const Cell &a = *at(bases, refs[0]), &b = *at(bases, refs[1]);
            bases[0][step.result] = {((a.bits == b.bits) != (step.payload != 0)) ? 1u : 0u, a.undefined || b.undefined};
            ++pc;
            break;
        }
        case Code::PointerDiff: {
            const ChainStep& code = code_.chains[step.payload].steps[0];
            const Cell &a = *at(bases, refs[0]), &b = *at(bases, refs[1]);
            const auto bytes = static_cast<int64_t>(a.bits - b.bits);
            const int64_t elements = bytes / static_cast<int64_t>(code.stride);
            bases[0][step.result] = {truncated(static_cast<uint64_t>(elements), code.width),
                                     a.undefined || b.undefined};
            ++pc;
            break;
        }
        case Code::PointerCast: {
            Cell address = *at(bases, refs[0]);
            const Space space = spaceOf(address.bits);
            const Space shown = space == Space::Program ? Space::Global : space;
            if (step.payload != kNone && static_cast<uint32_t>(shown) != step.payload)
                address.bits = 0;
            bases[0][step.result] = address;
            ++pc;
            break;
        }
        case Code::PointerKind: {
            const Cell& address = *at(bases, refs[0]);
            const Space space = spaceOf(address.bits);
            const uint64_t semantics = space == Space::Workgroup ? 0x100 : space == Space::Private ? 0 : 0x200;
            bases[0][step.result] = {semantics, address.undefined};
            ++pc;
            break;
        }
        case Code::Lifetime: {
            const Cell& address = *at(bases, refs[0]);
            ok = address.undefined || lifetime(address.bits, step.payload);
            ++pc;
            break;
        }
        case Code::Atomic:
            ok = atomic(step, bases);
            ++pc;
            break;
        case Code::Fence:
            fence(step.payload);
            ++pc;
            break;
        case Code::Barrier:
            invocation.wait = Wait::Barrier;
            return true;
        case Code::Collective:
            invocation.wait = code_.collectives[step.payload].workgroup ? Wait::Barrier : Wait::Collective;
            return true;
        case Code::Join:
            invocation.wait = Wait::Join;
            return true;
        case Code::Print:
            ok = print(step, bases);
            ++pc;
            break;
        case Code::Nothing:
            ++pc;
            break;
        }
        if (!ok)
            return false;
    }
    invocation.pc = pc;
    return true;
}

} // namespace halyard::interp
