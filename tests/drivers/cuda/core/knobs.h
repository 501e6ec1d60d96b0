// What HALYARD_SOFTWARE_CUDA asks of the driver: "key=value,key=value". `fail` and `missing` may come again.
//
//   sm=90           compute capability, major * 10 + minor
//   driver=12080    what cuDriverGetVersion says; newer symbols are hidden and newer PTX is refused
//   memory=N        bytes of device memory, 1 MiB to 1 TiB
//   devices=N       number of devices, 0 to 8
//   missing=a:b     symbols that dlsym and cuGetProcAddress do not find
//   fail=fn@n:code  the n-th call (from 1) of an entry point gives this CUDA code; n=0: each call
//   hang=kernel     this kernel runs until it is stopped; one that no module has changes nothing
//   timeout=ms      kernels that run longer are stopped with CUDA_ERROR_LAUNCH_TIMEOUT
//   lost=n[:code]   from the n-th launch on every call gives this code (46, CUDA_ERROR_DEVICE_UNAVAILABLE)
//   slow=ms         each command on a stream takes this long before it starts
//   pageable=async  copies from and to pageable memory return at once; the real driver's do not
//   log=path        where the words of faults and refusals are appended
//
// A key or value that is not understood makes cuInit fail with CUDA_ERROR_INVALID_VALUE; the words go to the log, and
// to stderr besides: a test that runs on another driver than it asked for must not look like a pass.
// tests/unit/softcuda/knobs_test.cpp tests each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::softcuda {

struct FailOrder {
    std::string function;
    uint64_t call = 0;
    int code = 0;
};

struct Knobs {
    uint32_t processor = 90;
    int driver = 12080;
    uint64_t memory = uint64_t{2} << 30;
    uint32_t devices = 1;
    std::vector<std::string> missing;
    std::vector<FailOrder> fail;
    std::string hang;
    uint64_t timeoutMs = 0;
    uint64_t lostAt = 0; // 0: never
    int lostCode = 46;
    uint64_t slowMs = 0;
    bool pageableAsync = false;
    std::string log;
    std::string problem; // not empty: the text was not understood, and cuInit refuses
};

// What a text may name.
struct KnownNames {
    bool (*isFunction)(std::string_view name);
    bool (*isResult)(int code);
};
// Those of the driver's own table (entry/hidden.cpp).
const KnownNames& driverNames();

Knobs parseKnobs(std::string_view text, const KnownNames& known);

// Those of the environment, read once.
const Knobs& knobs();

// The newest PTX version that a driver takes, as 87 for PTX 8.7.
uint32_t ptxVersionOf(int driver);

// Appends a line to the log file of the knobs, if there is one.
void note(std::string_view words);

} // namespace halyard::softcuda
