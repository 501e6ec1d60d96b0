// What a multiprocessor and a launch may have, by compute capability: the figures of NVIDIA's programming guide.
#pragma once

#include <cstdint>

namespace halyard::softcuda {

struct Limits {
    uint32_t sharedPerBlock = 49152; // without opting in
    uint32_t sharedPerBlockOptIn = 0, sharedPerMultiprocessor = 0, reservedShared = 0;
    uint32_t threadsPerBlock = 1024, threadsPerMultiprocessor = 0, blocksPerMultiprocessor = 0;
    uint32_t registersPerBlock = 65536, registersPerMultiprocessor = 65536;
    uint32_t blockX = 1024, blockY = 1024, blockZ = 64;
    uint32_t gridX = 0x7fffffff, gridY = 65535, gridZ = 65535;
    uint32_t multiprocessors = 4; // few, so that a cooperative launch that is too large costs little to try
    uint32_t clusterPortable = 0, clusterLargest = 0; // blocks; 0: no clusters
    uint32_t parameterBytes = 4096;
};

const Limits& limits();

// How many blocks of so many threads fit on a multiprocessor; 0 when the block does not fit at all.
uint32_t blocksThatFit(uint32_t threads, uint32_t registersPerThread, uint64_t sharedBytes);

} // namespace halyard::softcuda
