// Modules, kernels, reflection and launches.
#include "fixture.h"

#include "basic_cl.spv.h"
#include "basic_comp.spv.h"

#include <cstring>
#include <limits>
#include <numeric>
#include <thread>

using namespace halyard::conformance;

class Kernels : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        module = loadModule(basic_cl_spv, basic_cl_spv_size);
    }
    HyModuleDesc describe(const void* data, uint64_t bytes) {
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = data;
        desc.dataBytes = bytes;
        return desc;
    }
    HyResult launch(HyKernel kernel, HyDim3 groups, HyDim3 size, std::initializer_list<const void*> args) {
        return hyLaunchKernel(stream, kernel, groups, size, 0, args.begin(), static_cast<uint32_t>(args.size()));
    }
    HyModule module = nullptr;
};

TEST_F(Kernels, ListsKernels) {
    uint32_t count = 0;
    ASSERT_OK(hyModuleGetKernelCount(module, &count));
    EXPECT_EQ(count, 10u);
    bool found = false;
    const char* name = nullptr;
    for (uint32_t i = 0; i < count; ++i) {
        ASSERT_OK(hyModuleGetKernelName(module, i, &name));
        found = found || std::strcmp(name, "add_value") == 0;
    }
    EXPECT_TRUE(found);
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "index", hyModuleGetKernelName, module, count, &name);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outName", hyModuleGetKernelName, module, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyModuleGetKernelName, nullptr, 0, &name);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCount", hyModuleGetKernelCount, module, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyModuleGetKernelCount, wrongType<HyModule>(device), &count);
}

TEST_F(Kernels, LoadRefusesBadArguments) {
    HyModule out = nullptr;
    HyModuleDesc desc = describe(basic_cl_spv, basic_cl_spv_size);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "desc", hyModuleLoad, device, nullptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outModule", hyModuleLoad, device, &desc, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyModuleLoad, nullptr, &desc, &out);
    desc.flags = 0x100;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyModuleLoad, device, &desc, &out);
    desc = describe(nullptr, 100);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "data", hyModuleLoad, device, &desc, &out);
    desc = describe(basic_cl_spv, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dataBytes", hyModuleLoad, device, &desc, &out);
    desc = describe(basic_cl_spv, basic_cl_spv_size);
    desc.format = 77;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "format", hyModuleLoad, device, &desc, &out);
    desc.format = 0;
    desc.specConstantCount = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "specConstants", hyModuleLoad, device, &desc, &out);
    const HySpecConstant unknown = {99, 4, 0};
    desc.specConstants = &unknown;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "specConstants", hyModuleLoad, device, &desc, &out);
    EXPECT_EQ(out, nullptr);
}

TEST_F(Kernels, LoadRefusesWhatIsNoModule) {
    HyModule out = nullptr;
    const char text[] = "kernel void f() {} // source, not SPIR-V";
    HyModuleDesc desc = describe(text, sizeof text);
    EXPECT_FAILS(HY_ERROR_INVALID_MODULE, "data", hyModuleLoad, device, &desc, &out);
    const char ptx[] = "//\n.version 8.0\n.target sm_90\n";
    desc = describe(ptx, sizeof ptx);
    if (!claims(HY_CAP_MODULE_PTX)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "format", hyModuleLoad, device, &desc, &out);
    }
    const std::vector<uint32_t> onlyMagic = {0x07230203};
    desc = describe(onlyMagic.data(), 4);
    EXPECT_FAILS(HY_ERROR_INVALID_MODULE, "data", hyModuleLoad, device, &desc, &out);
}

TEST_F(Kernels, LoadSurvivesEveryTruncation) {
    for (size_t bytes = 4; bytes < basic_cl_spv_size; bytes += 4 * 13 + 1) {
        const HyModuleDesc desc = describe(basic_cl_spv, bytes);
        HyModule out = nullptr;
        EXPECT_EQ(hyModuleLoad(device, &desc, &out), HY_ERROR_INVALID_MODULE) << bytes;
        EXPECT_STRNE(lastError().message, "");
    }
}

