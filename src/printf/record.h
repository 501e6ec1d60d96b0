// The arguments of one printf call as compiled code leaves them: a row of entries, each 8-byte aligned and
//   u32 kind (Argument::Kind), u16 bytes of a component, u16 components, then the components, padded to 8 bytes.
// An entry of kind Text has one component: the address of a nul-terminated string.
#pragma once

#include "printf/format.h"

#include <functional>

namespace halyard::printf {

inline constexpr uint32_t kEntryHeaderBytes = 8;
inline constexpr uint32_t kEntryAlignment = 8;

// Reads the record. `textAt` fetches the string at an address of the device. A damaged record gives the arguments
// before the damage. Throws std::bad_alloc.
std::vector<Argument> readRecord(std::span<const uint8_t> record, const std::function<std::string(uint64_t)>& textAt);

} // namespace halyard::printf
