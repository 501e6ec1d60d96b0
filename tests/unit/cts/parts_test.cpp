// Patterns, exclusion files and the text of processes.
#include "exclusions.h"
#include "output_text.h"
#include "patterns.h"

#include <gtest/gtest.h>

using namespace halyard::cts;

TEST(Patterns, StarsAndQuestionMarks) {
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("A.*", "A.B"));
    EXPECT_TRUE(matches("*a*b", "xaab"));
    EXPECT_TRUE(matches("?.?", "A.B"));
    EXPECT_TRUE(matches("**", "x"));
    EXPECT_FALSE(matches("A", "AB"));
    EXPECT_FALSE(matches("?", ""));
    EXPECT_FALSE(matches("*a", "ab"));
    EXPECT_FALSE(matches("", "x"));
    EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
}

TEST(Patterns, Filters) {
    EXPECT_TRUE(matchesFilter("*", "A.B"));
    EXPECT_TRUE(matchesFilter("X.*:A.*", "A.B"));
    EXPECT_FALSE(matchesFilter("X.*:Y.*", "A.B"));
    EXPECT_FALSE(matchesFilter("A.*-A.B", "A.B"));
    EXPECT_FALSE(matchesFilter("-C.*:A.B", "A.B"));
    EXPECT_TRUE(matchesFilter("-C.*", "A.B"));
    EXPECT_FALSE(matchesFilter("X.*-", "A.B"));
}

TEST(Exclusions, KindsPlacesAndComments) {
    std::vector<Exclusion> list;
    parseExclusions("x.txt", "# no\n\n unsupported | A.* | why not\t\r\nfails|B.C|bug|#12\n", list);
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].kind, Exclusion::Kind::Unsupported);
    EXPECT_EQ(list[0].pattern, "A.*");
    EXPECT_EQ(list[0].reason, "why not");
    EXPECT_EQ(list[0].place, "x.txt:3");
    EXPECT_EQ(list[1].kind, Exclusion::Kind::ExpectedFailure);
    EXPECT_EQ(list[1].issue, "#12");
    EXPECT_EQ(list[1].place, "x.txt:4");
    EXPECT_EQ(findExclusion(list, Exclusion::Kind::Unsupported, "A.x"), &list[0]);
    EXPECT_EQ(findExclusion(list, Exclusion::Kind::ExpectedFailure, "A.x"), nullptr);
}

TEST(Exclusions, RefuseMalformedLines) {
    for (const char* line : {"nonsense", "unsupported | A.*", "unsupported | A.* | ", "unsupported | | why",
                             "fails | A.* | why", "fails | A.* | why | ", "fails | A.* | why | #1 | more",
                             "unsupported | A.* B.* | why", "unsupported | A.*:B.* | why", "Unsupported | A | why"}) {
        std::vector<Exclusion> list;
        try {
            parseExclusions("x.txt", std::string("# first\n") + line + "\n", list);
            ADD_FAILURE() << line;
        } catch (const std::runtime_error& fault) {
            EXPECT_EQ(std::string(fault.what()).find("x.txt:2: this line "), 0u) << fault.what();
        }
    }
}

TEST(OutputText, IsBoundedAndPrintable) {
    EXPECT_EQ(printable("a\x1b\xff\xc3\xa9\n"), "a??\xc3\xa9\n");
    EXPECT_EQ(printable("\xed\xa0\x80"), "???");
    EXPECT_EQ(printable("\xc3"), "?");
    const std::string text = std::string(20000, 'a') + std::string(20000, 'z');
    EXPECT_LE(beginningOf(text).size(), kMaxOutput);
    EXPECT_EQ(beginningOf(text)[0], 'a');
    EXPECT_LE(endOf(text).size(), kMaxOutput);
    EXPECT_EQ(endOf(text).back(), 'z');
    EXPECT_EQ(onOneLine("a\n\tb\n", 100), "a b ");
    EXPECT_EQ(onOneLine("abcdefgh", 6), "abc...");
}
