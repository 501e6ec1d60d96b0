// Kernels without barriers: ids, sizes, arguments, tails, atomics, local pointers, vectorisation, refusals.
#include "host_harness.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::jit::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

const std::string kSaxpy = kirModule(R"(
define void @k(ptr addrspace(1) %y, ptr addrspace(1) %x, float %a, i32 %n) #0 {
  %id = call i64 @hy.global_id(i32 0)
  %i = trunc i64 %id to i32
  %in = icmp slt i32 %i, %n
  br i1 %in, label %then, label %end
then:
  %w = sext i32 %i to i64
  %px = getelementptr inbounds float, ptr addrspace(1) %x, i64 %w
  %py = getelementptr inbounds float, ptr addrspace(1) %y, i64 %w
  %vx = load float, ptr addrspace(1) %px
  %vy = load float, ptr addrspace(1) %py
  %m = fmul contract float %vx, %a
  %s = fadd contract float %m, %vy
  store float %s, ptr addrspace(1) %py
  br label %end
end:
  ret void
})");

struct Sizes {
    Dim3 size;
    bool specialised;
};

std::vector<Sizes> oneDimensional() {
    std::vector<Sizes> all;
    for (const uint32_t size : {1u, 2u, 7u, 16u, 33u, 64u, 100u, 256u}) {
        all.push_back({{size, 1, 1}, true});
        all.push_back({{size, 1, 1}, false});
    }
    return all;
}

class HostKernels : public testing::TestWithParam<Sizes> {};

std::string nameOf(const testing::TestParamInfo<Sizes>& info) {
    const Dim3& size = info.param.size;
    return std::to_string(size[0]) + "x" + std::to_string(size[1]) + "x" + std::to_string(size[2]) +
           (info.param.specialised ? "_known" : "_any");
}

INSTANTIATE_TEST_SUITE_P(Sizes, HostKernels, testing::ValuesIn(oneDimensional()), nameOf);

TEST_P(HostKernels, SaxpyWithTail) {
    const uint32_t n = 1003;
    const uint32_t groups = (n + GetParam().size[0] - 1) / GetParam().size[0] + 1;
    std::vector<float> x(n);
    std::vector<float> y(n + 64, 1.0f);
    std::iota(x.begin(), x.end(), 0.0f);
    compileAndRun(kSaxpy, {groups, 1, 1}, GetParam().size,
                  {Arg::buffer(y.data()), Arg::buffer(x.data()), Arg::value(2.0f), Arg::value(static_cast<int32_t>(n))},
                  GetParam().specialised);
    for (uint32_t i = 0; i < y.size(); ++i) {
        ASSERT_EQ(y[i], i < n ? 2.0f * static_cast<float>(i) + 1.0f : 1.0f) << i;
    }
}

TEST_P(HostKernels, WorkgroupAtomicsCount) {
    const std::string kir = kirModule(R"(
@count = internal addrspace(3) global i32 undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %total) #0 {
  %lid = call i64 @hy.local_id(i32 0)
  %first = icmp eq i64 %lid, 0
  br i1 %first, label %clear, label %ready
clear:
  store i32 0, ptr addrspace(3) @count
  br label %ready
ready:
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %before = atomicrmw add ptr addrspace(3) @count, i32 3 syncscope("workgroup") monotonic
  %ignored = atomicrmw add ptr addrspace(1) %total, i32 1 syncscope("device") acq_rel
  call void @hy.fence(i32 1, i32 8)
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %after = load i32, ptr addrspace(3) @count
  %gid = call i64 @hy.global_id(i32 0)
  %slot = getelementptr [2 x i32], ptr addrspace(1) %out, i64 %gid
  store i32 %before, ptr addrspace(1) %slot
  %next = getelementptr i32, ptr addrspace(1) %slot, i64 1
  store i32 %after, ptr addrspace(1) %next
  ret void
})");
    const uint32_t size = GetParam().size[0];
    std::vector<std::array<uint32_t, 2>> out(size * 5);
    uint32_t total = 0;
    compileAndRun(kir, {5, 1, 1}, GetParam().size, {Arg::buffer(out.data()), Arg::buffer(&total)},
                  GetParam().specialised);
    EXPECT_EQ(total, size * 5);
    for (uint32_t group = 0; group < 5; ++group) {
        std::vector<uint32_t> seen;
        for (uint32_t i = 0; i < size; ++i) {
            seen.push_back(out[group * size + i][0]);
            EXPECT_EQ(out[group * size + i][1], 3 * size);
        }
        std::sort(seen.begin(), seen.end());
        for (uint32_t i = 0; i < size; ++i) {
            ASSERT_EQ(seen[i], 3 * i);
        }
    }
}

