// Each key of HALYARD_SOFTWARE_CUDA. A driver reads it once, so each setting is a process: a child of this one, which
// never opens the driver itself.
#include "symbols.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace halyard::cuda {
namespace {

#define EXPECT_CU(expected, call) EXPECT_EQ(static_cast<int>(expected), static_cast<int>(call))
#define ASSERT_CU(call) ASSERT_EQ(0, static_cast<int>(call))

constexpr const char* kText = ".version 8.0\n.entry store .entry wait .entry append";

// The driver of the child, with a context of device 0 when it gets so far.
struct Driver {
    void* library = dlopen(SOFTCUDA_STUB, RTLD_NOW | RTLD_LOCAL);
    Symbols cu;
    CUcontext context = nullptr;
    CUstream stream = nullptr;
    CUmodule module = nullptr;
    CUdeviceptr memory = 0;

    Driver() {
#define HALYARD_TEST_RESOLVE(presence, version, result, name, parameters)                                              \
    cu.name = reinterpret_cast<decltype(cu.name)>(dlsym(library, #name));
        HALYARD_CUDA_SYMBOLS(HALYARD_TEST_RESOLVE)
#undef HALYARD_TEST_RESOLVE
    }
    void start() {
        ASSERT_CU(cu.cuInit(0));
        ASSERT_CU(cu.cuDevicePrimaryCtxRetain(&context, 0));
        ASSERT_CU(cu.cuCtxSetCurrent(context));
        ASSERT_CU(cu.cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0));
        ASSERT_CU(cu.cuModuleLoadDataEx(&module, kText, 0, nullptr, nullptr));
        ASSERT_CU(cu.cuMemAlloc_v2(&memory, 4096));
    }
    CUresult launch(const char* kernel, CUdeviceptr address, uint32_t value) {
        CUfunction function = nullptr;
        const CUresult found = cu.cuModuleGetFunction(&function, module, kernel);
        void* parameters[] = {&address, &value};
        return found != CUDA_SUCCESS ? found
                                     : cu.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, parameters, nullptr);
    }
};

// Runs `body` in a child with these settings; what fails there is printed there and fails here.
void with(const std::string& settings, const std::function<void(Driver&)>& body) {
    SCOPED_TRACE(settings);
    std::fflush(nullptr);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(60); // a hang is a failure
        setenv("HALYARD_SOFTWARE_CUDA", settings.c_str(), 1);
        Driver driver;
        if (driver.library == nullptr)
            _exit(3);
        body(driver);
        std::fflush(nullptr);
        _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(child, waitpid(child, &status, 0));
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

std::string scratch(const char* name) {
    return testing::TempDir() + "halyard_knobs_" + std::to_string(getpid()) + "_" + name;
}

std::string contents(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(Knobs, WhatIsNotUnderstoodStopsTheDriverAloud) {
    const std::string words = scratch("stderr");
    for (const char* bad : {"sn=70",
                            "sm",
                            "sm=",
                            "sm=x",
                            "sm=91",
                            "sm=9",
                            "sm=90 ",
                            "sm=80,sm=90",
                            "driver=1",
                            "driver=12085",
                            "driver=-12080",
                            "memory=0",
                            "memory=1000",
                            "memory=2G",
                            "memory=99999999999999999999",
                            "devices=9",
                            "devices=-1",
                            "missing=",
                            "missing=cuMemAlloc",
                            "missing=cuMemAlloc_v2:cuFoo",
                            "missing=:",
                            "fail=cuInit",
                            "fail=cuInit@",
                            "fail=cuInit@1",
                            "fail=cuInit@x:2",
                            "fail=cuInit@1:0",
                            "fail=cuInit@1:77",
                            "fail=cuFoo@1:2",
                            "fail=@1:2",
                            "hang=",
                            "timeout=0",
                            "timeout=1s",
                            "slow=0",
                            "slow=60001",
                            "lost=0",
                            "lost=",
                            "lost=1:77",
                            "lost=1:",
                            "pageable=sync",
                            "pageable",
                            "log=",
                            "log=/nowhere/at/all",
                            "=",
                            "sm=90;driver=12080"}) {
        with(bad, [&](Driver& driver) {
            ASSERT_NE(nullptr, std::freopen(words.c_str(), "w", stderr));
            EXPECT_CU(CUDA_ERROR_INVALID_VALUE, driver.cu.cuInit(0));
            int count = 0;
            EXPECT_CU(CUDA_ERROR_NOT_INITIALIZED, driver.cu.cuDeviceGetCount(&count));
            std::fflush(stderr);
            const std::string said = contents(words);
            EXPECT_NE(std::string::npos, said.find("HALYARD_SOFTWARE_CUDA: \"")) << said;
        });
    }
    std::remove(words.c_str());
}

TEST(Knobs, NothingSetIsAnSm90OfCuda128) {
    with("", [](Driver& driver) {
        driver.start();
        int version = 0, major = 0, minor = 0, count = 0;
        size_t bytes = 0;
        EXPECT_CU(0, driver.cu.cuDriverGetVersion(&version));
        EXPECT_CU(0, driver.cu.cuDeviceGetCount(&count));
        EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0));
        EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0));
        EXPECT_CU(0, driver.cu.cuDeviceTotalMem_v2(&bytes, 0));
        EXPECT_EQ(12080, version);
        EXPECT_EQ(1, count);
        EXPECT_EQ(90, major * 10 + minor);
        EXPECT_EQ(size_t{2} << 30, bytes);
    });
}

