// Barriers in every position that SPIR-V allows, at sizes that are not multiples of any vector width. Conditions that
// are the same for all work-items, but not provably so, are loaded from `flags[global id]`.
#include "host_harness.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::jit::test {
namespace {

struct Case {
    uint32_t size;
    bool specialised;
};

class HostBarriers : public testing::TestWithParam<Case> {
protected:
    static constexpr uint32_t kGroups = 3;
    uint32_t size() const { return GetParam().size; }
    uint32_t total() const { return size() * kGroups; }
    void run(const std::string& kir, const std::vector<Arg>& args) const {
        compileAndRun(kir, {kGroups, 1, 1}, {size(), 1, 1}, args, GetParam().specialised);
    }
};

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const uint32_t size : {1u, 3u, 8u, 16u, 31u, 64u, 65u, 130u}) {
        all.push_back({size, true});
        all.push_back({size, false});
    }
    return all;
}

std::string nameOf(const testing::TestParamInfo<Case>& info) {
    return std::to_string(info.param.size) + (info.param.specialised ? "_known" : "_any");
}

INSTANTIATE_TEST_SUITE_P(Sizes, HostBarriers, testing::ValuesIn(cases()), nameOf);

// sum over the workgroup by a tree with a barrier in a loop; the loop exits at the top.
TEST_P(HostBarriers, TreeReduction) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in) #0 {
entry:
  %lid = call i64 @hy.local_id(i32 0)
  %l = trunc i64 %lid to i32
  %size64 = call i64 @hy.local_size(i32 0)
  %size = trunc i64 %size64 to i32
  %gid = call i64 @hy.global_id(i32 0)
  %pin = getelementptr i32, ptr addrspace(1) %in, i64 %gid
  %v = load i32, ptr addrspace(1) %pin
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  store i32 %v, ptr addrspace(3) %ps
  br label %head
head:
  %stride = phi i32 [ 128, %entry ], [ %half, %next ]
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %more = icmp ne i32 %stride, 0
  br i1 %more, label %body, label %done
body:
  %other = add i32 %l, %stride
  %lower = icmp ult i32 %l, %stride
  %inside = icmp ult i32 %other, %size
  %take = and i1 %lower, %inside
  br i1 %take, label %add, label %next
add:
  %wother = zext i32 %other to i64
  %po = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %wother
  %vo = load i32, ptr addrspace(3) %po
  %vs = load i32, ptr addrspace(3) %ps
  %sum = add i32 %vo, %vs
  store i32 %sum, ptr addrspace(3) %ps
  br label %next
next:
  %half = lshr i32 %stride, 1
  br label %head
done:
  %result = load i32, ptr addrspace(3) @s
  %pout = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %result, ptr addrspace(1) %pout
  ret void
})");
    std::vector<uint32_t> in(total()), out(total());
    for (uint32_t i = 0; i < total(); ++i) {
        in[i] = i * i + 1;
    }
    run(kir, {Arg::buffer(out.data()), Arg::buffer(in.data())});
    for (uint32_t i = 0; i < total(); ++i) {
        const uint32_t first = i / size() * size();
        ASSERT_EQ(out[i], std::accumulate(in.begin() + first, in.begin() + first + size(), 0u));
    }
}

// if (flags[gid]) { exchange through local memory over a barrier; keep a value computed before } else { another way };
// use it.
TEST_P(HostBarriers, ConditionalThatDoesNotLookUniform) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %flags) #0 {
entry:
  %lid = call i64 @hy.local_id(i32 0)
  %size = call i64 @hy.local_size(i32 0)
  %gid = call i64 @hy.global_id(i32 0)
  %pf = getelementptr i32, ptr addrspace(1) %flags, i64 %gid
  %flag = load i32, ptr addrspace(1) %pf
  %g = trunc i64 %gid to i32
  %hash = mul i32 %g, %flag
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  %last = sub i64 %size, 1
  %mirror = sub i64 %last, %lid
  %pm = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %mirror
  store i32 %g, ptr addrspace(3) %ps
  %set = icmp ne i32 %flag, 0
  br i1 %set, label %yes, label %no
