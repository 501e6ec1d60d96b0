// Rows of work-items: guards at the edges of a grid (spmd/whole_vectors.h), workgroups that run as one
// (side_by_side.h).
#include "host_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::jit::test {
namespace {

struct Shape {
    Dim3 size;
    bool specialised;
    bool asksGroup; // then workgroups do not run as one
};

std::string nameOf(const testing::TestParamInfo<Shape>& info) {
    const auto& [size, specialised, asksGroup] = info.param;
    return std::to_string(size[0]) + "x" + std::to_string(size[1]) + "x" + std::to_string(size[2]) +
           (specialised ? "_known" : "_any") + (asksGroup ? "_group" : "");
}

std::vector<Shape> shapes() {
    std::vector<Shape> all;
    for (const Dim3& size : {Dim3{16, 4, 1}, Dim3{8, 3, 2}, Dim3{4, 16, 1}, Dim3{32, 2, 1}, Dim3{5, 3, 1},
                             Dim3{64, 1, 2}, Dim3{64, 1, 1}, Dim3{1, 6, 1}, Dim3{1024, 1, 2}}) {
        all.push_back({size, true, false});
    }
    all.push_back({{16, 4, 1}, false, false});
    all.push_back({{16, 4, 1}, true, true});
    return all;
}

class HostRows : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, HostRows, testing::ValuesIn(shapes()), nameOf);

// Each inner item of a width x height plane adds what its four neighbours have to its own place: with the grid reaching
// beyond the plane, the first and last rows and columns of lanes do nothing, and no item may run twice.
TEST_P(HostRows, EveryInnerItemRunsOnce) {
    const auto& [size, specialised, asksGroup] = GetParam();
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) noalias %in, ptr addrspace(1) noalias %out, i32 %w, i32 %h) #0 {
  %gx = call i64 @hy.global_id(i32 0)
  %gy = call i64 @hy.global_id(i32 1)
  %gz = call i64 @hy.global_id(i32 2)
  %group = call i64 @hy.group_id(i32 )" +
                                      std::string(asksGroup ? "0" : "1") + R"()
  %x = trunc i64 %gx to i32
  %y = trunc i64 %gy to i32
  %z = trunc i64 %gz to i32
  %right = icmp ne i32 %x, 0
  %below = icmp ugt i32 %y, 0
  %begun = select i1 %right, i1 %below, i1 false
  br i1 %begun, label %upper, label %end
upper:
  %lastx = add i32 %w, -1
  %lasty = add i32 %h, -1
  %left = icmp ult i32 %x, %lastx
  %above = icmp ule i32 %lasty, %y
  %inx = xor i1 %left, true
  %outside = or i1 %inx, %above
  br i1 %outside, label %end, label %body
body:
  %plane = mul i32 %z, %h
  %row = add i32 %plane, %y
  %base = mul i32 %row, %w
  %at = add i32 %base, %x
  %al = add i32 %at, -1
  %ar = add i32 %at, 1
  %au = sub i32 %at, %w
  %ad = add i32 %at, %w
  %il = zext i32 %al to i64
  %ir = zext i32 %ar to i64
  %iu = zext i32 %au to i64
  %id = zext i32 %ad to i64
  %ia = zext i32 %at to i64
  %pl = getelementptr i32, ptr addrspace(1) %in, i64 %il
  %pr = getelementptr i32, ptr addrspace(1) %in, i64 %ir
  %pu = getelementptr i32, ptr addrspace(1) %in, i64 %iu
  %pd = getelementptr i32, ptr addrspace(1) %in, i64 %id
  %pa = getelementptr i32, ptr addrspace(1) %out, i64 %ia
  %vl = load i32, ptr addrspace(1) %pl
  %vr = load i32, ptr addrspace(1) %pr
  %vu = load i32, ptr addrspace(1) %pu
  %vd = load i32, ptr addrspace(1) %pd
  %va = load i32, ptr addrspace(1) %pa
  %r3 = mul i32 %vr, 3
  %u5 = mul i32 %vu, 5
  %d7 = mul i32 %vd, 7
  %s1 = add i32 %vl, %r3
  %s2 = add i32 %u5, %d7
  %s3 = add i32 %s1, %s2
  %g = trunc i64 %group to i32
  %g11 = mul i32 %g, 11
  %s4 = add i32 %s3, %g11
  %s5 = add i32 %s4, %va
  store i32 %s5, ptr addrspace(1) %pa
  br label %end
