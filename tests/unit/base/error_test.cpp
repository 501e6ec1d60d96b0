// The thread's error record.
#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

namespace halyard {
namespace {
using testing::HasSubstr;

HyErrorInfo lastError() {
    HyErrorInfo info{};
    info.structSize = sizeof info;
    EXPECT_EQ(hyGetLastError(&info), HY_SUCCESS);
    return info;
}

class ErrorTest : public testing::Test {
protected:
    ErrorTest() { hyClearLastError(); }
};

TEST_F(ErrorTest, EmptyBeforeAnyFailure) {
    std::thread([] {
        const HyErrorInfo info = lastError();
        EXPECT_EQ(info.code, HY_SUCCESS);
        EXPECT_EQ(info.nativeCode, 0);
        for (const char* text : {info.call, info.argument, info.message, info.hint, info.backend, info.nativeName})
            EXPECT_STREQ(text, "");
    }).join();
}

TEST_F(ErrorTest, KeepsEverythingThatWasSaid) {
    EXPECT_EQ(setLastError({.code = HY_ERROR_NATIVE,
                            .argument = "bytes",
                            .message = "no memory",
                            .hint = "free some",
                            .backend = "cuda",
                            .nativeName = "CUDA_ERROR_OUT_OF_MEMORY",
                            .nativeCode = 2}),
              HY_ERROR_NATIVE);
    EXPECT_EQ(finishFailure("hyMemAlloc", "other", HY_ERROR_NATIVE), HY_ERROR_NATIVE);
    const HyErrorInfo info = lastError();
    EXPECT_EQ(info.code, HY_ERROR_NATIVE);
    EXPECT_STREQ(info.call, "hyMemAlloc");
    EXPECT_STREQ(info.argument, "bytes");
    EXPECT_STREQ(info.message, "no memory");
    EXPECT_STREQ(info.hint, "free some");
    EXPECT_STREQ(info.backend, "cuda");
    EXPECT_STREQ(info.nativeName, "CUDA_ERROR_OUT_OF_MEMORY");
    EXPECT_EQ(info.nativeCode, 2);
}

TEST_F(ErrorTest, FailFormats) {
    EXPECT_EQ(fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "pass at least 1", "bytes is {}", 0), HY_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(lastError().message, "bytes is 0");
    EXPECT_STREQ(lastError().hint, "pass at least 1");
}

TEST_F(ErrorTest, LongTextsAreCutOff) {
    const std::string text(10000, 'x');
    setLastError({.code = HY_ERROR_IO,
                  .argument = text,
                  .message = text,
                  .hint = text,
                  .backend = text,
                  .nativeName = text,
                  .nativeCode = 0});
    finishFailure(text.c_str(), "", HY_ERROR_IO);
    const HyErrorInfo info = lastError();
    EXPECT_EQ(std::strlen(info.message), 2047u);
    for (const char* cut : {info.call, info.argument, info.message, info.hint, info.backend, info.nativeName}) {
        EXPECT_GT(std::strlen(cut), 0u);
        EXPECT_EQ(std::strspn(cut, "x"), std::strlen(cut));
    }
    EXPECT_EQ(fail(HY_ERROR_IO, "", "", "{}", text), HY_ERROR_IO);
    EXPECT_EQ(std::strlen(lastError().message), 2047u);
}

TEST_F(ErrorTest, SuccessTouchesNothing) {
    fail(HY_ERROR_MISALIGNED, "dst", "", "first");
    EXPECT_EQ(finishFailure("hyDeviceGet", "cpu", HY_SUCCESS), HY_SUCCESS);
    EXPECT_EQ(finishFailure("hyStreamQuery", "cpu", HY_NOT_READY), HY_NOT_READY);
    const HyErrorInfo info = lastError();
    EXPECT_EQ(info.code, HY_ERROR_MISALIGNED);
    EXPECT_STREQ(info.message, "first");
    EXPECT_STREQ(info.call, "");
    EXPECT_STREQ(info.backend, "");
}

TEST_F(ErrorTest, SilentFailureGetsWords) {
    EXPECT_EQ(finishFailure("hyMemAlloc", "mock", HY_ERROR_DEVICE_LOST), HY_ERROR_DEVICE_LOST);
    const HyErrorInfo info = lastError();
    EXPECT_EQ(info.code, HY_ERROR_DEVICE_LOST);
    EXPECT_THAT(info.message, HasSubstr("without any explanation"));
    EXPECT_THAT(info.hint, HasSubstr("report it"));
    EXPECT_STREQ(info.call, "hyMemAlloc");
    EXPECT_STREQ(info.backend, "mock");
}

TEST_F(ErrorTest, WordsOfAnEarlierFailureAreNotBorrowed) {
    fail(HY_ERROR_IO, "", "", "old words");
    finishFailure("hyFirst", "", HY_ERROR_IO);
    finishFailure("hySecond", "", HY_ERROR_IO); // left no words of its own
    EXPECT_STREQ(lastError().call, "hySecond");
    EXPECT_THAT(lastError().message, testing::Not(HasSubstr("old words")));
    fail(HY_ERROR_IO, "", "", "words of another code");
    finishFailure("hyThird", "", HY_ERROR_TIMEOUT);
    EXPECT_EQ(lastError().code, HY_ERROR_TIMEOUT);
    EXPECT_THAT(lastError().message, testing::Not(HasSubstr("another code")));
}

TEST_F(ErrorTest, EachThreadHasItsOwn) {
    fail(HY_ERROR_IO, "", "", "of the main thread");
    std::thread([] {
        EXPECT_EQ(lastError().code, HY_SUCCESS);
        fail(HY_ERROR_TIMEOUT, "", "", "of the other thread");
        EXPECT_STREQ(lastError().message, "of the other thread");
        hyClearLastError();
    }).join();
    EXPECT_EQ(lastError().code, HY_ERROR_IO);
    EXPECT_STREQ(lastError().message, "of the main thread");
}

TEST_F(ErrorTest, PreservedRecordComesBack) {
    setLastError({.code = HY_ERROR_IO, .message = "kept", .backend = "cpu", .nativeCode = 5});
    {
        const PreservedError kept;
        fail(HY_ERROR_TIMEOUT, "", "", "passing");
        {
            const PreservedError inner;
            hyClearLastError();
        }
        EXPECT_STREQ(lastError().message, "passing");
    }
    EXPECT_EQ(lastError().code, HY_ERROR_IO);
    EXPECT_STREQ(lastError().message, "kept");
    EXPECT_EQ(lastError().nativeCode, 5);
}

TEST_F(ErrorTest, ArgumentsOfGetLastErrorAreChecked) {
    fail(HY_ERROR_IO, "", "", "kept");
    EXPECT_EQ(hyGetLastError(nullptr), HY_ERROR_INVALID_ARGUMENT);
    HyErrorInfo info{};
    info.structSize = 8;
    EXPECT_EQ(hyGetLastError(&info), HY_ERROR_INVALID_STRUCT);
    EXPECT_EQ(info.message, nullptr);
    EXPECT_STREQ(lastError().message, "kept");
}

TEST(ResultNameTest, KnownAndUnknown) {
    EXPECT_STREQ(hyResultName(HY_SUCCESS), "HY_SUCCESS");
    EXPECT_STREQ(hyResultName(HY_ERROR_INTERNAL), "HY_ERROR_INTERNAL");
    EXPECT_STREQ(hyResultName(-1000), "HY_ERROR_UNKNOWN");
    for (HyResult code = HY_ERROR_INTERNAL; code < 0; ++code)
        EXPECT_STRNE(hyResultName(code), "HY_ERROR_UNKNOWN") << code;
}

} // namespace
} // namespace halyard
