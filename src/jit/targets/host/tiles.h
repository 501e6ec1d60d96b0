// How much of a workgroup is run at a time.
#pragma once

#include "jit/targets/host/context.h"
#include "jit/targets/host/cuts.h"
#include "jit/targets/host/slots.h"

#include <array>
#include <cstdint>

namespace halyard::jit::host {

struct GroupShape;

// The size of the parts that a workgroup in vectors is best run in, one part after the other; all zero: as a whole.
// What its items keep from piece to piece, the sums of a loop, then stays in registers. Only where no item waits for
// others, so that one part may be done before the next begins. `registerBytes`: of all vector registers.
std::array<uint32_t, 3> tileOf(const CutList& cuts, const Slots& slots, const Context& context, const GroupShape& shape,
                               uint64_t registerBytes);

} // namespace halyard::jit::host
