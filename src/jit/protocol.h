// The frame format between the core and a worker: used by src/jit/worker and src/jit/client, and by nothing else.
// A frame is a 24-byte header, the JSON text, then the blob; integers are little-endian host integers (both ends are
// the same machine and the same build).
#pragma once

#include <cstdint>

namespace halyard::jit {

struct FrameHeader {
    static constexpr uint32_t kMagic = 0x314a5948;   // "HYJ1"
    static constexpr uint32_t kMaxJson = 16u << 20;  // bytes; a larger frame is a protocol error
    static constexpr uint64_t kMaxBlob = 1ull << 30; // bytes
    uint32_t magic = kMagic;
    uint32_t jsonSize = 0;
    uint64_t blobSize = 0;
    uint64_t reserved = 0;
};
static_assert(sizeof(FrameHeader) == 24);

// The worker reads requests from this descriptor and writes replies to the other; 0, 1 and 2 stay /dev/null and the
// log.
constexpr int kWorkerRequestFd = 3;
constexpr int kWorkerReplyFd = 4;

} // namespace halyard::jit
