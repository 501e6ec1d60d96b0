// What the functions of virtual memory refuse, and memory that is handed on as a descriptor.
#include "fixture.h"

#include <unistd.h>

namespace halyard::cuda {
namespace {

constexpr size_t kPiece = 2 << 20;

class SoftcudaVirtualMemory : public DriverTest {
protected:
    static CUmemAllocationProp prop(CUmemAllocationHandleType type = CU_MEM_HANDLE_TYPE_NONE, int device = 0) {
        return {CU_MEM_ALLOCATION_TYPE_PINNED, type, {CU_MEM_LOCATION_TYPE_DEVICE, device}};
    }
};

TEST_F(SoftcudaVirtualMemory, RefusesOddSizesAndPlaces) {
    CUmemAllocationProp plain = prop(), elsewhere = prop(CU_MEM_HANDLE_TYPE_NONE, 7), none{};
    size_t granularity = 0;
    CUdeviceptr base = 0;
    CUmemGenericAllocationHandle memory = 0;
    ASSERT_CU(cu().cuMemGetAllocationGranularity(&granularity, &plain, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    EXPECT_EQ(kPiece, granularity);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuMemGetAllocationGranularity(nullptr, &plain, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE,
              cu().cuMemGetAllocationGranularity(&granularity, &elsewhere, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemCreate(&memory, kPiece, &none, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemCreate(&memory, kPiece + 1, &plain, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemCreate(&memory, 0, &plain, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemCreate(&memory, kPiece, &plain, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemCreate(&memory, kPiece, nullptr, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuMemCreate(&memory, kPiece, &elsewhere, 0));
    EXPECT_CU(CUDA_ERROR_OUT_OF_MEMORY, cu().cuMemCreate(&memory, size_t{1} << 40, &plain, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressReserve(&base, kPiece + 1, 0, 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressReserve(&base, kPiece, 3, 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressReserve(nullptr, kPiece, 0, 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressFree(kPiece, kPiece));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemUnmap(kPiece, kPiece));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemRelease(12345));
}

TEST_F(SoftcudaVirtualMemory, MapsWholePiecesInsideAReservation) {
    CUmemAllocationProp plain = prop();
    CUmemGenericAllocationHandle memory = 0;
    CUdeviceptr base = 0;
    ASSERT_CU(cu().cuMemCreate(&memory, 2 * kPiece, &plain, 0));
    ASSERT_CU(cu().cuMemAddressReserve(&base, 2 * kPiece, 0, 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemMap(base, kPiece, kPiece, memory, 0)); // from its start only
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemMap(base + kPiece, 2 * kPiece, 0, memory, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemMap(base + 4096, kPiece, 0, memory, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemMap(base, kPiece, 0, memory + 1, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemMap(base, kPiece, 0, memory, 1));
    ASSERT_CU(cu().cuMemMap(base, 2 * kPiece, 0, memory, 0));
    CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, 0}, CU_MEM_ACCESS_FLAGS_PROT_READ};
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemSetAccess(base, kPiece, &access, 1)); // not a whole mapping
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemSetAccess(base, 2 * kPiece, nullptr, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemSetAccess(base, 2 * kPiece, &access, 0));
    ASSERT_CU(cu().cuMemSetAccess(base, 2 * kPiece, &access, 1));
    access.location.id = 5;
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuMemSetAccess(base, 2 * kPiece, &access, 1));
    access.location = {CU_MEM_LOCATION_TYPE_HOST, 0};
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, cu().cuMemSetAccess(base, 2 * kPiece, &access, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemUnmap(base, kPiece)); // a part of a mapping
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemFree_v2(base));
    ASSERT_CU(cu().cuMemUnmap(base, 2 * kPiece));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressFree(base, kPiece)); // not what was reserved
    ASSERT_CU(cu().cuMemAddressFree(base, 2 * kPiece));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressFree(base, 2 * kPiece));
    ASSERT_CU(cu().cuMemRelease(memory));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemRelease(memory));
}

TEST_F(SoftcudaVirtualMemory, AKernelMayNotWriteWhatIsMappedForReading) {
    CUmemAllocationProp plain = prop();
    CUmemGenericAllocationHandle memory = 0;
    CUdeviceptr base = 0;
    ASSERT_CU(cu().cuMemCreate(&memory, kPiece, &plain, 0));
    ASSERT_CU(cu().cuMemAddressReserve(&base, kPiece, 0, 0, 0));
    ASSERT_CU(cu().cuMemMap(base, kPiece, 0, memory, 0));
    CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, 0}, CU_MEM_ACCESS_FLAGS_PROT_READ};
    ASSERT_CU(cu().cuMemSetAccess(base, kPiece, &access, 1));
    ASSERT_CU(launch("store", base, 1, stream_));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuStreamSynchronize(stream_));
    ASSERT_CU(cu().cuMemUnmap(base, kPiece));
    ASSERT_CU(cu().cuMemAddressFree(base, kPiece));
    ASSERT_CU(cu().cuMemRelease(memory));
}

TEST_F(SoftcudaVirtualMemory, ADescriptorIsTheSameMemory) {
    CUmemAllocationProp shared = prop(CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR), plain = prop(), told{};
    CUmemGenericAllocationHandle memory = 0, imported = 0, own = 0;
    int file = -1;
    ASSERT_CU(cu().cuMemCreate(&memory, kPiece, &shared, 0));
    ASSERT_CU(cu().cuMemGetAllocationPropertiesFromHandle(&told, memory));
    EXPECT_EQ(CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, told.requestedHandleTypes);
    ASSERT_CU(cu().cuMemExportToShareableHandle(&file, memory, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
    auto asHandle = [](int number) { return reinterpret_cast<void*>(static_cast<intptr_t>(number)); };
    ASSERT_CU(cu().cuMemImportFromShareableHandle(&imported, asHandle(file), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
    CUdeviceptr base = 0;
    CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, 0}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    ASSERT_CU(cu().cuMemAddressReserve(&base, 2 * kPiece, 0, 0, 0));
    ASSERT_CU(cu().cuMemMap(base, kPiece, 0, memory, 0));
    ASSERT_CU(cu().cuMemMap(base + kPiece, kPiece, 0, imported, 0));
    ASSERT_CU(cu().cuMemSetAccess(base, 2 * kPiece, &access, 1));
    ASSERT_CU(launch("store", base + 4, 6, stream_));
    EXPECT_EQ(6u, read(base + kPiece + 4));
    ASSERT_CU(cu().cuMemUnmap(base, 2 * kPiece));
    ASSERT_CU(cu().cuMemAddressFree(base, 2 * kPiece));
    ASSERT_CU(cu().cuMemRelease(memory));
    ASSERT_CU(cu().cuMemRelease(imported));
    close(file);

    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemImportFromShareableHandle(&imported, asHandle(STDIN_FILENO),
                                                                            CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuMemImportFromShareableHandle(&imported, asHandle(-1), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED,
              cu().cuMemImportFromShareableHandle(&imported, asHandle(0), CU_MEM_HANDLE_TYPE_NONE));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemGetAllocationPropertiesFromHandle(&told, memory));
    ASSERT_CU(cu().cuMemCreate(&own, kPiece, &plain, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuMemExportToShareableHandle(&file, own, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
    ASSERT_CU(cu().cuMemRelease(own));
}

TEST_F(SoftcudaVirtualMemory, ThereIsNoDmaBufAndTheDeviceSaysSo) {
    int supported = 1, file = -1;
    ASSERT_CU(cu().cuDeviceGetAttribute(&supported, CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED, 0));
    EXPECT_EQ(0, supported);
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED,
              cu().cuMemGetHandleForAddressRange(&file, memory_, 4096, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0));
}

} // namespace
} // namespace halyard::cuda
