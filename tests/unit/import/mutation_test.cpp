// Damaged modules: whatever passes the parser must come out of the importer as KIR or as an error, never as a crash.
#include "cooperative_module.h"
#include "harness.h"

#include <random>

namespace halyard::jit::test {
namespace {

struct Outcome {
    int imported = 0;
    int refused = 0;
};

// `validate` off leaves the importer alone with nonsense that the validator would stop.
Outcome mutate(const std::vector<uint32_t>& original, const std::string& kernel, int rounds, bool validate) {
    std::mt19937 random(7);
    Outcome outcome;
    for (int round = 0; round < rounds; ++round) {
        std::vector<uint32_t> words = original;
        const int flips = 1 + static_cast<int>(random() % 3);
        for (int flip = 0; flip < flips; ++flip) {
            uint32_t& word = words[5 + random() % (words.size() - 5)];
            switch (random() % 3) {
            case 0:
                word ^= 1u << random() % 32;
                break;
            case 1:
                word = words[5 + random() % (words.size() - 5)];
                break;
            default:
                word += random() % 5 - 2;
            }
        }
        const Import import = importKernel(words, kernel, {}, false, validate);
        if (import.module) {
            ++outcome.imported;
        } else {
            EXPECT_NE(import.error.code, HY_SUCCESS);
            EXPECT_FALSE(import.error.message.empty());
            ++outcome.refused;
        }
    }
    return outcome;
}

class Mutation : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Mutation, ValidatedModulesNeverCrash) {
    const Outcome outcome = mutate(readKernelFile(GetParam().first), GetParam().second, 300, true);
    EXPECT_GT(outcome.imported, 0);
    EXPECT_GT(outcome.refused, 0);
}

TEST_P(Mutation, UncheckedModulesNeverCrash) {
    const Outcome outcome = mutate(readKernelFile(GetParam().first), GetParam().second, 1500, false);
    EXPECT_GT(outcome.imported, 0);
    EXPECT_GT(outcome.refused, 0);
}

// The validator stops at the first instruction of theirs that it does not know.
TEST(MutationOfMatrices, NeverCrashes) {
    const Outcome outcome = mutate(assemble(cooperativeModule(kProductBody)), "main", 2000, true);
    EXPECT_GT(outcome.imported, 0);
    EXPECT_GT(outcome.refused, 0);
}

INSTANTIATE_TEST_SUITE_P(Files, Mutation,
                         testing::Values(std::pair("arithmetic.O2.spv", "vectors"),
                                         std::pair("control.O0.spv", "choose"), std::pair("memory.O2.spv", "records"),
                                         std::pair("numbers.O2.spv", "convert"), std::pair("blocks.spv", "main"),
                                         std::pair("functions.spv", "main"), std::pair("invocation.spv", "main"),
                                         std::pair("views.spv", "main")));

} // namespace
} // namespace halyard::jit::test
