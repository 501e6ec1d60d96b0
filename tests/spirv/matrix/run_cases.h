// Runs cases on one device, in kernels of as many as fit.
#pragma once

#include "matrix/batch.h"

#include <map>

namespace halyard::spirvtest {

// What became of a case on a device.
struct Outputs {
    Outcome refusal;           // ok unless the device refused or failed
    std::vector<Value> values; // of each invocation

    bool refused() const { return !refusal.ok(); }
};
using Results = std::map<const Case*, Outputs>;

// The cases in groups that share a kernel.
std::vector<std::vector<const Case*>> batchesOf(const Cases& cases);
// Runs one group. When its kernel is refused, its halves are tried, then each case by itself.
void runOn(TestDevice& device, const std::vector<const Case*>& cases, Results& results);

} // namespace halyard::spirvtest
