#include "jit/targets/host/link.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lld/Common/Driver.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>

LLD_HAS_DRIVER(elf)

namespace halyard::jit::host {

namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
    void reset() {
        if (fd_ >= 0) {
            close(fd_);
        }
        fd_ = -1;
    }

private:
    int fd_;
};

bool writeAll(int fd, std::string_view bytes) {
    while (fd >= 0 && !bytes.empty()) {
        const ssize_t written = write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes.remove_prefix(written > 0 ? static_cast<size_t>(written) : 0);
    }
    return fd >= 0;
}

std::string readToEnd(int fd) {
    std::string bytes;
    std::array<char, 16384> block; // NOLINT: filled by read()
    while (true) {
        const ssize_t got = read(fd, block.data(), block.size());
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return bytes;
        }
        bytes.append(block.data(), got > 0 ? static_cast<size_t>(got) : 0);
    }
}

spv::Error systemError(const char* what) {
    return {HY_ERROR_COMPILE_FAILED, std::string("cannot ") + what + " for the linker: " + std::strerror(errno), ""};
}

bool isMemoryFunction(llvm::StringRef name) {
    return name == "memcpy" || name == "memmove" || name == "memset" || name == "memcmp";
}

} // namespace

spv::Result<std::set<std::string>> undefinedSymbols(std::string_view object) {
    auto buffer = llvm::MemoryBuffer::getMemBuffer(llvm::StringRef(object), "kernel.o", false);
    auto file = llvm::object::ObjectFile::createObjectFile(buffer->getMemBufferRef());
    if (!file) {
        return spv::Error{HY_ERROR_COMPILE_FAILED,
                          "the code generator's object cannot be read: " + llvm::toString(file.takeError()), ""};
    }
    std::set<std::string> missing;
    for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
        llvm::Expected<uint32_t> flags = symbol.getFlags();
        llvm::Expected<llvm::StringRef> name = symbol.getName();
        if (!flags || !name) {
            llvm::consumeError(flags.takeError());
            llvm::consumeError(name.takeError());
            continue;
        }
        if ((*flags & llvm::object::SymbolRef::SF_Undefined) != 0 && !name->empty() && !isMemoryFunction(*name)) {
            missing.insert(name->str());
        }
    }
    return missing;
}

spv::Result<std::string> linkSharedObject(std::span<const std::string> objects) {
    std::deque<Descriptor> inputs;
    std::vector<std::string> inputPaths;
    for (const std::string& object : objects) {
        inputs.emplace_back(memfd_create("kernel.o", MFD_CLOEXEC));
        if (!writeAll(inputs.back().get(), object)) {
            return systemError("make a file in memory");
        }
        inputPaths.push_back(inputs.back().path());
    }
    // lld replaces a regular output file by another one of the same name, which nothing in /proc allows; into a pipe it
    // writes as it is. So no temporary file is needed and a read-only file system is no obstacle.
    std::array<int, 2> ends{-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return systemError("make a pipe");
    }
    const Descriptor readEnd(ends[0]);
    Descriptor writeEnd(ends[1]);
    std::string bytes;
    std::thread reader([&] { bytes = readToEnd(readEnd.get()); });
    const std::string outputPath = writeEnd.path();
    std::vector<const char*> arguments{
        "ld.lld", "-shared",    "--threads=1", "--build-id=none", "--hash-style=gnu", "-z", "noexecstack", "-z",
        "now",    "-Bsymbolic", "-o",          outputPath.c_str()};
    for (const std::string& path : inputPaths) {
        arguments.push_back(path.c_str());
    }
    std::string messages;
    llvm::raw_string_ostream stream(messages);
    const lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
    writeEnd.reset();
    reader.join();
    if (result.retCode != 0 || bytes.empty()) {
        return spv::Error{HY_ERROR_COMPILE_FAILED, "the linker failed: " + messages, ""};
    }
    return bytes;
}

} // namespace halyard::jit::host
