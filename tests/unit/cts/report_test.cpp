// Reports: what is written is read back exactly, what is damaged is refused with its place, and nothing that a test
// printed can become part of a format.
#include "compare.h"
#include "report_html.h"
#include "report_json.h"
#include "report_junit.h"
#include "status_page.h"
#include "suite_digest.h"
#include "text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace halyard::cts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Status kAllStatuses[] = {Status::Passed,          Status::Failed,        Status::Crashed,
                                   Status::TimedOut,        Status::Skipped,       Status::Unsupported,
                                   Status::ExpectedFailure, Status::UnexpectedPass};

std::string everyByte() {
    std::string text;
    for (int byte = 0; byte < 256; ++byte) {
        text += static_cast<char>(byte);
    }
    return text;
}

TestResult result(const std::string& name, Status status, double seconds = 0.25) {
    TestResult test;
    test.name = name;
    test.file = "copy_test.cpp";
    test.status = status;
    test.seconds = seconds;
    return test;
}

Run makeRun() {
    Run run;
    run.suiteVersion = "0.1.0";
    run.suiteDigest = std::string(64, 'a');
    run.runtimeVersion = "0.1.0";
    run.runtimeAbi = "0.1";
    run.started = "2026-11-22T23:21:10Z";
    run.seconds = 1.0 / 3;
    run.profile = "full";
    run.filter = "*";
    run.seed = UINT64_MAX;
    run.level = "T4";
    run.arguments = {"halyard-cts", "--device=a \"b\""};
    run.machine = {"Debian", "Linux 6.1", "a <processor> & more", 2, uint64_t{24} << 30};
    run.subject = {"cpu:0", "name", "", "cpu", "/lib/x.so", "0.1.0", "1.2", "driver", "1.0", "kernels ipc"};
    for (const Status status : kAllStatuses) {
        TestResult test = result(std::string("Suite.") + std::to_string(static_cast<int>(status)), status);
        test.reason = status == Status::Passed ? "" : "because | of <this>";
        test.issue = status == Status::ExpectedFailure ? "#12" : "";
        test.output = isFailure(status) ? "<script>alert(1)</script> ]]> " + everyByte() : "";
        run.tests.push_back(test);
    }
    run.exclusions = {{Exclusion::Kind::Unsupported, "A.*", "never", "", "cpu.txt:1", 3},
                      {Exclusion::Kind::ExpectedFailure, "B.*", "not yet", "#12", "cpu.txt:2", 0}};
    run.staleExclusions = {"cpu.txt:2: nothing of B.* fails"};
    run.stoppedBy = "SIGINT";
    return run;
}

TEST(ReportJson, IsReadBackExactly) {
    const cts::Run run = makeRun();
    const std::string text = toJson(run);
    const cts::Run back = fromJson(text);
    EXPECT_EQ(toJson(back), text);
    ASSERT_EQ(back.tests.size(), run.tests.size());
    for (size_t i = 0; i < run.tests.size(); ++i) {
        EXPECT_EQ(back.tests[i].name, run.tests[i].name);
        EXPECT_EQ(back.tests[i].status, run.tests[i].status);
        EXPECT_EQ(back.tests[i].seconds, run.tests[i].seconds);
        EXPECT_EQ(back.tests[i].output, run.tests[i].output);
        EXPECT_EQ(back.tests[i].issue, run.tests[i].issue);
    }
    EXPECT_EQ(back.seed, run.seed);
    EXPECT_EQ(back.seconds, run.seconds);
    EXPECT_EQ(back.arguments, run.arguments);
    EXPECT_EQ(back.machine.memoryBytes, run.machine.memoryBytes);
    EXPECT_EQ(back.subject.capabilities, run.subject.capabilities);
    EXPECT_EQ(back.staleExclusions, run.staleExclusions);
    EXPECT_EQ(back.stoppedBy, run.stoppedBy);
    ASSERT_EQ(back.exclusions.size(), 2u);
    EXPECT_EQ(back.exclusions[1].kind, Exclusion::Kind::ExpectedFailure);
    EXPECT_EQ(back.exclusions[0].matched, 3u);
    EXPECT_EQ(toJson(fromJson(toJson(cts::Run{}))), toJson(cts::Run{}));
}

