#pragma once

#include <cstdint>

namespace halyard::cpu {

// A device address is an address of this process.
template <class T> T* toPointer(uint64_t address) {
    return reinterpret_cast<T*>(address); // NOLINT(performance-no-int-to-ptr): the interface gives addresses as numbers
}

} // namespace halyard::cpu
