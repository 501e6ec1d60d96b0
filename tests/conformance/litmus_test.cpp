// Litmus tests: outcomes that the memory model forbids are never seen, in many instances, within a workgroup and
// across workgroups.
#include "fixture.h"

#include "litmus_cl.spv.h"
#include "litmus_comp.spv.h"

#include <algorithm>
#include <array>
#include <ostream>

using namespace halyard::conformance;

namespace {

constexpr uint32_t kInstanceWords = 64, kY = 16, kResults = 4; // as in litmus.cl

// What an instance left: its results, and the last values of x and y.
struct Left {
    std::array<uint32_t, kResults> r;
    uint32_t x, y;
};

struct Litmus {
    const char* test; // with the kind of ordering: the kernel's name begins so
    uint32_t roles;
    bool (*forbidden)(const Left&);
};
void PrintTo(const Litmus& litmus, std::ostream* out) {
    *out << litmus.test;
}

bool corr(const Left& l) {
    return l.r[0] > l.r[1] || l.r[1] > 1;
}
bool cowr(const Left& l) {
    return l.r[0] == 0 || l.r[1] == 0 || (l.r[0] == 2 && l.r[1] == 1) || l.x == 0;
}
bool corw(const Left& l) {
    return l.r[0] == 1 || (l.r[0] == 2 && l.x == 2);
}
bool coww(const Left& l) {
    return l.x != 2 || l.r[0] > 2;
}
bool rmw(const Left& l) {
    return l.x != 2 || l.r[0] + l.r[1] != 1;
}
bool mp(const Left& l) {
    return l.r[0] == 1 && l.r[1] == 0;
}
bool lb(const Left& l) {
    return l.r[0] == 1 && l.r[1] == 1;
}
bool s(const Left& l) {
    return l.r[0] == 1 && l.x == 2;
}
bool threeInARow(const Left& l) {
    return l.r[0] == 1 && l.r[1] == 1 && l.r[2] == 0;
}
bool chain(const Left& l) {
    return l.r[0] == 2 && l.r[1] == 0;
}
bool sb(const Left& l) {
    return l.r[0] == 0 && l.r[1] == 0;
}
bool iriw(const Left& l) {
    return l.r[0] == 1 && l.r[1] == 0 && l.r[2] == 1 && l.r[3] == 0;
}
bool r(const Left& l) {
    return l.y == 2 && l.r[0] == 0;
}
bool w22(const Left& l) {
    return l.x == 1 && l.y == 1;
}

constexpr Litmus kLitmus[] = {
    {"corr_relaxed", 2, corr},
    {"corr_acqrel", 2, corr},
    {"corr_seqcst", 2, corr},
    {"cowr_relaxed", 2, cowr},
    {"cowr_acqrel", 2, cowr},
    {"cowr_seqcst", 2, cowr},
    {"corw_relaxed", 2, corw},
    {"corw_acqrel", 2, corw},
    {"corw_seqcst", 2, corw},
    {"coww_relaxed", 2, coww},
    {"coww_acqrel", 2, coww},
    {"coww_seqcst", 2, coww},
    {"rmw_relaxed", 2, rmw},
    {"rmw_acqrel", 2, rmw},
    {"rmw_seqcst", 2, rmw},
    {"mp_acqrel", 2, mp},
    {"mp_seqcst", 2, mp},
    {"mp_fence", 2, mp},
    {"mpplain_acqrel", 2, mp},
    {"mpplain_seqcst", 2, mp},
    {"lb_acqrel", 2, lb},
    {"lb_seqcst", 2, lb},
    {"s_acqrel", 2, s},
    {"s_seqcst", 2, s},
    {"isa2_acqrel", 3, threeInARow},
    {"isa2_seqcst", 3, threeInARow},
    {"wrc_acqrel", 3, threeInARow},
    {"wrc_seqcst", 3, threeInARow},
    {"chain_acqrel", 3, chain},
    {"chain_seqcst", 3, chain},
    {"sb_seqcst", 2, sb},
    {"sb_fence", 2, sb},
    {"iriw_seqcst", 4, iriw},
    {"r_seqcst", 2, r},
    {"w22_seqcst", 2, w22},
};

class LitmusTest : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (HasFatalFailure())
            return;
        const bool emulated = properties.type == HY_DEVICE_TYPE_EMULATED;
        instances = emulated ? 96 : 2048;
        rounds = emulated ? 2 : 4;
        places = allocate(uint64_t{instances} * kInstanceWords * sizeof(uint32_t));
        results = allocate(uint64_t{instances} * kResults * sizeof(uint32_t));
    }

    // Whether `roles` workgroups of the kernel run at once, so that they can wait for each other.
    bool runTogether(HyKernel kernel, uint32_t roles, uint32_t* outMost) {
        constexpr HyCapabilities kTogether = HY_CAP_COOPERATIVE_LAUNCH | HY_CAP_OCCUPANCY;
        if ((properties.capabilities & kTogether) != kTogether)
            return false;
        HyOccupancy occupancy{};
        occupancy.structSize = sizeof occupancy;
        EXPECT_OK(hyKernelGetOccupancy(kernel, {1, 1, 1}, 0, &occupancy));
        *outMost = static_cast<uint32_t>(std::min<uint64_t>(occupancy.activeWorkgroups, 64) / roles * roles);
        return occupancy.activeWorkgroups >= roles;
    }

    // Launches with the buffers and `rest` as arguments, and looks at what every instance left.
    void run(const Litmus& litmus, HyKernel kernel, uint32_t groups, uint32_t size, bool cooperative,
             std::initializer_list<const void*> rest) {
        std::vector<const void*> args = {&places, &results};
        args.insert(args.end(), rest);
        const uint32_t zero = 0, unset = 7;
        uint32_t seen = 0;
        for (uint32_t round = 0; round < rounds; ++round) {
            ASSERT_OK(hyMemFillAsync(stream, places, &zero, 4, uint64_t{instances} * kInstanceWords));
            ASSERT_OK(hyMemFillAsync(stream, results, &unset, 4, uint64_t{instances} * kResults));
            HyLaunchDesc desc{};
            desc.structSize = sizeof desc;
            desc.flags = cooperative ? HY_LAUNCH_COOPERATIVE : 0;
            desc.stream = stream;
            desc.kernel = kernel;
            desc.workgroups = {groups, 1, 1};
            desc.workgroupSize = {size, 1, 1};
            desc.args = args.data();
            desc.argCount = static_cast<uint32_t>(args.size());
            ASSERT_OK(hyLaunchKernelEx(&desc));
            const auto memory = download<uint32_t>(places, size_t{instances} * kInstanceWords);
            const auto got = download<uint32_t>(results, size_t{instances} * kResults);
            for (uint32_t i = 0; i < instances; ++i) {
                Left left{};
                std::copy_n(got.begin() + i * kResults, kResults, left.r.begin());
                left.x = memory[i * kInstanceWords];
                left.y = memory[i * kInstanceWords + kY];
                ASSERT_TRUE(left.x <= 2 && left.y <= 2) << "a value that nobody stored";
                if (litmus.forbidden(left) && seen++ < 3)
                    ADD_FAILURE() << "round " << round << ", instance " << i << ": results " << left.r[0] << " "
                                  << left.r[1] << " " << left.r[2] << " " << left.r[3] << ", x " << left.x << ", y "
                                  << left.y;
            }
        }
        EXPECT_EQ(seen, 0u) << "forbidden outcomes";
    }

    HyDevicePtr places = 0, results = 0;
    uint32_t instances = 0, rounds = 0;
};

