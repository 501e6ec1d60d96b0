// Handles for other processes, and memory and semaphores of other interfaces as descriptors.
#include "fixture.h"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::cuda {
namespace {

class SoftcudaSharing : public DriverTest {
protected:
    static int file(size_t bytes) {
        const int number = memfd_create("halyard-softcuda-test", MFD_CLOEXEC);
        EXPECT_EQ(0, ftruncate(number, static_cast<off_t>(bytes)));
        return number;
    }
};

TEST_F(SoftcudaSharing, AProcessDoesNotOpenItsOwnHandles) {
    CUipcMemHandle memory{}, none{};
    CUipcEventHandle event{};
    CUevent shared = nullptr, opened = nullptr, plain = nullptr;
    CUdeviceptr ptr = 0;
    ASSERT_CU(cu().cuIpcGetMemHandle(&memory, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuIpcOpenMemHandle_v2(&ptr, memory, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcOpenMemHandle_v2(&ptr, memory, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcOpenMemHandle_v2(&ptr, none, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcGetMemHandle(&memory, pinned()));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcGetMemHandle(nullptr, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcCloseMemHandle(memory_));
    ASSERT_CU(cu().cuEventCreate(&shared, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING));
    ASSERT_CU(cu().cuEventCreate(&plain, CU_EVENT_DISABLE_TIMING));
    ASSERT_CU(cu().cuIpcGetEventHandle(&event, shared));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuIpcOpenEventHandle(&opened, event));
    std::memset(&event, 7, sizeof event);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcOpenEventHandle(&opened, event));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcOpenEventHandle(nullptr, event));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuIpcGetEventHandle(&event, plain));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuIpcGetEventHandle(nullptr, shared));
}

TEST_F(SoftcudaSharing, ExternalMemoryIsThePagesOfItsDescriptor) {
    const int number = file(8192);
    auto* host = static_cast<uint32_t*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0));
    ASSERT_NE(MAP_FAILED, host);
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = number;
    desc.size = 1 << 20; // more than it has
    CUexternalMemory memory = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuImportExternalMemory(&memory, &desc));
    desc.size = 8192;
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_DMABUF_FD;
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, cu().cuImportExternalMemory(&memory, &desc));
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuImportExternalMemory(nullptr, &desc));
    ASSERT_CU(cu().cuImportExternalMemory(&memory, &desc)); // takes the descriptor

    CUDA_EXTERNAL_MEMORY_BUFFER_DESC buffer{};
    buffer.offset = 4096;
    buffer.size = 4097;
    CUdeviceptr ptr = 0;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuExternalMemoryGetMappedBuffer(&ptr, memory, &buffer));
    buffer.size = 4096;
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuExternalMemoryGetMappedBuffer(&ptr, nullptr, &buffer));
    ASSERT_CU(cu().cuExternalMemoryGetMappedBuffer(&ptr, memory, &buffer));
    ASSERT_CU(launch("store", ptr + 8, 21, stream_));
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_EQ(21u, host[1024 + 2]);
    ASSERT_CU(cu().cuMemFree_v2(ptr));
    ASSERT_CU(cu().cuDestroyExternalMemory(memory));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuDestroyExternalMemory(memory));
    munmap(host, 8192);
}

TEST_F(SoftcudaSharing, AStreamWaitsForAnExternalSemaphore) {
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD;
    desc.handle.fd = -1;
    CUexternalSemaphore semaphore = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuImportExternalSemaphore(&semaphore, &desc));
    desc.handle.fd = file(4096);
    ASSERT_CU(cu().cuImportExternalSemaphore(&semaphore, &desc));
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS until{};
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS now{};
    until.params.fence.value = 2;
    now.params.fence.value = 2;
    CUstream other = nullptr;
    ASSERT_CU(cu().cuStreamCreateWithPriority(&other, CU_STREAM_NON_BLOCKING, 0));
    ASSERT_CU(cu().cuWaitExternalSemaphoresAsync(&semaphore, &until, 1, stream_));
    ASSERT_CU(launch("store", memory_, 4, stream_));
    EXPECT_CU(CUDA_ERROR_NOT_READY, cu().cuStreamQuery(stream_));
    ASSERT_CU(cu().cuSignalExternalSemaphoresAsync(&semaphore, &now, 1, other));
    EXPECT_EQ(4u, read(memory_));
    CUexternalSemaphore none = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuWaitExternalSemaphoresAsync(&none, &until, 1, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuSignalExternalSemaphoresAsync(&semaphore, nullptr, 1, stream_));
    ASSERT_CU(cu().cuDestroyExternalSemaphore(semaphore));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuDestroyExternalSemaphore(semaphore));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuSignalExternalSemaphoresAsync(&semaphore, &now, 1, stream_));
}

} // namespace
} // namespace halyard::cuda
