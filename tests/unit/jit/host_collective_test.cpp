// Every subgroup and workgroup operation of KIR, at every type, against a loop over the lanes: with all invocations
// taking part and with some, for subgroup sizes that divide the workgroup and that do not.
#include "host_harness.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::jit::test {
namespace {

// A type of KIR, with values that each sum, product and extreme of them fits, so that order and rounding do not matter.
struct Element {
    const char* name;
    unsigned bits;
    bool isFloat;
};

constexpr Element kElements[] = {{"i8", 8, false},   {"i16", 16, false},  {"i32", 32, false},  {"i64", 64, false},
                                 {"half", 16, true}, {"float", 32, true}, {"double", 64, true}};

std::string suffix(const Element& element) {
    return (element.isFloat ? "f" : "i") + std::to_string(element.bits);
}

// A number as an invocation sees it: the bits of an integer, or a float that every float type holds exactly.
struct Number {
    uint64_t bits = 0;
    double value = 0;
};

uint64_t encode(const Element& element, double value) {
    if (element.bits == 64) {
        return std::bit_cast<uint64_t>(value);
    }
    const uint32_t single = std::bit_cast<uint32_t>(static_cast<float>(value));
    if (element.bits == 32) {
        return single;
    }
    const uint32_t sign = single >> 16 & 0x8000;
    if (std::isinf(value)) {
        return sign | 0x7c00;
    }
    return value == 0 ? sign : sign | (((single >> 23 & 0xff) - 112) << 10) | (single >> 13 & 0x3ff);
}

uint64_t mask(const Element& element) {
    return element.bits == 64 ? ~uint64_t{0} : (uint64_t{1} << element.bits) - 1;
}

int64_t signedOf(const Element& element, uint64_t bits) {
    return static_cast<int64_t>(bits << (64 - element.bits)) >> (64 - element.bits);
}

struct Operation {
    const char* name;
    bool isFloat;
    std::function<Number(const Element&, Number, Number)> combine;
    std::function<Number(const Element&)> identity;
};

Number whole(uint64_t bits) {
    return {bits, 0};
}

Number real(double value) {
    return {0, value};
}

const std::vector<Operation>& operations() {
    const auto least = [](const Element& e) { return whole(uint64_t{1} << (e.bits - 1)); };
    const auto most = [](const Element& e) { return whole(mask(e) >> 1); };
    const auto zero = [](const Element&) { return whole(0); };
    const auto ones = [](const Element& e) { return whole(mask(e)); };
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    static const std::vector<Operation> all{
        {"iadd", false, [](const Element& e, Number a, Number b) { return whole((a.bits + b.bits) & mask(e)); }, zero},
        {"imul", false, [](const Element& e, Number a, Number b) { return whole((a.bits * b.bits) & mask(e)); },
         [](const Element&) { return whole(1); }},
        {"smin", false,
         [](const Element& e, Number a, Number b) { return signedOf(e, a.bits) < signedOf(e, b.bits) ? a : b; }, most},
        {"smax", false,
         [](const Element& e, Number a, Number b) { return signedOf(e, a.bits) > signedOf(e, b.bits) ? a : b; }, least},
        {"umin", false, [](const Element&, Number a, Number b) { return a.bits < b.bits ? a : b; }, ones},
        {"umax", false, [](const Element&, Number a, Number b) { return a.bits > b.bits ? a : b; }, zero},
        {"and", false, [](const Element&, Number a, Number b) { return whole(a.bits & b.bits); }, ones},
        {"or", false, [](const Element&, Number a, Number b) { return whole(a.bits | b.bits); }, zero},
        {"xor", false, [](const Element&, Number a, Number b) { return whole(a.bits ^ b.bits); }, zero},
        {"fadd", true, [](const Element&, Number a, Number b) { return real(a.value + b.value); },
         [](const Element&) { return real(0); }},
        {"fmul", true, [](const Element&, Number a, Number b) { return real(a.value * b.value); },
         [](const Element&) { return real(1); }},
        {"fmin", true, [](const Element&, Number a, Number b) { return real(std::min(a.value, b.value)); },
         [](const Element&) { return real(kInfinity); }},
        {"fmax", true, [](const Element&, Number a, Number b) { return real(std::max(a.value, b.value)); },
         [](const Element&) { return real(-kInfinity); }},
    };
    return all;
}

Number valueOf(const Element& element, const Operation& operation, uint32_t item) {
    const uint32_t hash = item * 2654435761U >> 7;
    if (!element.isFloat) {
        return whole((uint64_t{hash} * 0x9e3779b97f4a7c15U + item) & mask(element));
    }
    if (std::strcmp(operation.name, "fmul") == 0) {
        return real(hash % 16 == 0 ? -2 : hash % 16 == 1 ? 0.5 : hash % 2 == 0 ? 1 : -1);
    }
    return real(static_cast<double>(hash % 31) - 15);
}

struct Case {
    Dim3 size;
    uint32_t subgroup;
    bool specialised;
    bool masked; // some invocations do not take part
};

std::string nameOf(const testing::TestParamInfo<Case>& info) {
    const Case& c = info.param;
    return std::to_string(c.size[0]) + "x" + std::to_string(c.size[1]) + "_by_" + std::to_string(c.subgroup) +
           (c.specialised ? "_known" : "_any") + (c.masked ? "_some" : "_all");
}

std::vector<Case> cases() {
    return {{{64, 1, 1}, 16, true, false}, {{40, 1, 1}, 16, false, true}, {{7, 5, 1}, 4, false, false},
            {{7, 5, 1}, 4, true, true},    {{5, 1, 1}, 1, true, true},    {{100, 1, 1}, 64, false, false},
            {{100, 1, 1}, 64, true, true}, {{33, 2, 1}, 32, true, false}};
}

bool active(const Case& test, uint32_t item) {
    return !test.masked || (item * 2246822519U >> 11) % 3 != 0;
}

class HostCollectives : public testing::TestWithParam<Case> {
protected:
    static constexpr uint32_t kGroups = 2;
    uint32_t items() const { return GetParam().size[0] * GetParam().size[1]; }
    uint32_t total() const { return items() * kGroups; }

