#include "shared_page.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace halyard::cpu {

namespace {

constexpr uint64_t kMagic = 0x31306e7973796148; // "Haysyn01" in memory
constexpr uint32_t kVersion = 1;
constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

// The constant part, as it stands in the file.
struct Head {
    uint64_t magic;
    uint32_t version;
    SharedKind kind;
};
static_assert(offsetof(SharedWords, kind) == offsetof(Head, kind));

const char* nameOf(SharedKind kind) {
    return kind == SharedKind::Semaphore ? "a semaphore" : "an event";
}

FileDescriptor makeFile() {
    // Kernels before 6.3 do not know that memory need not be executable.
    FileDescriptor file(memfd_create("halyard-sync", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL));
    if (!file && errno == EINVAL) {
        file.reset(memfd_create("halyard-sync", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    }
    return file;
}

} // namespace

SharedPage::~SharedPage() {
    if (words_ != nullptr) {
        munmap(words_, sizeof *words_);
    }
}

HyResult SharedPage::map(const Host& host, FileDescriptor file, SharedPage& out) {
    void* at = mmap(nullptr, sizeof(SharedWords), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (at == MAP_FAILED) {
        return host.failSystem(HY_ERROR_OUT_OF_HOST_MEMORY, "the system did not map the shared page (mmap)", errno);
    }
    // A forked child has no instance, so nothing of it may come here.
    static_cast<void>(madvise(at, sizeof(SharedWords), MADV_DONTFORK));
    SharedPage page;
    page.file_ = std::move(file);
    page.words_ = static_cast<SharedWords*>(at);
    out = std::move(page);
    return HY_SUCCESS;
}

HyResult SharedPage::create(const Host& host, SharedKind kind, uint64_t value, SharedPage& out) {
    // Written as a file: memory that the system does not have is an error here and a signal in a mapping.
    alignas(SharedWords) unsigned char bytes[sizeof(SharedWords)] = {};
    const Head head{kMagic, kVersion, kind};
    std::memcpy(bytes, &head, sizeof head);
    std::memcpy(bytes + offsetof(SharedWords, lanes) + offsetof(SharedLane, value), &value, sizeof value);
    FileDescriptor file = makeFile();
    if (!file || pwrite(file.get(), bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes) ||
        fcntl(file.get(), F_ADD_SEALS, kSizeSeals | F_SEAL_SEAL) != 0) {
        return host.failSystem(HY_ERROR_OUT_OF_HOST_MEMORY,
                               format("the system did not give the memory for %s of several processes "
                                      "(memfd_create); each takes a file descriptor (ulimit -n)",
                                      nameOf(kind)),
                               errno);
    }
    return map(host, std::move(file), out);
}

HyResult SharedPage::adopt(const Host& host, SharedKind kind, FileDescriptor file, SharedPage& out) {
    // Only a size that is sealed: else whoever has the file could shrink it, and reading it would end this process.
    struct stat about {};
    const int seals = fcntl(file.get(), F_GET_SEALS);
    const bool writable = (fcntl(file.get(), F_GETFL) & O_ACCMODE) == O_RDWR;
    Head head{};
    if (seals < 0 || (seals & kSizeSeals) != kSizeSeals || (seals & F_SEAL_WRITE) != 0 || !writable ||
        fstat(file.get(), &about) != 0 || about.st_size < static_cast<off_t>(sizeof head) ||
        pread(file.get(), &head, sizeof head, 0) != static_cast<ssize_t>(sizeof head) || head.magic != kMagic) {
        return host.fail({HY_ERROR_INVALID_ARGUMENT, format("this is not %s that a cpu device shares", nameOf(kind)),
                          "handle",
                          kind == SharedKind::Semaphore ? "pass the descriptor that hySemaphoreExport gave"
                                                        : "pass the handle that hyEventGetIpcHandle gave"});
    }
    if (head.version != kVersion || about.st_size != static_cast<off_t>(sizeof(SharedWords))) {
        return host.fail({HY_ERROR_INVALID_ARGUMENT,
                          format("this is %s of another version of the cpu backend (%u, and here %u)", nameOf(kind),
                                 head.version, kVersion),
                          "handle", "run the same Halyard on both sides"});
    }
    if (head.kind != kind) {
        return host.fail({HY_ERROR_INVALID_ARGUMENT,
                          format("this is not %s but %s", nameOf(kind),
                                 nameOf(kind == SharedKind::Semaphore ? SharedKind::Event : SharedKind::Semaphore)),
                          "handle"});
    }
    return map(host, std::move(file), out);
}

} // namespace halyard::cpu
