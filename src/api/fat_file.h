// Fat files: LLVM's OffloadBinary (llvm/Object/OffloadBinary.h), one or more of them one after another.
#pragma once

#include "halyard/halyard.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halyard {

// One image; everything points into the file.
struct FatImage {
    HyModuleFormat format = HY_MODULE_FORMAT_AUTO; // by its first bytes; AUTO: none that Halyard knows
    std::string_view architecture;                 // as its maker says: "sm_90", or ""
    std::span<const std::byte> data;
};

// Reads a whole file into `out`, at least one image. Returns "", or what is wrong with it and where. Reads nothing
// beyond `file`, whatever its bytes say. Throws std::bad_alloc.
std::string readFatFile(std::span<const std::byte> file, std::vector<FatImage>& out);

// "SPIR-V, a cubin (sm_90)": for messages.
std::string listImages(const std::vector<FatImage>& images);

} // namespace halyard