TEST_P(HostKernels, DynamicLocalPointersDoNotOverlap) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out, ptr addrspace(3) %a, ptr addrspace(3) %b) #0 {
  %lid = call i64 @hy.local_id(i32 0)
  %size = call i64 @hy.local_size(i32 0)
  %pa = getelementptr i32, ptr addrspace(3) %a, i64 %lid
  %pb = getelementptr i64, ptr addrspace(3) %b, i64 %lid
  %va = trunc i64 %lid to i32
  store i32 %va, ptr addrspace(3) %pa
  %vb = mul i64 %lid, 1000
  store i64 %vb, ptr addrspace(3) %pb
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %last = sub i64 %size, 1
  %mirror = sub i64 %last, %lid
  %qa = getelementptr i32, ptr addrspace(3) %a, i64 %mirror
  %qb = getelementptr i64, ptr addrspace(3) %b, i64 %mirror
  %ra = load i32, ptr addrspace(3) %qa
  %rb = load i64, ptr addrspace(3) %qb
  %wa = zext i32 %ra to i64
  %sum = add i64 %wa, %rb
  %gid = call i64 @hy.global_id(i32 0)
  %po = getelementptr i64, ptr addrspace(1) %out, i64 %gid
  store i64 %sum, ptr addrspace(1) %po
  ret void
})");
    const uint32_t size = GetParam().size[0];
    std::vector<uint64_t> out(size * 3);
    compileAndRun(kir, {3, 1, 1}, GetParam().size,
                  {Arg::buffer(out.data()), Arg::local(size * 4), Arg::local(size * 8)}, GetParam().specialised);
    for (uint32_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], uint64_t{size - 1 - i % size} * 1001) << i;
    }
}

// A store to one of eight numbers between the loads of two: the optimiser may not read both at once.
TEST_P(HostKernels, AccessesOfOneItemStayInOrder) {
    const auto [size, specialised] = GetParam();
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %a, ptr addrspace(1) %out) #0 {
  %i = call i64 @hy.global_id(i32 0)
  %eight = shl i64 %i, 3
  %p = getelementptr i32, ptr addrspace(1) %a, i64 %eight
  %next = getelementptr i32, ptr addrspace(1) %p, i64 1
  %x = load i32, ptr addrspace(1) %next
  %low = and i32 %x, 7
  %index = zext i32 %low to i64
  %q = getelementptr i32, ptr addrspace(1) %p, i64 %index
  store i32 1, ptr addrspace(1) %q
  %y = load i32, ptr addrspace(1) %p
  %to = getelementptr i32, ptr addrspace(1) %out, i64 %i
  store i32 %y, ptr addrspace(1) %to
  ret void
})");
    const size_t items = size_t{3} * size[0];
    std::vector<uint32_t> a(items * 8);
    std::vector<uint32_t> out(items);
    compileAndRun(kir, {3, 1, 1}, size, {Arg::buffer(a.data()), Arg::buffer(out.data())}, specialised);
    EXPECT_THAT(out, testing::Each(1u));
}

TEST(HostKernel, IdsAndSizesInThreeDimensions) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out) #0 {
  %gx = call i64 @hy.global_id(i32 0)
  %gy = call i64 @hy.global_id(i32 1)
  %gz = call i64 @hy.global_id(i32 2)
  %sx = call i64 @hy.global_size(i32 0)
  %sy = call i64 @hy.global_size(i32 1)
  %zy = mul i64 %gz, %sy
  %row = add i64 %zy, %gy
  %rx = mul i64 %row, %sx
  %index = add i64 %rx, %gx
  %base = getelementptr [12 x i64], ptr addrspace(1) %out, i64 %index
  %glin = call i64 @hy.global_linear_id()
  store i64 %glin, ptr addrspace(1) %base
  %llin = call i64 @hy.local_linear_id()
  %p1 = getelementptr i64, ptr addrspace(1) %base, i64 1
  store i64 %llin, ptr addrspace(1) %p1
  br label %loop