std::string refusalOf(const std::string& text) {
    try {
        fromJson(text);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "it was taken";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

TEST(ReportJson, WhatIsNoneIsRefusedWithItsPlace) {
    const std::string good = toJson(makeRun());
    EXPECT_THAT(refusalOf(""), Not(HasSubstr("taken")));
    EXPECT_THAT(refusalOf("[1, 2]"), HasSubstr("an object was expected"));
    EXPECT_THAT(refusalOf("{\"a\": 1}"), HasSubstr("no report of halyard-cts"));
    EXPECT_THAT(refusalOf(good.substr(0, good.size() / 2)), Not(HasSubstr("taken")));
    EXPECT_THAT(refusalOf(replaced(good, "\"halyardConformanceReport\": 1", "\"halyardConformanceReport\": 2")),
                Not(HasSubstr("taken")));
    EXPECT_THAT(refusalOf(replaced(good, "\"timed out\"", "\"fine\"")), HasSubstr("tests[3].status"));
    EXPECT_THAT(refusalOf(replaced(good, "\"processors\": 2", "\"processors\": -2")), HasSubstr("machine.processors"));
    EXPECT_THAT(refusalOf(replaced(good, "\"name\": \"Suite.0\",", "")), HasSubstr("tests[0].name: missing"));
}

TEST(ReportJson, UnreadableFilesAreNamed) {
    for (const char* path : {"/nowhere/report.json", "/usr"}) {
        try {
            readReport(path);
            FAIL() << path << " was read";
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), HasSubstr(path));
        }
    }
}

size_t countOf(const std::string& text, const std::string& words) {
    size_t count = 0;
    for (size_t place = text.find(words); place != std::string::npos; place = text.find(words, place + 1)) {
        ++count;
    }
    return count;
}

TEST(ReportJunit, CountsAndKinds) {
    const std::string text = toJunit(makeRun());
    // Failed and the unexpected pass, and the stale entry; a crash and a time-out; three kinds that did not run to a
    // verdict.
    EXPECT_THAT(text, HasSubstr("failures=\"3\""));
    EXPECT_THAT(text, HasSubstr("errors=\"2\""));
    EXPECT_THAT(text, HasSubstr("skipped=\"3\""));
    EXPECT_EQ(countOf(text, "<failure"), 3u);
    EXPECT_EQ(countOf(text, "<error"), 2u);
    EXPECT_EQ(countOf(text, "<skipped"), 3u);
}

TEST(ReportJunit, OutputStaysText) {
    const std::string text = toJunit(makeRun());
    EXPECT_THAT(text, Not(HasSubstr("<script>")));
    EXPECT_THAT(text, Not(HasSubstr("]]>")));
    for (const char c : text) {
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') << static_cast<int>(c);
    }
    EXPECT_TRUE(isUtf8(text));
}

TEST(ReportHtml, SaysEverythingAndEscapesIt) {
    const std::string text = toHtml(makeRun());
    EXPECT_THAT(text, HasSubstr("FAILED on cpu:0"));
    EXPECT_THAT(text, HasSubstr("&lt;script&gt;"));
    EXPECT_THAT(text, Not(HasSubstr("<script>")));
    EXPECT_THAT(text, HasSubstr("nothing of B.* fails"));
    EXPECT_THAT(text, HasSubstr("#12"));
    EXPECT_THAT(text, HasSubstr("a &lt;processor&gt; &amp; more"));
    EXPECT_THAT(text, Not(HasSubstr("http")));
    for (const char* element : {"table", "h2", "details", "pre"}) {
        EXPECT_EQ(countOf(text, std::string("<") + element), countOf(text, std::string("</") + element)) << element;
    }
    EXPECT_TRUE(isUtf8(text));
    EXPECT_THAT(toHtml(cts::Run{}), HasSubstr("nothing ran"));
    EXPECT_FALSE(cts::Run{}.succeeded());
}

