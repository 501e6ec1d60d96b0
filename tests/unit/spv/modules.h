// Modules for the tests of src/spv: assembled from text, or compiled from kernels/ by real producers.
#pragma once

#include "spv/spv.h"

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::spv::test {

using Words = std::vector<uint32_t>;

// Assembles SPIR-V text, keeping numeric ids, for `minor` of version 1. Fails the test on a syntax error.
Words assemble(std::string_view text, uint32_t minor = 4);

// Parses words that must be a module. Aborts the test program otherwise, for nothing could follow.
Module parsed(std::span<const uint32_t> words);
Module parsed(std::string_view text, uint32_t minor = 4);

// What real producers write, by name.
struct Sample {
    const char* name;
    std::span<const uint32_t> words;
};
void PrintTo(const Sample& sample, std::ostream* out); // for GoogleTest's reports
std::span<const Sample> samples();
std::span<const uint32_t> sample(std::string_view name);

// A GLCompute module around `globals` and the body of main, whose ids start at 100. Predefined: %void, %bool, %uint,
// %int, %float, %v2uint, %v3uint, %u0 to %u4 and %true, %false. `annotations` precede the types.
std::string computeModule(std::string_view globals, std::string_view body = "", std::string_view annotations = "");

// A Kernel module with one kernel `k` whose parameters have `types`, in order as %p0, %p1...
std::string kernelModule(std::string_view globals, const std::vector<std::string>& types,
                         std::string_view annotations = "", std::string_view capabilities = "");

std::span<const std::byte> bytes(std::span<const uint32_t> words);

} // namespace halyard::spv::test
