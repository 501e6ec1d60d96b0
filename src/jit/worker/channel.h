// Frames (src/jit/protocol.h) over the worker's two descriptors.
#pragma once

#include "jit/jit.h"

#include <cstdint>
#include <string>
#include <vector>

namespace halyard::jit {

struct Frame {
    std::string json;
    std::vector<uint8_t> blob;
};

enum class ReadResult { Frame, End, Malformed };

// Reads one frame. End: the other side closed before a frame began. Malformed: bad magic, a size above the protocol's
// limits, or an end inside a frame; nothing that follows on the descriptor can be trusted then.
ReadResult readFrame(int fd, Frame& frame);

// False when the other side is gone.
bool writeFrame(int fd, const HyJitMessage& message);

} // namespace halyard::jit
