// Streams run beside the host, in order, and events cut them.
#include "fixture.h"

#include <atomic>
#include <thread>

namespace halyard::cuda {
namespace {

class SoftcudaStream : public DriverTest {};

TEST_F(SoftcudaStream, RunsBesideTheHostAndInOrder) {
    uint32_t zero = 0;
    ASSERT_CU(cu().cuMemcpyHtoDAsync_v2(memory_, &zero, 4, stream_));
    ASSERT_CU(launch("wait", pinned(), 7, stream_));
    for (uint32_t digit : {1, 2, 3})
        ASSERT_CU(launch("append", memory_, digit, stream_));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuStreamQuery(stream_));
    release(7);
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuStreamQuery(stream_));
    EXPECT_EQ(123u, read(memory_));
}

TEST_F(SoftcudaStream, OneStreamDoesNotHoldUpAnother) {
    CUstream other = nullptr;
    ASSERT_CU(cu().cuStreamCreateWithPriority(&other, CU_STREAM_NON_BLOCKING, -1));
    ASSERT_CU(launch("wait", pinned(), 1, stream_));
    ASSERT_CU(launch("store", memory_, 5, other));
    ASSERT_CU(cu().cuStreamSynchronize(other));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuStreamQuery(stream_));
    release(1);
    EXPECT_CU(CUDA_SUCCESS, cu().cuStreamSynchronize(stream_));
}

TEST_F(SoftcudaStream, WaitsForAnEventAsItWasWhenTheWaitWasSubmitted) {
    CUstream other = nullptr;
    CUevent event = nullptr;
    ASSERT_CU(cu().cuStreamCreateWithPriority(&other, CU_STREAM_NON_BLOCKING, 0));
    ASSERT_CU(cu().cuEventCreate(&event, CU_EVENT_DEFAULT));
    EXPECT_CU(CUDA_SUCCESS, cu().cuEventQuery(event)); // never recorded
    ASSERT_CU(launch("wait", pinned(), 1, stream_));
    ASSERT_CU(cu().cuEventRecord(event, stream_));
    ASSERT_CU(cu().cuStreamWaitEvent(other, event, 0));
    ASSERT_CU(launch("store", memory_, 9, other));
    ASSERT_CU(launch("wait", pinned(), 2, stream_));
    ASSERT_CU(cu().cuEventRecord(event, stream_)); // later than what `other` waits for
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuStreamQuery(other));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuEventQuery(event));
    release(1);
    ASSERT_CU(cu().cuStreamSynchronize(other));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuEventQuery(event));
    release(2);
    ASSERT_CU(cu().cuEventSynchronize(event));
    EXPECT_EQ(9u, read(memory_));
}

TEST_F(SoftcudaStream, TheDefaultStreamIsOrderedWithBlockingStreams) {
    CUstream blocking = nullptr;
    ASSERT_CU(cu().cuStreamCreateWithPriority(&blocking, CU_STREAM_DEFAULT, 0));
    ASSERT_CU(launch("store", memory_, 1, nullptr));
    ASSERT_CU(launch("wait", pinned(), 1, blocking));
    ASSERT_CU(launch("append", memory_, 2, nullptr));
    ASSERT_CU(launch("append", memory_, 3, blocking));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuStreamQuery(nullptr));
    release(1);
    ASSERT_CU(cu().cuStreamSynchronize(blocking));
    EXPECT_EQ(123u, read(memory_));
}

TEST_F(SoftcudaStream, HostFunctionsRunInOrderAndMayNotCallTheDriver) {
    struct Seen {
        CUdeviceptr memory;
        std::atomic<unsigned> result{0};
    } seen{memory_};
    ASSERT_CU(launch("store", memory_, 1, stream_));
    ASSERT_CU(cu().cuLaunchHostFunc(
        stream_, [](void* user) { static_cast<Seen*>(user)->result = cu().cuStreamQuery(nullptr); }, &seen));
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_CU(CUDA_ERROR_NOT_PERMITTED, static_cast<CUresult>(seen.result.load()));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuLaunchHostFunc(stream_, nullptr, nullptr));
}

