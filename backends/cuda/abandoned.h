// Work that closing a device has left running. It stays in the primary context, which later instances of the process
// share, and calls of the driver that free memory wait for it without a bound.
#pragma once

#include <memory>
#include <vector>

namespace halyard::cuda {

class Device;
class Stream;

// Remembers streams of a device that is closed while they still run, for ever. Thread-safe.
void abandon(const std::vector<std::shared_ptr<Stream>>& streams) noexcept;

// Whether abandoned work still runs in the context of the device. One load where nothing ever was abandoned.
// Thread-safe.
bool abandonedRuns(const Device& device) noexcept;

} // namespace halyard::cuda
