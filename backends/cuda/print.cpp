#include "print.h"

#include "jit/ptx_kernel_abi.h"
#include "printf/record.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {
namespace {

void deliver(const Host& host, const PrintFormats& formats, const char* kernel, const uint8_t* memory) {
    HyPtxPrintBuffer header;
    std::memcpy(&header, memory, sizeof header);
    const uint8_t* records = memory + sizeof header;
    const uint32_t end = std::min(header.used, Stream::kPrintBytes);
    for (uint32_t at = 0; at + sizeof(HyPtxPrintRecord) <= end;) {
        HyPtxPrintRecord record;
        std::memcpy(&record, records + at, sizeof record);
        if (record.bytes < sizeof record || record.bytes > end - at)
            break;
        const uint32_t bytes = record.bytes - sizeof record;
        at += sizeof record;
        const auto text = [&formats](uint64_t address) { return formats.textAt(address); };
        host.print(printf::formatText(formats.at(record.format), printf::readRecord({records + at, bytes}, text)));
        at += (bytes + 7) / 8 * 8;
    }
    if (header.lost != 0)
        host.log(HY_LOG_WARNING,
                 std::string("kernel '") + kernel + "' printed more than " + std::to_string(Stream::kPrintBytes) +
                     " bytes in one launch: " + std::to_string(header.lost) + " calls of printf are lost");
}

} // namespace

void deliverPrint(const Host& host, const PrintFormats& formats, const char* kernel, const uint8_t* memory) noexcept {
    try {
        deliver(host, formats, kernel, memory);
    } catch (const std::bad_alloc&) {
        host.log(HY_LOG_WARNING, "the host has no memory left for what a kernel printed");
    }
}

HyResult preparePrint(Stream& stream, const PrintMemory& memory) {
    const Symbols& cu = stream.device().cu();
    const CUdeviceptr used = memory.device + offsetof(HyPtxPrintBuffer, used);
    const CUdeviceptr lost = memory.device + offsetof(HyPtxPrintBuffer, lost);
    CUresult code = cu.cuMemsetD32Async(used, 0, 1, stream.handle());
    if (code == CUDA_SUCCESS)
        code = cu.cuMemsetD32Async(lost, 0, 1, stream.handle());
    return stream.check(code, "prepare memory for printf");
}

HyResult collectPrint(Stream& stream, const Kernel& kernel, const PrintMemory& memory) {
    const CUresult code = stream.device().cu().cuMemcpyDtoHAsync_v2(
        memory.host, memory.device, sizeof(HyPtxPrintBuffer) + Stream::kPrintBytes, stream.handle());
    if (const HyResult result = stream.check(code, "fetch what a kernel printed"); result != HY_SUCCESS)
        return result;
    return stream.device().hostCalls().submit(stream.handle(),
                                              [host = stream.device().host(), formats = kernel.image()->formats(),
                                               name = kernel.name(), records = memory.host](HyResult status) {
                                                  if (status == HY_SUCCESS)
                                                      deliverPrint(host, *formats, name, records);
                                              });
}

} // namespace halyard::cuda
