// A libvulkan.so.1 in front of the real one, of which chosen functions are missing or fail: HALYARD_FAULTY_VULKAN, or
// the same text to faultyVulkanOrder(), is a list with commas between of
//   NAME@N:CODE    the N-th call of that function gives CODE (a VkResult) and does nothing else
//   NAME@N+:CODE   so does every call from the N-th on
//   NAME@missing   there is no such function
// Calls are counted from the last order on; what is made and not destroyed, from the beginning.
#include "symbols.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <string>

namespace {

struct Order {
    bool missing = false, fromThereOn = false;
    uint64_t call = 0;
    VkResult result = VK_SUCCESS;
};

std::mutex mutex;
std::map<std::string, Order> orders;
std::map<std::string, uint64_t> calls;
std::atomic<int64_t> live{0};

void readOrders(const char* text) {
    orders.clear();
    calls.clear();
    for (std::string rest = text; !rest.empty();) {
        const std::string one = rest.substr(0, rest.find(','));
        rest.erase(0, one.size() + 1);
        const size_t at = one.find('@');
        const std::string what = at == std::string::npos ? "" : one.substr(at + 1);
        Order order;
        order.missing = what == "missing";
        char* end = nullptr;
        if (!order.missing) {
            order.call = std::strtoull(what.c_str(), &end, 10);
            order.fromThereOn = *end == '+';
            order.result = static_cast<VkResult>(std::atoi(std::strchr(end, ':') + 1));
        }
        orders[one.substr(0, at)] = order;
    }
}

void readEnvironmentOnce() {
    static const bool read = [] {
        const char* const text = std::getenv("HALYARD_FAULTY_VULKAN");
        readOrders(text != nullptr ? text : "");
        return true;
    }();
    static_cast<void>(read);
}

bool isMissing(const char* name) {
    const std::scoped_lock lock(mutex);
    readEnvironmentOnce();
    const auto found = orders.find(name);
    return found != orders.end() && found->second.missing;
}

// Counts a call, and tells whether it is to fail.
bool fails(const char* name, VkResult& out) {
    const std::scoped_lock lock(mutex);
    const uint64_t call = ++calls[name];
    const auto found = orders.find(name);
    if (found == orders.end() || found->second.missing)
        return false;
    const Order& order = found->second;
    out = order.result;
    return order.fromThereOn ? call >= order.call : call == order.call;
}

enum Index {
#define HALYARD_INDEX(name) of_##name,
    HALYARD_VULKAN_INSTANCE_SYMBOLS(HALYARD_INDEX) HALYARD_VULKAN_DEVICE_SYMBOLS(HALYARD_INDEX)
        HALYARD_VULKAN_OPTIONAL_DEVICE_SYMBOLS(HALYARD_INDEX) of_vkCreateInstance
#undef HALYARD_INDEX
};

// In front of a function that tells a result, or that destroys something; others are passed on as they are.
template <Index Which, typename Function> struct Front {
    static PFN_vkVoidFunction put(const char*, PFN_vkVoidFunction real) { return real; }
};
template <Index Which, typename... Arguments> struct Front<Which, VkResult(VKAPI_PTR*)(Arguments...)> {
    using Function = VkResult(VKAPI_PTR*)(Arguments...);
    static inline std::atomic<Function> behind{nullptr};
    static inline const char* name = nullptr;

    static VKAPI_ATTR VkResult VKAPI_CALL call(Arguments... arguments) {
        VkResult result = VK_SUCCESS;
        if (fails(name, result))
            return result;
        result = behind.load()(arguments...);
        if (result == VK_SUCCESS && (std::strncmp(name, "vkCreate", 8) == 0 || Which == of_vkAllocateMemory))
            ++live;
        return result;
    }
    static PFN_vkVoidFunction put(const char* called, PFN_vkVoidFunction real) {
        name = called;
        behind = reinterpret_cast<Function>(real);
        return reinterpret_cast<PFN_vkVoidFunction>(call);
    }
};

template <Index Which, typename Owner, typename Object>
struct Front<Which, void(VKAPI_PTR*)(Owner, Object, const VkAllocationCallbacks*)> {
    using Function = void(VKAPI_PTR*)(Owner, Object, const VkAllocationCallbacks*);
    static inline std::atomic<Function> behind{nullptr};

