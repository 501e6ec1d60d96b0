// The bytes of a handle as text, for the command line of another process.
#pragma once

#include "halyard/halyard.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace halyard::conformance {

inline std::string toHex(const HyIpcHandle& handle) {
    std::string text;
    for (const std::uint64_t word : handle.words) {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(word));
        text += digits;
    }
    return text;
}

inline HyIpcHandle fromHex(const std::string& text) {
    HyIpcHandle handle = {};
    for (std::size_t i = 0; i < sizeof handle.words / sizeof handle.words[0]; ++i)
        handle.words[i] = std::strtoull(text.substr(i * 16, 16).c_str(), nullptr, 16);
    return handle;
}

} // namespace halyard::conformance