    // Runs `body` for the active invocations, which has %v (of `type`), %n (its number in the grid, i64) and %out.
    void run(const std::string& body, const std::string& declarations, const char* type, const void* in, void* out) {
        const Case& test = GetParam();
        const std::string kir = kirModule(std::string(R"(
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in, ptr addrspace(1) %flags) #0 {
entry:
  %group = call i64 @hy.group_id(i32 0)
  %sx = call i64 @hy.local_size(i32 0)
  %sy = call i64 @hy.local_size(i32 1)
  %items = mul i64 %sx, %sy
  %first = mul i64 %group, %items
  %own = call i64 @hy.local_linear_id()
  %n = add i64 %first, %own
  %l = trunc i64 %own to i32
  %pv = getelementptr )") + type + R"(, ptr addrspace(1) %in, i64 %n
  %v = load )" + type + R"(, ptr addrspace(1) %pv
)" +
                                          (test.masked ? R"(  %pf = getelementptr i32, ptr addrspace(1) %flags, i64 %n
  %flag = load i32, ptr addrspace(1) %pf
  %set = icmp ne i32 %flag, 0
  br i1 %set, label %run, label %done
)"
                                                       : "  br label %run\n") +
                                          "run:\n" + body + R"(
  br label %done
done:
  ret void
}
)" + declarations);
        std::vector<uint32_t> flags(total());
        for (uint32_t i = 0; i < total(); ++i) {
            flags[i] = active(test, i);
        }
        const std::vector<Arg> args{Arg::buffer(out), Arg::buffer(in), Arg::buffer(flags.data())};
        const spv::Result<std::string> artifact =
            compileKir(kir, args, test.specialised ? test.size : Dim3{}, Emit::Artifact, test.subgroup);
        ASSERT_TRUE(artifact) << artifact.error().message << kir;
        const HostKernel kernel(*artifact);
        EXPECT_EQ(kernel.info().subgroupSize, test.subgroup);
        kernel.run({kGroups, 1, 1}, test.size, args);
    }

    // The active invocations of the group of `lanes` (or all, 0) that invocation `item` is in, in order.
    std::vector<uint32_t> peers(uint32_t item, uint32_t lanes) const {
        const uint32_t first = item / items() * items();
        const uint32_t local = item - first;
        const uint32_t begin = lanes == 0 ? 0 : local / lanes * lanes;
        const uint32_t end = lanes == 0 ? items() : std::min(begin + lanes, items());
        std::vector<uint32_t> result;
        for (uint32_t i = first + begin; i < first + end; ++i) {
            if (active(GetParam(), i)) {
                result.push_back(i);
            }
        }
        return result;
    }
};

