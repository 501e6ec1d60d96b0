#include "jit/targets/target.h"

#include "jit/targets/host/host_target.h"
#include "jit/targets/nvptx/nvptx_target.h"
#include "jit/targets/spirv/spirv_target.h"

namespace halyard::jit {

spv::Result<std::unique_ptr<Target>> createTarget(const std::string& name, const std::string& cpu,
                                                  const std::string& features) {
    if (name == "host") {
        return host::createHostTarget(cpu, features);
    }
    if (name == "nvptx") {
        return nvptx::createNvptxTarget(cpu, features);
    }
    if (name == "spirv-kernel") {
        return spirv::createKernelTarget(cpu, features);
    }
    if (name == "vulkan") {
        return spirv::createVulkanTarget(cpu, features);
    }
    return spv::Error{HY_ERROR_UNSUPPORTED, "this build of the compiler has no target '" + name + "'",
                      "its targets are: " + targetNames()};
}

std::string targetNames() {
    return "host, nvptx, spirv-kernel, vulkan";
}

} // namespace halyard::jit
