// Every field of a report is read back as it was, and a feature's counts tell every status apart.
#include "feature_table.h"
#include "report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace halyard::cts {
namespace {

// A place for words in a run.
struct Field {
    const char* name;
    std::function<std::string&(Run&)> at;
};
cts::Run withOneOfEach() {
    cts::Run run;
    run.arguments = {""};
    run.tests.emplace_back();
    run.exclusions.emplace_back();
    run.staleExclusions = {""};
    return run;
}
const Field kFields[] = {
    {"suiteVersion", [](Run& run) -> std::string& { return run.suiteVersion; }},
    {"suiteDigest", [](Run& run) -> std::string& { return run.suiteDigest; }},
    {"runtimeVersion", [](Run& run) -> std::string& { return run.runtimeVersion; }},
    {"runtimeAbi", [](Run& run) -> std::string& { return run.runtimeAbi; }},
    {"started", [](Run& run) -> std::string& { return run.started; }},
    {"profile", [](Run& run) -> std::string& { return run.profile; }},
    {"filter", [](Run& run) -> std::string& { return run.filter; }},
    {"level", [](Run& run) -> std::string& { return run.level; }},
    {"stoppedBy", [](Run& run) -> std::string& { return run.stoppedBy; }},
    {"arguments", [](Run& run) -> std::string& { return run.arguments[0]; }},
    {"staleExclusions", [](Run& run) -> std::string& { return run.staleExclusions[0]; }},
    {"machine.system", [](Run& run) -> std::string& { return run.machine.system; }},
    {"machine.kernel", [](Run& run) -> std::string& { return run.machine.kernel; }},
    {"machine.processor", [](Run& run) -> std::string& { return run.machine.processor; }},
    {"subject.selector", [](Run& run) -> std::string& { return run.subject.selector; }},
    {"subject.deviceName", [](Run& run) -> std::string& { return run.subject.deviceName; }},
    {"subject.deviceUuid", [](Run& run) -> std::string& { return run.subject.deviceUuid; }},
    {"subject.backend", [](Run& run) -> std::string& { return run.subject.backend; }},
    {"subject.backendLibrary", [](Run& run) -> std::string& { return run.subject.backendLibrary; }},
    {"subject.backendBuildId", [](Run& run) -> std::string& { return run.subject.backendBuildId; }},
    {"subject.backendAbi", [](Run& run) -> std::string& { return run.subject.backendAbi; }},
    {"subject.driverName", [](Run& run) -> std::string& { return run.subject.driverName; }},
    {"subject.driverVersion", [](Run& run) -> std::string& { return run.subject.driverVersion; }},
    {"subject.capabilities", [](Run& run) -> std::string& { return run.subject.capabilities; }},
    {"exclusion.pattern", [](Run& run) -> std::string& { return run.exclusions[0].pattern; }},
    {"exclusion.reason", [](Run& run) -> std::string& { return run.exclusions[0].reason; }},
    {"exclusion.issue", [](Run& run) -> std::string& { return run.exclusions[0].issue; }},
    {"exclusion.place", [](Run& run) -> std::string& { return run.exclusions[0].place; }},
    {"test.name", [](Run& run) -> std::string& { return run.tests[0].name; }},
    {"test.file", [](Run& run) -> std::string& { return run.tests[0].file; }},
    {"test.reason", [](Run& run) -> std::string& { return run.tests[0].reason; }},
    {"test.issue", [](Run& run) -> std::string& { return run.tests[0].issue; }},
    {"test.output", [](Run& run) -> std::string& { return run.tests[0].output; }},
};

// Only this field may differ from the run without it, and it must come back.
TEST(ReportFields, WordsComeBackInTheirField) {
    const std::string hostile[] = {"plain",
                                   "\"}, {\"name\": \"x",
                                   "two\nlines\ttab\\",
                                   " ",
                                   "gr\xc3\xbcn",
                                   "\xff\xc0\xaf",
                                   std::string("a\0b", 3),
                                   "{\"bytes\": \"x\"}",
                                   "\xed\xa0\x80 \x7f"};
    for (const Field& field : kFields) {
        for (const std::string& words : hostile) {
            SCOPED_TRACE(std::string(field.name) + ": " + testing::PrintToString(words));
            cts::Run run = withOneOfEach();
            field.at(run) = words;
            cts::Run back = fromJson(toJson(run));
            EXPECT_EQ(field.at(back), words);
            for (const Field& other : kFields) {
                if (&other != &field) {
                    EXPECT_EQ(other.at(back), "") << other.name;
                }
            }
        }
    }
}

TEST(ReportFields, NumbersComeBack) {
    cts::Run run = withOneOfEach();
    run.seconds = 0.1;
    run.seed = UINT64_MAX - 1;
    run.machine.processors = UINT32_MAX;
    run.machine.memoryBytes = UINT64_MAX;
    run.tests[0].seconds = 1e-9;
    run.exclusions[0].matched = 7;
    const cts::Run back = fromJson(toJson(run));
    EXPECT_EQ(back.seconds, 0.1);
    EXPECT_EQ(back.seed, UINT64_MAX - 1);
    EXPECT_EQ(back.machine.processors, UINT32_MAX);
    EXPECT_EQ(back.machine.memoryBytes, UINT64_MAX);
    EXPECT_EQ(back.tests[0].seconds, 1e-9);
    EXPECT_EQ(back.exclusions[0].matched, 7u);
}

TEST(ReportFields, KindsAndStatusesComeBack) {
    for (const Status status : {Status::Passed, Status::Failed, Status::Crashed, Status::TimedOut, Status::Skipped,
                                Status::Unsupported, Status::ExpectedFailure, Status::UnexpectedPass}) {
        cts::Run run = withOneOfEach();
        run.tests[0].status = status;
        EXPECT_EQ(fromJson(toJson(run)).tests[0].status, status) << statusName(status);
    }
    for (const Exclusion::Kind kind : {Exclusion::Kind::Unsupported, Exclusion::Kind::ExpectedFailure}) {
        cts::Run run = withOneOfEach();
        run.exclusions[0].kind = kind;
        EXPECT_EQ(fromJson(toJson(run)).exclusions[0].kind, kind);
    }
}

FeatureCounts countsOf(const std::vector<std::pair<const char*, Status>>& tests) {
    cts::Run run;
    for (const auto& [name, status] : tests) {
        TestResult test;
        test.name = name;
        test.status = status;
        test.reason = std::string("because of ") + name;
        run.tests.push_back(test);
    }
    return countFeature({"Copies", {"Copy.*", "Copies.?"}, ""}, run);
}

TEST(FeatureCount, EachStatusCountsOnce) {
    const struct {
        Status status;
        size_t FeatureCounts::*where;
    } kCases[] = {{Status::Passed, &FeatureCounts::passed},         {Status::Failed, &FeatureCounts::failed},
                  {Status::Crashed, &FeatureCounts::failed},        {Status::TimedOut, &FeatureCounts::failed},
                  {Status::UnexpectedPass, &FeatureCounts::failed}, {Status::ExpectedFailure, &FeatureCounts::expected},
                  {Status::Skipped, &FeatureCounts::skipped},       {Status::Unsupported, &FeatureCounts::unsupported}};
    for (const auto& each : kCases) {
        SCOPED_TRACE(statusName(each.status));
        const FeatureCounts counts = countsOf({{"Copy.a", each.status}});
        EXPECT_EQ(counts.*each.where, 1u);
        EXPECT_EQ(counts.total(), 1u);
        EXPECT_EQ(counts.reason, each.status == Status::Passed ? "" : "because of Copy.a");
    }
}

TEST(FeatureCount, OthersTestsDoNotCount) {
    const FeatureCounts counts = countsOf({{"Copy.a", Status::Passed},
                                           {"Copies.b", Status::Skipped},
                                           {"Copies.bc", Status::Failed},
                                           {"NoCopy.a", Status::Failed},
                                           {"Copy.c", Status::Unsupported}});
    EXPECT_EQ(counts.total(), 3u);
    EXPECT_EQ(counts.passed, 1u);
    EXPECT_EQ(counts.skipped, 1u);
    EXPECT_EQ(counts.unsupported, 1u);
    EXPECT_EQ(counts.reason, "because of Copies.b") << "of the first one that did not pass";
    EXPECT_EQ(countsOf({}).total(), 0u);
}

} // namespace
} // namespace halyard::cts
