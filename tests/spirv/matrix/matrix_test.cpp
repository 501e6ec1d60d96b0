// The opcode matrix: a test a family, and one that compares docs/spirv.md with the run. Options beside GoogleTest's:
//   --write-table       writes docs/spirv.md from the run instead of comparing
//   --case=PATTERN      only cases whose names match (* stands for anything)
//   --list              prints the names of the cases
#include "matrix/exclusions.h"
#include "matrix/families.h"
#include "matrix/table.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace halyard::spirvtest {
namespace {

constexpr size_t kShownFailures = 40;
std::string casePattern = "*";
bool writeTable = false;

// Everything that ran, kept so that the page needs no second run. Reports point into the cases.
struct MatrixRun {
    Engine engine;
    Exclusions exclusions{HALYARD_MATRIX_DATA "/expected_failures.txt"};
    std::map<std::string, Cases> cases;
    std::map<std::string, std::vector<Report>> reports;
};

MatrixRun& matrix() {
    static auto* const all = new MatrixRun; // kept to the end: no destructor order to think of
    return *all;
}

const std::vector<Report>& reportsOf(const Family& family) {
    MatrixRun& all = matrix();
    const auto found = all.reports.find(family.name);
    if (found != all.reports.end()) {
        return found->second;
    }
    Cases& cases = all.cases[family.name];
    for (Case& item : family.cases()) {
        if (matches(casePattern, item.name)) {
            cases.push_back(std::move(item));
        }
    }
    return all.reports[family.name] = all.engine.run(cases);
}

class Matrix : public testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Families, Matrix, testing::ValuesIn(families()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(Matrix, EveryDeviceIsRight) {
    MatrixRun& all = matrix();
    const std::vector<std::string> devices = all.engine.devices();
    size_t failures = 0;
    std::map<std::string, bool> names;
    for (const Report& report : reportsOf(GetParam())) {
        EXPECT_TRUE(names.emplace(report.item->name, true).second) << "two cases are called " << report.item->name;
        for (size_t d = 0; d < devices.size(); ++d) {
            const Finding& finding = report.findings[d];
            if (all.exclusions.expects(devices[d], report.item->name, finding.verdict) || ++failures > kShownFailures) {
                continue;
            }
            ADD_FAILURE() << devices[d] << ": " << report.item->name << ": "
                          << (finding.verdict == Verdict::Right ? "passes, though expected_failures.txt names it"
                                                                : finding.detail);
        }
    }
    EXPECT_LE(failures, kShownFailures) << "failures in all, of which the first are shown";
    std::printf("%s: %zu cases, %zu failures\n", GetParam().name, names.size(), failures);
}

// The tests of this suite come after those above.
TEST(MatrixPage, IsWhatTheRunFound) {
    ASSERT_EQ(casePattern, "*") << "the page is of all cases";
    MatrixRun& all = matrix();
    std::vector<std::pair<std::string, const std::vector<Report>*>> families;
    for (const Family& family : spirvtest::families()) {
        reportsOf(family);
        families.emplace_back(family.name, &all.reports.at(family.name));
    }
    std::ifstream words(HALYARD_MATRIX_DATA "/introduction.md");
    std::stringstream introduction, committed;
    introduction << words.rdbuf();
    const std::string text = page(introduction.str(), all.engine.devices(), families);
    if (writeTable) {
        std::ofstream file(HALYARD_MATRIX_PAGE);
        file << text;
        ASSERT_TRUE(file.good()) << HALYARD_MATRIX_PAGE << " cannot be written";
        return;
    }
    std::ifstream file(HALYARD_MATRIX_PAGE);
    committed << file.rdbuf();
    EXPECT_TRUE(committed.str() == text)
        << "docs/spirv.md differs from what the run found: write it anew with spirv_matrix_test --write-table";
}

TEST(MatrixPage, NoExpectedFailureIsStale) {
    ASSERT_EQ(casePattern, "*") << "which entries are stale needs all cases";
    for (const Family& family : families()) {
        reportsOf(family);
    }
    MatrixRun& all = matrix();
    // The families' own tests may have been filtered out: ask for every case again.
    for (const auto& [name, reports] : all.reports) {
        for (const Report& report : reports) {
            for (size_t d = 0; d < report.findings.size(); ++d) {
                all.exclusions.expects(all.engine.devices()[d], report.item->name, report.findings[d].verdict);
            }
        }
    }
    for (const std::string& line : all.exclusions.stale()) {
        ADD_FAILURE() << "expected_failures.txt " << line;
    }
}

void list() {
    for (const Family& family : families()) {
        for (const Case& item : family.cases()) {
            if (matches(casePattern, item.name)) {
                std::printf("%s: %s\n", family.name, item.name.c_str());
            }
        }
    }
}

} // namespace
} // namespace halyard::spirvtest

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    bool listing = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strncmp(argv[i], "--case=", 7) == 0) {
            halyard::spirvtest::casePattern = argv[i] + 7;
        } else if (std::strcmp(argv[i], "--write-table") == 0) {
            halyard::spirvtest::writeTable = true;
        } else if (std::strcmp(argv[i], "--list") == 0) {
            listing = true;
        } else {
            std::fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    if (listing) {
        halyard::spirvtest::list();
        return 0;
    }
    return RUN_ALL_TESTS();
}