std::vector<std::string> namesOf(const std::vector<Difference>& differences) {
    std::vector<std::string> names;
    for (const Difference& difference : differences) {
        names.push_back(difference.test);
    }
    return names;
}

TEST(Compare, PutsEachTestIntoOneList) {
    cts::Run before, after;
    const auto add = [](cts::Run& run, const char* name, Status status, double seconds = 0.1) {
        run.tests.push_back(result(name, status, seconds));
    };
    add(before, "broke", Status::Passed), add(after, "broke", Status::Crashed);
    add(before, "still", Status::Failed), add(after, "still", Status::TimedOut);
    add(before, "fixed", Status::Failed), add(after, "fixed", Status::Passed);
    add(before, "hidden", Status::Failed), add(after, "hidden", Status::Unsupported);
    add(before, "lost", Status::Passed), add(after, "lost", Status::Skipped);
    add(before, "gone", Status::Passed);
    add(before, "gained", Status::Unsupported), add(after, "gained", Status::Passed);
    add(before, "same", Status::Skipped), add(after, "same", Status::Skipped);
    add(before, "slow", Status::Passed, 1), add(after, "slow", Status::Passed, 3.5);
    add(before, "quick", Status::Passed, 0.01), add(after, "quick", Status::Passed, 0.9);
    add(after, "newFailure", Status::Failed);
    add(after, "newPass", Status::Passed);
    const Comparison comparison = compareRuns(before, after);
    EXPECT_THAT(namesOf(comparison.regressions), ElementsAre("broke", "newFailure"));
    EXPECT_THAT(namesOf(comparison.stillFailing), ElementsAre("still"));
    EXPECT_THAT(namesOf(comparison.fixes), ElementsAre("fixed"));
    EXPECT_THAT(namesOf(comparison.lost), ElementsAre("gone", "hidden", "lost"));
    EXPECT_THAT(namesOf(comparison.gained), ElementsAre("gained", "newPass"));
    EXPECT_THAT(namesOf(comparison.slower), ElementsAre("slow"));
    EXPECT_EQ(comparison.same, 3u);
}

TEST(Compare, ExclusionsOutOfDateAreRegressions) {
    cts::Run before, after;
    before.staleExclusions = {"old"};
    after.staleExclusions = {"old", "new"};
    EXPECT_THAT(compareRuns(before, after).newlyStale, ElementsAre("new"));
}

std::vector<Feature> twoFeatures() {
    return parseFeatures("# words\nCopies | Copy.* Copies.*\n\nSharing | Sharing.* | ipc\n", "features.txt");
}

cts::Run runOf(const char* backend, std::vector<TestResult> tests) {
    cts::Run run;
    run.level = "T4";
    run.filter = "*";
    run.profile = "full";
    run.subject.backend = backend;
    run.subject.capabilities = "ipc";
    run.tests = std::move(tests);
    return run;
}

TEST(StatusPage, CellsSayWhatTheRunsShow) {
    cts::Run unclaimed = runOf("b", {result("Copy.a", Status::Failed), result("Sharing.x", Status::Passed)});
    unclaimed.subject.capabilities = "kernels ipc-events";
    const std::string table =
        statusTable(twoFeatures(), {runOf("a", {result("Copy.a", Status::Passed), result("Copies.b", Status::Skipped),
                                                result("Sharing.x", Status::Passed)}),
                                    unclaimed, runOf("c", {result("Copy.a", Status::Unsupported)})});
    EXPECT_EQ(table, "| Feature | a | b | c |\n|---|---|---|---|\n| Copies | T4 in part | FAILED | – |\n"
                     "| Sharing | T4 | – | not run |\n");
}

