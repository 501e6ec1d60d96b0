// Every function of the backend's table is in the driver, and the tests of this program call each.
#include "fixture.h"

#include <vector>

namespace halyard::cuda {
namespace {

struct Row {
    const char* name;
    bool isThere;
    uint64_t calls;
};

std::vector<Row> rows() {
    return {
#define HALYARD_TEST_ROW(presence, version, result, name, parameters)                                                  \
    Row{#name, driverSymbols().name != nullptr, Counted<&Symbols::name, decltype(Symbols::name)>::calls.load()},
        HALYARD_CUDA_SYMBOLS(HALYARD_TEST_ROW)
#undef HALYARD_TEST_ROW
    };
}

TEST(SoftcudaCoverage, TheDriverHasEveryFunctionOfTheTable) {
    for (const Row& row : rows())
        EXPECT_TRUE(row.isThere) << row.name;
}

// Counts at the end, and only of a run of all tests.
class EveryFunctionIsCalled : public testing::Environment {
    void TearDown() override {
        if (GTEST_FLAG_GET(filter) != "*" || std::getenv("GTEST_TOTAL_SHARDS") != nullptr)
            return;
        for (const Row& row : rows())
            EXPECT_GT(row.calls, 0u) << "no test of softcuda_test calls " << row.name;
    }
};

[[maybe_unused]] const testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new EveryFunctionIsCalled);

} // namespace
} // namespace halyard::cuda
