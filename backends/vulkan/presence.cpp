#include "presence.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <unistd.h>

namespace halyard::vulkan {
namespace {

// Nodes of kernel drivers that are not in /dev/dri: NVIDIA, Windows' subsystem for Linux, Qualcomm, ARM, Imagination.
constexpr std::array kNodes = {"/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg",
                               "/dev/kgsl-3d0",  "/dev/mali0",   "/dev/pvr_sync"};

bool hasRenderNode() noexcept {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/dev/dri"), closedir);
    if (directory == nullptr)
        return false;
    constexpr const char* kPrefix = "renderD";
    while (const dirent* entry = readdir(directory.get()))
        if (std::strncmp(entry->d_name, kPrefix, std::strlen(kPrefix)) == 0)
            return true;
    return false;
}

} // namespace

bool mayHaveGpu() noexcept {
    return hasRenderNode() ||
           std::any_of(kNodes.begin(), kNodes.end(), [](const char* node) { return access(node, F_OK) == 0; });
}

} // namespace halyard::vulkan
