// Text of a kernel's printf: one formatter for every backend, so a kernel prints the same everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::printf {

struct Argument {
    enum class Kind : uint32_t {
        Integer = 0,
        Float = 1,   // IEEE bits of 2, 4 or 8 bytes
        Pointer = 2, // an address, for %p
        Text = 3,    // a string, for %s: in `text`
    };
    Kind kind = Kind::Integer;
    uint32_t bytes = 4;               // of one component: 1, 2, 4 or 8
    std::vector<uint64_t> components; // bits, low `bytes` bytes; one for a scalar; none for Text
    std::string text;
};

// Formats as OpenCL C 3.0 (section 6.15.14) says, with vector conversions (%v4hlf, %v3d) and the forms of Vulkan's
// debugPrintf (%v4f, %ul, %lu). Never fails: a conversion without an argument, or with one of another kind, prints the
// conversion as it stands; arguments left over print nothing. A width or precision above 4096 counts as 4096.
// `n` conversions write nothing. Thread-safe; throws only std::bad_alloc.
std::string formatText(std::string_view format, std::span<const Argument> arguments);

} // namespace halyard::printf