INSTANTIATE_TEST_SUITE_P(Shapes, HostCollectives, testing::ValuesIn(cases()), nameOf);

// Reduction, scans and clusters of four, over subgroups and (but for clusters) over the workgroup.
TEST_P(HostCollectives, Arithmetic) {
    constexpr unsigned kResults = 7;
    const uint32_t subgroup = GetParam().subgroup;
    const uint32_t cluster = std::min(subgroup, 4U);
    for (const Element& element : kElements) {
        // Code for any size takes long to compile, and types make no difference to it.
        if (!GetParam().specialised && element.bits != 16) {
            continue;
        }
        std::vector<const Operation*> wanted;
        for (const Operation& operation : operations()) {
            if (operation.isFloat == element.isFloat) {
                wanted.push_back(&operation);
            }
        }
        const std::string type = element.name;
        const std::string dot = "." + suffix(element);
        std::string body, declarations;
        const auto emit = [&](const std::string& name, const char* extra, unsigned index, size_t k) {
            const std::string id = std::to_string(k) + "." + std::to_string(index);
            body += "  %w" + id + " = getelementptr " + type + ", ptr addrspace(1) %in, i64 " +
                    std::to_string(total() * k) + "\n  %p" + id + " = getelementptr " + type + ", ptr addrspace(1) %w" +
                    id + ", i64 %n\n  %v" + id + " = load " + type + ", ptr addrspace(1) %p" + id + "\n  %r" + id +
                    " = call " + type + " @" + name + "(" + type + " %v" + id + extra + ") #2\n  %o" + id +
                    " = getelementptr " + type + ", ptr addrspace(1) %out, i64 " +
                    std::to_string((k * kResults + index) * total()) + "\n  %q" + id + " = getelementptr " + type +
                    ", ptr addrspace(1) %o" + id + ", i64 %n\n  store " + type + " %r" + id + ", ptr addrspace(1) %q" +
                    id + "\n";
            declarations += "declare " + type + " @" + name + "(" + type + (*extra != '\0' ? ", i32" : "") + ") #2\n";
        };
        const std::string clusterOperand = ", i32 " + std::to_string(cluster);
        for (size_t k = 0; k < wanted.size(); ++k) {
            const std::string tail = std::string(wanted[k]->name) + dot;
            emit("hy.subgroup.reduce." + tail, "", 0, k);
            emit("hy.subgroup.inclusive." + tail, "", 1, k);
            emit("hy.subgroup.exclusive." + tail, "", 2, k);
            emit("hy.subgroup.clustered." + tail, clusterOperand.c_str(), 3, k);
            emit("hy.workgroup.reduce." + tail, "", 4, k);
            emit("hy.workgroup.inclusive." + tail, "", 5, k);
            emit("hy.workgroup.exclusive." + tail, "", 6, k);
        }
        const unsigned bytes = element.bits / 8;
        std::vector<uint8_t> in(size_t{bytes} * total() * wanted.size());
        std::vector<uint8_t> out(size_t{bytes} * total() * wanted.size() * kResults, 0xcd);
        for (size_t k = 0; k < wanted.size(); ++k) {
            for (uint32_t i = 0; i < total(); ++i) {
                const Number value = valueOf(element, *wanted[k], i);
                const uint64_t bits = element.isFloat ? encode(element, value.value) : value.bits;
                std::memcpy(&in[(k * total() + i) * bytes], &bits, bytes);
            }
        }
        run(body, declarations, element.name, in.data(), out.data());
        if (HasFatalFailure()) {
            return;
        }
        for (size_t k = 0; k < wanted.size(); ++k) {
            for (uint32_t i = 0; i < total(); ++i) {
                if (!active(GetParam(), i)) {
                    continue;
                }
                for (unsigned index = 0; index < kResults; ++index) {
                    const uint32_t lanes = index >= 4 ? 0 : index == 3 ? cluster : subgroup;
                    const bool scan = index % 4 != 0 && index != 3;
                    const bool exclusive = index == 2 || index == 6;
                    Number expected = wanted[k]->identity(element);
                    for (const uint32_t peer : peers(i, lanes)) {
                        if (scan && (exclusive ? peer >= i : peer > i)) {
                            break;
                        }
                        expected = wanted[k]->combine(element, expected, valueOf(element, *wanted[k], peer));
                    }
                    const uint64_t bits = element.isFloat ? encode(element, expected.value) : expected.bits;
                    uint64_t got = 0;
                    std::memcpy(&got, &out[((k * kResults + index) * total() + i) * bytes], bytes);
                    // The sign of a zero is open.
                    const bool zeros = element.isFloat && ((got | bits) & (mask(element) >> 1)) == 0;
                    ASSERT_TRUE(got == bits || zeros)
                        << element.name << " " << wanted[k]->name << " form " << index << " of invocation " << i
                        << std::hex << ": " << got << " for " << bits;
                }
            }
        }
    }
}