yes:
  %extra = add i32 %hash, 7
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %vm = load i32, ptr addrspace(3) %pm
  %y = add i32 %vm, %extra
  br label %join
no:
  %isodd = trunc i32 %g to i1
  br i1 %isodd, label %odd, label %join
odd:
  br label %join
join:
  %r = phi i32 [ %y, %yes ], [ 5, %no ], [ 6, %odd ]
  %r2 = add i32 %r, %hash
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %pout = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %r2, ptr addrspace(1) %pout
  ret void
})");
    std::vector<uint32_t> flags(total()), out(total());
    for (uint32_t i = 0; i < total(); ++i) {
        flags[i] = i / size() == 1 ? 0 : 3;
    }
    run(kir, {Arg::buffer(out.data()), Arg::buffer(flags.data())});
    for (uint32_t i = 0; i < total(); ++i) {
        const uint32_t first = i / size() * size();
        const uint32_t mirror = first + size() - 1 - (i - first);
        ASSERT_EQ(out[i], flags[i] != 0 ? mirror + 3 * i + 7 + 3 * i : (i % 2 != 0 ? 6 : 5)) << i;
    }
}

// for (i < a[gid]) { barrier; for (j < b[gid]) { barrier; x = x * 3 + s[(lid + i + j) % size]; if (x' == limit of the
// group) break out }; } with loop-carried private values.
TEST_P(HostBarriers, NestedLoopsWithBreak) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %flags) #0 {
entry:
  %lid = call i64 @hy.local_id(i32 0)
  %l = trunc i64 %lid to i32
  %size64 = call i64 @hy.local_size(i32 0)
  %size = trunc i64 %size64 to i32
  %gid = call i64 @hy.global_id(i32 0)
  %pf = getelementptr i32, ptr addrspace(1) %flags, i64 %gid
  %limit = load i32, ptr addrspace(1) %pf
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  br label %outer
outer:
  %i = phi i32 [ 0, %entry ], [ %i1, %outer.next ]
  %x = phi i32 [ %l, %entry ], [ %x.in, %outer.next ]
  %n = phi i32 [ 0, %entry ], [ %n.in, %outer.next ]
  %more.i = icmp ult i32 %i, %limit
  br i1 %more.i, label %outer.body, label %done
outer.body:
  store i32 %x, ptr addrspace(3) %ps
  call void @hy.barrier(i32 2, i32 2, i32 272)
  br label %inner
inner:
  %j = phi i32 [ 0, %outer.body ], [ %j1, %inner.next ]
  %x.in = phi i32 [ %x, %outer.body ], [ %x2, %inner.next ]
  %n.in = phi i32 [ %n, %outer.body ], [ %n1, %inner.next ]
  %more.j = icmp ult i32 %j, 4
  br i1 %more.j, label %inner.body, label %outer.next
inner.body:
  %n1 = add i32 %n.in, 1
  %li = add i32 %l, %i
  %lij = add i32 %li, %j
  %at = urem i32 %lij, %size
  %wat = zext i32 %at to i64
  %pat = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %wat
  %v = load i32, ptr addrspace(3) %pat
  %x1 = mul i32 %x.in, 3
  %x2 = add i32 %x1, %v
  %stop.limit = mul i32 %limit, 3
  %stop = icmp eq i32 %n1, %stop.limit
  br i1 %stop, label %broken, label %inner.next
inner.next:
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %j1 = add i32 %j, 1
  br label %inner
outer.next:
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %i1 = add i32 %i, 1
  br label %outer
broken:
  %xb = xor i32 %x2, 1431655765
  br label %done
done:
  %r = phi i32 [ %x, %outer ], [ %xb, %broken ]
  %pout = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %r, ptr addrspace(1) %pout
  ret void
})");
    std::vector<uint32_t> flags(total()), out(total());
    for (uint32_t i = 0; i < total(); ++i) {
        flags[i] = i / size() * 2;
    }
    run(kir, {Arg::buffer(out.data()), Arg::buffer(flags.data())});
    for (uint32_t group = 0; group < kGroups; ++group) {
        const uint32_t limit = group * 2;
        std::vector<uint32_t> x(size());
        std::iota(x.begin(), x.end(), 0u);
        uint32_t n = 0;
        bool broken = false;
        for (uint32_t i = 0; i < limit && !broken; ++i) {
            const std::vector<uint32_t> s = x;
            for (uint32_t j = 0; j < 4 && !broken; ++j) {
                ++n;
                for (uint32_t l = 0; l < size(); ++l) {
                    x[l] = x[l] * 3 + s[(l + i + j) % size()];
                }
                broken = n == limit * 3;
            }
        }
        for (uint32_t l = 0; l < size(); ++l) {
            ASSERT_EQ(out[group * size() + l], broken ? x[l] ^ 0x55555555u : x[l]) << group << " " << l;
        }
    }
}

