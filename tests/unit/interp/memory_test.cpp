// Device memory as the runtime sees it.
#include "fixture.h"

namespace halyard::interp::test {
namespace {

using ::testing::HasSubstr;

TEST(DeviceMemoryTest, KeepsAllocationsApartAndCountsThem) {
    DeviceMemory memory(1 << 20);
    const auto a = memory.allocate(100), b = memory.allocate(1000);
    ASSERT_TRUE(a && b);
    EXPECT_EQ(*a % 256, 0u);
    EXPECT_EQ(memory.used(), 1100u);
    EXPECT_TRUE(memory.contains(*a, 100));
    EXPECT_FALSE(memory.contains(*a, 101));
    EXPECT_FALSE(memory.contains(*a - 1, 1));
    EXPECT_GE(*a, memory.base());
    EXPECT_LT(*b, memory.base() + memory.rangeBytes());
    EXPECT_EQ(memory.allocate(1 << 20).error().code, HY_ERROR_OUT_OF_DEVICE_MEMORY);
    ASSERT_TRUE(memory.free(*a));
    EXPECT_FALSE(memory.contains(*a, 1));
    EXPECT_EQ(memory.free(*a).error().code, HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(memory.free(*b + 8).error().code, HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(memory.used(), 1000u);
    EXPECT_NE(*memory.allocate(100), *a);
}

TEST(DeviceMemoryTest, UnwrittenBytesAreTold) {
    DeviceMemory memory(1 << 20);
    const uint64_t a = *memory.allocate(8), b = *memory.allocate(8);
    const uint8_t two[] = {1, 2};
    ASSERT_TRUE(memory.write(a + 2, two, 2));
    ASSERT_TRUE(memory.copy(b + 1, a + 1, 4));
    uint8_t out[8];
    ASSERT_TRUE(memory.read(b, out, 8));
    EXPECT_THAT(out, ::testing::ElementsAre(0xCD, 0xCD, 1, 2, 0xCD, 0xCD, 0xCD, 0xCD));
    const uint8_t all[8] = {};
    ASSERT_TRUE(memory.write(b, all, 8));
    ASSERT_TRUE(memory.copy(b, a, 4)); // takes away again what it does not have
    ASSERT_TRUE(memory.read(b, out, 8));
    EXPECT_THAT(out, ::testing::ElementsAre(0xCD, 0xCD, 1, 2, 0, 0, 0, 0));
}

TEST(DeviceMemoryTest, TransfersStayInsideAllocations) {
    DeviceMemory memory(1 << 20);
    const uint64_t a = *memory.allocate(16);
    uint8_t bytes[32] = {};
    EXPECT_THAT(memory.write(a + 8, bytes, 9).error().message, HasSubstr("by 1"));
    EXPECT_EQ(memory.read(a - 4, bytes, 4).error().code, HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(memory.copy(a, a + 12, 8).error().code, HY_ERROR_INVALID_ADDRESS);
}

TEST(DeviceMemoryTest, HostMemoryIsReachableWhileRegistered) {
    DeviceMemory memory(1 << 20);
    std::vector<int> host(16, 7);
    ASSERT_TRUE(memory.registerHost(host.data(), 64));
    EXPECT_EQ(memory.registerHost(host.data() + 4, 8).error().code, HY_ERROR_INVALID_ARGUMENT);
    const auto address = reinterpret_cast<uint64_t>(host.data());
    EXPECT_TRUE(memory.contains(address, 64));
    EXPECT_EQ(memory.used(), 0u);
    EXPECT_EQ(memory.free(address).error().code, HY_ERROR_INVALID_ADDRESS);
    ASSERT_TRUE(memory.unregisterHost(host.data()));
    EXPECT_FALSE(memory.contains(address, 1));
    EXPECT_EQ(memory.unregisterHost(host.data()).error().code, HY_ERROR_INVALID_ADDRESS);
}

} // namespace
} // namespace halyard::interp::test
