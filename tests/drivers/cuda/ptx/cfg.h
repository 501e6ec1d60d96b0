// Where the ways that a branch parts come together again.
#pragma once

#include "module.h"

#include <cstdint>
#include <vector>

namespace halyard::softcuda::ptx {

// For each instruction: of a branch that may part lanes the index of the instruction where all its ways meet, or -1.
std::vector<int32_t> findMeetings(const Function& function);

} // namespace halyard::softcuda::ptx