loop:
  %d = phi i32 [ 0, %0 ], [ %dn, %loop ]
  %l = call i64 @hy.local_id(i32 %d)
  %g = call i64 @hy.group_id(i32 %d)
  %s = call i64 @hy.local_size(i32 %d)
  %l1 = mul i64 %l, 10000
  %g1 = mul i64 %g, 100
  %t = add i64 %l1, %g1
  %u = add i64 %t, %s
  %w = zext i32 %d to i64
  %slot = add i64 %w, 2
  %pd = getelementptr i64, ptr addrspace(1) %base, i64 %slot
  store i64 %u, ptr addrspace(1) %pd
  %dn = add i32 %d, 1
  %more = icmp ult i32 %dn, 4
  br i1 %more, label %loop, label %done
done:
  %p6 = getelementptr i64, ptr addrspace(1) %base, i64 6
  %sub = call i32 @hy.subgroup_id()
  %nsub = call i32 @hy.num_subgroups()
  %wsub = zext i32 %sub to i64
  %wnsub = zext i32 %nsub to i64
  %ss = add i64 %wsub, %wnsub
  store i64 %ss, ptr addrspace(1) %p6
  ret void
})");
    const Dim3 groups{2, 3, 4};
    for (const Dim3& size : {Dim3{4, 3, 2}, Dim3{1, 5, 1}, Dim3{1, 1, 7}, Dim3{17, 1, 2}, Dim3{1, 1, 1}}) {
        for (const bool specialised : {true, false}) {
            const Dim3 total{groups[0] * size[0], groups[1] * size[1], groups[2] * size[2]};
            std::vector<std::array<int64_t, 12>> out(size_t{total[0]} * total[1] * total[2]);
            compileAndRun(kir, groups, size, {Arg::buffer(out.data())}, specialised);
            for (uint32_t z = 0; z < total[2]; ++z) {
                for (uint32_t y = 0; y < total[1]; ++y) {
                    for (uint32_t x = 0; x < total[0]; ++x) {
                        const size_t index = (size_t{z} * total[1] + y) * total[0] + x;
                        const Dim3 id{x, y, z};
                        int64_t linear = 0;
                        for (int d = 2; d >= 0; --d) {
                            linear = linear * size[d] + id[d] % size[d];
                        }
                        ASSERT_EQ(out[index][0], static_cast<int64_t>(index));
                        ASSERT_EQ(out[index][1], linear);
                        for (int d = 0; d < 3; ++d) {
                            ASSERT_EQ(out[index][2 + d], id[d] % size[d] * 10000 + id[d] / size[d] * 100 + size[d]);
                        }
                        ASSERT_EQ(out[index][5], 1) << "beyond the third dimension";
                        ASSERT_EQ(out[index][6], linear / 16 + (int64_t{size[0]} * size[1] * size[2] + 15) / 16);
                    }
                }
            }
        }
    }
}

// Runs only the workgroup whose ids straddle 2^31, so that the test needs no such buffer.
TEST(HostKernel, GlobalIdsBeyond31Bits) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out) #0 {
  %id = call i64 @hy.global_id(i32 0)
  %narrow = trunc i64 %id to i32
  %signed = sext i32 %narrow to i64
  %sum = add i64 %id, %signed
  %lid = call i64 @hy.local_id(i32 0)
  %p = getelementptr i64, ptr addrspace(1) %out, i64 %lid
  store i64 %sum, ptr addrspace(1) %p
  ret void
})");
    std::vector<int64_t> out(100);
    const std::vector<Arg> args{Arg::buffer(out.data())};
    const spv::Result<std::string> artifact = compileKir(kir, args, {100, 1, 1});
    ASSERT_TRUE(artifact) << artifact.error().message;
    const HostKernel kernel(*artifact);
    const std::vector<std::byte> packed = packArguments(args);
    const uint32_t cancel = 0;
    const HyHostLaunch launch{{50'000'000, 1, 1}, {100, 1, 1}, packed.data(), &cancel};
    alignas(128) std::array<std::byte, 128> local{};
    alignas(64) std::array<std::byte, 64> scratch{};
    for (const uint64_t group :
         {uint64_t{21'474'836}, uint64_t{21'474'837}, uint64_t{30'000'000}, uint64_t{42'949'673}}) {
        kernel.run(launch, group, group + 1, local.data(), scratch.data());
        for (int64_t i = 0; i < 100; ++i) {
            const int64_t id = static_cast<int64_t>(group) * 100 + i;
            ASSERT_EQ(out[static_cast<size_t>(i)], id + static_cast<int32_t>(static_cast<uint32_t>(id)))
                << group << " " << i;
        }
    }
}

