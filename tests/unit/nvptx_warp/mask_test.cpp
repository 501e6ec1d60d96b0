// Who meets at a subgroup operation, in control flow of all shapes.
#include "harness.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {

namespace {

constexpr const char* kBallot = "declare <4 x i32> @hy.subgroup.ballot(i1) #2\n";

// The body may append the ballot of a place with "place N": cell [N][lane] of the output.
std::string place(uint32_t number) {
    const std::string n = std::to_string(number);
    return "  %m" + n + " = call <4 x i32> @hy.subgroup.ballot(i1 true)\n  %b" + n + " = extractelement <4 x i32> %m" +
           n + ", i32 0\n  %p" + n + " = getelementptr [32 x i32], ptr addrspace(1) %out, i32 " + n + ", i32 %lane\n" +
           "  store i32 %b" + n + ", ptr addrspace(1) %p" + n + "\n";
}

std::string withPlaces(std::string body) {
    for (uint32_t i = 0; i < 10; ++i) {
        const std::string mark = "  place " + std::to_string(i) + "\n";
        const size_t at = body.find(mark);
        if (at != std::string::npos) {
            body.replace(at, mark.size(), place(i));
        }
    }
    return kirText("define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %x, i32 %y) #0 {\n"
                   "entry:\n  %lane = call i32 @hy.subgroup_local_id()\n  %i = zext i32 %lane to i64\n"
                   "  %from = getelementptr i32, ptr addrspace(1) %in, i64 %i\n"
                   "  %v = load i32, ptr addrspace(1) %from\n" +
                       body + "}\n",
                   kBallot);
}

class Masks : public ::testing::Test {
protected:
    // Runs with different inputs and orders; `expected(values, place, lane)` is a ballot, or 0 where a lane stores
    // none.
    template <typename Expected> void check(const std::string& body, uint32_t places, Expected expected) {
        for (const uint32_t sm : {75u, 80u, 90u, 100u}) {
            const std::string text = ptx(withPlaces(body), {.workgroupSize = {32, 1, 1}, .sm = sm});
            EXPECT_TRUE(!hasPtxas() || assemble(text, sm).empty()) << assemble(text, sm) << text;
        }
        for (const bool optimise : {false, true}) {
            const auto code = machine(withPlaces(body), {.workgroupSize = {32, 1, 1}, .optimise = optimise});
            for (uint32_t seed = 1; seed < 40; ++seed) {
                std::vector<uint32_t> in(32), out(32 * places);
                for (uint32_t i = 0; i < 32; ++i) {
                    in[i] = (i * 2654435761u + seed * 40503u * (i + 1)) >> 13 & (seed % 4 == 0 ? 1 : 7);
                }
                ASSERT_NO_THROW(code->run(32, {uint64_t(in.data()), uint64_t(out.data())}, seed));
                for (uint32_t place = 0; place < places; ++place) {
                    for (uint32_t lane = 0; lane < 32; ++lane) {
                        ASSERT_EQ(out[place * 32 + lane], expected(in, place, lane))
                            << "place " << place << " lane " << lane << " seed " << seed << " optimised " << optimise;
                    }
                }
            }
        }
    }

    template <typename Condition> static uint32_t lanesOf(const std::vector<uint32_t>& in, Condition condition) {
        uint32_t mask = 0;
        for (uint32_t i = 0; i < 32; ++i) {
            mask |= condition(in[i]) ? uint32_t{1} << i : 0;
        }
        return mask;
    }
    static uint32_t own(uint32_t mask, uint32_t lane) { return (mask >> lane & 1) != 0 ? mask : 0; }
};

} // namespace

TEST_F(Masks, NestedSelectionsAndTheirEnds) {
    check(R"(
  %a = icmp ult i32 %v, 4
  br i1 %a, label %then, label %else
then:
  %c = trunc i32 %v to i1
  br i1 %c, label %odd, label %even
odd:
  place 0
  br label %inner
even:
  br label %inner
inner:
  place 1
  br label %end
else:
  place 2
  br label %end
end:
  place 3
  ret void
)",
          4, [](const auto& in, uint32_t place, uint32_t lane) {
              const uint32_t low = lanesOf(in, [](uint32_t v) { return v < 4; });
              const uint32_t odd = lanesOf(in, [](uint32_t v) { return v < 4 && v % 2 == 1; });
              return own(place == 0 ? odd : place == 1 ? low : place == 2 ? ~low : ~0u, lane);
          });
}

TEST_F(Masks, AnEarlyReturn) {
    check(R"(
  %a = icmp ult i32 %v, 3
  br i1 %a, label %out.early, label %rest
out.early:
  place 0
  ret void
rest:
  place 1
  ret void
)",
          2, [](const auto& in, uint32_t place, uint32_t lane) {
              const uint32_t low = lanesOf(in, [](uint32_t v) { return v < 3; });
              return own(place == 0 ? low : ~low, lane);
          });
}

