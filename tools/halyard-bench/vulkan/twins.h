// The kernels that `halyard-bench vulkan` compares, with what they are run on and what they must give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "halyard/halyard.h"

namespace halyard::bench::vulkan {

struct Twin {
    using Contents = std::vector<std::vector<float>>;

    std::string name; // of the kernel in kernels.cl; in GLSL it is "main"
    std::span<const uint32_t> glsl;
    HyDim3 groups{}, groupSize{};
    std::vector<size_t> floats; // sizes of the buffers; the last one is compared
    std::vector<uint32_t> push; // the push constants, each a parameter in OpenCL C
    double work = 0;            // bytes moved or operations done by one launch
    std::string unit;           // "GB/s" or "GFLOP/s"
    std::function<std::vector<float>(const Contents&)> expected;
};

// `small`: sizes for a look at the results only.
std::vector<Twin> makeTwins(bool small);

} // namespace halyard::bench::vulkan
