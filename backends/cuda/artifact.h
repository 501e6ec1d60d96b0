// The first line of what the compiler's PTX target makes: see jit/ptx_kernel_abi.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::cuda {

enum class Hidden { Print, Program, Grid };

struct ArtifactHeader {
    std::string entry;
    uint32_t staticBytes = 0;
    uint32_t dynamicBytes = 0;  // in front of the blocks of parameters
    uint32_t maxThreads = 0;    // 0: any
    uint32_t multiple = 1;      // of the invocations of a workgroup
    std::vector<Hidden> hidden; // in the order of the kernel's parameters
};

// "" and `out` filled, or what is wrong with the line. Throws std::bad_alloc.
std::string parseArtifact(std::string_view text, ArtifactHeader& out);

} // namespace halyard::cuda
