// JUnit reports as a parser of others reads them: Python's.
#include "report_junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>
#include <utility>

namespace halyard::cts {
namespace {

using Json = nlohmann::json;

std::string outputOf(const std::string& command, int& status) {
    std::string output;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) {
        ADD_FAILURE() << command << " could not be started";
        return output;
    }
    std::array<char, 4096> part{};
    for (size_t bytes = 0; (bytes = fread(part.data(), 1, part.size(), pipe)) != 0;) {
        output.append(part.data(), bytes);
    }
    status = pclose(pipe);
    return output;
}

// What the parser finds; null, and a failure, when that is no XML.
Json parsed(const std::string& xml) {
    const std::string path = testing::TempDir() + "halyard-junit-" + std::to_string(getpid()) + ".xml";
    std::ofstream(path, std::ios::binary) << xml;
    int status = -1;
    const std::string output = outputOf(PYTHON " '" JUNIT_FACTS "' '" + path + "' 2>&1", status);
    unlink(path.c_str());
    EXPECT_EQ(status, 0) << output;
    return status == 0 ? Json::parse(output) : Json();
}

std::string attributeOf(const Json& element, const char* name) {
    return element["attributes"].value(name, "(absent)");
}

TestResult testOf(std::string name, Status status, std::string reason = "", std::string output = "") {
    TestResult test;
    test.name = std::move(name);
    test.file = "copy_test.cpp";
    test.status = status;
    test.seconds = 0.25;
    test.reason = std::move(reason);
    test.output = std::move(output);
    return test;
}

TEST(JunitParsed, CountsAreThoseOfTheElements) {
    cts::Run run;
    run.subject.selector = "cpu:0";
    run.tests = {testOf("A.passes", Status::Passed),          testOf("B.passes", Status::Passed),
                 testOf("A.fails", Status::Failed),           testOf("A.crashes", Status::Crashed),
                 testOf("A.hangs", Status::TimedOut),         testOf("A.skips", Status::Skipped),
                 testOf("A.isRuledOut", Status::Unsupported), testOf("A.isKnown", Status::ExpectedFailure),
                 testOf("B.isBetter", Status::UnexpectedPass)};
    run.staleExclusions = {"cpu.txt:3: nothing fails"};
    const Json root = parsed(toJunit(run));
    ASSERT_FALSE(root.is_null());
    EXPECT_EQ(root["tag"], "testsuites");
    EXPECT_EQ(attributeOf(root, "name"), "halyard-cts on cpu:0");
    EXPECT_EQ(attributeOf(root, "tests"), "10");
    EXPECT_EQ(attributeOf(root, "failures"), "3");
    EXPECT_EQ(attributeOf(root, "errors"), "2");
    EXPECT_EQ(attributeOf(root, "skipped"), "3");
    EXPECT_EQ(std::stod(attributeOf(root, "time")), 9 * 0.25);
    std::vector<std::string> suites;
    for (const Json& suite : root["children"]) {
        suites.push_back(attributeOf(suite, "name"));
        std::map<std::string, size_t> kinds;
        for (const Json& test : suite["children"]) {
            EXPECT_EQ(test["tag"], "testcase");
            EXPECT_EQ(attributeOf(test, "classname"), suites.back());
            EXPECT_LE(test["children"].size(), 1u);
            ++kinds[test["children"].empty() ? "passed" : std::string(test["children"][0]["tag"])];
        }
        EXPECT_EQ(attributeOf(suite, "tests"), std::to_string(suite["children"].size()));
        EXPECT_EQ(attributeOf(suite, "failures"), std::to_string(kinds["failure"]));
        EXPECT_EQ(attributeOf(suite, "errors"), std::to_string(kinds["error"]));
        EXPECT_EQ(attributeOf(suite, "skipped"), std::to_string(kinds["skipped"]));
    }
    EXPECT_THAT(suites, testing::ElementsAre("A", "B", "Exclusions"));
    const Json& stale = root["children"][2]["children"][0];
    EXPECT_EQ(stale["children"][0]["tag"], "failure");
    EXPECT_EQ(stale["children"][0]["text"], "cpu.txt:3: nothing fails");
}

// What a name or a message is in the report, and what the parser must make of it.
struct Hostile {
    std::string given, read;
};
const Hostile kHostile[] = {
    {"plain", "plain"},
    {"\"quoted\" & 'quoted'", "\"quoted\" & 'quoted'"},
    {"<failure message=\"no\"/>", "<failure message=\"no\"/>"},
    {"]]></testcase><!-- -->", "]]></testcase><!-- -->"},
    {"&amp;&#0;&unknown;", "&amp;&#0;&unknown;"},
    {"two\nlines\tand a tab", "two\nlines\tand a tab"},
    {" spaces  inside ", " spaces  inside "},
    {"gr\xc3\xbcn \xf0\x9f\x98\x80", "gr\xc3\xbcn \xf0\x9f\x98\x80"},
    {std::string("nul\0end", 7), "nul\\x00end"},
    {"\x1b[31mred\r", "\\x1b[31mred\\x0d"},
    {"\xff\xfe no UTF-8 \xc0\xaf", "\\xff\\xfe no UTF-8 \\xc0\\xaf"},
    {"\xef\xbf\xbe and \xed\xa0\x80", "\\ufffe and \\xed\\xa0\\x80"},
    {"Sizes/Deep.Name/0", "Sizes/Deep.Name/0"},
};

TEST(JunitParsed, HostileCharactersArriveOrAreShown) {
    cts::Run run;
    for (const Hostile& each : kHostile) {
        run.tests.push_back(testOf("Suite." + each.given, Status::Failed, each.given, each.given));
        run.tests.back().file = each.given;
    }
    const Json root = parsed(toJunit(run));
    ASSERT_FALSE(root.is_null());
    ASSERT_EQ(root["children"].size(), 1u);
    const Json& tests = root["children"][0]["children"];
    ASSERT_EQ(tests.size(), std::size(kHostile));
    for (size_t i = 0; i < tests.size(); ++i) {
        EXPECT_EQ(attributeOf(tests[i], "classname"), "Suite");
        EXPECT_EQ(attributeOf(tests[i], "name"), kHostile[i].read);
        EXPECT_EQ(attributeOf(tests[i], "file"), kHostile[i].read);
        ASSERT_EQ(tests[i]["children"].size(), 1u);
        EXPECT_EQ(attributeOf(tests[i]["children"][0], "message"), "failed: " + kHostile[i].read);
        EXPECT_EQ(tests[i]["children"][0]["text"], kHostile[i].read);
    }
}

TEST(JunitParsed, HostileSuitesStayApart) {
    cts::Run run;
    run.subject.selector = "<\"&";
    run.tests = {testOf("A\"b.x", Status::Passed), testOf("A<b.x", Status::Passed), testOf("A\"b.y", Status::Passed),
                 testOf("NoDot", Status::Passed), testOf("", Status::Passed)};
    const Json root = parsed(toJunit(run));
    ASSERT_FALSE(root.is_null());
    EXPECT_EQ(attributeOf(root, "name"), "halyard-cts on <\"&");
    std::vector<std::pair<std::string, size_t>> suites;
    for (const Json& suite : root["children"]) {
        suites.emplace_back(attributeOf(suite, "name"), suite["children"].size());
    }
    EXPECT_THAT(suites, testing::ElementsAre(testing::Pair("A\"b", 2), testing::Pair("A<b", 1),
                                             testing::Pair("NoDot", 1), testing::Pair("", 1)));
    EXPECT_EQ(attributeOf(root["children"][2]["children"][0], "name"), "NoDot");
}

TEST(JunitParsed, ARunOfNothingIsXmlToo) {
    const Json root = parsed(toJunit(cts::Run{}));
    ASSERT_FALSE(root.is_null());
    EXPECT_EQ(attributeOf(root, "tests"), "0");
    EXPECT_TRUE(root["children"].empty());
}

} // namespace
} // namespace halyard::cts