TEST(Knobs, SmAndItsClusters) {
    for (const auto& [sm, clusters] : {std::pair{75, 0}, {80, 0}, {90, 1}, {100, 1}})
        with("sm=" + std::to_string(sm), [sm = sm, clusters = clusters](Driver& driver) {
            driver.start();
            int major = 0, minor = 0, can = -1;
            EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0));
            EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0));
            EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&can, CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, 0));
            EXPECT_EQ(sm, major * 10 + minor);
            EXPECT_EQ(clusters, can);
            CUfunction function = nullptr;
            ASSERT_CU(driver.cu.cuModuleGetFunction(&function, driver.module, "store"));
            CUlaunchAttribute attribute{};
            attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
            attribute.value.clusterDim = {2, 1, 1};
            CUlaunchConfig config{2, 1, 1, 1, 1, 1, 0, driver.stream, &attribute, 1};
            uint32_t value = 1;
            void* parameters[] = {&driver.memory, &value};
            EXPECT_CU(clusters ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED,
                      driver.cu.cuLaunchKernelEx(&config, function, parameters, nullptr));
        });
}

TEST(Knobs, DriverHidesYoungerFunctions) {
    for (int version : {11000, 11060, 12000, 12080, 13000})
        with("driver=" + std::to_string(version), [version](Driver& driver) {
#define HALYARD_TEST_PRESENT(presence, since, result, name, parameters)                                                \
    EXPECT_EQ((since) <= version, driver.cu.name != nullptr) << #name;
            HALYARD_CUDA_SYMBOLS(HALYARD_TEST_PRESENT)
#undef HALYARD_TEST_PRESENT
            driver.start();
            CUmodule module = nullptr;
            EXPECT_CU(CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                      driver.cu.cuModuleLoadDataEx(&module, ".version 9.9", 0, nullptr, nullptr));
        });
}

TEST(Knobs, MemoryIsWhatCanBeAllocated) {
    with("memory=1048576", [](Driver& driver) {
        driver.start();
        size_t free = 0, total = 0;
        CUdeviceptr more = 0;
        EXPECT_CU(0, driver.cu.cuMemGetInfo_v2(&free, &total));
        EXPECT_EQ(1048576u, total);
        EXPECT_EQ(1048576u - 4096, free);
        EXPECT_CU(CUDA_ERROR_OUT_OF_MEMORY, driver.cu.cuMemAlloc_v2(&more, free + 1));
        EXPECT_CU(CUDA_SUCCESS, driver.cu.cuMemAlloc_v2(&more, free));
        EXPECT_CU(CUDA_ERROR_OUT_OF_MEMORY, driver.cu.cuMemAlloc_v2(&more, 1));
    });
}