    static VKAPI_ATTR void VKAPI_CALL call(Owner owner, Object object, const VkAllocationCallbacks* callbacks) {
        live -= object != VK_NULL_HANDLE ? 1 : 0;
        behind.load()(owner, object, callbacks);
    }
    static PFN_vkVoidFunction put(const char*, PFN_vkVoidFunction real) {
        behind = reinterpret_cast<Function>(real);
        return reinterpret_cast<PFN_vkVoidFunction>(call);
    }
};
template <Index Which, typename Object> struct Front<Which, void(VKAPI_PTR*)(Object, const VkAllocationCallbacks*)> {
    using Function = void(VKAPI_PTR*)(Object, const VkAllocationCallbacks*);
    static inline std::atomic<Function> behind{nullptr};

    static VKAPI_ATTR void VKAPI_CALL call(Object object, const VkAllocationCallbacks* callbacks) {
        live -= object != VK_NULL_HANDLE ? 1 : 0;
        behind.load()(object, callbacks);
    }
    static PFN_vkVoidFunction put(const char*, PFN_vkVoidFunction real) {
        behind = reinterpret_cast<Function>(real);
        return reinterpret_cast<PFN_vkVoidFunction>(call);
    }
};

PFN_vkVoidFunction putInFront(const char* name, PFN_vkVoidFunction real) {
    if (real == nullptr || isMissing(name))
        return nullptr;
#define HALYARD_FRONT(each)                                                                                            \
    if (std::strcmp(name, #each) == 0)                                                                                 \
        return Front<of_##each, PFN_##each>::put(#each, real);
    HALYARD_VULKAN_INSTANCE_SYMBOLS(HALYARD_FRONT)
    HALYARD_VULKAN_DEVICE_SYMBOLS(HALYARD_FRONT)
    HALYARD_VULKAN_OPTIONAL_DEVICE_SYMBOLS(HALYARD_FRONT)
    HALYARD_FRONT(vkCreateInstance)
#undef HALYARD_FRONT
    return real;
}

PFN_vkGetDeviceProcAddr realDeviceProcAddr = nullptr;

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL deviceProcAddr(VkDevice device, const char* name) {
    return putInFront(name, realDeviceProcAddr(device, name));
}

} // namespace

extern "C" __attribute__((visibility("default"))) void faultyVulkanOrder(const char* text) {
    const std::scoped_lock lock(mutex);
    readEnvironmentOnce();
    readOrders(text);
}

// How many objects, memory included, are made and not destroyed.
extern "C" __attribute__((visibility("default"))) int64_t faultyVulkanLive() {
    return live.load();
}

// How often a function was called since the last order.
extern "C" __attribute__((visibility("default"))) uint64_t faultyVulkanCalls(const char* name) {
    const std::scoped_lock lock(mutex);
    return calls[name];
}

extern "C" __attribute__((visibility("default"))) PFN_vkVoidFunction VKAPI_CALL
faultyGetInstanceProcAddr(VkInstance instance, const char* name) __asm__("vkGetInstanceProcAddr");

PFN_vkVoidFunction VKAPI_CALL faultyGetInstanceProcAddr(VkInstance instance, const char* name) {
    static const auto real = [] {
        void* const library = dlopen(HALYARD_REAL_VULKAN, RTLD_NOW | RTLD_LOCAL);
        return library != nullptr ? reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"))
                                  : nullptr;
    }();
    if (real == nullptr)
        return nullptr;
    const PFN_vkVoidFunction found = real(instance, name);
    if (std::strcmp(name, "vkGetDeviceProcAddr") == 0 && found != nullptr && !isMissing(name)) {
        realDeviceProcAddr = reinterpret_cast<PFN_vkGetDeviceProcAddr>(found);
        return reinterpret_cast<PFN_vkVoidFunction>(deviceProcAddr);
    }
    return putInFront(name, found);
}