// a || b: two ways into the block, which is no end of a selection.
TEST_F(Masks, AShortCircuit) {
    check(R"(
  %a = icmp eq i32 %v, 1
  br i1 %a, label %then, label %second
second:
  %b = icmp ugt i32 %v, 5
  br i1 %b, label %then, label %end
then:
  place 0
  br label %end
end:
  place 1
  ret void
)",
          2, [](const auto& in, uint32_t place, uint32_t lane) {
              return own(place == 0 ? lanesOf(in, [](uint32_t v) { return v == 1 || v > 5; }) : ~0u, lane);
          });
}

// Votes among those that another vote chose, with values that pass by.
TEST_F(Masks, AShortCircuitInAShortCircuit) {
    check(R"(
  %two = shl i32 %v, 1
  %a = icmp ult i32 %v, 2
  br i1 %a, label %then, label %second
second:
  %three = add i32 %two, %v
  %b = icmp ugt i32 %v, 4
  br i1 %b, label %then, label %end
then:
  %s = phi i32 [ %two, %entry ], [ %three, %second ]
  place 0
  %c = icmp eq i32 %s, 18
  br i1 %c, label %deep, label %fourth
fourth:
  %d = icmp eq i32 %s, 2
  br i1 %d, label %deep, label %last
deep:
  place 1
  br label %last
last:
  place 2
  br label %end
end:
  %t = phi i32 [ %s, %last ], [ %two, %second ]
  %e = icmp ugt i32 %t, 5
  br i1 %e, label %more, label %done
more:
  place 3
  br label %done
done:
  ret void
)",
          4, [](const auto& in, uint32_t place, uint32_t lane) {
              const auto isThen = [](uint32_t v) { return v < 2 || v > 4; };
              const auto sum = [&](uint32_t v) { return v < 2 || !isThen(v) ? 2 * v : 3 * v; };
              return own(lanesOf(in,
                                 [&](uint32_t v) {
                                     return place == 1 ? v == 6 || v == 1 : place == 3 ? sum(v) > 5 : isThen(v);
                                 }),
                         lane);
          });
}

TEST_F(Masks, ASwitchThatFallsThrough) {
    check(
        R"(
  switch i32 %v, label %other [ i32 0, label %zero
                                i32 1, label %one
                                i32 2, label %two
                                i32 5, label %one ]
zero:
  place 0
  br label %one
one:
  place 1
  br label %end
two:
  place 2
  br label %end
other:
  place 3
  br label %end
end:
  place 4
  ret void
)",
        5, [](const auto& in, uint32_t place, uint32_t lane) {
            const uint32_t zero = lanesOf(in, [](uint32_t v) { return v == 0; });
            const uint32_t one = lanesOf(in, [](uint32_t v) { return v == 0 || v == 1 || v == 5; });
            const uint32_t two = lanesOf(in, [](uint32_t v) { return v == 2; });
            return own(place == 0 ? zero : place == 1 ? one : place == 2 ? two : place == 3 ? ~(one | two) : ~0u, lane);
        });
}

// v times round; the last ballot of each lane is that of those that go as far.
TEST_F(Masks, ALoopWithDifferentCounts) {
    check(R"(
  br label %header
header:
  %n = phi i32 [ 0, %entry ], [ %next, %body ]
  %more = icmp ult i32 %n, %v
  br i1 %more, label %body, label %end
body:
  place 0
  %next = add i32 %n, 1
  br label %header
end:
  place 1
  ret void
)",
          2, [](const auto& in, uint32_t place, uint32_t lane) {
              const uint32_t own = in[lane];
              if (place == 1) {
                  return ~0u;
              }
              return own == 0 ? 0 : lanesOf(in, [&](uint32_t v) { return v >= own; });
          });
}

// A break in a selection: those that stay meet again behind the selection, without those that left.
TEST_F(Masks, ABreakInASelection) {
    check(R"(
  br label %header
header:
  %n = phi i32 [ 0, %entry ], [ %next, %latch ]
  call void @hy.region.begin(i32 0)
  %bit = lshr i32 %v, %n
  %odd = trunc i32 %bit to i1
  br i1 %odd, label %then, label %join
then:
  %leaves = icmp ugt i32 %v, 4
  br i1 %leaves, label %leave, label %join
leave:
  place 0
  br label %end
join:
  place 1
  br label %latch
latch:
  %next = add i32 %n, 1
  %more = icmp ult i32 %next, 3
  br i1 %more, label %header, label %end
end:
  call void @hy.region.end(i32 0)
  place 2
  ret void
)",
          3, [](const auto& in, uint32_t place, uint32_t lane) {
              // The iteration in which a value leaves, or 3.
              const auto left = [](uint32_t v) -> uint32_t {
                  return v <= 4 ? 3 : v % 2 == 1 ? 0 : v / 2 % 2 == 1 ? 1 : 2;
              };
              const uint32_t mine = left(in[lane]);
              if (place == 2) {
                  return ~0u;
              }
              if (place == 0) {
                  return mine == 3 ? 0 : lanesOf(in, [&](uint32_t v) { return left(v) == mine; });
              }
              // The last iteration in which this lane comes to the join.
              return mine == 0 ? 0 : lanesOf(in, [&](uint32_t v) { return left(v) >= mine; });
          });
}