// What moves values between lanes, at every type.
TEST_P(HostCollectives, Shuffles) {
    constexpr unsigned kResults = 8;
    const uint32_t subgroup = GetParam().subgroup;
    for (const Element& element : kElements) {
        const std::string type = element.name;
        const std::string dot = "." + suffix(element);
        std::string body = "  %lane = call i32 @hy.subgroup_local_id()\n  %mirror = sub i32 " +
                           std::to_string(subgroup - 1) + ", %lane\n  %far = mul i32 %lane, 77777\n";
        std::string declarations;
        const auto emit = [&](unsigned index, const std::string& name, const std::string& operands,
                              const std::string& types) {
            const std::string id = std::to_string(index);
            body += "  %r" + id + " = call " + type + " @hy.subgroup." + name + dot + "(" + type + " %v" + operands +
                    ") #2\n  %o" + id + " = getelementptr " + type + ", ptr addrspace(1) %out, i64 " +
                    std::to_string(index * total()) + "\n  %q" + id + " = getelementptr " + type +
                    ", ptr addrspace(1) %o" + id + ", i64 %n\n  store " + type + " %r" + id + ", ptr addrspace(1) %q" +
                    id + "\n";
            const std::string declaration =
                "declare " + type + " @hy.subgroup." + name + dot + "(" + type + types + ") #2\n";
            if (declarations.find(declaration) == std::string::npos) {
                declarations += declaration;
            }
        };
        emit(0, "shuffle", ", i32 %mirror", ", i32");
        emit(1, "shuffle_xor", ", i32 3", ", i32");
        emit(2, "shuffle_up", ", i32 1", ", i32");
        emit(3, "shuffle_down", ", i32 2", ", i32");
        emit(4, "broadcast", ", i32 0", ", i32");
        emit(5, "broadcast_first", "", "");
        emit(6, "shuffle", ", i32 %far", ", i32"); // mostly lanes that do not exist
        emit(7, "shuffle_up", ", i32 %far", ", i32");
        const unsigned bytes = element.bits / 8;
        std::vector<uint8_t> in(size_t{bytes} * total()), out(size_t{bytes} * total() * kResults, 0xcd);
        for (uint32_t i = 0; i < total(); ++i) {
            const uint64_t bits = (i + 1) * uint64_t{0x9e3779b97f4a7c15};
            std::memcpy(&in[size_t{i} * bytes], &bits, bytes);
        }
        run(body, declarations, element.name, in.data(), out.data());
        if (HasFatalFailure()) {
            return;
        }
        for (uint32_t i = 0; i < total(); ++i) {
            if (!active(GetParam(), i)) {
                continue;
            }
            const uint32_t lane = i % items() % subgroup;
            const uint32_t far = lane * 77777;
            const uint32_t wanted[kResults] = {
                subgroup - 1 - lane, lane ^ 3, lane - 1, lane + 2, 0, peers(i, subgroup)[0] % items() % subgroup, far,
                lane - far};
            for (unsigned index = 0; index < kResults; ++index) {
                // The own value where there is no such lane, or it does not take part.
                uint32_t from = i;
                for (const uint32_t peer : peers(i, subgroup)) {
                    from = peer % items() % subgroup == wanted[index] ? peer : from;
                }
                ASSERT_EQ(std::memcmp(&out[(size_t{index} * total() + i) * bytes], &in[size_t{from} * bytes], bytes), 0)
                    << element.name << " form " << index << " of invocation " << i << " from " << wanted[index];
            }
        }
    }
}