end:
  ret void
})");
    const Dim3 groups{5, 3, 2};
    const uint32_t w = groups[0] * size[0] - (size[0] > 4 ? 3 : 0);
    const uint32_t h = groups[1] * size[1] - 1;
    const uint32_t d = groups[2] * size[2];
    std::vector<uint32_t> in(size_t{w} * h * d);
    for (size_t i = 0; i < in.size(); ++i) {
        in[i] = static_cast<uint32_t>(i * 2654435761u >> 9);
    }
    std::vector<uint32_t> out(in.size(), 1);
    compileAndRun(kir, groups, size, {Arg::buffer(in.data()), Arg::buffer(out.data()), Arg::value(w), Arg::value(h)},
                  specialised);
    for (uint32_t z = 0; z < d; ++z) {
        for (uint32_t y = 0; y < h; ++y) {
            for (uint32_t x = 0; x < w; ++x) {
                const size_t at = (size_t{z} * h + y) * w + x;
                uint32_t wanted = 1;
                if (x > 0 && y > 0 && x < w - 1 && y < h - 1) {
                    const uint32_t group = asksGroup ? x / size[0] : y / size[1];
                    wanted += in[at - 1] + 3 * in[at + 1] + 5 * in[at - w] + 7 * in[at + w] + 11 * group;
                }
                ASSERT_EQ(out[at], wanted) << x << " " << y << " " << z;
            }
        }
    }
}

// Workgroups side by side whose ids come to 2^31, and go beyond.
TEST(HostRow, NeighboursBeyond31Bits) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out) #0 {
  %id = call i64 @hy.global_id(i32 0)
  %ly = call i64 @hy.local_id(i32 1)
  %narrow = trunc i64 %id to i32
  %signed = sext i32 %narrow to i64
  %sum = add i64 %id, %signed
  %low = and i64 %id, 127
  %twice = shl i64 %low, 1
  %at = add i64 %twice, %ly
  %p = getelementptr i64, ptr addrspace(1) %out, i64 %at
  store i64 %sum, ptr addrspace(1) %p
  ret void
})");
    std::vector<int64_t> out(256);
    const std::vector<Arg> args{Arg::buffer(out.data())};
    const spv::Result<std::string> artifact = compileKir(kir, args, {16, 2, 1});
    ASSERT_TRUE(artifact) << artifact.error().message;
    const HostKernel kernel(*artifact);
    const std::vector<std::byte> packed = packArguments(args);
    const uint32_t cancel = 0;
    const HyHostLaunch launch{{200'000'000, 1, 1}, {16, 2, 1}, packed.data(), &cancel};
    alignas(128) std::array<std::byte, 128> local{};
    alignas(64) std::array<std::byte, 64> scratch{};
    constexpr uint64_t kAtEnd = (uint64_t{1} << 31) / 16;
    for (const uint64_t first : {uint64_t{0}, kAtEnd - 8, kAtEnd - 4, kAtEnd}) {
        out.assign(out.size(), -1);
        kernel.run(launch, first, first + 8, local.data(), scratch.data());
        for (uint64_t i = 0; i < 128; ++i) {
            const auto id = static_cast<int64_t>(first * 16 + i);
            const int64_t wanted = id + static_cast<int32_t>(static_cast<uint32_t>(id));
            const auto at = static_cast<size_t>(id & 127) * 2;
            ASSERT_THAT((std::array{out[at], out[at + 1]}), testing::ElementsAre(wanted, wanted)) << first << " " << i;
        }
    }
}

// A range that begins and ends within rows of the grid.
TEST(HostRow, RangesOfWorkgroupsEndWithinARow) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out) #0 {
  %x = call i64 @hy.global_id(i32 0)
  %y = call i64 @hy.global_id(i32 1)
  %row = mul i64 %y, 28
  %at = add i64 %row, %x
  %p = getelementptr i32, ptr addrspace(1) %out, i64 %at
  %old = load i32, ptr addrspace(1) %p
  %new = add i32 %old, 1
  store i32 %new, ptr addrspace(1) %p
  ret void
})");
    std::vector<uint32_t> out(28 * 6);
    const std::vector<Arg> args{Arg::buffer(out.data())};
    const spv::Result<std::string> artifact = compileKir(kir, args, {4, 2, 1});
    ASSERT_TRUE(artifact) << artifact.error().message;
    const HostKernel kernel(*artifact);
    const std::vector<std::byte> packed = packArguments(args);
    const uint32_t cancel = 0;
    const HyHostLaunch launch{{7, 3, 1}, {4, 2, 1}, packed.data(), &cancel};
    alignas(128) std::array<std::byte, 128> local{};
    for (uint64_t first = 0; first < 21; ++first) {
        for (uint64_t end = first; end <= 21; ++end) {
            out.assign(out.size(), 0);
            kernel.run(launch, first, end, local.data(), local.data());
            for (size_t i = 0; i < out.size(); ++i) {
                const uint64_t group = i / 28 / 2 * 7 + i % 28 / 4;
                ASSERT_EQ(out[i], group >= first && group < end ? 1u : 0u) << first << " " << end << " " << i;
            }
        }
    }
}

} // namespace
} // namespace halyard::jit::test