TEST_P(HostBarriers, EarlyReturnOfWholeGroups) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %flags) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %lid = call i64 @hy.local_id(i32 0)
  %pf = getelementptr i32, ptr addrspace(1) %flags, i64 %gid
  %flag = load i32, ptr addrspace(1) %pf
  %pout = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  %leave = icmp eq i32 %flag, 1
  br i1 %leave, label %early, label %stay
early:
  store i32 -1, ptr addrspace(1) %pout
  ret void
stay:
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  %g = trunc i64 %gid to i32
  store i32 %g, ptr addrspace(3) %ps
  call void @hy.barrier(i32 2, i32 1, i32 520)
  %again = icmp eq i32 %flag, 2
  br i1 %again, label %early, label %finish
finish:
  %first = load i32, ptr addrspace(3) @s
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %sum = add i32 %first, %g
  store i32 %sum, ptr addrspace(1) %pout
  ret void
})");
    std::vector<uint32_t> flags(total()), out(total());
    for (uint32_t i = 0; i < total(); ++i) {
        flags[i] = i / size();
    }
    run(kir, {Arg::buffer(out.data()), Arg::buffer(flags.data())});
    for (uint32_t i = 0; i < total(); ++i) {
        ASSERT_EQ(out[i], i < size() ? i : ~0u) << i;
    }
}

// Not what SPIR-V allows, but what programs do: some return before a barrier that the others go on to, the last one of
// the group among them.
TEST_P(HostBarriers, EarlyReturnOfSomeInvocations) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %lid = call i64 @hy.local_id(i32 0)
  %pout = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  %third = urem i64 %lid, 3
  %leave = icmp ne i64 %third, 0
  br i1 %leave, label %early, label %stay
early:
  store i32 -1, ptr addrspace(1) %pout
  ret void
stay:
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  %g = trunc i64 %gid to i32
  store i32 %g, ptr addrspace(3) %ps
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %first = load i32, ptr addrspace(3) @s
  %sum = add i32 %first, %g
  store i32 %sum, ptr addrspace(1) %pout
  ret void
})");
    std::vector<uint32_t> out(total());
    run(kir, {Arg::buffer(out.data())});
    for (uint32_t i = 0; i < total(); ++i) {
        const uint32_t first = i / size() * size();
        ASSERT_EQ(out[i], (i - first) % 3 == 0 ? i + first : ~0u) << i;
    }
}

// A private array, a boolean, a three-component vector and a uniform value live across barriers in a loop that exits at
// the bottom.
TEST_P(HostBarriers, PrivateStateAcrossBarriers) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x float] undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %params) #0 {
entry:
  %a = alloca [5 x i32], align 16
  %gid = call i64 @hy.global_id(i32 0)
  %lid = call i64 @hy.local_id(i32 0)
  %g = trunc i64 %gid to i32
  %gf = uitofp i32 %g to float
  %count = load i32, ptr addrspace(1) %params
  %odd.bit = and i32 %g, 1
  %odd = icmp ne i32 %odd.bit, 0
  %v0 = insertelement <3 x float> zeroinitializer, float %gf, i32 0
  %ps = getelementptr [256 x float], ptr addrspace(3) @s, i64 0, i64 %lid
  store i32 %g, ptr %a
  %a1 = getelementptr i32, ptr %a, i64 1
  store i32 0, ptr %a1
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %latch ]
  %v = phi <3 x float> [ %v0, %entry ], [ %v2, %latch ]
  %flip = phi i1 [ %odd, %entry ], [ %flop, %latch ]
  store float %gf, ptr addrspace(3) %ps
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %s0 = load float, ptr addrspace(3) @s
  %e1 = extractelement <3 x float> %v, i32 1
  %e1n = fadd float %e1, %s0
  %v1 = insertelement <3 x float> %v, float %e1n, i32 1
  br i1 %flip, label %on, label %latch