TEST_P(HostCollectives, Votes) {
    constexpr unsigned kResults = 12;
    const std::string body = R"(
  %odd = trunc i32 %v to i1
  %many = icmp ugt i32 %v, 1
  %group.of = lshr i32 %l, 3
  %e = call i1 @hy.subgroup.elect() #2
  %all = call i1 @hy.subgroup.all(i1 %odd) #2
  %any = call i1 @hy.subgroup.any(i1 %odd) #2
  %wall = call i1 @hy.workgroup.all(i1 %many) #2
  %wany = call i1 @hy.workgroup.any(i1 %odd) #2
  %b = call <4 x i32> @hy.subgroup.ballot(i1 %odd) #2
  %b0 = extractelement <4 x i32> %b, i32 0
  %b1 = extractelement <4 x i32> %b, i32 1
  %b2 = extractelement <4 x i32> %b, i32 2
  %same = call i1 @hy.subgroup.all_equal.i32(i32 %v) #2
  %samegroup = call i1 @hy.subgroup.all_equal.i32(i32 %group.of) #2
  %parity = call i1 @hy.subgroup.reduce.xor.i1(i1 %odd) #2
  %before = call i1 @hy.subgroup.exclusive.or.i1(i1 %odd) #2
  %cast = call i32 @hy.workgroup.broadcast.i32(i32 %v, i64 2, i64 0, i64 0) #2
  %z0 = zext i1 %e to i32
  %z1 = zext i1 %all to i32
  %z2 = zext i1 %any to i32
  %z3 = zext i1 %wall to i32
  %z4 = zext i1 %wany to i32
  %z8 = zext i1 %same to i32
  %z9 = zext i1 %samegroup to i32
  %z10 = zext i1 %parity to i32
  %z11 = zext i1 %before to i32
  %b12 = or i32 %b1, %b2
  %hasb2 = icmp ne i32 %b2, 0
  %z6 = select i1 %hasb2, i32 -1, i32 %b1
)";
    const char* values[kResults] = {"z0", "z1", "z2", "z3", "z4", "b0", "z6", "cast", "z8", "z9", "z10", "z11"};
    std::string stores;
    for (unsigned i = 0; i < kResults; ++i) {
        const std::string id = std::to_string(i);
        stores += "  %o" + id + " = getelementptr i32, ptr addrspace(1) %out, i64 " + std::to_string(i * total()) +
                  "\n  %q" + id + " = getelementptr i32, ptr addrspace(1) %o" + id + ", i64 %n\n  store i32 %" +
                  values[i] + ", ptr addrspace(1) %q" + id + "\n";
    }
    std::vector<uint32_t> in(total()), out(size_t{kResults} * total(), 0xcdcdcdcd);
    for (uint32_t i = 0; i < total(); ++i) {
        in[i] = i / items() == 0 ? i * 7 % 5 : 3; // in the second workgroup all agree
    }
    run(body + stores, R"(
declare i1 @hy.subgroup.elect() #2
declare i1 @hy.subgroup.all(i1) #2
declare i1 @hy.subgroup.any(i1) #2
declare i1 @hy.workgroup.all(i1) #2
declare i1 @hy.workgroup.any(i1) #2
declare <4 x i32> @hy.subgroup.ballot(i1) #2
declare i1 @hy.subgroup.all_equal.i32(i32) #2
declare i1 @hy.subgroup.reduce.xor.i1(i1) #2
declare i1 @hy.subgroup.exclusive.or.i1(i1) #2
declare i32 @hy.workgroup.broadcast.i32(i32, i64, i64, i64) #2
)",
        "i32", in.data(), out.data());
    const uint32_t subgroup = GetParam().subgroup;
    for (uint32_t i = 0; i < total() && !HasFatalFailure(); ++i) {
        if (!active(GetParam(), i)) {
            continue;
        }
        const std::vector<uint32_t> lanes = peers(i, subgroup);
        const std::vector<uint32_t> group = peers(i, 0);
        const auto odd = [&](uint32_t peer) { return in[peer] % 2 != 0; };
        uint64_t ballot = 0;
        for (const uint32_t peer : lanes) {
            ballot |= uint64_t{odd(peer)} << peer % items() % subgroup;
        }
        const uint64_t below = ballot & ((uint64_t{1} << i % items() % subgroup) - 1);
        const uint32_t source = i / items() * items() + 2;
        const bool sourceActive = std::find(group.begin(), group.end(), source) != group.end();
        const uint32_t expected[kResults] = {
            lanes[0] == i,
            std::all_of(lanes.begin(), lanes.end(), odd),
            std::any_of(lanes.begin(), lanes.end(), odd),
            std::all_of(group.begin(), group.end(), [&](uint32_t peer) { return in[peer] > 1; }),
            std::any_of(group.begin(), group.end(), odd),
            static_cast<uint32_t>(ballot),
            static_cast<uint32_t>(ballot >> 32),
            in[source],
            std::all_of(lanes.begin(), lanes.end(), [&](uint32_t peer) { return in[peer] == in[i]; }),
            std::all_of(lanes.begin(), lanes.end(),
                        [&](uint32_t peer) { return peer % items() / 8 == i % items() / 8; }),
            static_cast<uint32_t>(std::popcount(ballot) % 2),
            below != 0};
        for (unsigned index = 0; index < kResults; ++index) {
            if (index != 7 || sourceActive) {
                ASSERT_EQ(out[size_t{index} * total() + i], expected[index]) << "form " << index << " of " << i;
            }
        }
    }
}