class MemoryModel : public LitmusTest, public testing::WithParamInterface<Litmus> {
protected:
    HyKernel kernelAt(const char* scope) {
        return makeKernel(loadModule(litmus_cl_spv, litmus_cl_spv_size),
                          (GetParam().test + std::string(scope)).c_str());
    }
    void run(HyKernel kernel, uint32_t groups, uint32_t size, bool cooperative) {
        const uint32_t together = cooperative ? 1 : 0;
        LitmusTest::run(GetParam(), kernel, groups, size, cooperative, {&instances, &together});
    }
};
INSTANTIATE_TEST_SUITE_P(Litmus, MemoryModel, testing::ValuesIn(kLitmus),
                         [](const auto& about) { return std::string(about.param.test); });

TEST_P(MemoryModel, HoldsAcrossWorkgroups) {
    const uint32_t roles = GetParam().roles;
    const HyKernel kernel = kernelAt("_device");
    uint32_t most = 0;
    // Where all roles run at once, they meet before an instance, so that it happens at the same time.
    if (runTogether(kernel, roles, &most))
        run(kernel, most, 1, true);
    run(kernel, 32 * roles, 1, false);
}

TEST_P(MemoryModel, HoldsWithinAWorkgroup) {
    const uint32_t roles = GetParam().roles;
    const uint32_t size = roles * std::max(1u, std::min(64u, properties.maxWorkgroupInvocations) / roles);
    run(kernelAt("_group"), (instances * roles + size - 1) / size, size, false);
}

// The same by the Vulkan memory model, in the order of litmus.comp.
constexpr Litmus kVulkanLitmus[] = {
    {"corr", 2, corr}, {"rmw", 2, rmw},          {"mp", 2, mp},           {"mp_barrier", 2, mp}, {"lb", 2, lb},
    {"s", 2, s},       {"isa2", 3, threeInARow}, {"wrc", 3, threeInARow}, {"chain", 3, chain},
};
class VulkanMemoryModel : public LitmusTest, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Litmus, VulkanMemoryModel, testing::Range(0u, uint32_t(std::size(kVulkanLitmus))),
                         [](const auto& about) { return std::string(kVulkanLitmus[about.param].test); });

TEST_P(VulkanMemoryModel, HoldsAcrossWorkgroups) {
    if ((properties.capabilities & HY_CAP_SPIRV_GLCOMPUTE) == 0)
        GTEST_SKIP() << "the device claims no HY_CAP_SPIRV_GLCOMPUTE";
    const Litmus& litmus = kVulkanLitmus[GetParam()];
    const HyKernel kernel = makeKernel(loadModule(litmus_comp_spv, litmus_comp_spv_size), "main");
    uint32_t push[] = {GetParam(), litmus.roles, instances, 1}, most = 0;
    if (runTogether(kernel, litmus.roles, &most))
        run(litmus, kernel, most, 1, true, {push});
    push[3] = 0;
    run(litmus, kernel, 32 * litmus.roles, 1, false, {push});
}

} // namespace
