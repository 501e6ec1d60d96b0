#include "base/host_readable.h"

#include <cerrno>
#include <csignal>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard {
namespace {

class HostReadable : public testing::Test {
protected:
    void SetUp() override {
        pages_ = mmap(nullptr, 3 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(pages_, MAP_FAILED);
        base_ = reinterpret_cast<uint64_t>(pages_);
    }
    void TearDown() override { munmap(pages_, 3 * page_); }

    const uint64_t page_ = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    void* pages_ = nullptr;
    uint64_t base_ = 0;
};

TEST_F(HostReadable, TellsPagesApart) {
    ASSERT_EQ(mprotect(static_cast<char*>(pages_) + page_, page_, PROT_READ), 0);
    EXPECT_FALSE(hostCanRead(base_ + page_ - 1));
    EXPECT_TRUE(hostCanRead(base_ + page_));
    EXPECT_TRUE(hostCanRead(base_ + 2 * page_ - 1));
    EXPECT_FALSE(hostCanRead(base_ + 2 * page_));
    ASSERT_EQ(munmap(static_cast<char*>(pages_) + page_, page_), 0);
    EXPECT_FALSE(hostCanRead(base_ + page_));
}

TEST_F(HostReadable, NoAddressOfAProcessIsReadable) {
    EXPECT_FALSE(hostCanRead(0));
    EXPECT_FALSE(hostCanRead(UINT64_MAX));
    EXPECT_FALSE(hostCanRead(uint64_t{1} << 62));
}

TEST_F(HostReadable, LeavesTheSignalMaskAndErrnoAlone) {
    sigset_t block, before, after;
    sigemptyset(&before);
    sigemptyset(&after);
    sigfillset(&block); // what would be blocked, if the call took it for a mask
    ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &before), 0);
    errno = 77;
    EXPECT_TRUE(hostCanRead(reinterpret_cast<uint64_t>(&block)));
    EXPECT_FALSE(hostCanRead(base_));
    EXPECT_EQ(errno, 77);
    ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &after), 0);
    for (int signal = 1; signal < NSIG; ++signal)
        EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
}

} // namespace
} // namespace halyard
