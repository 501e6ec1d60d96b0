// Counts what the calling thread asks the host for.
#pragma once

#include <cstdint>

namespace halyard::steady_test {

// While one lives, its thread's calls of malloc and its kin are counted, whichever library makes them; those below a
// function of NVIDIA's driver, or of the software driver in its place, apart.
class CountAllocations {
public:
    CountAllocations();
    CountAllocations(const CountAllocations&) = delete;
    CountAllocations& operator=(const CountAllocations&) = delete;
    ~CountAllocations();

    uint64_t ours() const;
    uint64_t drivers() const;
};

} // namespace halyard::steady_test