on:
  %c = load i32, ptr %a1
  %cn = add i32 %c, 1
  store i32 %cn, ptr %a1
  br label %latch
latch:
  %v2 = phi <3 x float> [ %v1, %loop ], [ %v1, %on ]
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %flop = xor i1 %flip, true
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, %count
  br i1 %more, label %loop, label %done
done:
  %r0 = extractelement <3 x float> %v2, i32 0
  %r1 = extractelement <3 x float> %v2, i32 1
  %base = getelementptr [4 x float], ptr addrspace(1) %out, i64 %gid
  store float %r0, ptr addrspace(1) %base
  %p1 = getelementptr float, ptr addrspace(1) %base, i64 1
  store float %r1, ptr addrspace(1) %p1
  %rc = load i32, ptr %a1
  %rcf = uitofp i32 %rc to float
  %p2 = getelementptr float, ptr addrspace(1) %base, i64 2
  store float %rcf, ptr addrspace(1) %p2
  %ra = load i32, ptr %a
  %raf = uitofp i32 %ra to float
  %p3 = getelementptr float, ptr addrspace(1) %base, i64 3
  store float %raf, ptr addrspace(1) %p3
  ret void
})");
    for (const uint32_t count : {1u, 6u}) {
        std::vector<std::array<float, 4>> out(total());
        run(kir, {Arg::buffer(out.data()), Arg::buffer(&count)});
        for (uint32_t i = 0; i < total(); ++i) {
            const uint32_t first = i / size() * size();
            const uint32_t on = i % 2 != 0 ? (count + 1) / 2 : count / 2;
            ASSERT_THAT(out[i], testing::ElementsAre(static_cast<float>(i), static_cast<float>(first * count),
                                                     static_cast<float>(on), static_cast<float>(i)))
                << i;
        }
    }
}

// Two values that swap places each iteration, in a uniform loop without a barrier that the target cuts on its own.
TEST_P(HostBarriers, SwappedPhisInUniformLoop) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in, i32 %n) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %g = trunc i64 %gid to i32
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %body ]
  %a = phi i32 [ %g, %entry ], [ %b, %body ]
  %b = phi i32 [ 1000, %entry ], [ %sum, %body ]
  %more = icmp ult i32 %i, %n
  br i1 %more, label %body, label %done
body:
  %w = zext i32 %i to i64
  %at = add i64 %w, %gid
  %p = getelementptr i32, ptr addrspace(1) %in, i64 %at
  %v = load i32, ptr addrspace(1) %p
  %sum = add i32 %a, %v
  %i1 = add i32 %i, 1
  br label %loop
done:
  %d = sub i32 %a, %b
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %d, ptr addrspace(1) %po
  ret void
})");
    for (const uint32_t n : {0u, 1u, 2u, 9u}) {
        std::vector<uint32_t> in(total() + n + 1), out(total());
        std::iota(in.begin(), in.end(), 3u);
        run(kir, {Arg::buffer(out.data()), Arg::buffer(in.data()), Arg::value(n)});
        for (uint32_t g = 0; g < total(); ++g) {
            uint32_t a = g;
            uint32_t b = 1000;
            for (uint32_t i = 0; i < n; ++i) {
                const uint32_t sum = a + in[g + i];
                a = b;
                b = sum;
            }
            ASSERT_EQ(out[g], a - b) << g;
        }
    }
}

// A loop that exits at the bottom, with the value of the last but one iteration used outside (the lost-copy problem),
// and one branch of it leaving for a block behind the barrier.
TEST_P(HostBarriers, ValueOfTheIterationBefore) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out, i32 %n) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %lid = call i64 @hy.local_id(i32 0)
  %size = call i64 @hy.local_size(i32 0)
  %g = trunc i64 %gid to i32
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  %l1 = add i64 %lid, 1
  %right = urem i64 %l1, %size
  %pr = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %right
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %loop.end ]
  %x = phi i32 [ %g, %entry ], [ %x1, %loop.end ]
  store i32 %x, ptr addrspace(3) %ps
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %v = load i32, ptr addrspace(3) %pr
  %x1 = add i32 %x, %v
  call void @hy.barrier(i32 2, i32 2, i32 272)
  br label %loop.end