TEST_F(Kernels, LoadSurvivesFlippedBits) {
    uint32_t random = 12345; // a fixed seed: the same modules on every run
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
        std::vector<uint32_t> words(basic_cl_spv, basic_cl_spv + basic_cl_spv_size / 4);
        random = random * 1664525 + 1013904223;
        words[(random >> 8) % words.size()] ^= 1u << (random % 32);
        const HyModuleDesc desc = describe(words.data(), words.size() * 4);
        HyModule out = nullptr;
        const HyResult result = hyModuleLoad(device, &desc, &out);
        if (result == HY_SUCCESS) {
            EXPECT_OK(hyModuleDestroy(out));
            continue;
        }
        ++refused;
        EXPECT_TRUE(result == HY_ERROR_INVALID_MODULE || result == HY_ERROR_UNSUPPORTED_SPIRV) << lastError().message;
        EXPECT_STRNE(lastError().message, "");
    }
    EXPECT_GT(refused, 50);
}

TEST_F(Kernels, CreateRefusesBadArguments) {
    HyKernel kernel = nullptr;
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "name", hyKernelCreate, module, "no_such_kernel", &kernel);
    EXPECT_NE(std::string(lastError().message).find("add_value"), std::string::npos)
        << "the message lists what there is";
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "name", hyKernelCreate, module, "", &kernel);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "name", hyKernelCreate, module, nullptr, &kernel);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outKernel", hyKernelCreate, module, "add_value", nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyKernelCreate, nullptr, "add_value", &kernel);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyKernelCreate, wrongType<HyModule>(stream), "add_value", &kernel);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelDestroy, nullptr);
}

TEST_F(Kernels, ReflectsParameters) {
    const HyKernel kernel = makeKernel(module, "pack");
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    EXPECT_STREQ(info.name, "pack");
    ASSERT_EQ(info.parameterCount, 8u);
    const uint32_t bytes[] = {8, 1, 2, 16, 16, 8, 24, 8};
    const uint32_t alignment[] = {8, 1, 2, 16, 16, 8, 8, 8};
    uint32_t end = 0;
    for (uint32_t i = 0; i < info.parameterCount; ++i) {
        HyParameterInfo parameter{};
        parameter.structSize = sizeof parameter;
        ASSERT_OK(hyKernelGetParameter(kernel, i, &parameter));
        EXPECT_EQ(parameter.kind, i == 0 ? HY_PARAMETER_GLOBAL_POINTER : HY_PARAMETER_VALUE) << i;
        EXPECT_EQ(parameter.bytes, bytes[i]) << i;
        EXPECT_EQ(parameter.alignment, alignment[i]) << i;
        EXPECT_GE(parameter.offset, end) << i;
        EXPECT_EQ(parameter.offset % alignment[i], 0u) << i;
        end = parameter.offset + parameter.bytes;
    }
    EXPECT_GE(info.argumentBytes, end);
    HyParameterInfo parameter{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outInfo", hyKernelGetParameter, kernel, 0, &parameter);
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "index", hyKernelGetParameter, kernel, 8, &parameter);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyKernelGetParameter, kernel, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelGetParameter, nullptr, 0, &parameter);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyKernelGetInfo, kernel, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelGetInfo, wrongType<HyKernel>(module), &info);
}

TEST_F(Kernels, SuggestsWorkgroupSizes) {
    const HyKernel any = makeKernel(module, "add_value");
    const HyKernel fixed = makeKernel(module, "fixed_size");
    HyDim3 size{};
    for (const HyDim3 global : {HyDim3{0, 0, 0}, HyDim3{1, 1, 1}, HyDim3{1'000'000, 1, 1}, HyDim3{5, 7, 9},
                                HyDim3{UINT32_MAX, UINT32_MAX, UINT32_MAX}}) {
        ASSERT_OK(hyKernelSuggestWorkgroupSize(any, global, &size));
        EXPECT_GT(size.x * size.y * size.z, 0u);
        EXPECT_LE(uint64_t{size.x} * size.y * size.z, properties.maxWorkgroupInvocations);
    }
    ASSERT_OK(hyKernelSuggestWorkgroupSize(fixed, {1000, 1, 1}, &size));
    EXPECT_EQ(size.x, 64u);
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(fixed, &info));
    EXPECT_EQ(info.requiredWorkgroupSize.x, 64u);
    EXPECT_EQ(info.suggestedWorkgroupSize.x, 64u);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outWorkgroupSize", hyKernelSuggestWorkgroupSize, any, HyDim3{}, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelSuggestWorkgroupSize, nullptr, HyDim3{}, &size);
}

