#include "limits.h"

#include "knobs.h"

#include <algorithm>

namespace halyard::softcuda {
namespace {

struct Row {
    uint32_t processor, optIn, shared, threads, blocks;
};

constexpr Row kRows[] = {
    {50, 49152, 65536, 2048, 32},    {52, 49152, 98304, 2048, 32},   {60, 49152, 65536, 2048, 32},
    {61, 49152, 98304, 2048, 32},    {70, 98304, 98304, 2048, 32},   {75, 65536, 65536, 1024, 16},
    {80, 166912, 167936, 2048, 32},  {86, 101376, 102400, 1536, 16}, {87, 166912, 167936, 1536, 16},
    {89, 101376, 102400, 1536, 24},  {90, 232448, 233472, 2048, 32}, {100, 232448, 233472, 2048, 32},
    {120, 101376, 102400, 1536, 24},
};

} // namespace

const Limits& limits() {
    static const Limits& result = *[] {
        uint32_t processor = knobs().processor;
        const Row* row = kRows;
        for (const Row& candidate : kRows)
            if (candidate.processor <= processor)
                row = &candidate;
        auto* l = new Limits;
        l->sharedPerBlockOptIn = row->optIn;
        l->sharedPerMultiprocessor = row->shared;
        l->reservedShared = processor >= 80 ? 1024 : 0;
        l->threadsPerMultiprocessor = row->threads;
        l->blocksPerMultiprocessor = row->blocks;
        if (processor >= 90) {
            l->clusterPortable = 8;
            l->clusterLargest = 16;
        }
        if (processor >= 70 && knobs().driver >= 12010)
            l->parameterBytes = 32764;
        return l;
    }();
    return result;
}

uint32_t blocksThatFit(uint32_t threads, uint32_t registersPerThread, uint64_t sharedBytes) {
    const Limits& l = limits();
    if (threads == 0 || threads > l.threadsPerBlock)
        return 0;
    // Warps are whole, and a thread's registers come in eights.
    uint32_t whole = (threads + 31) / 32 * 32;
    uint32_t registers = (std::max(registersPerThread, 1u) + 7) / 8 * 8 * whole;
    uint64_t shared = sharedBytes + l.reservedShared;
    uint64_t fit = std::min(l.blocksPerMultiprocessor, l.threadsPerMultiprocessor / whole);
    fit = std::min<uint64_t>(fit, l.registersPerMultiprocessor / registers);
    if (shared)
        fit = std::min(fit, l.sharedPerMultiprocessor / shared);
    return static_cast<uint32_t>(fit);
}

} // namespace halyard::softcuda