TEST(HostKernel, CancelStopsBeforeTheNextWorkgroup) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out) #0 {
  %g = call i64 @hy.group_id(i32 0)
  %p = getelementptr i32, ptr addrspace(1) %out, i64 %g
  store i32 7, ptr addrspace(1) %p
  ret void
})");
    std::vector<uint32_t> out(8);
    const std::vector<Arg> args{Arg::buffer(out.data())};
    const spv::Result<std::string> artifact = compileKir(kir, args, {1, 1, 1});
    ASSERT_TRUE(artifact) << artifact.error().message;
    const HostKernel kernel(*artifact);
    const std::vector<std::byte> packed = packArguments(args);
    // The kernel's own store to out[3] raises the flag.
    const HyHostLaunch launch{{8, 1, 1}, {1, 1, 1}, packed.data(), &out[3]};
    alignas(128) std::array<std::byte, 128> local{};
    kernel.run(launch, 0, 8, local.data(), local.data());
    EXPECT_THAT(out, testing::ElementsAre(7, 7, 7, 7, 0, 0, 0, 0));
}

TEST(HostKernel, ByValueAggregatesAndHiddenLengthsAreReadFromTheBlock) {
    const std::string kir = kirModule(R"(
%S = type { i32, i64, [2 x float] }
define void @k(ptr addrspace(1) %out, ptr addrspace(4) byref(%S) align 8 %s, <2 x float> %v, i8 %c) #0 {
  %pi = getelementptr %S, ptr addrspace(4) %s, i64 0, i32 1
  %i = load i64, ptr addrspace(4) %pi
  %pf = getelementptr %S, ptr addrspace(4) %s, i64 0, i32 2, i64 1
  %f = load float, ptr addrspace(4) %pf
  %v1 = extractelement <2 x float> %v, i32 1
  %sum = fadd float %f, %v1
  %fi = sitofp i64 %i to float
  %sum2 = fadd float %sum, %fi
  %cf = uitofp i8 %c to float
  %sum3 = fadd float %sum2, %cf
  %g = call i64 @hy.global_id(i32 0)
  %p = getelementptr float, ptr addrspace(1) %out, i64 %g
  store float %sum3, ptr addrspace(1) %p
  ret void
})");
    struct S {
        int32_t a;
        int64_t b;
        std::array<float, 2> c;
    };
    std::vector<float> out(10);
    S aggregate{1, 5, {7.0f, 0.5f}};
    Arg structure = Arg::value(aggregate);
    ASSERT_EQ(structure.bytes.size(), 24u);
    structure.bytes.resize(32); // the harness aligns by size
    const std::array<float, 2> vector{9.0f, 100.0f};
    compileAndRun(kir, {2, 1, 1}, {5, 1, 1},
                  {Arg::buffer(out.data()), structure, Arg::value(vector), Arg::value(uint8_t{200})}, true);
    EXPECT_THAT(out, testing::Each(305.5f));
}

TEST(HostKernel, PrivateArraysOfWorkItemsAreApart) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in) #0 {
  %a = alloca [8 x i32], align 16
  %g = call i64 @hy.global_id(i32 0)
  %gi = trunc i64 %g to i32
  br label %fill
fill:
  %i = phi i32 [ 0, %0 ], [ %in1, %fill ]
  %p = getelementptr [8 x i32], ptr %a, i32 0, i32 %i
  %v = mul i32 %i, %gi
  store i32 %v, ptr %p
  %in1 = add i32 %i, 1
  %more = icmp ult i32 %in1, 8
  br i1 %more, label %fill, label %pick
pick:
  %pin = getelementptr i32, ptr addrspace(1) %in, i64 %g
  %which = load i32, ptr addrspace(1) %pin
  %q = getelementptr [8 x i32], ptr %a, i32 0, i32 %which
  %r = load i32, ptr %q
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %g
  store i32 %r, ptr addrspace(1) %po
  ret void
})");
    for (const bool specialised : {true, false}) {
        std::vector<uint32_t> in(96), out(96);
        for (uint32_t i = 0; i < 96; ++i) {
            in[i] = (i * 5) % 8;
        }
        compileAndRun(kir, {3, 1, 1}, {32, 1, 1}, {Arg::buffer(out.data()), Arg::buffer(in.data())}, specialised);
        for (uint32_t i = 0; i < 96; ++i) {
            ASSERT_EQ(out[i], in[i] * i);
        }
    }
}