TEST_F(Kernels, RunsWithTails) {
    const HyKernel kernel = makeKernel(module, "add_value");
    for (const uint32_t n : {1u, 63u, 64u, 65u, 1000u, 100'003u}) {
        std::vector<int> in(n);
        std::iota(in.begin(), in.end(), -5);
        const HyDevicePtr src = upload(in);
        const HyDevicePtr dst = upload(std::vector<int>(n + 1, -1));
        const int value = 42;
        ASSERT_OK(launch(kernel, {(n + 63) / 64, 1, 1}, {64, 1, 1}, {&dst, &src, &value, &n}));
        const std::vector<int> out = download<int>(dst, n + 1);
        for (uint32_t i = 0; i < n; ++i)
            ASSERT_EQ(out[i], in[i] + 42) << i;
        EXPECT_EQ(out[n], -1);
    }
}

TEST_F(Kernels, IdsInThreeDimensions) {
    const HyKernel kernel = makeKernel(module, "write_ids");
    for (const HyDim3 size : {HyDim3{4, 2, 3}, HyDim3{1, 1, 1}, HyDim3{7, 1, 5}, HyDim3{16, 8, 1}}) {
        const HyDim3 groups = {3, 4, 2};
        const uint64_t gx = uint64_t{groups.x} * size.x, gy = uint64_t{groups.y} * size.y,
                       gz = uint64_t{groups.z} * size.z;
        const HyDevicePtr ptr = allocate(gx * gy * gz * 8);
        ASSERT_OK(launch(kernel, groups, size, {&ptr}));
        const std::vector<uint64_t> out = download<uint64_t>(ptr, gx * gy * gz);
        for (uint64_t z = 0; z < gz; ++z) {
            for (uint64_t y = 0; y < gy; ++y) {
                for (uint64_t x = 0; x < gx; ++x) {
                    const uint64_t expected = x / size.x + 1000 * (y / size.y) + 1000000 * (z / size.z) +
                                              1000000000ull * (x % size.x) + 10000000000ull * (y % size.y) +
                                              100000000000ull * (z % size.z) + 1000000000000ull * size.x;
                    ASSERT_EQ(out[(z * gy + y) * gx + x], expected);
                }
            }
        }
        EXPECT_OK(hyMemFree(device, ptr));
    }
}

TEST_F(Kernels, PassesArgumentsOfEveryKind) {
    struct Mixed {
        char c;
        double d;
        short s[3];
    } m = {7, 2.5, {1, 2, 3}};
    const HyKernel kernel = makeKernel(module, "pack");
    const HyDevicePtr out = allocate(11 * 8);
    const char a = -3;
    const short b = -300;
    alignas(16) const int c[4] = {10, 20, 30, 0};
    alignas(16) const float d[4] = {0.5f, 1.5f, 2.5f, 3.5f};
    const double e = 1e100;
    const uint64_t f = 1ull << 40;
    const std::vector<double> expected = {-3, -300, 10, 20, 30, 8, 1e100, 7, 2.5, 6, 1099511627776.0};
    ASSERT_OK(launch(kernel, {1, 1, 1}, {1, 1, 1}, {&out, &a, &b, c, d, &e, &m, &f}));
    EXPECT_EQ(download<double>(out, 11), expected);

    // The same through one packed block.
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    std::vector<std::byte> block(info.argumentBytes);
    const void* const values[] = {&out, &a, &b, c, d, &e, &m, &f};
    for (uint32_t i = 0; i < info.parameterCount; ++i) {
        HyParameterInfo parameter{};
        parameter.structSize = sizeof parameter;
        ASSERT_OK(hyKernelGetParameter(kernel, i, &parameter));
        std::memcpy(block.data() + parameter.offset, values[i], parameter.bytes);
    }
    ASSERT_OK(hyMemFillAsync(stream, out, &f, 8, 11));
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.stream = stream;
    desc.kernel = kernel;
    desc.workgroups = {1, 1, 1};
    desc.workgroupSize = {1, 1, 1};
    desc.packedArgs = block.data();
    desc.packedArgBytes = block.size();
    ASSERT_OK(hyLaunchKernelEx(&desc));
    std::fill(block.begin(), block.end(), std::byte{0xff}); // copied before the call returned
    EXPECT_EQ(download<double>(out, 11), expected);
    desc.packedArgBytes -= 1;
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "packedArgBytes", hyLaunchKernelEx, &desc);
    desc.packedArgBytes += 1;
    desc.args = values;
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "packedArgs", hyLaunchKernelEx, &desc);
}