loop.end:
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, %n
  br i1 %more, label %loop, label %done
done:
  %d = sub i32 %x1, %x
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %d, ptr addrspace(1) %po
  ret void
})");
    const uint32_t n = 5;
    std::vector<uint32_t> out(total());
    run(kir, {Arg::buffer(out.data()), Arg::value(n)});
    for (uint32_t group = 0; group < kGroups; ++group) {
        std::vector<uint32_t> x(size()), before;
        std::iota(x.begin(), x.end(), group * size());
        for (uint32_t i = 0; i < n; ++i) {
            before = x;
            for (uint32_t l = 0; l < size(); ++l) {
                x[l] += before[(l + 1) % size()];
            }
        }
        for (uint32_t l = 0; l < size(); ++l) {
            ASSERT_EQ(out[group * size() + l], x[l] - before[l]);
        }
    }
}

// Which of two barriers is next depends on a switch over a loaded value.
TEST_P(HostBarriers, SwitchBetweenBarriers) {
    const std::string kir = kirModule(R"(
@s = internal addrspace(3) global [256 x i32] undef, align 4
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %flags) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %lid = call i64 @hy.local_id(i32 0)
  %g = trunc i64 %gid to i32
  %ps = getelementptr [256 x i32], ptr addrspace(3) @s, i64 0, i64 %lid
  store i32 %g, ptr addrspace(3) %ps
  %pf = getelementptr i32, ptr addrspace(1) %flags, i64 %gid
  br label %dispatch
dispatch:
  %state = phi i32 [ 0, %entry ], [ 1, %zero ], [ %next.one, %one ], [ 3, %two ]
  %acc = phi i32 [ 0, %entry ], [ %acc0, %zero ], [ %acc1, %one ], [ %acc2, %two ]
  %flag = load i32, ptr addrspace(1) %pf
  switch i32 %state, label %done [ i32 0, label %zero i32 1, label %one i32 2, label %two i32 7, label %two ]
zero:
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %acc0 = add i32 %acc, 1
  br label %dispatch
one:
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %first = load i32, ptr addrspace(3) @s
  %acc1 = add i32 %acc, %first
  %next.one = add i32 %flag, 2
  br label %dispatch
two:
  %acc2 = mul i32 %acc, 10
  call void @hy.barrier(i32 2, i32 2, i32 272)
  br label %dispatch
done:
  %sum = add i32 %acc, %g
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %sum, ptr addrspace(1) %po
  ret void
})");
    std::vector<uint32_t> flags(total()), out(total());
    for (uint32_t i = 0; i < total(); ++i) {
        flags[i] = i / size(); // next state 2, 3, 4
    }
    run(kir, {Arg::buffer(out.data()), Arg::buffer(flags.data())});
    for (uint32_t i = 0; i < total(); ++i) {
        const uint32_t group = i / size();
        const uint32_t acc = 1 + group * size();
        ASSERT_EQ(out[i], (group == 0 ? acc * 10 : acc) + i) << i;
    }
}

TEST_P(HostBarriers, LastStatementIsABarrier) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out) #0 {
  call void @hy.barrier(i32 2, i32 2, i32 272)
  call void @hy.barrier(i32 3, i32 3, i32 264)
  %gid = call i64 @hy.global_id(i32 0)
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  %g = trunc i64 %gid to i32
  store i32 %g, ptr addrspace(1) %po
  call void @hy.barrier(i32 2, i32 2, i32 272)
  call void @hy.barrier(i32 2, i32 1, i32 528)
  ret void
})");
    std::vector<uint32_t> out(total(), 9999);
    run(kir, {Arg::buffer(out.data())});
    for (uint32_t i = 0; i < total(); ++i) {
        ASSERT_EQ(out[i], i);
    }
}

