// The attributes of a device by their numbers.
#include "device.h"
#include "knobs.h"
#include "limits.h"

#include <algorithm>

namespace halyard::softcuda {
namespace {

// Attributes that came after CUDA 11.0, by the first driver that knows them.
int versionOf(int number) {
    if (number <= 112)
        return 11000;
    if (number == 113)
        return 11010;
    if (number <= 119)
        return 11020;
    if (number <= 124)
        return number == 120 ? 11080 : 11070;
    return 12000;
}

} // namespace

std::optional<int> Device::attribute(int number) const {
    const Limits& l = limits();
    const int processor = static_cast<int>(knobs().processor);
    if (knobs().driver < versionOf(number))
        return std::nullopt;
    auto of = [](uint64_t value) { return static_cast<int>(value); };
    switch (number) {
    case 1:
        return of(l.threadsPerBlock);
    case 2:
        return of(l.blockX);
    case 3:
        return of(l.blockY);
    case 4:
        return of(l.blockZ);
    case 5:
        return of(l.gridX);
    case 6:
        return of(l.gridY);
    case 7:
        return of(l.gridZ);
    case 8: // shared memory of a block
        return of(l.sharedPerBlock);
    case 9: // constant memory
        return 65536;
    case 10: // warp
        return 32;
    case 11: // largest pitch
        return 0x7fffffff;
    case 12:
        return of(l.registersPerBlock);
    case 13: // kHz
        return 1000000;
    case 14: // alignment of textures
        return 512;
    case 15: // copies overlap kernels
        return 1;
    case 16:
        return of(l.multiprocessors);
    case 17: // kernels have a time limit
        return knobs().timeoutMs != 0;
    case 18: // integrated
        return 0;
    case 19: // maps host memory
        return 1;
    case 20: // compute mode
        return 0;
    case 31: // concurrent kernels
        return 1;
    case 32: // ECC
        return 0;
    case 33: // PCI bus
        return of(ordinal_ + 1);
    case 34: // PCI device
        return 0;
    case 35: // TCC
        return 0;
    case 36: // kHz of the memory
        return 1000000;
    case 37: // bits of the memory's bus
        return 64;
    case 38: // L2 bytes
        return 4 << 20;
    case 39:
        return of(l.threadsPerMultiprocessor);
    case 40: // copy engines
        return 2;
    case 41: // unified addressing
        return 1;
    case 50: // PCI domain
        return 0;
    case 75:
        return processor / 10;
    case 76:
        return processor % 10;
    case 78: // stream priorities
        return 1;
    case 79: // L1 for global memory
    case 80: // and for local
        return 1;
    case 81:
        return of(l.sharedPerMultiprocessor);
    case 82:
        return of(l.registersPerMultiprocessor);
    case 83: // managed memory
        return 1;
    case 84: // several devices on one board
        return 0;
    case 86: // atomics between host and device
        return 0;
    case 88: // pageable memory
        return 0;
    case 89: // host and device at once in managed memory
    case 90: // preemption
    case 91: // registered memory at the host's address
        return 1;
    case 95: // cooperative launch
        return 1;
    case 96: // of several devices
        return 0;
    case 97:
        return of(l.sharedPerBlockOptIn);
    case 98: // flush remote writes
    case 99: // register host memory
        return 1;
    case 100: // page tables of the host
    case 101: // managed memory stays on the device
        return 0;
    case 102: // virtual memory
    case 103: // POSIX descriptors
        return 1;
    case 104: // Windows handles
    case 105:
        return 0;
    case 106:
        return of(l.blocksPerMultiprocessor);
    case 107: // compression
        return 0;
    case 111:
        return of(l.reservedShared);
    case 113: // registered memory that is only read
        return 1;
    case 114: // timeline semaphores
        return 1;
    case 115: // memory pools
    case 116: // RDMA
        return 0;
    case 120: // clusters
        return l.clusterPortable != 0;
    case 122: // 64-bit stream memory operations
    case 123: // and the NOR wait
        return 1;
    case 124: // dma-buf
        return 0;
    case 125: // events between processes
        return 1;
    default:
        return std::nullopt;
    }
}

} // namespace halyard::softcuda