// Vectors spread such arrays: rows at one index, elements at the lanes' own, and some lanes alone.
TEST(HostKernel, PrivateArraysOfRecordsInVectors) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) noalias %out) #0 {
entry:
  %v = alloca [8 x { i32, i32 }], align 16
  %gid = call i64 @hy.global_id(i32 0)
  %id = trunc i64 %gid to i32
  br label %fill
fill:
  %i = phi i32 [ 0, %entry ], [ %next, %fill ]
  %wide = zext i32 %i to i64
  %first = getelementptr [8 x { i32, i32 }], ptr %v, i64 0, i64 %wide, i32 0
  %x = mul i32 %id, 5
  %y = add i32 %x, %i
  store i32 %y, ptr %first, align 8
  %second = getelementptr i8, ptr %first, i64 4
  %z = xor i32 %y, 255
  store i32 %z, ptr %second
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, 8
  br i1 %more, label %fill, label %pick
pick:
  %own = and i32 %id, 7
  %from = getelementptr [8 x { i32, i32 }], ptr %v, i64 0, i32 %own, i32 1
  %a = load i32, ptr %from
  %bit = and i32 %id, 1
  %odd = icmp ne i32 %bit, 0
  %last = getelementptr i32, ptr %v, i64 15
  br i1 %odd, label %change, label %done
change:
  store i32 %a, ptr %last
  br label %done
done:
  %b = load i32, ptr %last
  %b3 = mul i32 %b, 3
  %sum = add i32 %a, %b3
  %to = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %sum, ptr addrspace(1) %to
  ret void
})");
    for (const uint32_t size : {5u, 8u, 16u, 32u, 64u}) {
        for (const bool specialised : {true, false}) {
            std::vector<uint32_t> out(size_t{3} * size);
            compileAndRun(kir, {3, 1, 1}, {size, 1, 1}, {Arg::buffer(out.data())}, specialised);
            for (uint32_t id = 0; id < out.size(); ++id) {
                const uint32_t a = (id * 5 + id % 8) ^ 255, b = id % 2 != 0 ? a : (id * 5 + 7) ^ 255;
                ASSERT_EQ(out[id], a + 3 * b) << id << " of groups of " << size;
            }
        }
    }
}

TEST(HostKernel, SaxpyIsVectorisedOverWorkItems) {
    const std::vector<Arg> args{Arg::buffer(nullptr), Arg::buffer(nullptr), Arg::value(1.0f), Arg::value(1)};
    for (const Dim3& size : {Dim3{256, 1, 1}, Dim3{0, 0, 0}}) {
        const spv::Result<std::string> ir = compileKir(kSaxpy, args, size, Emit::Ir);
        ASSERT_TRUE(ir) << ir.error().message;
        EXPECT_THAT(*ir, ContainsRegex("fadd contract <(8|16) x float>"));
        EXPECT_THAT(*ir, HasSubstr("llvm.masked.store"));
    }
}

