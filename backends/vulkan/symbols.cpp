#define VOLK_IMPLEMENTATION
#include "symbols.h"

#include <mutex>

namespace halyard::vulkan {
namespace {

std::once_flag loaderOnce, instanceOnce;
VkResult loaderResult = VK_ERROR_INITIALIZATION_FAILED;

} // namespace

VkResult loadSymbols() {
    std::call_once(loaderOnce, [] { loaderResult = volkInitialize(); });
    return loaderResult;
}

void loadSymbols(VkInstance instance) {
    std::call_once(instanceOnce, [instance] { volkLoadInstanceOnly(instance); });
}

} // namespace halyard::vulkan
