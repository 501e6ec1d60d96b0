// Cubins: ELF files with machine code. The numbers below are those of NVIDIA's cuobjdump and of
// llvm/BinaryFormat/ELF.h.
#include "native_code.h"

#include <algorithm>
#include <elf.h>
#include <optional>

namespace halyard::cuda {
namespace {

constexpr uint16_t kMachineCuda = 190;     // EM_CUDA
constexpr uint8_t kAbiOfHighProcessor = 8; // from this ABI version on the processor is in the second byte of e_flags
constexpr uint8_t kEntrySymbol = 0x10;     // of st_other: a kernel
constexpr std::string_view kInfo = ".nv.info."; // a section for each kernel
// Attributes of such a section: a byte of format, one of kind, then two bytes of value or of the size that follows.
constexpr uint8_t kFormatSized = 4;
constexpr uint8_t kKindParameter = 0x17; // index, ordinal, offset; size in the upper 14 bits of the last word

struct Parameter {
    uint32_t index;
    uint16_t ordinal, offset;
    uint32_t sizeAndFlags;
};

struct Elf {
    Bytes file;
    Elf64_Ehdr header{};
    std::vector<Elf64_Shdr> sections;
};

std::string readHeader(Elf& elf) {
    if (elf.file.size() < sizeof(Elf64_Ehdr))
        return "it has " + std::to_string(elf.file.size()) + " bytes, an ELF header " +
               std::to_string(sizeof(Elf64_Ehdr));
    elf.header = readAt<Elf64_Ehdr>(elf.file, 0);
    const Elf64_Ehdr& header = elf.header;
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB)
        return "it is no 64-bit little-endian ELF file";
    if (header.e_machine != kMachineCuda)
        return "it is an ELF file for machine " + std::to_string(header.e_machine) + ", not for CUDA (190)";
    if (header.e_shnum != 0 && header.e_shentsize != sizeof(Elf64_Shdr))
        return "its section headers have " + std::to_string(header.e_shentsize) + " bytes";
    if (header.e_phnum != 0 && header.e_phentsize != sizeof(Elf64_Phdr))
        return "its program headers have " + std::to_string(header.e_phentsize) + " bytes";
    if (header.e_shnum == 0)
        return "it has no sections";
    return {};
}

std::string readSections(Elf& elf) {
    const Elf64_Ehdr& header = elf.header;
    const std::string size = std::to_string(elf.file.size()) + " bytes";
    if (!inside(elf.file, header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr)))
        return "its section headers leave its " + size;
    if (!inside(elf.file, header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr)))
        return "its program headers leave its " + size;
    for (uint16_t i = 0; i < header.e_phnum; ++i) {
        const auto program = readAt<Elf64_Phdr>(elf.file, header.e_phoff + i * sizeof(Elf64_Phdr));
        if (!inside(elf.file, program.p_offset, program.p_filesz))
            return "its program header " + std::to_string(i) + " leaves its " + size;
    }
    for (uint16_t i = 0; i < header.e_shnum; ++i) {
        const auto section = readAt<Elf64_Shdr>(elf.file, header.e_shoff + i * sizeof(Elf64_Shdr));
        if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL &&
            !inside(elf.file, section.sh_offset, section.sh_size))
            return "its section " + std::to_string(i) + " leaves its " + size;
        if (section.sh_link >= header.e_shnum)
            return "its section " + std::to_string(i) + " is linked to section " + std::to_string(section.sh_link) +
                   " of " + std::to_string(header.e_shnum);
        elf.sections.push_back(section);
    }
    if (header.e_shstrndx >= header.e_shnum || elf.sections[header.e_shstrndx].sh_type != SHT_STRTAB)
        return "it has no names of sections";
    return {};
}

Bytes contents(const Elf& elf, const Elf64_Shdr& section) {
    return section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL
               ? Bytes{}
               : elf.file.subspan(section.sh_offset, section.sh_size);
}

// The string at an offset of a section of strings, or nothing when its end is not in there.
std::optional<std::string_view> stringAt(Bytes strings, uint64_t offset) {
    if (offset >= strings.size())
        return std::nullopt;
    const char* text = reinterpret_cast<const char*>(strings.data()) + offset;
    const void* end = std::memchr(text, 0, strings.size() - offset);
    if (end == nullptr)
        return std::nullopt;
    return std::string_view(text, static_cast<size_t>(static_cast<const char*>(end) - text));
}

// False when the section ends within an attribute, or the parameters are not all there.
bool readParameters(Bytes info, NativeKernel& kernel) {
    std::vector<Parameter> found;
    for (uint64_t at = 0; at < info.size();) {
        if (!inside(info, at, 4))
            return false;
        const auto format = readAt<uint8_t>(info, at);
        const auto kind = readAt<uint8_t>(info, at + 1);
        const auto value = readAt<uint16_t>(info, at + 2);
        at += 4;
        if (format != kFormatSized)
            continue;
        if (!inside(info, at, value))
            return false;
        if (kind == kKindParameter) {
            if (value < sizeof(Parameter))
                return false;
            found.push_back(readAt<Parameter>(info, at));
        }
        at += value;
    }
    std::sort(found.begin(), found.end(),
              [](const Parameter& left, const Parameter& right) { return left.ordinal < right.ordinal; });
    for (size_t i = 0; i < found.size(); ++i) {
        if (found[i].ordinal != i || found[i].offset < kernel.argumentBytes)
            return false;
        kernel.addAt(found[i].offset, found[i].sizeAndFlags >> 18);
    }
    return true;
}

std::string readSymbols(const Elf& elf, Bytes names, NativeCode& out) {
    const auto table = std::find_if(elf.sections.begin(), elf.sections.end(),
                                    [](const Elf64_Shdr& section) { return section.sh_type == SHT_SYMTAB; });
    if (table == elf.sections.end())
        return "it has no symbols";
    const Bytes symbols = contents(elf, *table);
    const Bytes strings = contents(elf, elf.sections[table->sh_link]);
    out.kernelsKnown = true;
    for (uint64_t at = 0; inside(symbols, at, sizeof(Elf64_Sym)); at += sizeof(Elf64_Sym)) {
        const auto symbol = readAt<Elf64_Sym>(symbols, at);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || (symbol.st_other & kEntrySymbol) == 0)
            continue;
        const std::optional<std::string_view> name = stringAt(strings, symbol.st_name);
        if (!name)
            return "the name of its symbol " + std::to_string(at / sizeof(Elf64_Sym)) + " leaves its strings";
        NativeKernel kernel;
        kernel.name = *name;
        const std::string wanted = std::string(kInfo).append(*name);
        const auto info = std::find_if(elf.sections.begin(), elf.sections.end(), [&](const Elf64_Shdr& section) {
            return stringAt(names, section.sh_name) == wanted;
        });
        out.kernelsKnown &= info != elf.sections.end() && readParameters(contents(elf, *info), kernel);
        out.kernels.push_back(std::move(kernel));
    }
    return {};
}

} // namespace

std::string readCubin(Bytes file, NativeCode& out) {
    Elf elf{file, {}, {}};
    if (std::string fault = readHeader(elf); !fault.empty())
        return fault;
    if (std::string fault = readSections(elf); !fault.empty())
        return fault;
    const uint32_t flags = elf.header.e_flags;
    out.binary = true;
    out.processor = elf.header.e_ident[EI_ABIVERSION] >= kAbiOfHighProcessor ? flags >> 8 & 0xff : flags & 0xff;
    return readSymbols(elf, contents(elf, elf.sections[elf.header.e_shstrndx]), out);
}

} // namespace halyard::cuda