// Every rounding case of bfloat16: exact, below, on and above the middle, for even and odd, from float and double.
TEST(HostKernel, Bfloat16Conversions) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in, ptr addrspace(1) %wide) #0 {
  %i = call i64 @hy.global_id(i32 0)
  %pi = getelementptr float, ptr addrspace(1) %in, i64 %i
  %pw = getelementptr double, ptr addrspace(1) %wide, i64 %i
  %po = getelementptr [4 x float], ptr addrspace(1) %out, i64 %i
  %p1 = getelementptr float, ptr addrspace(1) %po, i64 1
  %p2 = getelementptr float, ptr addrspace(1) %po, i64 2
  %x = load float, ptr addrspace(1) %pi
  %d = load double, ptr addrspace(1) %pw
  %bx = fptrunc float %x to bfloat
  %bd = fptrunc double %d to bfloat
  %fx = fpext bfloat %bx to float
  %dd = fpext bfloat %bd to double
  %fd = fptrunc double %dd to float
  %v = insertelement <2 x float> <float 1.0, float poison>, float %x, i32 1
  %bv = fptrunc <2 x float> %v to <2 x bfloat>
  %ev = fpext <2 x bfloat> %bv to <2 x float>
  %e1 = extractelement <2 x float> %ev, i32 1
  store float %fx, ptr addrspace(1) %po
  store float %fd, ptr addrspace(1) %p1
  store float %e1, ptr addrspace(1) %p2
  ret void
})");
    const float infinity = std::numeric_limits<float>::infinity();
    struct {
        float from;
        float to;
    } const floats[] = {{0x1.01p0F, 0x1p0F},     {0x1.03p0F, 0x1.04p0F},     {0x1.010002p0F, 0x1.02p0F},
                        {0x1.00fffep0F, 0x1p0F}, {-0x1.03p0F, -0x1.04p0F},   {0x1.fffffep127F, infinity},
                        {-infinity, -infinity},  {0x1p-133F, 0x1p-133F},     {0x1.8p-134F, 0x1p-133F},
                        {-0.0F, -0.0F},          {0x1.fep127F, 0x1.fep127F}, {3.0F, 3.0F}};
    std::vector<float> in;
    std::vector<double> wide;
    for (const auto& pair : floats) {
        in.push_back(pair.from);
        wide.push_back(pair.from);
    }
    // A float would round these to the middle between two numbers first.
    in.push_back(std::numeric_limits<float>::quiet_NaN());
    wide.push_back(0x1.01000001p0);
    in.push_back(0.0F);
    wide.push_back(0x1.02ffffffp0);
    std::vector<float> out(4 * in.size());
    const auto count = static_cast<uint32_t>(in.size());
    compileAndRun(kir, {count, 1, 1}, {1, 1, 1},
                  {Arg::buffer(out.data()), Arg::buffer(in.data()), Arg::buffer(wide.data())}, false);
    for (size_t i = 0; i < std::size(floats); ++i) {
        for (size_t form = 0; form < 3; ++form) {
            EXPECT_EQ(out[4 * i + form], floats[i].to) << "form " << form << " of " << floats[i].from;
            EXPECT_EQ(std::signbit(out[4 * i + form]), std::signbit(floats[i].to));
        }
    }
    EXPECT_TRUE(std::isnan(out[4 * (count - 2)]));
    EXPECT_EQ(out[4 * (count - 2) + 1], 0x1.02p0F);
    EXPECT_EQ(out[4 * (count - 1) + 1], 0x1.02p0F);
}

TEST(HostKernel, UnknownOperationsAreRefusedByName) {
    const std::string kir = R"(
define void @k() #0 {
  call void @hy.subgroup.frobnicate.i32()
  ret void
}
declare void @hy.subgroup.frobnicate.i32()
attributes #0 = { "hy.kernel" }
)";
    const spv::Result<std::string> result = compileKir(kir, {}, {1, 1, 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(result.error().message, HasSubstr("hy.subgroup.frobnicate.i32"));
}

TEST(HostKernel, WideAtomicsAreRefused) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %p) #0 {
  %a = atomicrmw add ptr addrspace(1) %p, i128 1 monotonic
  ret void
})");
    const spv::Result<std::string> result = compileKir(kir, {Arg::buffer(nullptr)}, {1, 1, 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(result.error().message, HasSubstr("i128"));
}

TEST(HostKernel, RemainderNeedsNoCLibrary) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %p) #0 {
  %i = call i64 @hy.global_id(i32 0)
  %q = getelementptr float, ptr addrspace(1) %p, i64 %i
  %v = load float, ptr addrspace(1) %q
  %a = frem float %v, 3.0
  store float %a, ptr addrspace(1) %q
  ret void
})");
    std::vector<float> values{7.5f, -7.5f, 2.0f, 1e30f};
    const std::vector<float> expected{1.5f, -1.5f, 2.0f, std::fmod(1e30f, 3.0f)};
    compileAndRun(kir, {1, 1, 1}, {4, 1, 1}, {Arg::buffer(values.data())}, false);
    EXPECT_EQ(values, expected);
}

TEST(HostKernel, MissingFunctionsAreNamedAtLink) {
    const std::string kir = kirModule(R"(
declare float @llvm.sin.f32(float)
define void @k(ptr addrspace(1) %p) #0 {
  %v = load float, ptr addrspace(1) %p
  %s = call float @llvm.sin.f32(float %v)
  %a = frem float %s, 3.0
  store float %a, ptr addrspace(1) %p
  ret void
})");
    const spv::Result<std::string> result = compileKir(kir, {Arg::buffer(nullptr)}, {1, 1, 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, HY_ERROR_COMPILE_FAILED);
    EXPECT_THAT(result.error().message, HasSubstr("calls 'sinf', which"));
}

TEST(HostKernel, UnknownProcessorsAreRefused) {
    const spv::Result<std::unique_ptr<Target>> target = createTarget("host", "no-such-cpu", "");
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().code, HY_ERROR_INVALID_ARGUMENT);
}

} // namespace
} // namespace halyard::jit::test