std::string whyNot(const std::function<void()>& body) {
    try {
        body();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "nothing was wrong";
}

TEST(StatusPage, RefusesWhatWouldMislead) {
    const cts::Run good = runOf("a", {result("Copy.a", Status::Passed), result("Sharing.x", Status::Passed)});
    EXPECT_THAT(whyNot([&] { statusTable(twoFeatures(), {good, good}); }), HasSubstr("two reports"));
    cts::Run filtered = good;
    filtered.filter = "Copy.*";
    EXPECT_THAT(whyNot([&] { statusTable(twoFeatures(), {filtered}); }), HasSubstr("whole runs"));
    cts::Run cutOff = good;
    cutOff.stoppedBy = "SIGINT";
    EXPECT_THAT(whyNot([&] { statusTable(twoFeatures(), {cutOff}); }), HasSubstr("whole runs"));
    cts::Run other = good;
    other.subject.backend = "b";
    other.suiteDigest = "else";
    EXPECT_THAT(whyNot([&] { statusTable(twoFeatures(), {good, other}); }), HasSubstr("whole runs"));
    EXPECT_THAT(whyNot([&] { statusTable(twoFeatures(), {runOf("a", {result("Copy.a", Status::Passed)})}); }),
                HasSubstr("'Sharing'"));
    cts::Run unknown = good;
    unknown.tests.push_back(result("New.a", Status::Passed));
    EXPECT_THAT(whyNot([&] { statusTable(twoFeatures(), {unknown}); }), HasSubstr("New.a"));
}

TEST(StatusPage, TheTableStandsBetweenTheMarkers) {
    EXPECT_EQ(withTable("a\n<!-- cts:begin -->\nold\n<!-- cts:end -->\nb\n", "new\n"),
              "a\n<!-- cts:begin -->\nnew\n<!-- cts:end -->\nb\n");
    EXPECT_THAT(whyNot([] { withTable("nothing", "t"); }), HasSubstr("cts:begin"));
    EXPECT_THAT(whyNot([] { withTable("<!-- cts:end --><!-- cts:begin -->", "t"); }), HasSubstr("stands before"));
    EXPECT_THAT(whyNot([] { withTable("<!-- cts:begin --><!-- cts:begin --><!-- cts:end -->", "t"); }),
                HasSubstr("once"));
}

TEST(StatusPage, AMachineMaySkipWhatAnotherRuns) {
    EXPECT_TRUE(agrees("| a | T4 | T4 in part |", "| a | T4 in part | T4 |"));
    EXPECT_FALSE(agrees("| a | T4 |", "| a | – |"));
    EXPECT_FALSE(agrees("| a | T4 |", "| a | FAILED |"));
    EXPECT_FALSE(agrees("| a | T4 |", "| b | T4 |"));
}

TEST(Features, MalformedLinesAreNamed) {
    EXPECT_THAT(whyNot([] { parseFeatures("\nno bar", "f.txt"); }), HasSubstr("f.txt:2"));
    EXPECT_THAT(whyNot([] { parseFeatures("A | \n", "f.txt"); }), HasSubstr("f.txt:1"));
    EXPECT_THAT(whyNot([] { parseFeatures("A | x\nA | y\n", "f.txt"); }), HasSubstr("second line"));
    const std::vector<Feature> features = twoFeatures();
    ASSERT_EQ(features.size(), 2u);
    EXPECT_THAT(features[0].patterns, ElementsAre("Copy.*", "Copies.*"));
    EXPECT_EQ(features[0].capability, "");
    EXPECT_EQ(features[1].capability, "ipc");
    EXPECT_FALSE(parseFeatures(featuresText(), "features.txt").empty());
}

TEST(Text, OnlyUtf8IsUtf8) {
    EXPECT_TRUE(isUtf8("grün \xf0\x9f\x98\x80"));
    for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
        EXPECT_FALSE(isUtf8(bad));
    }
}

TEST(SuiteDigest, IsASha256) {
    const std::string digest = suiteDigest();
    EXPECT_EQ(digest.size(), 64u);
    EXPECT_EQ(digest.find_first_not_of("0123456789abcdef"), std::string::npos) << digest;
}

} // namespace
} // namespace halyard::cts
