// Rows of work-items: guards at the edges of a grid (spmd/whole_vectors.h), workgroups that run as one
// (side_by_side.h).
#include "host_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mman.h>

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

// Sums of a loop, kept for a part of the workgroup at a time (tiles.h): out = a * b, with the local ids mixed in.
TEST(HostRow, SumsOfEveryShape) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) noalias %a, ptr addrspace(1) noalias %b, ptr addrspace(1) noalias %out, i32 %n, i32 %w) #0 {
entry:
  %gx = call i64 @hy.global_id(i32 0)
  %gy = call i64 @hy.global_id(i32 1)
  %gz = call i64 @hy.global_id(i32 2)
  %sy = call i64 @hy.global_size(i32 1)
  %lx = call i64 @hy.local_id(i32 0)
  %ly = call i64 @hy.local_id(i32 1)
  %lz = call i64 @hy.local_id(i32 2)
  %zy = mul i64 %gz, %sy
  %row64 = add i64 %zy, %gy
  %row = trunc i64 %row64 to i32
  %x = trunc i64 %gx to i32
  %l8 = mul i64 %ly, 8
  %l64 = mul i64 %lz, 64
  %l1 = add i64 %lx, %l8
  %l2 = add i64 %l1, %l64
  %first = trunc i64 %l2 to i32
  %any = icmp ne i32 %n, 0
  br i1 %any, label %loop, label %done
loop:
  %k = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ %first, %entry ], [ %more, %loop ]
  %odd = phi i32 [ 1, %entry ], [ %odder, %loop ]
  %ra = mul i32 %row, %n
  %ia = add i32 %ra, %k
  %ja = zext i32 %ia to i64
  %pa = getelementptr i32, ptr addrspace(1) %a, i64 %ja
  %va = load i32, ptr addrspace(1) %pa
  %rb = mul i32 %k, %w
  %ib = add i32 %rb, %x
  %jb = zext i32 %ib to i64
  %pb = getelementptr i32, ptr addrspace(1) %b, i64 %jb
  %vb = load i32, ptr addrspace(1) %pb
  %ib1 = add i32 %ib, 1
  %jb1 = zext i32 %ib1 to i64
  %pb1 = getelementptr i32, ptr addrspace(1) %b, i64 %jb1
  %vb1 = load i32, ptr addrspace(1) %pb1
  %product = mul i32 %va, %vb
  %more = add i32 %sum, %product
  %odd3 = mul i32 %odd, 3
  %odder = add i32 %odd3, %vb1
  %next = add i32 %k, 1
  %again = icmp ult i32 %next, %n
  br i1 %again, label %loop, label %done
done:
  %total = phi i32 [ %first, %entry ], [ %more, %loop ]
  %last = phi i32 [ 1, %entry ], [ %odder, %loop ]
  %mixed = xor i32 %total, %last
  %ro = mul i32 %row, %w
  %io = add i32 %ro, %x
  %jo = zext i32 %io to i64
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %jo
  %old = load i32, ptr addrspace(1) %po
  %new = add i32 %old, %mixed
  store i32 %new, ptr addrspace(1) %po
  ret void
})");
    const Dim3 groups{2, 3, 2};
    for (const Dim3& size : {Dim3{16, 16, 1}, Dim3{64, 3, 1}, Dim3{256, 1, 1}, Dim3{8, 2, 8}, Dim3{48, 1, 5},
                             Dim3{16, 1, 1}, Dim3{4, 7, 2}, Dim3{3, 5, 1}}) {
        for (const uint32_t n : {0u, 1u, 13u}) {
            const uint32_t w = groups[0] * size[0];
            const uint32_t rows = groups[1] * size[1] * groups[2] * size[2];
            std::vector<uint32_t> a(size_t{rows} * n + 1);
            std::vector<uint32_t> b(size_t{n} * w + 1);
            for (size_t i = 0; i < a.size() + b.size(); ++i) {
                (i < a.size() ? a[i] : b[i - a.size()]) = static_cast<uint32_t>(i * 2654435761u >> 5);
            }
            std::vector<uint32_t> out(size_t{rows} * w, 5);
            compileAndRun(
                kir, groups, size,
                {Arg::buffer(a.data()), Arg::buffer(b.data()), Arg::buffer(out.data()), Arg::value(n), Arg::value(w)},
                true);
            for (uint32_t row = 0; row < rows; ++row) {
                for (uint32_t x = 0; x < w; ++x) {
                    const uint32_t y = row % (groups[1] * size[1]);
                    const uint32_t z = row / (groups[1] * size[1]);
                    uint32_t sum = x % size[0] + y % size[1] * 8 + z % size[2] * 64;
                    uint32_t odd = 1;
                    for (uint32_t k = 0; k < n; ++k) {
                        sum += a[size_t{row} * n + k] * b[size_t{k} * w + x];
                        odd = odd * 3 + b[size_t{k} * w + x + 1];
                    }
                    ASSERT_EQ(out[size_t{row} * w + x], 5 + (sum ^ odd))
                        << size[0] << "x" << size[1] << "x" << size[2] << " " << n << ": " << row << " " << x;
                }
            }
        }
    }
}