TEST(Knobs, DevicesAreAsManyAsSaid) {
    with("devices=0", [](Driver& driver) { EXPECT_CU(CUDA_ERROR_NO_DEVICE, driver.cu.cuInit(0)); });
    with("devices=2", [](Driver& driver) {
        driver.start();
        int count = 0, bus[2] = {};
        CUcontext second = nullptr;
        EXPECT_CU(0, driver.cu.cuDeviceGetCount(&count));
        EXPECT_EQ(2, count);
        for (int i = 0; i < 2; ++i)
            EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&bus[i], CU_DEVICE_ATTRIBUTE_PCI_BUS_ID, i));
        EXPECT_NE(bus[0], bus[1]);
        EXPECT_CU(0, driver.cu.cuDevicePrimaryCtxRetain(&second, 1));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, driver.cu.cuDevicePrimaryCtxRetain(&second, 2));
    });
}

TEST(Knobs, MissingFunctionsAreNotFound) {
    with("missing=cuGraphLaunch:cuMemAdvise,missing=cuMemCreate", [](Driver& driver) {
        driver.start();
        EXPECT_EQ(nullptr, driver.cu.cuGraphLaunch);
        EXPECT_EQ(nullptr, driver.cu.cuMemAdvise);
        EXPECT_EQ(nullptr, driver.cu.cuMemCreate);
        EXPECT_NE(nullptr, driver.cu.cuGraphUpload);
        auto find = reinterpret_cast<CUresult (*)(const char*, void**, int, unsigned long long, unsigned*)>(
            dlsym(driver.library, "cuGetProcAddress_v2"));
        ASSERT_NE(nullptr, find);
        void* found = nullptr;
        EXPECT_CU(CUDA_ERROR_NOT_FOUND, find("cuMemCreate", &found, 12080, 0, nullptr));
        EXPECT_EQ(nullptr, found);
        EXPECT_CU(CUDA_SUCCESS, find("cuMemAlloc", &found, 12080, 0, nullptr));
        EXPECT_EQ(reinterpret_cast<void*>(driver.cu.cuMemAlloc_v2), found);
    });
}

TEST(Knobs, FailTakesTheCallThatIsMeant) {
    with("fail=cuMemAlloc_v2@3:2,fail=cuStreamQuery@0:999,fail=cuMemAlloc_v2@4:1,fail=cuGetErrorName@2:500",
         [](Driver& driver) {
             driver.start(); // the first allocation
             CUdeviceptr ptr = 0;
             EXPECT_CU(CUDA_SUCCESS, driver.cu.cuMemAlloc_v2(&ptr, 16));
             EXPECT_CU(CUDA_ERROR_OUT_OF_MEMORY, driver.cu.cuMemAlloc_v2(&ptr, 16));
             EXPECT_CU(CUDA_ERROR_INVALID_VALUE, driver.cu.cuMemAlloc_v2(&ptr, 16));
             EXPECT_CU(CUDA_SUCCESS, driver.cu.cuMemAlloc_v2(&ptr, 16));
             for (int i = 0; i < 3; ++i)
                 EXPECT_CU(CUDA_ERROR_UNKNOWN, driver.cu.cuStreamQuery(driver.stream));
             const char* words = nullptr;
             EXPECT_CU(CUDA_SUCCESS, driver.cu.cuGetErrorName(CUDA_SUCCESS, &words));
             EXPECT_CU(CUDA_ERROR_NOT_FOUND, driver.cu.cuGetErrorName(CUDA_SUCCESS, &words));
         });
}

TEST(Knobs, AHungKernelRunsUntilItsContextGoes) {
    with("hang=store", [](Driver& driver) {
        driver.start();
        ASSERT_CU(driver.launch("append", driver.memory, 1));
        ASSERT_CU(driver.cu.cuStreamSynchronize(driver.stream));
        ASSERT_CU(driver.launch("store", driver.memory, 1));
        EXPECT_CU(CUDA_ERROR_NOT_READY, driver.cu.cuStreamQuery(driver.stream));
        EXPECT_CU(CUDA_SUCCESS, driver.cu.cuDevicePrimaryCtxRelease_v2(0));
    });
}

TEST(Knobs, TimeoutStopsAKernelAndTheContext) {
    with("hang=store,timeout=30", [](Driver& driver) {
        driver.start();
        int limited = 0;
        EXPECT_CU(0, driver.cu.cuDeviceGetAttribute(&limited, CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT, 0));
        EXPECT_EQ(1, limited);
        ASSERT_CU(driver.launch("store", driver.memory, 1));
        EXPECT_CU(CUDA_ERROR_LAUNCH_TIMEOUT, driver.cu.cuStreamSynchronize(driver.stream));
        EXPECT_CU(CUDA_ERROR_LAUNCH_TIMEOUT, driver.launch("append", driver.memory, 1));
    });
}

