#include "harness.h"
#include "values.h"

#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {

namespace {

// Twice in a row, so that the second operation must not meet the first one's slots.
template <typename T> void check(const std::string& kind, const std::string& combine, bool known) {
    const std::string type = llvmName<T>();
    const std::string name = "@hy.workgroup." + kind + "." + combine + "." + typeName<T>();
    const std::string text = kirText("define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) #0 {\n"
                                     "  %id = call i64 @hy.local_linear_id()\n"
                                     "  %from = getelementptr " +
                                         type +
                                         ", ptr addrspace(1) %in, i64 %id\n"
                                         "  %v = load " +
                                         type +
                                         ", ptr addrspace(1) %from\n"
                                         "  %r = call " +
                                         type + " " + name + "(" + type +
                                         " %v)\n"
                                         "  %s = call " +
                                         type + " " + name + "(" + type +
                                         " %r)\n"
                                         "  %to = getelementptr " +
                                         type +
                                         ", ptr addrspace(1) %out, i64 %id\n"
                                         "  store " +
                                         type + " %s, ptr addrspace(1) %to\n  ret void\n}\n",
                                     "declare " + type + " " + name + "(" + type + ") #2\n");
    for (const uint32_t items : {1u, 20u, 32u, 33u, 64u, 100u}) {
        const auto code = machine(text, {.workgroupSize = {known ? items : 0, known, known}});
        std::vector<T> in(items), out(items);
        for (uint32_t i = 0; i < items; ++i) {
            in[i] = static_cast<T>(std::is_floating_point_v<T> ? T(1) + T(i * 7919 % 101) / T(64) : T(i * 7919 % 101));
        }
        ASSERT_NO_THROW(code->run(items, {uint64_t(in.data()), uint64_t(out.data())}, items)) << name << items;
        std::vector<T> expected = in;
        for (uint32_t round = 0; round < 2; ++round) {
            const std::vector<T> before = expected;
            T sum = kind == "exclusive" ? identityOf<T>(combine) : before[0];
            for (uint32_t i = 0; i < items; ++i) {
                if (kind == "exclusive") {
                    expected[i] = sum;
                    sum = combined<T>(combine, sum, before[i]);
                } else {
                    sum = i == 0 ? sum : combined<T>(combine, sum, before[i]);
                    expected[i] = sum;
                }
            }
            if (kind == "reduce") {
                expected.assign(items, sum);
            }
        }
        ASSERT_EQ(out, expected) << name << " " << items;
    }
}

} // namespace

TEST(NvptxWorkgroup, ReductionsAndScans) {
    for (const char* kind : {"reduce", "inclusive", "exclusive"}) {
        for (const bool known : {false, true}) {
            check<uint32_t>(kind, "iadd", known);
            check<float>(kind, "fadd", known);
        }
        check<double>(kind, "fadd", true);
        check<uint64_t>(kind, "umax", false);
        check<int16_t>(kind, "smin", true);
        check<float>(kind, "fmax", false);
    }
}

TEST(NvptxWorkgroup, VotesAndBroadcasts) {
    const std::string text = kirText(R"(
define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i64 %who, i32 %limit) #0 {
  %id = call i64 @hy.local_linear_id()
  %n = trunc i64 %id to i32
  %is = icmp ult i32 %n, %limit
  %all = call i1 @hy.workgroup.all(i1 %is)
  %any = call i1 @hy.workgroup.any(i1 %is)
  %v = call i32 @hy.workgroup.broadcast.i32(i32 %n, i64 %who, i64 0, i64 0)
  %a = select i1 %all, i32 1000, i32 0
  %b = select i1 %any, i32 2000, i32 0
  %c = add i32 %a, %b
  %d = add i32 %c, %v
  %to = getelementptr i32, ptr addrspace(1) %out, i64 %id
  store i32 %d, ptr addrspace(1) %to
  ret void
}
)",
                                     "declare i1 @hy.workgroup.all(i1) #2\ndeclare i1 @hy.workgroup.any(i1) #2\n"
                                     "declare i32 @hy.workgroup.broadcast.i32(i32, i64, i64, i64) #2\n");
    for (const uint32_t items : {5u, 32u, 70u, 128u}) {
        const auto code = machine(text, {});
        for (const uint32_t limit : {0u, 1u, items - 1, items}) {
            for (const uint32_t who : {0u, items - 1}) {
                std::vector<uint32_t> out(items);
                code->run(items, {0, uint64_t(out.data()), who, limit}, limit + 1);
                const uint32_t expected = (limit >= items ? 1000u : 0u) + (limit > 0 ? 2000u : 0u) + who;
                EXPECT_EQ(out, std::vector<uint32_t>(items, expected)) << items << " " << limit;
            }
        }
    }
}

} // namespace halyard::jit::nvptx::test
