// Which devices an instance shows, and in what order (HALYARD_DEVICES, HyInstanceDesc::devices).
#pragma once

#include "api/object.h"

#include <string_view>

namespace halyard {

// Sorts discrete GPUs before integrated ones before others before CPUs before emulated devices, then by backend and
// ordinal order.
void sortDevices(std::vector<std::unique_ptr<Device>>& devices);

// Puts devices that are one GPU seen through a second backend (same UUID or PCI address) behind all others, each with a
// line in the log. Returns how many remain before them.
size_t moveDuplicatesBack(std::vector<std::unique_ptr<Device>>& devices, Log& log);

// The position of the device that a selector names: "cuda:1", "cpu", "uuid:<32 hex digits>", or a position "0" in the
// default order. -1 when there is none.
int findDevice(const std::vector<std::unique_ptr<Device>>& devices, std::string_view selector);

// Keeps what the comma-separated list names, in its order; a name of a backend alone keeps all its devices. An entry
// that matches nothing is a warning; a list that matches nothing at all is HY_ERROR_NOT_FOUND.
HyResult filterDevices(std::vector<std::unique_ptr<Device>>& devices, std::string_view list, const char* argument,
                       Log& log);

// "cuda:0, cpu:0" for messages.
std::string listDevices(const std::vector<std::unique_ptr<Device>>& devices);

} // namespace halyard
