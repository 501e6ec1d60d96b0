// Atomics that a whole grid does to one word: nothing is lost and nothing is done twice.
#include "fixture.h"

#include "contention64_cl.spv.h"
#include "contention_cl.spv.h"
#include "float_add_comp.spv.h"

#include <algorithm>
#include <ostream>

using namespace halyard::conformance;

namespace {

// What a kernel of contention.h does to the word, for all invocations and rounds.
struct Operation {
    const char* name;
    // The word at the end, from that at the beginning. `bits` and `isSigned`: of the word.
    uint64_t (*end)(uint64_t begin, uint32_t invocations, uint32_t rounds, uint32_t bits, bool isSigned);
};
void PrintTo(const Operation& operation, std::ostream* out) {
    *out << operation.name;
}

uint64_t maskOf(uint32_t bits) {
    return bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
}
int64_t asSigned(uint64_t value, uint32_t bits) {
    return bits == 64 ? static_cast<int64_t>(value) : static_cast<int32_t>(static_cast<uint32_t>(value));
}
uint64_t valueOf(uint32_t n, uint32_t bits) {
    return (uint64_t{n} * 2654435761u + 12345) & maskOf(bits);
}
uint64_t sumOf(uint32_t invocations, uint32_t rounds, uint32_t bits) {
    uint64_t sum = 0;
    for (uint32_t n = 0; n < invocations; ++n)
        sum += valueOf(n, bits) * rounds;
    return sum;
}
bool less(uint64_t a, uint64_t b, uint32_t bits, bool isSigned) {
    return isSigned ? asSigned(a, bits) < asSigned(b, bits) : a < b;
}

constexpr Operation kOperations[] = {
    {"add",
     [](uint64_t begin, uint32_t n, uint32_t rounds, uint32_t bits, bool) { return begin + sumOf(n, rounds, bits); }},
    {"sub",
     [](uint64_t begin, uint32_t n, uint32_t rounds, uint32_t bits, bool) { return begin - sumOf(n, rounds, bits); }},
    {"inc", [](uint64_t begin, uint32_t n, uint32_t rounds, uint32_t, bool) { return begin + uint64_t{n} * rounds; }},
    {"min",
     [](uint64_t begin, uint32_t n, uint32_t, uint32_t bits, bool isSigned) {
         uint64_t least = begin;
         for (uint32_t i = 0; i < n; ++i)
             least = less(valueOf(i, bits), least, bits, isSigned) ? valueOf(i, bits) : least;
         return least;
     }},
    {"max",
     [](uint64_t begin, uint32_t n, uint32_t, uint32_t bits, bool isSigned) {
         uint64_t most = begin;
         for (uint32_t i = 0; i < n; ++i)
             most = less(most, valueOf(i, bits), bits, isSigned) ? valueOf(i, bits) : most;
         return most;
     }},
    {"and",
     [](uint64_t begin, uint32_t n, uint32_t, uint32_t bits, bool) {
         for (uint32_t i = 0; i < std::min(n, bits - 1); ++i)
             begin &= ~(uint64_t{1} << i);
         return begin;
     }},
    {"or",
     [](uint64_t begin, uint32_t n, uint32_t, uint32_t bits, bool) {
         for (uint32_t i = 0; i < std::min(n, bits - 1); ++i)
             begin |= uint64_t{1} << i;
         return begin;
     }},
    {"xor",
     [](uint64_t begin, uint32_t n, uint32_t rounds, uint32_t bits, bool) {
         for (uint32_t i = 0; i < n && rounds % 2 == 1; ++i)
             begin ^= valueOf(i, bits);
         return begin;
     }},
    {"compare",
     [](uint64_t begin, uint32_t n, uint32_t rounds, uint32_t bits, bool) { return begin + sumOf(n, rounds, bits); }},
};

struct Word {
    const char* prefix;
    uint32_t bits;
    bool isSigned;
};
void PrintTo(const Word& word, std::ostream* out) {
    *out << word.prefix;
}
constexpr Word kWords[] = {{"u32", 32, false}, {"s32", 32, true}, {"u64", 64, false}, {"s64", 64, true}};

class ContentionTest : public DeviceTest {
protected:
    bool canUse(const Word& word) const {
        return word.bits == 32 || (properties.capabilities & HY_CAP_INT64_ATOMICS) != 0;
    }
    HyModule moduleOf(const Word& word) {
        return word.bits == 64 ? loadModule(contention64_cl_spv, contention64_cl_spv_size)
                               : loadModule(contention_cl_spv, contention_cl_spv_size);
    }
    uint32_t groups() const { return properties.type == HY_DEVICE_TYPE_EMULATED ? 4 : 64; }
    uint32_t rounds() const { return properties.type == HY_DEVICE_TYPE_EMULATED ? 3 : 21; }
    static constexpr uint32_t kGroupSize = 64;

