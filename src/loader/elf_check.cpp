#include "loader/elf_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr uint16_t kMachine = EM_PPC64;
#else
#error "Name this platform's ELF machine"
#endif

std::string machineName(uint16_t machine) {
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_386:
        return "32-bit x86";
    case EM_AARCH64:
        return "AArch64";
    case EM_ARM:
        return "32-bit Arm";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "POWER";
    default:
        return fmt::format("ELF machine {}", machine);
    }
}

class Input {
public:
    explicit Input(const std::filesystem::path& path)
        : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~Input() {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    int descriptor() const { return descriptor_; }

    // The number of bytes read at `offset`, fewer than asked for at the end of the file.
    size_t readAt(uint64_t offset, void* out, size_t bytes) const {
        size_t done = 0;
        while (done < bytes) {
            const ssize_t count =
                ::pread(descriptor_, static_cast<char*>(out) + done, bytes - done, static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                break;
            done += static_cast<size_t>(count);
        }
        return done;
    }

private:
    int descriptor_;
};

bool looksLikeText(const unsigned char* bytes, size_t count) {
    return std::all_of(bytes, bytes + count,
                       [](unsigned char c) { return c >= 0x20 || c == '\n' || c == '\t' || c == '\r'; });
}

std::string checkHeader(const Elf64_Ehdr& header, size_t count) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
    if (count == 0)
        return "is an empty file";
    if (count < SELFMAG || std::memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return looksLikeText(bytes, count) ? "is a text file, not a shared library" : "is not a shared library";
    if (count <= EI_DATA)
        return "is a truncated shared library";
    if (bytes[EI_CLASS] == ELFCLASS32)
        return "is a 32-bit library; this process is 64-bit";
    if (bytes[EI_CLASS] != ELFCLASS64)
        return fmt::format("is not a shared library: its ELF class is {}", bytes[EI_CLASS]);
    if (bytes[EI_DATA] != ELFDATA2LSB)
        return "is a big-endian library; this process is little-endian";
    if (count < sizeof header)
        return "is a truncated shared library";
    if (header.e_machine != kMachine)
        return fmt::format("is built for {}; this process is {}", machineName(header.e_machine), machineName(kMachine));
    if (header.e_type != ET_DYN)
        return "is an ELF file, but not a shared library";
    if (header.e_phnum == 0 || header.e_phentsize != sizeof(Elf64_Phdr))
        return "is a damaged shared library: it has no program headers";
    return {};
}

bool isWithin(uint64_t offset, uint64_t bytes, uint64_t end) {
    return offset <= end && bytes <= end - offset;
}

std::string checkSegments(const Input& input, const Elf64_Ehdr& header, uint64_t fileBytes) {
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        const uint64_t offset = header.e_phoff + uint64_t{i} * sizeof segment;
        const bool isThere = offset >= header.e_phoff && isWithin(offset, sizeof segment, fileBytes) &&
                             input.readAt(offset, &segment, sizeof segment) == sizeof segment;
        if (!isThere || (segment.p_type == PT_LOAD && !isWithin(segment.p_offset, segment.p_filesz, fileBytes)))
            return fmt::format("is a truncated shared library: it ends after {} bytes", fileBytes);
    }
    return {};
}

} // namespace

std::string checkElf(const std::filesystem::path& path) {
    const Input input(path);
    struct stat info {};
    if (input.descriptor() < 0 || fstat(input.descriptor(), &info) != 0)
        return fmt::format("cannot be opened: {}", std::strerror(errno));
    if (S_ISDIR(info.st_mode))
        return "is a directory, not a shared library";
    if (!S_ISREG(info.st_mode))
        return "is not a regular file";
    Elf64_Ehdr header{};
    std::string fault = checkHeader(header, input.readAt(0, &header, sizeof header));
    return fault.empty() ? checkSegments(input, header, static_cast<uint64_t>(info.st_size)) : fault;
}

} // namespace halyard