// A loop with two entries has no order that says who meets; each invocation still goes its own way.
TEST(HostCollective, IrreducibleControlFlow) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) %out, ptr addrspace(1) %in) #0 {
entry:
  %n = call i64 @hy.global_id(i32 0)
  %pv = getelementptr i32, ptr addrspace(1) %in, i64 %n
  %v = load i32, ptr addrspace(1) %pv
  %lane = call i32 @hy.subgroup_local_id()
  %odd = trunc i32 %v to i1
  br i1 %odd, label %a, label %b
a:
  %xa = phi i32 [ 0, %entry ], [ %xb1, %b ]
  %own = call i32 @hy.subgroup.shuffle.i32(i32 %v, i32 %lane) #2
  %xa1 = add i32 %xa, %own
  br label %b
b:
  %xb = phi i32 [ 1000, %entry ], [ %xa1, %a ]
  %any = call i1 @hy.subgroup.any(i1 true) #2
  %one = zext i1 %any to i32
  %xb1 = add i32 %xb, %one
  %low = and i32 %xb1, 63
  %more = icmp ult i32 %low, %v
  br i1 %more, label %a, label %done
done:
  %po = getelementptr i32, ptr addrspace(1) %out, i64 %n
  store i32 %xb1, ptr addrspace(1) %po
  ret void
}
declare i32 @hy.subgroup.shuffle.i32(i32, i32) #2
declare i1 @hy.subgroup.any(i1) #2
)");
    std::vector<uint32_t> in(80), out(80);
    for (uint32_t i = 0; i < 80; ++i) {
        in[i] = i % 23 + 1;
    }
    compileAndRun(kir, {2, 1, 1}, {40, 1, 1}, {Arg::buffer(out.data()), Arg::buffer(in.data())}, false);
    for (uint32_t i = 0; i < 80; ++i) {
        uint32_t x = in[i] % 2 != 0 ? in[i] : 1000;
        while ((++x & 63) < in[i]) {
            x += in[i];
        }
        ASSERT_EQ(out[i], x) << i;
    }
}

TEST(HostCollective, RefusedSizes) {
    const std::string kir = kirModule("define void @k(ptr addrspace(1) %out) #0 {\n  ret void\n}\n");
    const std::vector<Arg> args{Arg::buffer(nullptr)};
    for (const uint32_t size : {3U, 128U}) {
        const spv::Result<std::string> result = compileKir(kir, args, {64, 1, 1}, Emit::Artifact, size);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, HY_ERROR_INVALID_ARGUMENT);
        EXPECT_THAT(result.error().message, testing::HasSubstr(std::to_string(size)));
    }
}

} // namespace
} // namespace halyard::jit::test