TEST_F(SoftcudaStream, ElapsedTimeNeedsTwoTimedAndFinishedEvents) {
    CUevent start = nullptr, end = nullptr, untimed = nullptr;
    float milliseconds = -1;
    ASSERT_CU(cu().cuEventCreate(&start, 0));
    ASSERT_CU(cu().cuEventCreate(&end, CU_EVENT_BLOCKING_SYNC));
    ASSERT_CU(cu().cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuEventElapsedTime(&milliseconds, start, end));
    ASSERT_CU(cu().cuEventRecord(start, stream_));
    ASSERT_CU(launch("wait", pinned(), 1, stream_));
    ASSERT_CU(cu().cuEventRecord(end, stream_));
    ASSERT_CU(cu().cuEventRecord(untimed, stream_));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuEventElapsedTime(&milliseconds, start, end));
    release(1);
    ASSERT_CU(cu().cuEventSynchronize(untimed));
    ASSERT_CU(cu().cuEventElapsedTime(&milliseconds, start, end));
    EXPECT_GT(milliseconds, 0.0f);
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuEventElapsedTime(&milliseconds, start, untimed));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuEventCreate(&start, CU_EVENT_INTERPROCESS));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuEventCreate(&start, 64));
}

TEST_F(SoftcudaStream, WaitsForValuesInMemory) {
    ASSERT_CU(cu().cuStreamWaitValue32_v2(stream_, pinned(), 3, CU_STREAM_WAIT_VALUE_GEQ));
    ASSERT_CU(cu().cuStreamWriteValue64_v2(stream_, memory_, 77, 0));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuStreamQuery(stream_));
    release(4);
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_EQ(77u, read(memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuStreamWaitValue64_v2(stream_, pinned() + 4, 0, 0)); // not aligned
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuStreamWaitValue32_v2(stream_, 16, 0, 0));           // no memory
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuStreamWriteValue32_v2(stream_, memory_, 0, 8));     // flags
}

TEST_F(SoftcudaStream, ADestroyedStreamFinishesAndIsNoHandleAnyMore) {
    ASSERT_CU(launch("wait", pinned(), 1, stream_));
    ASSERT_CU(launch("store", memory_, 6, stream_));
    CUstream gone = stream_;
    ASSERT_CU(cu().cuStreamDestroy_v2(gone));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuStreamQuery(gone));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuStreamDestroy_v2(gone));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, launch("store", memory_, 1, gone));
    release(1);
    ASSERT_CU(cu().cuStreamCreateWithPriority(&stream_, 0, 0));
    CUdeviceptr last = 0;
    ASSERT_CU(cu().cuMemAlloc_v2(&last, 4));
    ASSERT_CU(cu().cuMemFree_v2(last)); // waits for the context's work
    EXPECT_EQ(6u, read(memory_));
}

TEST_F(SoftcudaStream, HandlesOfNothingAreRefused) {
    auto stream = reinterpret_cast<CUstream>(0x1234560);
    auto event = reinterpret_cast<CUevent>(0x1234560);
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuStreamSynchronize(stream));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuEventRecord(event, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuEventQuery(event));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuStreamWaitEvent(stream_, event, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuEventDestroy_v2(event));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuStreamCreateWithPriority(&stream, 2, 0));
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, cu().cuStreamQuery(reinterpret_cast<CUstream>(2))); // a thread's own
}

TEST_F(SoftcudaStream, ManyThreadsPutWorkIntoOneStream) {
    CUevent event = nullptr;
    ASSERT_CU(cu().cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    std::atomic<unsigned> calls{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            EXPECT_CU(CUDA_SUCCESS, cu().cuCtxSetCurrent(context_));
            for (int j = 0; j < 100; ++j) {
                EXPECT_CU(CUDA_SUCCESS,
                          cu().cuLaunchHostFunc(
                              stream_, [](void* user) { ++*static_cast<std::atomic<unsigned>*>(user); }, &calls));
                EXPECT_CU(CUDA_SUCCESS, cu().cuEventRecord(event, stream_));
                EXPECT_CU(CUDA_SUCCESS, cu().cuEventSynchronize(event));
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_EQ(400u, calls.load());
}

} // namespace
} // namespace halyard::cuda
