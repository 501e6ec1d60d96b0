// Barriers, workgroup memory and atomics, where a mistake shows whatever the order of the invocations.
#include "fixture.h"

#include "exchange_cl.spv.h"

#include <algorithm>

using namespace halyard::conformance;

namespace {

class Invocations : public DeviceTest {
protected:
    HyKernel make(const char* name) { return makeKernel(loadModule(exchange_cl_spv, exchange_cl_spv_size), name); }
};

TEST_F(Invocations, BarriersHoldNeighboursOnBothSides) {
    const HyKernel kernel = make("rotate_both_ways");
    for (const uint32_t size : {2u, 16u, 64u, 250u}) {
        const uint32_t groups = 5, total = groups * size;
        std::vector<uint32_t> in(total);
        for (uint32_t i = 0; i < total; ++i)
            in[i] = i * 2654435761u;
        const HyDevicePtr src = upload(in);
        const HyDevicePtr dst = upload(std::vector<uint32_t>(2 * total, 0));
        const uint64_t local = size * sizeof(uint32_t);
        const void* args[] = {&dst, &src, &local};
        ASSERT_OK(hyLaunchKernel(stream, kernel, {groups, 1, 1}, {size, 1, 1}, 0, args, 3));
        const std::vector<uint32_t> out = download<uint32_t>(dst, 2 * total);
        for (uint32_t i = 0; i < total; ++i) {
            const uint32_t first = i / size * size;
            ASSERT_EQ(out[2 * i], in[first + (i + 1 - first) % size]) << i << " of " << size;
            ASSERT_EQ(out[2 * i + 1], in[first + (i + size - 1 - first) % size]) << i << " of " << size;
        }
    }
}

TEST_F(Invocations, BlocksOfWorkgroupMemoryLieApart) {
    const HyKernel kernel = make("two_tiles");
    constexpr uint32_t kSize = 64, kGroups = 3;
    const HyDevicePtr dst = upload(std::vector<uint32_t>(2 * kSize * kGroups, 0));
    const uint64_t local = kSize * sizeof(uint32_t);
    const void* args[] = {&dst, &local, &local};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kGroups, 1, 1}, {kSize, 1, 1}, 0, args, 3));
    const std::vector<uint32_t> out = download<uint32_t>(dst, 2 * kSize * kGroups);
    for (uint32_t i = 0; i < kSize * kGroups; ++i) {
        ASSERT_EQ(out[2 * i], kSize - 1 - i % kSize);
        ASSERT_EQ(out[2 * i + 1], 1000 + kSize - 1 - i % kSize);
    }
}

TEST_F(Invocations, EveryTicketIsDrawnOnce) {
    const HyKernel kernel = make("tickets");
    constexpr uint32_t kSize = 64, kGroups = 4000, kTotal = kSize * kGroups;
    const HyDevicePtr counter = upload(std::vector<uint32_t>(1, 0));
    const HyDevicePtr taken = upload(std::vector<uint32_t>(kTotal, 0));
    const void* args[] = {&counter, &taken};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kGroups, 1, 1}, {kSize, 1, 1}, 0, args, 2));
    EXPECT_EQ(download<uint32_t>(counter, 1)[0], kTotal);
    std::vector<uint32_t> owners = download<uint32_t>(taken, kTotal);
    std::sort(owners.begin(), owners.end());
    for (uint32_t i = 0; i < kTotal; ++i)
        ASSERT_EQ(owners[i], i + 1) << "a ticket was drawn twice or not at all";
}

} // namespace
