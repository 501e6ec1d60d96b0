#include "jit/targets/host/tiles.h"

#include "jit/targets/host/group_function.h"

#include <algorithm>
#include <bit>

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/Function.h>

namespace halyard::jit::host {

namespace {

// The most that a vector of items keeps at a time, in bytes.
uint64_t bytesKept(const CutList& cuts, const Slots& slots, const Context& context) {
    const llvm::DataLayout& data = cuts.exit->getDataLayout();
    uint64_t most = 0;
    for (const Cut& cut : cuts.cuts) {
        uint64_t bytes = 0;
        for (const unsigned i : slots.liveIn(cut.block).set_bits()) {
            if (context.slotOffset[i] != Context::kNone) {
                bytes += data.getTypeAllocSize(slots.all()[i].type).getFixedValue();
            }
        }
        most = std::max(most, bytes);
    }
    return most;
}

} // namespace

std::array<uint32_t, 3> tileOf(const CutList& cuts, const Slots& slots, const Context& context, const GroupShape& shape,
                               uint64_t registerBytes) {
    const bool waits = cuts.dispatched || llvm::any_of(cuts.cuts, [](const Cut& cut) { return cut.together; });
    // Private arrays are no sums, and may be more than a stack holds.
    const bool few = !waits && context.privateArrays.empty();
    const uint64_t kept = few ? bytesKept(cuts, slots, context) : 0;
    if (kept == 0) {
        return {};
    }
    // A quarter of the registers is for what is computed on the way. Two vectors at least: an instruction of one need
    // not wait for that of the other.
    uint64_t left = std::bit_floor(std::max<uint64_t>(registerBytes * 3 / 4 / kept, 2));
    std::array<uint32_t, 3> tile = shape.workgroupSize;
    for (unsigned i = 0; i < 3; ++i) {
        const uint32_t step = i == 0 ? shape.lanes : 1;
        const uint32_t vectors = shape.workgroupSize[i] / step;
        // The most that divides the size.
        const auto count = static_cast<uint32_t>(std::min<uint64_t>(left, uint64_t{1} << std::countr_zero(vectors)));
        tile[i] = vectors <= left ? shape.workgroupSize[i] : count * step;
        left = vectors <= left ? left / vectors : 1;
    }
    return tile == shape.workgroupSize ? std::array<uint32_t, 3>{} : tile;
}

} // namespace halyard::jit::host