TEST_F(Kernels, BarriersAndLocalMemory) {
    const HyKernel kernel = makeKernel(module, "local_sum");
    constexpr uint32_t kN = 10'007;
    std::vector<int> in(kN);
    std::iota(in.begin(), in.end(), 1);
    const HyDevicePtr src = upload(in);
    for (const uint32_t size : {1u, 2u, 32u, 64u, 256u, 512u}) {
        const uint32_t groups = (kN + size - 1) / size;
        const HyDevicePtr dst = allocate(groups * 4);
        const uint64_t local = size * sizeof(int);
        ASSERT_OK(launch(kernel, {groups, 1, 1}, {size, 1, 1}, {&dst, &src, &local, &kN}));
        const std::vector<int> out = download<int>(dst, groups);
        for (uint32_t g = 0; g < groups; ++g) {
            const auto first = in.begin() + g * size;
            ASSERT_EQ(out[g], std::accumulate(first, in.begin() + std::min(kN, (g + 1) * size), 0)) << "group " << g;
        }
        EXPECT_OK(hyMemFree(device, dst));
    }
}

// Whatever size the device's subgroups have, for workgroups that fill the last one and that do not.
TEST_F(Kernels, SubgroupOperations) {
    const HyKernel kernel = makeKernel(module, "subgroups");
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    const uint32_t lanes = info.subgroupSize;
    ASSERT_GE(lanes, 1u);
    for (const uint32_t size : {64u, 50u, 1u}) {
        constexpr uint32_t kGroups = 5;
        const uint32_t total = kGroups * size;
        std::vector<uint32_t> in(total);
        for (uint32_t i = 0; i < total; ++i) {
            in[i] = i * 7919 % 101;
        }
        const HyDevicePtr src = upload(in);
        const HyDevicePtr dst = allocate(total * 16);
        ASSERT_OK(launch(kernel, {kGroups, 1, 1}, {size, 1, 1}, {&dst, &src}));
        const std::vector<uint32_t> out = download<uint32_t>(dst, total * 4);
        for (uint32_t i = 0; i < total; ++i) {
            const uint32_t group = i / size * size;
            const uint32_t first = group + (i - group) / lanes * lanes;
            const uint32_t end = std::min(first + lanes, group + size);
            uint32_t sum = 0, together = 0, most = 0, before = 0;
            for (uint32_t j = first; j < end; ++j) {
                sum += in[j];
                together += std::min(in[i] % 4, in[j] % 4);
                most = in[j] % 3 == 0 ? std::max(most, in[j]) : most;
                before += in[j] % 3 != 0 && j < i ? in[j] : 0;
            }
            ASSERT_EQ(out[i], sum) << i;
            ASSERT_EQ(out[total + i], together) << i;
            ASSERT_EQ(out[2 * total + i], in[i] % 3 == 0 ? most : before) << i;
            const uint32_t all = std::accumulate(in.begin() + group, in.begin() + group + size, 0u);
            ASSERT_EQ(out[3 * total + i], all + (i - first) * 100'000) << i;
        }
        EXPECT_OK(hyMemFree(device, dst));
        EXPECT_OK(hyMemFree(device, src));
    }
}

TEST_F(Kernels, AtomicsLoseNothing) {
    const HyKernel kernel = makeKernel(module, "count_all");
    const HyDevicePtr counter = upload(std::vector<int>{0});
    ASSERT_OK(launch(kernel, {1000, 1, 1}, {100, 1, 1}, {&counter}));
    EXPECT_EQ(download<int>(counter, 1)[0], 100'000);
}

TEST_F(Kernels, LaunchRefusesBadArguments) {
    const HyKernel kernel = makeKernel(module, "add_value");
    const HyKernel fixed = makeKernel(module, "fixed_size");
    const HyKernel local = makeKernel(module, "local_sum");
    const HyDevicePtr ptr = allocate(4096);
    const int value = 0;
    const uint32_t n = 1;
    const void* args[] = {&ptr, &ptr, &value, &n};
    const void* holes[] = {&ptr, nullptr, &value, &n};
    const HyDim3 one = {1, 1, 1};
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyLaunchKernel, nullptr, kernel, one, one, 0, args, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyLaunchKernel, stream, nullptr, one, one, 0, args, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyLaunchKernel, stream, wrongType<HyKernel>(module), one, one, 0,
                 args, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "argCount", hyLaunchKernel, stream, kernel, one, one, 0, args, 3);
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "argCount", hyLaunchKernel, stream, kernel, one, one, 0, args, 5);
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "args", hyLaunchKernel, stream, kernel, one, one, 0, nullptr, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "args", hyLaunchKernel, stream, kernel, one, one, 0, holes, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dynamicLocalBytes", hyLaunchKernel, stream, kernel, one, one, 8, args, 4);
    for (const HyDim3 bad :
         {HyDim3{0, 1, 1}, HyDim3{1, 0, 1}, HyDim3{1, 1, 0}, HyDim3{properties.maxWorkgroupInvocations + 1, 1, 1},
          HyDim3{1, properties.maxWorkgroupSize[1] + 1, 1}, HyDim3{65536, 65536, 65536},
          HyDim3{UINT32_MAX, UINT32_MAX, UINT32_MAX}})
        EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyLaunchKernel, stream, kernel, one, bad, 0, args,
                     4);
    for (const HyDim3 bad :
         {HyDim3{0, 1, 1}, HyDim3{1, 0, 1}, HyDim3{1, 1, 0}, HyDim3{UINT32_MAX, UINT32_MAX, UINT32_MAX}})
        EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", hyLaunchKernel, stream, kernel, bad, one, 0, args, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyLaunchKernel, stream, fixed, one, one, 0, args, 1);
    const uint64_t huge = properties.maxLocalBytes + uint64_t{1};
    const void* hungry[] = {&ptr, &ptr, &huge, &n};
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "args", hyLaunchKernel, stream, local, one, one, 0, hungry, 4);
    const uint64_t overflow = UINT64_MAX;
    hungry[2] = &overflow;
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "args", hyLaunchKernel, stream, local, one, one, 0, hungry, 4);

    HyLaunchDesc desc{};
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "desc", hyLaunchKernelEx, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyLaunchKernelEx, &desc);
    desc.structSize = sizeof desc;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyLaunchKernelEx, &desc);
    desc.stream = stream;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyLaunchKernelEx, &desc);
    desc.kernel = kernel;
    desc.workgroups = one;
    desc.args = args;
    desc.argCount = 4;
    EXPECT_OK(hyLaunchKernelEx(&desc)) << "a zero workgroupSize takes the suggested one";
    desc.flags = 0x80;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyLaunchKernelEx, &desc);
    desc.flags = HY_LAUNCH_COOPERATIVE;
    if ((properties.capabilities & HY_CAP_COOPERATIVE_LAUNCH) == 0) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "flags", hyLaunchKernelEx, &desc);
    }
    desc.flags = 0;
    desc.clusterSize = {2, 1, 1};
    if ((properties.capabilities & HY_CAP_CLUSTERS) == 0) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "clusterSize", hyLaunchKernelEx, &desc);
    }
    synchronize();
}

