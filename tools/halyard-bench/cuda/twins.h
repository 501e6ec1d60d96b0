// The kernels of kernels.h with what they are run on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "halyard/halyard.h"

namespace halyard::bench::cuda {

struct BufferArgument {
    size_t index; // in Twin::floats
};

struct Twin {
    std::string name; // of the kernel
    HyDim3 groups, groupSize;
    std::vector<size_t> floats; // sizes of the buffers
    size_t output;              // index of the one to compare
    std::vector<std::variant<float, uint32_t, BufferArgument>> arguments;
    double work;      // bytes moved or operations done by one launch
    std::string unit; // "GB/s" or "GFLOP/s"
};

// `small`: sizes for a look at the results only, on a device that interprets.
std::vector<Twin> makeTwins(bool small);

} // namespace halyard::bench::cuda