const std::string kTranspose = kirModule(R"(
@tile = internal addrspace(3) global [16 x [17 x i32]] undef, align 16
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in, i32 %n) #0 {
  %lx = call i64 @hy.local_id(i32 0)
  %ly = call i64 @hy.local_id(i32 1)
  %gx = call i64 @hy.global_id(i32 0)
  %gy = call i64 @hy.global_id(i32 1)
  %w = sext i32 %n to i64
  %row = mul i64 %gy, %w
  %index = add i64 %row, %gx
  %pin = getelementptr i32, ptr addrspace(1) %in, i64 %index
  %v = load i32, ptr addrspace(1) %pin
  %pt = getelementptr [16 x [17 x i32]], ptr addrspace(3) @tile, i64 0, i64 %ly, i64 %lx
  store i32 %v, ptr addrspace(3) %pt
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %pr = getelementptr [16 x [17 x i32]], ptr addrspace(3) @tile, i64 0, i64 %lx, i64 %ly
  %r = load i32, ptr addrspace(3) %pr
  %bx = call i64 @hy.group_id(i32 0)
  %by = call i64 @hy.group_id(i32 1)
  %sx = call i64 @hy.local_size(i32 0)
  %bxs = mul i64 %bx, %sx
  %bys = mul i64 %by, %sx
  %oy = add i64 %bxs, %ly
  %ox = add i64 %bys, %lx
  %orow = mul i64 %oy, %w
  %oindex = add i64 %orow, %ox
  %pout = getelementptr i32, ptr addrspace(1) %out, i64 %oindex
  store i32 %r, ptr addrspace(1) %pout
  ret void
})");

TEST(HostBarrier, TransposeThroughLocalMemory) {
    for (const uint32_t tile : {1u, 5u, 16u}) {
        for (const bool specialised : {true, false}) {
            const uint32_t n = tile * 4;
            std::vector<uint32_t> in(n * n), out(n * n);
            std::iota(in.begin(), in.end(), 0u);
            compileAndRun(kTranspose, {4, 4, 1}, {tile, tile, 1},
                          {Arg::buffer(out.data()), Arg::buffer(in.data()), Arg::value(n)}, specialised);
            for (uint32_t y = 0; y < n; ++y) {
                for (uint32_t x = 0; x < n; ++x) {
                    ASSERT_EQ(out[y * n + x], in[x * n + y]);
                }
            }
        }
    }
}

TEST(HostBarrier, KernelsWithoutLiveValuesNeedNoScratch) {
    const std::vector<Arg> args{Arg::buffer(nullptr), Arg::buffer(nullptr), Arg::value(0)};
    const spv::Result<std::string> artifact = compileKir(kTranspose, args, {16, 16, 1});
    ASSERT_TRUE(artifact) << artifact.error().message;
    const HostKernel kernel(*artifact);
    EXPECT_EQ(kernel.info().scratchBytesPerItem, 0u) << "ids and addresses are computed again behind the barrier";
    EXPECT_EQ(kernel.info().staticLocalBytes, (16u * 17 * 4 + 127) / 128 * 128);
}

// A variable that only the first round of a loop leaves unset: no piece writes it before the cut that it crosses.
TEST(HostBarrier, UndefinedValuesCrossCuts) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %p, i32 %n) #0 {
  %i = call i64 @hy.local_id(i32 0)
  %q = getelementptr float, ptr addrspace(1) %p, i64 %i
  %v = load float, ptr addrspace(1) %q
  %c = icmp sgt i32 %n, 5
  br i1 %c, label %a, label %b
a:
  br label %join
b:
  br label %join
join:
  %x = phi float [ undef, %a ], [ poison, %b ]
  call void @hy.barrier(i32 2, i32 2, i32 272)
  %y = select i1 %c, float %x, float %v
  %r = fadd float %y, 1.0
  store float %r, ptr addrspace(1) %q
  ret void
})");
    std::vector<float> values{1.0f, 2.0f, 3.0f, 4.0f};
    compileAndRun(kir, {1, 1, 1}, {4, 1, 1}, {Arg::buffer(values.data()), Arg::value(int32_t{1})}, false);
    EXPECT_THAT(values, testing::ElementsAre(2.0f, 3.0f, 4.0f, 5.0f));
}

} // namespace
} // namespace halyard::jit::test
