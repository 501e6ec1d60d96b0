#include "physical.h"

#include "address.h"
#include "arena.h"
#include "process_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace halyard::cpu {

namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;
constexpr uint64_t kBlock = 512; // the unit of st_blocks

FileDescriptor makeFile() {
    // Kernels before 6.3 do not know that memory need not be executable.
    FileDescriptor file(memfd_create("halyard-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL));
    if (!file && errno == EINVAL) {
        file.reset(memfd_create("halyard-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    }
    return file;
}

} // namespace

HyResult Physical::create(const Host& host, Arena& arena, uint64_t bytes, std::unique_ptr<Physical>& out) {
    if (const HyResult result = arena.charge(bytes); result != HY_SUCCESS) {
        return result;
    }
    // From here on the destructor gives the bytes back.
    std::unique_ptr<Physical> memory;
    try {
        memory.reset(new Physical(host, makeFile(), bytes, &arena));
    } catch (...) {
        arena.refund(bytes);
        throw;
    }
    const int file = memory->descriptor();
    if (file < 0 || bytes > INT64_MAX || ftruncate(file, static_cast<off_t>(bytes)) != 0 ||
        fcntl(file, F_ADD_SEALS, kSizeSeals | F_SEAL_SEAL) != 0) {
        return host.failSystem(HY_ERROR_OUT_OF_DEVICE_MEMORY,
                               format("the system did not give a file of %llu bytes in memory (memfd_create); each "
                                      "piece of memory takes a file descriptor (ulimit -n)",
                                      static_cast<unsigned long long>(bytes)),
                               errno);
    }
    arena.enlist(*memory);
    out = std::move(memory);
    return HY_SUCCESS;
}

HyResult Physical::import(const Host& host, int64_t descriptor, uint64_t bytes, std::unique_ptr<Physical>& out) {
    FileDescriptor file;
    if (const HyResult result = duplicateGiven(host, descriptor, file); result != HY_SUCCESS) {
        return result;
    }
    return adopt(host, std::move(file), bytes, "handle", out);
}

HyResult Physical::adopt(const Host& host, FileDescriptor file, uint64_t bytes, const char* argument,
                         std::unique_ptr<Physical>& out) {
    // Only memory whose size is sealed: else whoever has it could shrink it, and reading it would end this process.
    struct stat about {};
    const int seals = fcntl(file.get(), F_GET_SEALS);
    const bool writable = (fcntl(file.get(), F_GETFL) & O_ACCMODE) == O_RDWR;
    if (seals < 0 || (seals & kSizeSeals) != kSizeSeals || (seals & F_SEAL_WRITE) != 0 || !writable ||
        fstat(file.get(), &about) != 0) {
        return host.fail({HY_ERROR_INVALID_ARGUMENT, "the descriptor is not memory that a cpu device exported",
                          argument, "pass the descriptor that hyPhysicalMemoryExport gave"});
    }
    if (bytes > static_cast<uint64_t>(about.st_size)) {
        return host.fail(
            {HY_ERROR_INVALID_ARGUMENT,
             format("%llu bytes were asked for, and the memory has %llu", static_cast<unsigned long long>(bytes),
                    static_cast<unsigned long long>(about.st_size)),
             "bytes", "pass the size that the exporter created"});
    }
    out.reset(new Physical(host, std::move(file), bytes, nullptr));
    return HY_SUCCESS;
}

Physical::~Physical() {
    if (arena_ != nullptr) {
        arena_->delist(*this);
        arena_->refund(bytes_);
    }
}

uint64_t Physical::resident() const {
    struct stat about {};
    return fstat(file_.get(), &about) == 0 ? static_cast<uint64_t>(about.st_blocks) * kBlock : 0;
}

HyResult Physical::mapAt(uint64_t address, uint64_t bytes, uint64_t offset, int protection) const {
    auto* at = toPointer<void>(address);
    if (mmap(at, bytes, protection, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file_.get(), static_cast<off_t>(offset)) ==
        MAP_FAILED) {
        return host_.failSystem(HY_ERROR_OUT_OF_DEVICE_MEMORY,
                                format("the system did not map %llu bytes (mmap); many small mappings reach "
                                       "vm.max_map_count",
                                       static_cast<unsigned long long>(bytes)),
                                errno);
    }
    // A forked child has no instance. Unlike other memory it would not get a copy, but write into this process's.
    static_cast<void>(madvise(at, bytes, MADV_DONTFORK));
    return HY_SUCCESS;
}

} // namespace halyard::cpu