TEST_F(Masks, AContinueAndALoopInALoop) {
    check(R"(
  br label %outer
outer:
  %n = phi i32 [ 0, %entry ], [ %n1, %skip ], [ %n2, %tail ]
  call void @hy.region.begin(i32 0)
  %bit = and i32 %v, 1
  %same = icmp eq i32 %bit, %n
  br i1 %same, label %skip, label %go
skip:
  %n1 = add i32 %n, 1
  %s = icmp ult i32 %n1, 2
  br i1 %s, label %outer, label %end
go:
  br label %inner
inner:
  %k = phi i32 [ 0, %go ], [ %k1, %inner ]
  call void @hy.region.begin(i32 1)
  place 0
  %k1 = add i32 %k, 1
  %m = icmp ult i32 %k1, %v
  br i1 %m, label %inner, label %tail
tail:
  call void @hy.region.end(i32 1)
  place 1
  %n2 = add i32 %n, 1
  %t = icmp ult i32 %n2, 2
  br i1 %t, label %outer, label %end
end:
  call void @hy.region.end(i32 0)
  place 2
  ret void
)",
          3, [](const auto& in, uint32_t place, uint32_t lane) {
              const uint32_t v = in[lane];
              if (place == 2) {
                  return ~0u;
              }
              // Even values come to the inner loop in the second iteration, odd ones in the first.
              if (place == 1) {
                  return lanesOf(in, [&](uint32_t w) { return w % 2 == v % 2; });
              }
              return lanesOf(in, [&](uint32_t w) { return w % 2 == v % 2 && std::max(w, 1u) >= std::max(v, 1u); });
          });
}

// A return inside a loop inside a selection: nobody waits for those that are gone.
TEST_F(Masks, AReturnInALoop) {
    check(R"(
  %a = icmp ne i32 %v, 3
  br i1 %a, label %pre, label %end
pre:
  br label %header
header:
  %n = phi i32 [ 0, %pre ], [ %next, %latch ]
  call void @hy.region.begin(i32 0)
  %c = icmp eq i32 %n, %v
  br i1 %c, label %maybe, label %latch
maybe:
  %d = trunc i32 %v to i1
  br i1 %d, label %gone, label %latch
gone:
  place 0
  ret void
latch:
  place 1
  %next = add i32 %n, 1
  %more = icmp ult i32 %next, 8
  br i1 %more, label %header, label %done
done:
  call void @hy.region.end(i32 0)
  place 2
  br label %end
end:
  place 3
  ret void
)",
          4, [](const auto& in, uint32_t place, uint32_t lane) {
              const uint32_t v = in[lane];
              const auto isGone = [](uint32_t w) { return w % 2 == 1 && w != 3; };
              if (place == 0) {
                  return isGone(v) ? lanesOf(in, [&](uint32_t w) { return w == v; }) : 0;
              }
              if (place == 1) {
                  // A lane that leaves in iteration v was here in v - 1 last.
                  if (v == 3 || (isGone(v) && v == 0)) {
                      return 0u;
                  }
                  return lanesOf(in, [&](uint32_t w) { return w != 3 && (!isGone(w) || (isGone(v) && w >= v)); });
              }
              if (place == 2) {
                  return own(lanesOf(in, [&](uint32_t w) { return w % 2 == 0; }), lane);
              }
              return own(lanesOf(in, [&](uint32_t w) { return !isGone(w); }), lane);
          });
}

TEST_F(Masks, IdsThatAreLoweredAlreadyAreAnError) {
    const std::string text = kirText("define void @k(ptr addrspace(1) %out) #0 {\n"
                                     "  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
                                     "  %m = call <4 x i32> @hy.subgroup.ballot(i1 true)\n"
                                     "  ret void\n}\n",
                                     std::string(kBallot) + "declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n");
    EXPECT_THROW(machine(text, {}), std::runtime_error);
}

TEST_F(Masks, ASubgroupBarrierNamesItsInvocations) {
    const std::string body = R"(
  %a = icmp ult i32 %v, 4
  br i1 %a, label %then, label %end
then:
  call void @hy.barrier(i32 3, i32 3, i32 264)
  place 0
  br label %end
end:
  ret void
)";
    check(body, 1, [](const auto& in, uint32_t, uint32_t lane) {
        return own(lanesOf(in, [](uint32_t v) { return v < 4; }), lane);
    });
    EXPECT_EQ(count(ptx(withPlaces(body), {.workgroupSize = {32, 1, 1}}), "bar.warp.sync"), 1u);
}

} // namespace halyard::jit::nvptx::test