    // Runs a kernel of contention.h on a word that begins as `begin`.
    uint64_t fight(const Word& word, const char* operation, uint64_t begin, std::vector<uint64_t>* outOlds) {
        const uint32_t bytes = word.bits / 8, invocations = groups() * kGroupSize, times = rounds();
        const HyKernel kernel = makeKernel(moduleOf(word), (std::string(word.prefix) + "_" + operation).c_str());
        const HyDevicePtr place = upload(std::vector<uint64_t>{begin});
        const HyDevicePtr olds = allocate(uint64_t{invocations} * bytes);
        const void* args[] = {&place, &olds, &times};
        EXPECT_OK(hyLaunchKernel(stream, kernel, {groups(), 1, 1}, {kGroupSize, 1, 1}, 0, args, 3));
        if (word.bits == 64) {
            *outOlds = download<uint64_t>(olds, invocations);
        } else {
            const auto found = download<uint32_t>(olds, invocations);
            outOlds->assign(found.begin(), found.end());
        }
        return download<uint64_t>(place, 1)[0] & maskOf(word.bits);
    }
};

class Contention : public ContentionTest, public testing::WithParamInterface<std::tuple<Word, Operation, uint64_t>> {};
INSTANTIATE_TEST_SUITE_P(Atomics, Contention,
                         testing::Combine(testing::ValuesIn(kWords), testing::ValuesIn(kOperations),
                                          testing::Values(uint64_t{0}, UINT64_MAX, uint64_t{0x5555555580000001})),
                         [](const auto& about) {
                             const uint64_t begin = std::get<2>(about.param);
                             return std::string(std::get<0>(about.param).prefix) + "_" + std::get<1>(about.param).name +
                                    "_from_" +
                                    (begin == 0            ? "zero"
                                     : begin == UINT64_MAX ? "ones"
                                                           : "mixed");
                         });
TEST_P(Contention, LosesNothing) {
    const auto& [word, operation, pattern] = GetParam();
    if (!canUse(word))
        GTEST_SKIP() << "the device claims no HY_CAP_INT64_ATOMICS";
    const uint64_t begin = pattern & maskOf(word.bits);
    std::vector<uint64_t> olds;
    const uint64_t end = fight(word, operation.name, begin, &olds);
    EXPECT_EQ(end, operation.end(begin, groups() * kGroupSize, rounds(), word.bits, word.isSigned) & maskOf(word.bits));
}

class Exchange : public ContentionTest, public testing::WithParamInterface<Word> {};
INSTANTIATE_TEST_SUITE_P(Atomics, Exchange, testing::ValuesIn(kWords),
                         [](const auto& about) { return std::string(about.param.prefix); });
// Every value that was put in came out once, but for the one that stayed.
TEST_P(Exchange, HandsEveryValueOnOnce) {
    const Word& word = GetParam();
    if (!canUse(word))
        GTEST_SKIP() << "the device claims no HY_CAP_INT64_ATOMICS";
    constexpr uint64_t kBegin = 77;
    std::vector<uint64_t> olds;
    const uint64_t end = fight(word, "exchange", kBegin, &olds);
    uint64_t came = end, went = kBegin;
    for (uint32_t n = 0; n < olds.size(); ++n) {
        came += olds[n];
        for (uint32_t round = 0; round < rounds(); ++round)
            went += valueOf(n, word.bits) + round;
    }
    EXPECT_EQ(came & maskOf(word.bits), went & maskOf(word.bits));
}

// The sum of what increments saw is that of 0, 1, 2...: each saw a number of its own.
TEST_P(Exchange, IncrementsSeeEveryNumberOnce) {
    const Word& word = GetParam();
    if (!canUse(word))
        GTEST_SKIP() << "the device claims no HY_CAP_INT64_ATOMICS";
    std::vector<uint64_t> olds;
    const uint64_t end = fight(word, "inc", 0, &olds);
    uint64_t seen = 0, expected = 0;
    for (const uint64_t old : olds)
        seen += old;
    for (uint64_t i = 0; i < end; ++i)
        expected += i;
    EXPECT_EQ(end, olds.size() * rounds());
    EXPECT_EQ(seen & maskOf(word.bits), expected & maskOf(word.bits));
}

TEST_F(ContentionTest, FloatSumsLoseNothing) {
    constexpr HyCapabilities kNeeds = HY_CAP_FLOAT32_ATOMIC_ADD | HY_CAP_SPIRV_GLCOMPUTE;
    if ((properties.capabilities & kNeeds) != kNeeds)
        GTEST_SKIP() << "the device claims no HY_CAP_FLOAT32_ATOMIC_ADD for modules of Vulkan";
    const HyKernel kernel = makeKernel(loadModule(float_add_comp_spv, float_add_comp_spv_size), "main");
    const HyDevicePtr sum = upload(std::vector<float>{0.5f});
    const uint32_t times = rounds();
    const void* args[] = {&sum, &times};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {groups(), 1, 1}, {kGroupSize, 1, 1}, 0, args, 2));
    uint32_t expected = 0;
    for (uint32_t n = 0; n < groups() * kGroupSize; ++n)
        expected += (n % 7 + 1) * times;
    EXPECT_EQ(download<float>(sum, 1)[0], static_cast<float>(expected) + 0.5f);
}

// ---- Workgroup memory and barriers, at many workgroup sizes -------------------------------------------------------

