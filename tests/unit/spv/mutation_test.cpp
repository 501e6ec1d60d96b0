#include "exercise.h"
#include "modules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMutations = 1000;
// Generous, for sanitizers on a busy machine; what it catches is work that grows without bound.
constexpr std::chrono::seconds kSlowest{20};

struct Counts {
    size_t runs = 0, parsed = 0, reflected = 0, specialised = 0;

    void add(std::span<const uint32_t> words) {
        const Clock::time_point start = Clock::now();
        const Outcome outcome = exercise(bytes(words));
        EXPECT_LT(Clock::now() - start, kSlowest);
        ++runs;
        parsed += outcome.parsed ? 1 : 0;
        reflected += outcome.reflected ? 1 : 0;
        specialised += outcome.specialised ? 1 : 0;
    }
};

class Mutation : public testing::TestWithParam<Sample> {
protected:
    Words original() const { return {GetParam().words.begin(), GetParam().words.end()}; }
};

TEST_P(Mutation, TheOriginalPasses) {
    const Outcome outcome = exercise(bytes(original()));
    EXPECT_TRUE(outcome.valid && outcome.parsed && outcome.supported && outcome.reflected && outcome.specialised);
}

TEST_P(Mutation, NoTruncationKeepsTheKernel) {
    const Words words = original();
    for (size_t length = 0; length < words.size(); ++length) {
        const std::span<const uint32_t> cut = std::span(words).first(length);
        // With the Linkage capability, the first few instructions are a valid module: one without entry points.
        if (exercise(bytes(cut)).valid) {
            EXPECT_TRUE(parsed(cut).entryPoints().empty()) << length;
        }
    }
    for (size_t length = words.size() * sizeof(uint32_t) - 3; length < words.size() * sizeof(uint32_t); ++length)
        EXPECT_FALSE(validate(bytes(words).first(length)));
}

TEST_P(Mutation, BitFlipsAreSurvived) {
    std::mt19937 random(20240607);
    Counts counts;
    for (int i = 0; i < kMutations; ++i) {
        Words words = original();
        const uint32_t flips = 1 + random() % 3;
        for (uint32_t flip = 0; flip < flips; ++flip)
            words[random() % words.size()] ^= 1u << random() % 32;
        counts.add(words);
    }
    // The mutants must get past the first check to be worth anything.
    EXPECT_GT(counts.parsed, counts.runs / 10);
    EXPECT_GT(counts.reflected, counts.runs / 20);
    EXPECT_GT(counts.specialised, counts.runs / 20);
}

// Ids and literals that are plausible reach further than random bits.
TEST_P(Mutation, SwappedWordsAreSurvived) {
    std::mt19937 random(42);
    Counts counts;
    static constexpr std::array<uint32_t, 8> kTelling{0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 64};
    const Module module = parsed(GetParam().words);
    for (int i = 0; i < kMutations; ++i) {
        Words words = original();
        const uint32_t changes = 1 + random() % 4;
        for (uint32_t change = 0; change < changes; ++change) {
            const Instruction& instruction = module.instructions()[random() % module.instructions().size()];
            if (instruction.wordCount < 2)
                continue;
            uint32_t& word = words[instruction.offset + 1 + random() % (instruction.wordCount - 1)];
            const uint32_t choice = random() % 3;
            if (choice == 0)
                word = random() % module.bound();
            else if (choice == 1)
                word = kTelling[random() % kTelling.size()];
            else
                word = words[random() % words.size()];
        }
        counts.add(words);
    }
    EXPECT_GT(counts.parsed, counts.runs / 10);
}

// Instructions dropped, doubled and moved keep the stream well formed and break everything else.
TEST_P(Mutation, MovedInstructionsAreSurvived) {
    std::mt19937 random(7);
    Counts counts;
    const Module module = parsed(GetParam().words);
    const auto& instructions = module.instructions();
    for (int i = 0; i < kMutations / 2; ++i) {
        Words words(module.words().begin(), module.words().begin() + 5);
        const size_t victim = random() % instructions.size();
        const size_t place = random() % instructions.size();
        const uint32_t kind = random() % 3;
        const auto append = [&](const Instruction& instruction) {
            words.insert(words.end(), instruction.words, instruction.words + instruction.wordCount);
        };
        for (size_t index = 0; index < instructions.size(); ++index) {
            if (index == place && kind != 0)
                append(instructions[victim]);
            if (index != victim || kind == 1)
                append(instructions[index]);
        }
        counts.add(words);
    }
    EXPECT_EQ(counts.runs, static_cast<size_t>(kMutations / 2));
}

INSTANTIATE_TEST_SUITE_P(Samples, Mutation, testing::ValuesIn(samples().begin(), samples().end()),
                         [](const testing::TestParamInfo<Sample>& info) {
                             std::string name = info.param.name;
                             std::replace(name.begin(), name.end(), '.', '_');
                             return name;
                         });

} // namespace
} // namespace halyard::spv::test
