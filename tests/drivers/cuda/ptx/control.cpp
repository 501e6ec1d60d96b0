// Branches, calls and ends.
#include "grid.h"
#include "handlers.h"

#include <atomic>

namespace halyard::softcuda::ptx::handlers {

Step branch(Warp& warp, const Op& op, uint32_t mask) {
    if (mask == 0)
        return Step::Next;
    if (mask != warp.current.mask)
        return warp.part(op, mask, op.target, warp.current.pc + 1);
    warp.current.pc = op.target;
    return Step::Jump;
}

Step branchTable(Warp& warp, const Op& op, uint32_t mask) {
    if (mask == 0)
        return Step::Next;
    if (mask != warp.current.mask) // the others first, and then this again
        return warp.part(op, warp.current.mask & ~mask, warp.current.pc + 1, warp.current.pc);
    const auto& table = warp.current.frame->code->tables[op.target];
    const uint64_t* index = warp.source(op, 0);
    const auto first = static_cast<uint32_t>(std::countr_zero(mask));
    if (index[first] >= table.size())
        return warp.fault(op, FaultKind::IllegalInstruction, first,
                          "index " + std::to_string(index[first]) + " in a table of " + std::to_string(table.size()) +
                              " targets");
    uint32_t same = 0;
    eachLane(mask, [&](uint32_t lane) {
        if (index[lane] < table.size() && table[index[lane]] == table[index[first]])
            same |= 1u << lane;
    });
    if (same != mask)
        return warp.part(op, same, table[index[first]], warp.current.pc);
    warp.current.pc = table[index[first]];
    return Step::Jump;
}

Step meet(Warp& warp, const Op&, uint32_t) {
    return warp.meet();
}
Step exit(Warp& warp, const Op&, uint32_t mask) {
    return warp.exitLanes(mask);
}
Step ret(Warp& warp, const Op&, uint32_t mask) {
    return warp.ret(mask);
}
Step call(Warp& warp, const Op& op, uint32_t mask) {
    return warp.call(op, mask);
}

Step trap(Warp& warp, const Op& op, uint32_t mask) {
    return warp.fault(op, FaultKind::Trap, static_cast<uint32_t>(std::countr_zero(mask)), "trap");
}

Step yield(Warp&, const Op&, uint32_t) {
    return Step::Yield;
}
Step nothing(Warp&, const Op&, uint32_t) {
    return Step::Next;
}

Step fence(Warp&, const Op&, uint32_t) {
    // Not atomic_thread_fence, which ThreadSanitizer does not know; and stronger.
    static std::atomic<uint32_t> order{0};
    order.fetch_add(1, std::memory_order_seq_cst);
    return Step::Next;
}

} // namespace halyard::softcuda::ptx::handlers
