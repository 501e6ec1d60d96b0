// Who has seen what: the happens-before order between invocations. A barrier advances a whole workgroup; releases and
// acquires carry knowledge between invocations as immutable, shared Knowledge, made only where a kernel has them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace halyard::interp {

// What an invocation has learnt of others. `groups`: everything that a workgroup did before its clock. `threads`:
// everything that an invocation did up to its clock. Both sorted.
struct Knowledge {
    std::vector<std::pair<uint32_t, uint32_t>> groups;
    std::vector<std::pair<uint32_t, uint32_t>> threads;
    bool everything = false; // grew beyond reason: counts as having seen all, so that nothing false is reported
};
using KnowledgePtr = std::shared_ptr<const Knowledge>;

// The later of both, for each entry. Either may be null.
KnowledgePtr join(const KnowledgePtr& a, const KnowledgePtr& b);

// The clock of one invocation.
struct ThreadClock {
    uint32_t thread = 0; // number in the launch
    uint32_t group = 0;
    uint32_t groupFirst = 0, groupSize = 1; // threads of its workgroup
    uint32_t now = 1;
    uint32_t base = 1;     // the workgroup has seen everything of itself before this
    uint32_t gridBase = 0; // and everything of the whole grid before this
    KnowledgePtr known;    // what it has acquired
    bool fenced = false;   // passed a release fence: its relaxed writes publish what was before
    bool synced = false;   // passed a barrier, which counts as one for global memory
    KnowledgePtr pending;  // what relaxed reads found, to be acquired by the next fence

    bool sees(uint32_t other, uint32_t clock) const {
        if (other == thread || clock < gridBase)
            return true;
        const bool own = other - groupFirst < groupSize;
        if (own && clock < base)
            return true;
        return known != nullptr && knows(other, other / groupSize, clock);
    }
    // What a release by this invocation publishes now. The caller advances `now`.
    KnowledgePtr snapshot() const;

private:
    bool knows(uint32_t other, uint32_t otherGroup, uint32_t clock) const;
};

} // namespace halyard::interp
