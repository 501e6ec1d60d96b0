// dlclose of the library while it is at work: it stays, because threads and the application's handles still need it.
// This program does not link it.
#include "halyard/halyard.h"

#include "grid_cl.spv.h"

#include <gtest/gtest.h>

#include <dlfcn.h>
#include <thread>
#include <vector>

namespace {

#define LOADED(name) reinterpret_cast<decltype(&::name)>(reinterpret_cast<void*>(get(#name)))

TEST(Unload, IsHarmless) {
    ASSERT_EQ(dlopen(HALYARD_LIBRARY, RTLD_NOW | RTLD_NOLOAD), nullptr) << "the program must not link the library";
    void* library = dlopen(HALYARD_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    const auto get = reinterpret_cast<decltype(&hyGetProcAddress)>(dlsym(library, "hyGetProcAddress"));
    ASSERT_NE(get, nullptr);
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HyModule module = nullptr;
    HyKernel kernel = nullptr;
    HyDevicePtr data = 0;
    ASSERT_EQ(LOADED(hyInstanceCreate)(nullptr, &instance), HY_SUCCESS);
    ASSERT_EQ(LOADED(hyDeviceFind)(instance, "cpu", &device), HY_SUCCESS);
    ASSERT_EQ(LOADED(hyStreamCreate)(device, nullptr, &stream), HY_SUCCESS);
    HyModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.data = grid_cl_spv;
    desc.dataBytes = grid_cl_spv_size;
    ASSERT_EQ(LOADED(hyModuleLoad)(device, &desc, &module), HY_SUCCESS);
    ASSERT_EQ(LOADED(hyKernelCreate)(module, "add_one", &kernel), HY_SUCCESS);
    ASSERT_EQ(LOADED(hyMemAlloc)(device, 4096 * sizeof(int), &data), HY_SUCCESS);
    const int zero = 0;
    ASSERT_EQ(LOADED(hyMemFillAsync)(stream, data, &zero, 4, 4096), HY_SUCCESS);
    const void* args[] = {&data};
    const auto launch = LOADED(hyLaunchKernel);
    for (int i = 0; i < 200; ++i)
        ASSERT_EQ(launch(stream, kernel, {64, 1, 1}, {64, 1, 1}, 0, args, 1), HY_SUCCESS);
    // The thread keeps an error record of the library when it ends.
    std::thread([&] {
        EXPECT_EQ(launch(nullptr, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 1), HY_ERROR_INVALID_HANDLE);
    }).join();
    const auto copy = LOADED(hyMemcpyAsync);
    const auto synchronize = LOADED(hyStreamSynchronize);
    const auto destroy = LOADED(hyInstanceDestroy);
    EXPECT_EQ(dlclose(library), 0);

    std::vector<int> host(4096);
    EXPECT_EQ(copy(stream, hyHostAddress(host.data()), data, host.size() * sizeof(int)), HY_SUCCESS);
    EXPECT_EQ(synchronize(stream, 30'000'000'000), HY_SUCCESS);
    EXPECT_EQ(host, std::vector<int>(4096, 200));
    EXPECT_EQ(destroy(instance), HY_SUCCESS);
    EXPECT_NE(dlopen(HALYARD_LIBRARY, RTLD_NOW | RTLD_NOLOAD), nullptr);
}

} // namespace
