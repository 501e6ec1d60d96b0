#include "handles.h"

namespace halyard::softcuda {

uint64_t nextHandle() {
    // Not canonical on x86-64 and aarch64: following such a handle as a pointer traps.
    static constinit std::atomic<uint64_t> next{0x0100'0000'0000'0000};
    return next.fetch_add(64, std::memory_order_relaxed) + 64;
}

} // namespace halyard::softcuda