TEST(Knobs, ALostDeviceAnswersNothingElse) {
    for (const auto& [settings, code] :
         {std::pair{"lost=2", CUDA_ERROR_DEVICE_UNAVAILABLE}, {"lost=2:214", CUDA_ERROR_ECC_UNCORRECTABLE}})
        with(settings, [code = code](Driver& driver) {
            driver.start();
            int version = 0;
            ASSERT_CU(driver.launch("store", driver.memory, 1));
            ASSERT_CU(driver.cu.cuStreamSynchronize(driver.stream));
            EXPECT_CU(code, driver.launch("store", driver.memory, 1));
            EXPECT_CU(code, driver.cu.cuStreamSynchronize(driver.stream));
            EXPECT_CU(code, driver.cu.cuDriverGetVersion(&version));
            EXPECT_CU(code, driver.cu.cuCtxGetCurrent(&driver.context));
        });
}

TEST(Knobs, SlowDelaysEachCommand) {
    with("slow=40", [](Driver& driver) {
        driver.start();
        const auto begin = std::chrono::steady_clock::now();
        ASSERT_CU(driver.launch("store", driver.memory, 1));
        ASSERT_CU(driver.launch("store", driver.memory, 2));
        ASSERT_CU(driver.cu.cuStreamSynchronize(driver.stream));
        EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(80));
    });
}

// A copy to pageable memory behind a kernel that waits: the real driver's returns when it is done, this one's at once.
TEST(Knobs, PageableCopiesReturnAtOnceOnlyWhenAsked) {
    const auto copies = [](Driver& driver, bool atOnce) {
        driver.start();
        void* pinned = nullptr;
        ASSERT_CU(driver.cu.cuMemHostAlloc(&pinned, 4, 0));
        std::atomic_ref<uint32_t> gate(*static_cast<uint32_t*>(pinned));
        gate = 0;
        ASSERT_CU(driver.launch("wait", reinterpret_cast<CUdeviceptr>(pinned), 1));
        std::vector<char> pageable(4096);
        if (atOnce) {
            EXPECT_CU(0, driver.cu.cuMemcpyDtoHAsync_v2(pageable.data(), driver.memory, 4096, driver.stream));
            EXPECT_CU(CUDA_ERROR_NOT_READY, driver.cu.cuStreamQuery(driver.stream));
            gate = 1;
        } else {
            std::thread opener([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(30));
                gate = 1;
            });
            EXPECT_CU(0, driver.cu.cuMemcpyDtoHAsync_v2(pageable.data(), driver.memory, 4096, driver.stream));
            EXPECT_EQ(1u, gate.load());
            opener.join();
        }
        EXPECT_CU(0, driver.cu.cuStreamSynchronize(driver.stream));
    };
    with("pageable=async", [&](Driver& driver) { copies(driver, true); });
    with("", [&](Driver& driver) { copies(driver, false); });
}

TEST(Knobs, LogHasTheWordsOfFaultsAndRefusals) {
    const std::string path = scratch("log");
    with("log=" + path, [&](Driver& driver) {
        driver.start();
        CUdeviceptr ptr = 0;
        CUmodule module = nullptr;
        EXPECT_CU(CUDA_ERROR_INVALID_VALUE, driver.cu.cuMemAlloc_v2(&ptr, 0));
        EXPECT_CU(CUDA_ERROR_INVALID_PTX, driver.cu.cuModuleLoadDataEx(&module, "what is this", 0, nullptr, nullptr));
        ASSERT_CU(driver.launch("store", 64, 1));
        EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, driver.cu.cuStreamSynchronize(driver.stream));
        const std::string said = contents(path);
        for (const char* words :
             {"cuMemAlloc_v2: CUDA_ERROR_INVALID_VALUE", "module refused: line 1", "kernel store: "})
            EXPECT_NE(std::string::npos, said.find(words)) << words << " is not in: " << said;
    });
    std::remove(path.c_str());
}

} // namespace
} // namespace halyard::cuda