// Clusters say which workgroups run together; ids and results are those of a launch without.
TEST_F(Kernels, ClustersDivideTheGrid) {
    const HyDim3 groups = {8, 4, 2};
    const uint64_t count = uint64_t{3} * groups.x * groups.y * groups.z;
    const HyDevicePtr ptr = allocate(count * 8);
    const void* args[] = {&ptr};
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.kernel = makeKernel(module, "write_ids");
    desc.workgroups = groups;
    desc.workgroupSize = {3, 1, 1};
    desc.args = args;
    desc.argCount = 1;
    HyGraph graph = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &graph));
    const auto addNode = [&] {
        HyGraphNode node = 0;
        HyLaunchDesc launch = desc;
        launch.stream = nullptr;
        return hyGraphAddKernelNode(graph, nullptr, 0, nullptr, &launch, &node);
    };
    const auto isWritten = [&] {
        const std::vector<uint64_t> out = download<uint64_t>(ptr, count);
        for (uint64_t i = 0; i < count; ++i) {
            const uint64_t x = i % 24; // an invocation's row has 8 workgroups of 3
            if (out[i] != x / 3 + 1000 * (i / 24 % 4) + 1000000 * (i / 96) + 1000000000 * (x % 3) + 3000000000000)
                return false;
        }
        return true;
    };
    const uint8_t none = 0xff;
    desc.stream = stream;
    if ((properties.capabilities & HY_CAP_CLUSTERS) == 0) {
        desc.clusterSize = {2, 1, 1};
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "clusterSize", hyLaunchKernelEx, &desc);
        EXPECT_EQ(addNode(), HY_ERROR_UNSUPPORTED);
    } else {
        for (const HyDim3 size : {HyDim3{1, 1, 1}, HyDim3{2, 1, 1}, HyDim3{8, 0, 0}, HyDim3{2, 2, 2}}) {
            desc.clusterSize = size;
            ASSERT_OK(hyMemFillAsync(stream, ptr, &none, 1, count * 8));
            ASSERT_OK(hyLaunchKernelEx(&desc));
            EXPECT_TRUE(isWritten()) << size.x;
        }
        ASSERT_OK(hyMemFillAsync(stream, ptr, &none, 1, count * 8));
        ASSERT_OK(addNode());
        HyGraphExec exec = nullptr;
        ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
        ASSERT_OK(hyGraphLaunch(exec, stream));
        EXPECT_TRUE(isWritten());
        EXPECT_OK(hyGraphExecDestroy(exec));
        for (const HyDim3 bad : {HyDim3{3, 1, 1}, HyDim3{16, 1, 1}, HyDim3{1, 3, 1}, HyDim3{1, 1, UINT32_MAX}}) {
            desc.clusterSize = bad;
            EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "clusterSize", hyLaunchKernelEx, &desc);
            EXPECT_EQ(addNode(), HY_ERROR_INVALID_LAUNCH_SIZE);
        }
        desc.clusterSize = groups; // divides the grid, and is more than any device runs together
        EXPECT_EQ(hyLaunchKernelEx(&desc), HY_ERROR_INVALID_LAUNCH_SIZE);
    }
    EXPECT_OK(hyGraphDestroy(graph));
    synchronize();
}

