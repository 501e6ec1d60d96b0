// The part of a command that workers do.
#pragma once

#include "command.h"

#include <cstdint>

namespace halyard::cpu {

class Worker;

// How many units a kernel, copy or fill has: workgroups or pieces.
uint64_t unitCount(const Command& command);
// Takes what the units need on this worker, so that running them cannot fail. False: there is not enough memory, which
// sticks to `stream`.
bool prepareUnits(Stream& stream, const Command& command, Worker& worker);
// A workgroup of a cooperative launch ended while others waited for it, which sticks to `stream`.
void failDivergedGrid(Stream& stream, const Command& command) noexcept;
// Runs units first <= i < end. A failure sticks to `stream`.
void runUnits(Stream& stream, const Command& command, uint64_t first, uint64_t end, Worker& worker);

} // namespace halyard::cpu
