// What native modules say of themselves, read from their bytes: nobody has checked these, and the driver is given no
// size, so nothing may be handed to it that leaves the bytes. Functions here read nothing beyond what they are given.
#pragma once

#include "halyard/backend.h"

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::cuda {

using Bytes = std::span<const std::byte>;

struct NativeKernel {
    std::string name;
    std::vector<HyBackendParameter> parameters;
    uint32_t argumentBytes = 0;
    uint64_t staticLocalBytes = 0;

    // Puts a parameter behind the others.
    void add(uint32_t bytes, uint32_t alignment);
    // Puts it where the driver has it.
    void addAt(uint32_t offset, uint32_t bytes);
};

// One piece of code for one processor.
struct NativeCode {
    bool binary = false;       // machine code, else PTX
    uint32_t processor = 0;    // 90: sm_90; 0: it does not say
    bool kernelsKnown = false; // false: it is compressed, or does not tell
    std::string suffix;        // "a" of sm_90a, or ""
    std::string version;       // PTX: "8.7"
    std::vector<NativeKernel> kernels;
};

// Whether a device of that compute capability (90) may run it, as far as NVIDIA's rules for all processors say.
bool mayRun(const NativeCode& code, uint32_t capability);
// "machine code for sm_90", "PTX for sm_75".
std::string describe(const NativeCode& code);

// Each returns "" and fills `out`, or what is wrong. They throw std::bad_alloc.
std::string readPtx(std::string_view text, NativeCode& out);
std::string readCubin(Bytes file, NativeCode& out);
std::string readFatbin(Bytes file, std::vector<NativeCode>& out);

inline bool inside(Bytes bytes, uint64_t offset, uint64_t size) {
    return offset <= bytes.size() && size <= bytes.size() - offset;
}

// REQUIRES: inside(bytes, offset, sizeof(T)).
template <typename T> T readAt(Bytes bytes, uint64_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

} // namespace halyard::cuda