TEST_F(Kernels, LaunchRefusesMisalignedPointers) {
    const HyKernel vectors = makeKernel(module, "negate4");
    const HyKernel scalars = makeKernel(module, "count_all");
    const HyDevicePtr ptr = upload(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    const HyDim3 one = {1, 1, 1};
    for (const uint64_t offset : {1u, 4u, 8u, 15u}) {
        const HyDevicePtr shifted = ptr + offset;
        const void* args[] = {&shifted};
        EXPECT_FAILS(HY_ERROR_MISALIGNED, "args", hyLaunchKernel, stream, vectors, one, one, 0, args, 1);
    }
    const HyDevicePtr odd = ptr + 2;
    const void* oddArgs[] = {&odd};
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "args", hyLaunchKernel, stream, scalars, one, one, 0, oddArgs, 1);
    const HyDevicePtr second = ptr + 16;
    ASSERT_OK(launch(vectors, one, one, {&second}));
    EXPECT_EQ(download<float>(ptr, 8), (std::vector<float>{1, 2, 3, 4, -5, -6, -7, -8}));
}

TEST_F(Kernels, DestroyedObjectsAreRefusedAndWorkInFlightGoesOn) {
    const HyKernel kernel = makeKernel(module, "add_value");
    const uint32_t kN = properties.type == HY_DEVICE_TYPE_EMULATED ? 1 << 12 : 1 << 20; // longer than the calls below
    const HyDevicePtr src = upload(std::vector<int>(kN, 1));
    const HyDevicePtr dst = allocate(kN * 4);
    const int value = 1;
    const void* args[] = {&dst, &src, &value, &kN};
    for (int i = 0; i < 20; ++i)
        ASSERT_OK(hyLaunchKernel(stream, kernel, {kN / 64, 1, 1}, {64, 1, 1}, 0, args, 4));
    EXPECT_OK(hyModuleDestroy(module));
    EXPECT_OK(hyKernelDestroy(kernel));
    EXPECT_EQ(download<int>(dst, kN), std::vector<int>(kN, 2));
    HyKernel other = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyModuleDestroy, module);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyKernelCreate, module, "add_value", &other);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelDestroy, kernel);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyLaunchKernel, stream, kernel, HyDim3{1, 1, 1}, HyDim3{1, 1, 1}, 0,
                 args, 4);
}

