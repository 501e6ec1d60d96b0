// Whether the machine can have a GPU at all. Making a Vulkan instance opens every driver that is installed, which takes
// tens of milliseconds and much memory, and every program that uses Halyard would pay for it.
#pragma once

namespace halyard::vulkan {

// False when no node of a GPU driver is in /dev. Opens no device. Thread-safe.
bool mayHaveGpu() noexcept;

} // namespace halyard::vulkan
