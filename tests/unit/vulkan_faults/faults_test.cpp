// A driver whose functions fail or are missing, one after the other (tests/drivers/vulkan): a clear error each, nothing
// left behind, and a process in which the next try works.
#include "symbols.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <set>

#include "halyard/halyard.hpp"

#include "triple_cl.spv.h"

namespace {

using namespace halyard;

template <typename Function> Function* ofLoader(const char* name) {
    static void* const library = dlopen("libvulkan.so.1", RTLD_NOW);
    auto* const found = reinterpret_cast<Function*>(dlsym(library, name));
    EXPECT_NE(found, nullptr) << "LD_LIBRARY_PATH must lead to the faulty loader";
    return found;
}

void order(const std::string& text) {
    ofLoader<void(const char*)>("faultyVulkanOrder")(text.c_str());
}
uint64_t callsOf(const char* name) {
    return ofLoader<uint64_t(const char*)>("faultyVulkanCalls")(name);
}
int64_t live() {
    return ofLoader<int64_t()>("faultyVulkanLive")();
}

struct Outcome {
    HyResult result = HY_SUCCESS;
    std::string message;
    HyResult again = HY_SUCCESS; // of the stream, asked once more
    int64_t left = 0;            // objects of the driver that nobody destroyed
};

constexpr uint32_t kCount = 1000;

// Memory, a fill, a kernel, a graph with that kernel, an event that keeps times and a copy to the host: 14 * 3 * 3.
void work(Device device, Outcome& out) {
    const Module module(device, triple_cl_spv, triple_cl_spv_size);
    const Kernel kernel(module, "triple");
    Buffer<uint32_t> values(device, kCount);
    std::vector<uint32_t> found(kCount);
    const Stream stream(device);
    try {
        Event begin(device, true);
        values.fill(stream, 14);
        begin.record(stream);
        kernel.launch(stream, {16, 1, 1}, {64, 1, 1}, values, kCount);
        Graph graph(device);
        graph.addKernel({}, "triple", kernel, {16, 1, 1}, {64, 1, 1}, values, kCount);
        const GraphExec exec(graph);
        exec.launch(stream);
        values.download(stream, found.data(), kCount);
        stream.synchronize();
    } catch (...) {
        out.again = hyStreamSynchronize(stream.get(), 5'000'000'000);
        throw;
    }
    if (found != std::vector<uint32_t>(kCount, 14 * 3 * 3))
        throw Error(HY_ERROR_INTERNAL, "", "", "wrong values, and no error", "");
}

void tryIt(Outcome& out) {
    try {
        const Instance instance;
        const std::vector<HyBackendInfo> backends = instance.backends();
        if (instance.deviceCount() == 0) {
            out.result = HY_ERROR_NOT_FOUND;
            out.message = backends.empty() ? "" : backends[0].reason;
            return;
        }
        work(instance.device(0U), out);
    } catch (const Error& error) {
        out.result = error.code;
        out.message = error.message;
    }
}

Outcome tryIt() {
    Outcome out;
    const int64_t before = live();
    tryIt(out);
    out.left = live() - before;
    return out;
}

void expectAllIsWell(const std::string& after) {
    order("");
    const Outcome outcome = tryIt();
    EXPECT_EQ(outcome.result, HY_SUCCESS) << "after " << after << ": " << outcome.message;
    EXPECT_EQ(outcome.left, 0) << "after " << after;
}

const std::vector<const char*>& names() {
    static const std::vector<const char*> all = {
#define HALYARD_NAME(name) #name,
        HALYARD_VULKAN_INSTANCE_SYMBOLS(HALYARD_NAME) HALYARD_VULKAN_DEVICE_SYMBOLS(HALYARD_NAME)
#undef HALYARD_NAME
            "vkCreateInstance"};
    return all;
}

// How often the whole program calls each function that can fail.
std::vector<std::pair<const char*, uint64_t>> calls() {
    order("");
    const Outcome outcome = tryIt();
    EXPECT_EQ(outcome.result, HY_SUCCESS) << outcome.message;
    std::vector<std::pair<const char*, uint64_t>> all;
    for (const char* name : names())
        if (const uint64_t count = callsOf(name); count != 0)
            all.emplace_back(name, count);
    return all;
}

struct Kind {
    int code;
    HyResult result;
    const char* native;
};

// The waiting thread's function is called as often as it takes.
constexpr uint64_t kMostCalls = 4;

class Failing : public testing::TestWithParam<Kind> {};

TEST_P(Failing, EachCallIsToldOrDoesNotMatter) {
    const Kind kind = GetParam();
    std::set<std::string> told;
    for (const auto& [name, count] : calls()) {
        for (uint64_t call = 1; call <= std::min(count, kMostCalls); ++call) {
            const std::string what = std::string(name) + "@" + std::to_string(call) + ":" + std::to_string(kind.code);
            std::fprintf(stderr, "%s\n", what.c_str()); // what it was, if the process dies
            order(what);
            const Outcome outcome = tryIt();
            if (outcome.result != HY_SUCCESS) {
                told.insert(name);
                // Before there is a device, the reason is words.
                if (outcome.result != HY_ERROR_NOT_FOUND) {
                    EXPECT_EQ(outcome.result, kind.result) << what << ": " << outcome.message;
                }
                EXPECT_NE(outcome.message.find(kind.native), std::string::npos) << what << ": " << outcome.message;
            }
            EXPECT_EQ(outcome.left, 0) << what << ": " << outcome.message;
        }
    }
    for (const char* name : {"vkCreateInstance", "vkEnumeratePhysicalDevices", "vkCreateDevice", "vkCreateCommandPool",
                             "vkAllocateCommandBuffers", "vkBeginCommandBuffer", "vkEndCommandBuffer",
                             "vkCreatePipelineLayout", "vkCreateComputePipelines", "vkCreateShaderModule",
                             "vkCreateQueryPool", "vkCreateSemaphore", "vkQueueSubmit2", "vkResetCommandPool"})
        EXPECT_TRUE(told.contains(name)) << name;
    expectAllIsWell("all failures");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Failing,
    testing::Values(Kind{VK_ERROR_OUT_OF_HOST_MEMORY, HY_ERROR_OUT_OF_HOST_MEMORY, "VK_ERROR_OUT_OF_HOST_MEMORY"},
                    Kind{VK_ERROR_OUT_OF_DEVICE_MEMORY, HY_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY"},
                    Kind{VK_ERROR_UNKNOWN, HY_ERROR_NATIVE, "VK_ERROR_UNKNOWN"}),
    [](const auto& info) { return std::string(info.param.native); });

// Where a large buffer is not to be had, the backend asks once more for a small one.
TEST(OutOfDeviceMemory, ForGoodIsTold) {
    order("");
    EXPECT_EQ(tryIt().result, HY_SUCCESS);
    const uint64_t count = callsOf("vkAllocateMemory");
    ASSERT_GE(count, 2U);
    for (const char* name : {"vkAllocateMemory", "vkCreateBuffer", "vkBindBufferMemory", "vkMapMemory"}) {
        for (uint64_t call = 1; call <= count; ++call) {
            const std::string what = std::string(name) + "@" + std::to_string(call) + "+:-2";
            order(what);
            const Outcome outcome = tryIt();
            EXPECT_EQ(outcome.result, HY_ERROR_OUT_OF_DEVICE_MEMORY) << what << ": " << outcome.message;
            EXPECT_NE(outcome.message.find(name), std::string::npos) << what << ": " << outcome.message;
            EXPECT_EQ(outcome.left, 0) << what;
        }
        order(std::string(name) + "@1:-2");
        EXPECT_EQ(tryIt().result, HY_SUCCESS) << name;
    }
}

TEST(LostDevice, IsToldAndStays) {
    for (const char* what : {"vkQueueSubmit2@1+:-4", "vkQueueSubmit2@2+:-4", "vkQueueSubmit2@3+:-4",
                             "vkWaitSemaphores@1+:-4", "vkGetSemaphoreCounterValue@1+:-4"}) {
        order(what);
        const Outcome outcome = tryIt();
        if (std::string(what) == "vkQueueSubmit2@3+:-4" && callsOf("vkQueueSubmit2") < 3)
            continue; // all of it went in two batches this time
        EXPECT_EQ(outcome.result, HY_ERROR_DEVICE_LOST) << what << ": " << outcome.message;
        EXPECT_EQ(outcome.again, HY_ERROR_DEVICE_LOST) << what;
        EXPECT_NE(outcome.message.find("VK_ERROR_DEVICE_LOST"), std::string::npos) << outcome.message;
        EXPECT_EQ(outcome.left, 0) << what;
        expectAllIsWell(what);
    }
}

TEST(MissingDeviceFunction, IsNamed) {
    for (const char* name : {
#define HALYARD_NAME(name) #name,
             HALYARD_VULKAN_DEVICE_SYMBOLS(HALYARD_NAME)
#undef HALYARD_NAME
         }) {
        order(std::string(name) + "@missing");
        const Outcome outcome = tryIt();
        EXPECT_EQ(outcome.result, HY_ERROR_UNSUPPORTED) << name << ": " << outcome.message;
        EXPECT_NE(outcome.message.find(name), std::string::npos) << outcome.message;
        if (std::string(name) != "vkDestroyDevice") {
            EXPECT_EQ(outcome.left, 0) << name;
        }
    }
}

TEST(MissingDeviceFunction, OfAnExtensionIsDoneWithout) {
    for (const char* name :
         {"vkGetCalibratedTimestampsEXT", "vkGetMemoryFdKHR", "vkGetMemoryHostPointerPropertiesEXT"}) {
        order(std::string(name) + "@missing");
        EXPECT_EQ(tryIt().result, HY_SUCCESS) << name;
    }
    const Instance instance; // vkGetMemoryHostPointerPropertiesEXT is missing
    alignas(4096) static std::array<char, 4096> page;
    HyDevicePtr ptr = 0;
    EXPECT_EQ(hyHostRegister(instance.device(0U).get(), page.data(), page.size(), &ptr), HY_ERROR_UNSUPPORTED);
    order("vkGetMemoryFdKHR@missing");
    const Instance other;
    ASSERT_EQ(hyMemAllocShareable(other.device(0U).get(), 4096, &ptr), HY_SUCCESS);
    HyIpcHandle handle{};
    EXPECT_EQ(hyMemGetIpcHandle(other.device(0U).get(), ptr, &handle), HY_ERROR_UNSUPPORTED);
    order("");
}

// The loader's own are looked up once a process.
TEST(MissingInstanceFunction, IsNamedByHalyardInfo) {
    const auto why = [](const std::string& missing) {
        setenv("HALYARD_FAULTY_VULKAN", (missing + "@missing").c_str(), 1);
        std::string text;
        std::FILE* const pipe = popen(HALYARD_INFO " --why 2>&1", "r");
        std::array<char, 4096> part{};
        for (size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) != 0;)
            text.append(part.data(), got);
        const int status = pclose(pipe);
        unsetenv("HALYARD_FAULTY_VULKAN");
        EXPECT_TRUE(WIFEXITED(status)) << missing << ": " << text;
        return text;
    };
    for (const char* name : {
#define HALYARD_NAME(name) #name,
             HALYARD_VULKAN_INSTANCE_SYMBOLS(HALYARD_NAME)
#undef HALYARD_NAME
                 "vkGetDeviceProcAddr"}) {
        const std::string text = why(name);
        EXPECT_NE(text.find(std::string("the Vulkan loader lacks ") + name), std::string::npos) << text;
    }
    EXPECT_NE(why("vkCreateInstance").find("libvulkan.so.1 cannot be opened"), std::string::npos);
    EXPECT_NE(why("vkGetPhysicalDeviceCalibrateableTimeDomainsEXT").find("llvmpipe"), std::string::npos);
}

} // namespace
