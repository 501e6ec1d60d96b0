// What this machine and the environment give the backend: read once, when an instance starts.
#pragma once

#include "halyard/backend.h"
#include "status.h"

#include <string>

namespace halyard::cpu {

// A workgroup runs on one thread, so its size is limited by scratch memory alone.
constexpr uint32_t kMaxWorkgroupInvocations = 4096;
// Fits the second-level cache of what is in use; kernels tuned for GPUs ask for at most 228 KiB.
constexpr uint32_t kMaxLocalBytes = 256 * 1024;
// Arguments travel inside the command record.
constexpr uint32_t kMaxArgumentBytes = 4096;
constexpr uint32_t kMaxThreads = 1024;
constexpr uint32_t kMaxDevices = 64;

enum class Specialise { Off, Background, AtLaunch };

struct Settings {
    uint32_t devices = 1;     // how many parts the processor is split into; what follows is one part's
    uint32_t threads = 1;     // width of the pool
    uint64_t spinNs = 0;      // how long to poll before sleeping; 0 on a single processor
    uint64_t totalMemory = 0; // bytes that allocations may take together
    Specialise specialise = Specialise::Background;
    uint32_t subgroupSize = 0; // for kernels that require none; 0: the compiler's choice
    uint32_t lanes = 0;        // HY_JIT_LANES; 0: the compiler's choice
    std::string isa;           // "x86-64-v3"
};

// Reads processors, affinity, control groups, and HALYARD_CPU_DEVICES, HALYARD_CPU_THREADS, HALYARD_CPU_ISA,
// HALYARD_CPU_SPECIALISE, HALYARD_CPU_SUBGROUP_SIZE and HALYARD_CPU_LANES; a bad value is a warning and counts as
// unset. Throws std::bad_alloc.
Settings readSettings(const Host& host);

// Everything that hyDeviceGetProperties tells of one part of the processor. Throws std::bad_alloc.
HyDeviceProperties describeProcessor(const Settings& settings, uint32_t ordinal);

} // namespace halyard::cpu
