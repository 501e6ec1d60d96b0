// Every code of the driver becomes a result with the driver's own name, and those that end a context say so.
#include "status.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace halyard::cuda {
namespace {

struct Code {
    CUresult value;
    const char* name;
};

constexpr Code kCodes[] = {
#define HALYARD_CUDA_CODE(name, value) {name, #name},
    HALYARD_CUDA_RESULTS(HALYARD_CUDA_CODE)
#undef HALYARD_CUDA_CODE
};

TEST(Status, everyCodeHasItsNameAndOnlySuccessIsSuccess) {
    for (const Code& code : kCodes) {
        const Meaning meaning = meaningOf(code.value);
        EXPECT_STREQ(meaning.name, code.name);
        EXPECT_STRNE(meaning.words, "") << code.name;
        EXPECT_EQ(*meaning.hint == '\0', code.value == CUDA_SUCCESS || code.value == CUDA_ERROR_NOT_READY) << code.name;
        EXPECT_EQ(meaning.result == HY_SUCCESS, code.value == CUDA_SUCCESS) << code.name;
        EXPECT_EQ(meaning.result == HY_NOT_READY, code.value == CUDA_ERROR_NOT_READY) << code.name;
    }
}

TEST(Status, whatUsersMustTellApartDiffers) {
    EXPECT_EQ(meaningOf(CUDA_ERROR_OUT_OF_MEMORY).result, HY_ERROR_OUT_OF_DEVICE_MEMORY);
    EXPECT_EQ(meaningOf(CUDA_ERROR_ILLEGAL_ADDRESS).result, HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(meaningOf(CUDA_ERROR_LAUNCH_TIMEOUT).result, HY_ERROR_LAUNCH_TIMEOUT);
    EXPECT_EQ(meaningOf(CUDA_ERROR_NO_BINARY_FOR_GPU).result, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(meaningOf(CUDA_ERROR_UNSUPPORTED_PTX_VERSION).result, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(meaningOf(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES).result, HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(meaningOf(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED).result, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(meaningOf(CUDA_ERROR_INVALID_PTX).result, HY_ERROR_INVALID_MODULE);
    EXPECT_EQ(meaningOf(CUDA_ERROR_ECC_UNCORRECTABLE).result, HY_ERROR_DEVICE_LOST);
    EXPECT_EQ(meaningOf(CUDA_ERROR_NOT_SUPPORTED).result, HY_ERROR_UNSUPPORTED);
    EXPECT_STRNE(meaningOf(CUDA_ERROR_ILLEGAL_ADDRESS).words, meaningOf(CUDA_ERROR_LAUNCH_TIMEOUT).words);
}

// No two codes say the same, so that the message alone tells what happened.
TEST(Status, everyCodeHasWordsOfItsOwn) {
    std::set<std::string> words;
    for (const Code& code : kCodes)
        EXPECT_TRUE(words.insert(meaningOf(code.value).words).second) << code.name;
}

TEST(Status, theCodesThatEndAContextAreThese) {
    const std::set<CUresult> expected{CUDA_ERROR_ILLEGAL_ADDRESS,
                                      CUDA_ERROR_MISALIGNED_ADDRESS,
                                      CUDA_ERROR_INVALID_ADDRESS_SPACE,
                                      CUDA_ERROR_ILLEGAL_INSTRUCTION,
                                      CUDA_ERROR_INVALID_PC,
                                      CUDA_ERROR_HARDWARE_STACK_ERROR,
                                      CUDA_ERROR_LAUNCH_FAILED,
                                      CUDA_ERROR_ASSERT,
                                      CUDA_ERROR_TENSOR_MEMORY_LEAK,
                                      CUDA_ERROR_LAUNCH_TIMEOUT,
                                      CUDA_ERROR_ECC_UNCORRECTABLE,
                                      CUDA_ERROR_NVLINK_UNCORRECTABLE,
                                      CUDA_ERROR_CONTAINED,
                                      CUDA_ERROR_EXTERNAL_DEVICE,
                                      CUDA_ERROR_CONTEXT_IS_DESTROYED,
                                      CUDA_ERROR_DEINITIALIZED,
                                      CUDA_ERROR_MPS_CLIENT_TERMINATED,
                                      CUDA_ERROR_MPS_RPC_FAILURE};
    for (const Code& code : kCodes)
        EXPECT_EQ(meaningOf(code.value).sticky, expected.count(code.value) == 1) << code.name;
}

TEST(Status, aCodeOfANewerDriverIsAFailure) {
    const Meaning meaning = meaningOf(static_cast<CUresult>(12345));
    EXPECT_EQ(meaning.result, HY_ERROR_NATIVE);
    EXPECT_STREQ(meaning.name, "an unknown CUDA error");
}

} // namespace
} // namespace halyard::cuda