TEST_F(Kernels, GlslFlavourWithSpecialisation) {
    const std::vector<int> in = {1, 2, 3, 4, 5};
    const HyDevicePtr src = upload(in);
    const HyDevicePtr dst = allocate(5 * 4);
    struct {
        int offset;
        uint32_t n;
    } push = {100, 5};
    // Defaults first: scale 3, workgroup size 1.
    const HyKernel plain = makeKernel(loadModule(basic_comp_spv, basic_comp_spv_size), "main");
    ASSERT_OK(launch(plain, {5, 1, 1}, {1, 1, 1}, {&dst, &src, &push}));
    // The length of the runtime array is that of the allocation behind the pointer.
    EXPECT_EQ(download<int>(dst, 5), (std::vector<int>{5000103, 5000106, 5000109, 5000112, 5000115}));
    const HyModule special = loadModule(basic_comp_spv, basic_comp_spv_size, {{1, 4, 10}, {0, 4, 8}});
    const HyKernel kernel = makeKernel(special, "main");
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    EXPECT_EQ(info.requiredWorkgroupSize.x, 8u);
    ASSERT_OK(launch(kernel, {1, 1, 1}, {8, 1, 1}, {&dst, &src, &push}));
    EXPECT_EQ(download<int>(dst, 5), (std::vector<int>{5000110, 5000120, 5000130, 5000140, 5000150}));
    const HyDevicePtr inside = src + 4;
    push.n = 4;
    ASSERT_OK(launch(kernel, {1, 1, 1}, {8, 1, 1}, {&dst, &inside, &push}));
    EXPECT_EQ(download<int>(dst, 4), (std::vector<int>{4000120, 4000130, 4000140, 4000150}));
}

TEST_F(Kernels, FastMathIsAnOptionOfTheModuleAlone) {
    const float x = 0.25f;
    const float large = 1e9f;
    const HyDevicePtr out = allocate(4);
    // Relaxed first and last, so that a cache that confused the two would show.
    for (const uint32_t flags : {HY_MODULE_FAST_MATH, 0u, HY_MODULE_FAST_MATH}) {
        HyModuleDesc desc = describe(basic_cl_spv, basic_cl_spv_size);
        desc.flags = flags;
        HyModule loaded = nullptr;
        ASSERT_OK(hyModuleLoad(device, &desc, &loaded));
        ASSERT_OK(launch(makeKernel(loaded, "cancel"), {1, 1, 1}, {1, 1, 1}, {&out, &x, &large}));
        const float result = download<float>(out, 1)[0];
        if (flags == 0) {
            EXPECT_EQ(result, 0.0f);
        } else {
            EXPECT_TRUE(result == 0.0f || result == x) << result;
            RecordProperty("relaxed", result == x ? "reassociated" : "strict");
        }
    }
}

TEST_F(Kernels, CompiledAndLaunchedFromManyThreads) {
    constexpr uint32_t kN = 4096;
    const int launches = properties.type == HY_DEVICE_TYPE_EMULATED ? 10 : 100;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            HyStream own = nullptr;
            ASSERT_OK(hyStreamCreate(device, nullptr, &own));
            HyKernel kernel = nullptr;
            ASSERT_OK(hyKernelCreate(module, "add_value", &kernel));
            HyDevicePtr ptr = 0;
            ASSERT_OK(hyMemAlloc(device, kN * 4, &ptr));
            const int zero = 0;
            ASSERT_OK(hyMemFillAsync(own, ptr, &zero, 4, kN));
            const void* args[] = {&ptr, &ptr, &t, &kN};
            for (int i = 0; i < launches; ++i)
                ASSERT_OK(hyLaunchKernel(own, kernel, {kN / 128, 1, 1}, {128, 1, 1}, 0, args, 4));
            std::vector<int> out(kN);
            ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(out.data()), ptr, kN * 4));
            ASSERT_OK(hyStreamSynchronize(own, kLimitNs));
            EXPECT_EQ(out, std::vector<int>(kN, t * launches));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}
