// The driver's own words about failed calls, as drivers since CUDA 12.9 keep them.
#include "fixture.h"

#include <mutex>
#include <string>
#include <vector>

namespace halyard::cuda {
namespace {

class SoftcudaLogs : public DriverTest {};

struct Heard {
    std::mutex mutex;
    std::vector<std::string> words;
    static void hear(void* user, CUlogLevel level, char* message, size_t length) {
        auto& heard = *static_cast<Heard*>(user);
        EXPECT_EQ(CU_LOG_LEVEL_ERROR, level);
        std::lock_guard lock(heard.mutex);
        heard.words.emplace_back(message, length);
    }
};

TEST_F(SoftcudaLogs, NameTheCallThatFailed) {
    Heard heard;
    CUlogsCallbackHandle listener = nullptr;
    CUlogIterator from = 0;
    CUdeviceptr ptr = 0;
    ASSERT_CU(cu().cuLogsRegisterCallback(Heard::hear, &heard, &listener));
    ASSERT_CU(cu().cuLogsCurrent(&from, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAlloc_v2(&ptr, 0));
    ASSERT_EQ(1u, heard.words.size());
    EXPECT_EQ("cuMemAlloc_v2: CUDA_ERROR_INVALID_VALUE", heard.words[0]);
    char buffer[256];
    size_t bytes = sizeof buffer;
    ASSERT_CU(cu().cuLogsDumpToMemory(&from, buffer, &bytes, 0));
    EXPECT_EQ("cuMemAlloc_v2: CUDA_ERROR_INVALID_VALUE\n", std::string(buffer));
    bytes = sizeof buffer;
    ASSERT_CU(cu().cuLogsDumpToMemory(&from, buffer, &bytes, 0)); // nothing since
    EXPECT_EQ(0u, bytes);
    ASSERT_CU(cu().cuLogsUnregisterCallback(listener));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuLogsUnregisterCallback(listener));
    EXPECT_EQ(1u, heard.words.size());
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuLogsRegisterCallback(nullptr, nullptr, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuLogsCurrent(nullptr, 0));
    bytes = 0;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuLogsDumpToMemory(&from, buffer, &bytes, 0));
}

TEST_F(SoftcudaLogs, ASmallBufferGetsTheNewestWords) {
    CUdeviceptr ptr = 0;
    for (int i = 0; i < 300; ++i)
        EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAlloc_v2(&ptr, 0));
    char buffer[16];
    size_t bytes = sizeof buffer;
    ASSERT_CU(cu().cuLogsDumpToMemory(nullptr, buffer, &bytes, 0));
    EXPECT_EQ(15u, bytes);
    EXPECT_EQ("_INVALID_VALUE\n", std::string(buffer));
}

} // namespace
} // namespace halyard::cuda
