// How much memory a kernel could still touch.
#pragma once

#include <cstdint>
#include <string>

namespace halyard::cpu {

class Arena;

// The bytes of the line "MemAvailable:" of /proc/meminfo; UINT64_MAX when there is none. Throws std::bad_alloc.
uint64_t parseAvailable(const std::string& meminfo);

// Bytes that may be allocated and used beside what is allocated: what the arena may still give, and no more than what
// the machine and the control group have for it, where pages that were allocated and never touched are taken as used.
// Throws std::bad_alloc.
uint64_t freeMemory(const Arena& arena);

} // namespace halyard::cpu
