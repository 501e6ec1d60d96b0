// One call of each kind, and the same by the driver alone where there is one: what `halyard-bench calls` times and
// `halyard-bench launch --callgrind` counts the instructions of.
#ifndef HALYARD_TOOLS_BENCH_CALLS_CALLS_H
#define HALYARD_TOOLS_BENCH_CALLS_CALLS_H

#include "bench.h"

namespace halyard::bench {

// One call. Callgrind collects inside functions whose names begin with kStepPrefix.
using Step = void (*)();
constexpr const char* kStepPrefix = "halyardBenchStep";

struct CallRow {
    const char* name; // "launch"
    Step ours;
    Step driver; // null: the driver has no such call, or is not at hand
    const char* note;
    bool captured = false; // the calls are recorded into a graph
};

// The rows that the device can show. Opens what their steps use, for the rest of the process. Throws.
std::vector<CallRow> openCallRows(const Options& options);
// The rows' times.
Results measureCalls(const Options& options);
// The rows' instructions, by callgrind, which runs this program again.
Results countCalls(const Options& options);

} // namespace halyard::bench

#endif // HALYARD_TOOLS_BENCH_CALLS_CALLS_H
