#include "api/module_format.h"

#include <cstring>
#include <elf.h>
#include <string_view>

namespace halyard {
namespace {

constexpr uint32_t kSpirvMagic = 0x07230203;        // SPIR-V specification, section 2.3
constexpr uint32_t kSpirvMagicSwapped = 0x03022307; // the same in the other byte order
constexpr uint32_t kFatbinMagic = 0xba55ed50;       // fatbinary.h of the CUDA toolkit
constexpr uint32_t kOffloadMagic = 0xad10ff10;      // llvm/Object/OffloadBinary.h: bytes 10 ff 10 ad
constexpr uint16_t kMachineCuda = 190;              // EM_CUDA
constexpr uint16_t kMachineAmdGpu = 224;            // EM_AMDGPU

HyModuleFormat recogniseElf(const void* data, uint64_t bytes) {
    Elf64_Ehdr header;
    if (bytes < sizeof header)
        return HY_MODULE_FORMAT_AUTO;
    std::memcpy(&header, data, sizeof header);
    switch (header.e_machine) {
    case kMachineCuda:
        return HY_MODULE_FORMAT_CUBIN;
    case kMachineAmdGpu:
        return HY_MODULE_FORMAT_AMD_CODE_OBJECT;
    default:
        return HY_MODULE_FORMAT_HOST_ELF;
    }
}

bool looksLikePtx(std::string_view text) {
    // PTX ISA: the first directive is .version; comments and white space may precede it.
    const std::string_view head = text.substr(0, 4096);
    const size_t version = head.find(".version");
    return version != std::string_view::npos && head.substr(0, version).find('\0') == std::string_view::npos;
}

} // namespace

HyModuleFormat recogniseModule(const void* data, uint64_t bytes) {
    uint32_t magic = 0;
    if (bytes < sizeof magic)
        return HY_MODULE_FORMAT_AUTO;
    std::memcpy(&magic, data, sizeof magic);
    if (magic == kSpirvMagic || magic == kSpirvMagicSwapped)
        return HY_MODULE_FORMAT_SPIRV;
    if (magic == kFatbinMagic)
        return HY_MODULE_FORMAT_FATBIN;
    if (magic == kOffloadMagic)
        return HY_MODULE_FORMAT_FAT_FILE;
    if (std::memcmp(data, ELFMAG, SELFMAG) == 0)
        return recogniseElf(data, bytes);
    return looksLikePtx({static_cast<const char*>(data), bytes}) ? HY_MODULE_FORMAT_PTX : HY_MODULE_FORMAT_AUTO;
}

const char* moduleFormatName(HyModuleFormat format) {
    switch (format) {
    case HY_MODULE_FORMAT_SPIRV:
        return "SPIR-V";
    case HY_MODULE_FORMAT_PTX:
        return "PTX";
    case HY_MODULE_FORMAT_CUBIN:
        return "a cubin";
    case HY_MODULE_FORMAT_FATBIN:
        return "a CUDA fat binary";
    case HY_MODULE_FORMAT_AMD_CODE_OBJECT:
        return "an AMD code object";
    case HY_MODULE_FORMAT_HOST_ELF:
        return "a host ELF object";
    case HY_MODULE_FORMAT_FAT_FILE:
        return "an LLVM offload binary";
    default:
        return "of an unknown format";
    }
}

} // namespace halyard