// Indices of 32 bits that wrap round among the lanes: the last bytes of 4 GiB, then the first.
TEST(HostRow, IndicesThatWrapRound) {
    constexpr uint64_t kAll = uint64_t{1} << 32;
    constexpr uint64_t kPage = 4096;
    for (const bool isSigned : {false, true}) {
        const std::string extend = isSigned ? "sext" : "zext";
        const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) noalias %a, ptr addrspace(1) noalias %out, i32 %base) #0 {
  %gid = call i64 @hy.global_id(i32 0)
  %x = trunc i64 %gid to i32
  %at = add i32 %x, %base
  %before = add i32 %at, -3
  %after = add i32 %at, 2
  %i = )" + extend + R"( i32 %at to i64
  %ib = )" + extend + R"( i32 %before to i64
  %ia = )" + extend + R"( i32 %after to i64
  %p = getelementptr i8, ptr addrspace(1) %a, i64 %i
  %pb = getelementptr i8, ptr addrspace(1) %a, i64 %ib
  %pa = getelementptr i8, ptr addrspace(1) %a, i64 %ia
  %v = load i8, ptr addrspace(1) %p
  %vb = load i8, ptr addrspace(1) %pb
  %va = load i8, ptr addrspace(1) %pa
  %v3 = mul i8 %v, 3
  %v5 = mul i8 %vb, 5
  %s = add i8 %v3, %v5
  %t = add i8 %s, %va
  %to = getelementptr i8, ptr addrspace(1) %out, i64 %gid
  store i8 %t, ptr addrspace(1) %to
  ret void
})");
        // Signed indices reach to both sides of the middle.
        void* all = mmap(nullptr, kAll, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        ASSERT_NE(all, MAP_FAILED);
        auto* bytes = static_cast<uint8_t*>(all);
        for (uint64_t i = 0; i < kPage; ++i) {
            bytes[i] = static_cast<uint8_t>(i * 37 + 1);
            bytes[kAll - 1 - i] = static_cast<uint8_t>(i * 91 + 5);
        }
        uint8_t* origin = isSigned ? bytes + kAll / 2 : bytes;
        const auto at = [&](uint32_t index) { return isSigned ? origin[static_cast<int32_t>(index)] : origin[index]; };
        const uint32_t end = isSigned ? uint32_t{1} << 31 : 0; // one behind the highest
        for (const uint32_t back : {200u, 150u, 67u, 66u, 65u, 64u, 63u, 20u, 1u, 0u}) {
            const uint32_t base = end - back;
            std::vector<uint8_t> out(128);
            compileAndRun(kir, {2, 1, 1}, {64, 1, 1}, {Arg::buffer(origin), Arg::buffer(out.data()), Arg::value(base)},
                          true);
            for (uint32_t i = 0; i < 128; ++i) {
                const auto wanted = static_cast<uint8_t>(at(base + i) * 3 + at(base + i - 3) * 5 + at(base + i + 2));
                ASSERT_EQ(out[i], wanted) << (isSigned ? "signed " : "unsigned ") << back << " " << i;
            }
        }
        munmap(all, kAll);
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