class InWorkgroup : public ContentionTest, public testing::WithParamInterface<uint32_t> {
protected:
    static constexpr uint32_t kGroups = 5;

    void SetUp() override {
        DeviceTest::SetUp();
        if (HasFatalFailure())
            return;
        size = GetParam() != 0 ? GetParam() : properties.maxWorkgroupSize[0];
        if (size > properties.maxWorkgroupSize[0])
            GTEST_SKIP() << "the device has no workgroups of " << size;
        module = loadModule(contention_cl_spv, contention_cl_spv_size);
    }
    std::vector<uint32_t> numbers() const {
        std::vector<uint32_t> all(size_t{size} * kGroups);
        for (uint32_t i = 0; i < all.size(); ++i)
            all[i] = i * 2654435761u;
        return all;
    }
    std::vector<uint32_t> runAtomics(const char* name, uint32_t times) {
        const HyDevicePtr out = allocate(kGroups * sizeof(uint32_t));
        const void* args[] = {&out, &times};
        EXPECT_OK(hyLaunchKernel(stream, makeKernel(module, name), {kGroups, 1, 1}, {size, 1, 1}, 0, args, 2));
        return download<uint32_t>(out, kGroups);
    }
    static std::vector<uint32_t> each(uint32_t value) { return std::vector<uint32_t>(kGroups, value); }

    HyModule module = nullptr;
    uint32_t size = 0;
};
INSTANTIATE_TEST_SUITE_P(Sizes, InWorkgroup, testing::Values(1u, 2u, 3u, 16u, 17u, 64u, 100u, 256u, 1000u, 0u),
                         [](const auto& about) {
                             return about.param == 0 ? std::string("Most") : std::to_string(about.param);
                         });

TEST_P(InWorkgroup, LocalAtomicsLoseNothing) {
    uint32_t sum = 0, bits = 0, parity = 0;
    for (uint32_t n = 0; n < size; ++n) {
        sum += (n + 1) * 3;
        bits |= 1u << (n % 32);
        parity ^= n * 2654435761u;
    }
    EXPECT_EQ(runAtomics("local_add", 3), each(sum));
    EXPECT_EQ(runAtomics("local_max", 3), each((size - 1) * 7 + 2));
    EXPECT_EQ(runAtomics("local_min", 3), each(3));
    EXPECT_EQ(runAtomics("local_or", 2), each(bits));
    EXPECT_EQ(runAtomics("local_xor", 3), each(parity));
    EXPECT_EQ(runAtomics("local_xor", 2), each(0));
}

TEST_P(InWorkgroup, BarrierMakesLocalWritesVisible) {
    const std::vector<uint32_t> in = numbers();
    const HyDevicePtr from = upload(in), to = allocate(in.size() * sizeof(uint32_t));
    const uint64_t tile = uint64_t{size} * sizeof(uint32_t);
    const void* args[] = {&to, &from, &tile};
    ASSERT_OK(hyLaunchKernel(stream, makeKernel(module, "reverse"), {kGroups, 1, 1}, {size, 1, 1}, 0, args, 3));
    std::vector<uint32_t> expected(in);
    for (uint32_t g = 0; g < kGroups; ++g)
        std::reverse(expected.begin() + g * size, expected.begin() + (g + 1) * size);
    EXPECT_EQ(download<uint32_t>(to, in.size()), expected);
}

TEST_P(InWorkgroup, BarriersInALoopKeepRoundsApart) {
    std::vector<uint32_t> expected = numbers();
    const HyDevicePtr from = upload(expected), to = allocate(expected.size() * sizeof(uint32_t));
    const uint64_t tile = uint64_t{size} * sizeof(uint32_t);
    const uint32_t times = 9;
    const void* args[] = {&to, &from, &tile, &times};
    ASSERT_OK(hyLaunchKernel(stream, makeKernel(module, "rotate_in_loop"), {kGroups, 1, 1}, {size, 1, 1}, 0, args, 4));
    for (uint32_t round = 0; round < times; ++round) {
        const std::vector<uint32_t> before = expected;
        for (uint32_t i = 0; i < expected.size(); ++i)
            expected[i] = before[i / size * size + (i % size + 1) % size] + i % size;
    }
    EXPECT_EQ(download<uint32_t>(to, expected.size()), expected);
}

TEST_P(InWorkgroup, BarriersOrderGlobalMemory) {
    std::vector<uint32_t> expected = numbers();
    const HyDevicePtr data = upload(expected), out = allocate(expected.size() * sizeof(uint32_t));
    const void* args[] = {&data, &out};
    ASSERT_OK(hyLaunchKernel(stream, makeKernel(module, "shift_in_global"), {kGroups, 1, 1}, {size, 1, 1}, 0, args, 2));
    for (uint32_t g = 0; g < kGroups; ++g)
        std::rotate(expected.begin() + g * size, expected.begin() + g * size + (1 + g % 3) % size,
                    expected.begin() + (g + 1) * size);
    EXPECT_EQ(download<uint32_t>(out, expected.size()), expected);
}

} // namespace
