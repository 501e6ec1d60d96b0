#include "cgroup.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace halyard::cpu {
namespace {

class CgroupTest : public testing::Test {
protected:
    CgroupTest() {
        std::string folder = (std::filesystem::temp_directory_path() / "halyard-cgroup-XXXXXX").string();
        root_ = mkdtemp(folder.data());
    }
    ~CgroupTest() override { std::filesystem::remove_all(root_); }

    void write(const std::string& path, const std::string& text) {
        const std::filesystem::path file = root_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    CgroupLimits read(const std::string& membership) const { return readCgroupLimits(membership, root_.string()); }

    std::filesystem::path root_;
};

TEST_F(CgroupTest, UnifiedHierarchy) {
    write("user/app/cpu.max", "150000 100000\n");
    write("user/app/memory.max", "1073741824\n");
    const CgroupLimits limits = read("0::/user/app\n");
    EXPECT_EQ(limits.cpus, 2u); // rounded up
    EXPECT_EQ(limits.memoryBytes, 1073741824u);
}

// What is left counts the caches of files as left, and the tightest group binds.
TEST_F(CgroupTest, RoomIsWhatIsLeft) {
    write("user/memory.max", "10000\n");
    write("user/memory.current", "7000\n");
    write("user/memory.stat", "anon 3000\ninactive_file 2500\nactive_file 1000\n");
    write("user/app/memory.max", "9000\n");
    write("user/app/memory.current", "4000\n");
    write("user/full/memory.max", "500\n");
    write("user/full/memory.current", "600\n");
    EXPECT_EQ(read("0::/user/app\n").memoryRoom, 5000u);
    EXPECT_EQ(read("0::/user\n").memoryRoom, 5500u);
    EXPECT_EQ(read("0::/user/full\n").memoryRoom, 0u);
    EXPECT_EQ(read("0::/elsewhere\n").memoryRoom, UINT64_MAX);
    write("memory/old/memory.limit_in_bytes", "8000\n");
    write("memory/old/memory.usage_in_bytes", "5000\n");
    write("memory/old/memory.stat", "inactive_file 1\ntotal_inactive_file 1000\n");
    EXPECT_EQ(read("3:memory:/old\n").memoryRoom, 4000u);
}

TEST_F(CgroupTest, AncestorsBindToo) {
    write("user/cpu.max", "300000 100000\n");
    write("user/memory.max", "5000\n");
    write("user/app/cpu.max", "max 100000\n");
    write("user/app/memory.max", "9000\n");
    const CgroupLimits limits = read("0::/user/app\n");
    EXPECT_EQ(limits.cpus, 3u);
    EXPECT_EQ(limits.memoryBytes, 5000u);
}

TEST_F(CgroupTest, NoLimits) {
    write("user/cpu.max", "max 100000\n");
    write("user/memory.max", "max\n");
    const CgroupLimits limits = read("0::/user\n");
    EXPECT_EQ(limits.cpus, UINT32_MAX);
    EXPECT_EQ(limits.memoryBytes, UINT64_MAX);
}

TEST_F(CgroupTest, FirstVersion) {
    write("cpu,cpuacct/docker/1/cpu.cfs_quota_us", "400000\n");
    write("cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
    write("memory/docker/1/memory.limit_in_bytes", "2147483648\n");
    const CgroupLimits limits = read("5:cpuacct,cpu:/docker/1\n4:cpu,cpuacct:/docker/1\n3:memory:/docker/1\n0::/\n");
    EXPECT_EQ(limits.cpus, 4u);
    EXPECT_EQ(limits.memoryBytes, 2147483648u);
}

TEST_F(CgroupTest, FirstVersionWithoutAQuota) {
    write("cpu/cpu.cfs_quota_us", "-1\n");
    write("cpu/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(read("4:cpu:/\n").cpus, UINT32_MAX);
}

TEST_F(CgroupTest, ContainerWhoseFolderIsNotMounted) {
    // The path is the host's; the container sees its own group at the root of the mount.
    write("cpu/cpu.cfs_quota_us", "100000\n");
    write("cpu/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(read("4:cpu:/kubepods/pod1/abc\n").cpus, 1u);
}

TEST_F(CgroupTest, NonsenseIsNoLimit) {
    write("cpu.max", "many few\n");
    write("memory.max", "");
    write("bad/cpu.max", "100000 0\n");
    write("worse/cpu.max", "99999999999999999999999 100000\n");
    for (const char* membership : {"", "0", "0:", "0::", "0::relative", ":::", "0::/bad\n", "0::/worse\n", "\n\n"}) {
        const CgroupLimits limits = read(membership);
        EXPECT_EQ(limits.cpus, UINT32_MAX) << membership;
        EXPECT_EQ(limits.memoryBytes, UINT64_MAX) << membership;
    }
}

} // namespace
} // namespace halyard::cpu
