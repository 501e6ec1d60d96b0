#include "common/shared_page.h"

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

namespace halyard::common {

namespace {

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

bool SharedPage::map(FileDescriptor file, SharedPage& out, Fault& outFault) {
    void* at = mmap(nullptr, sizeof(SharedWords), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (at == MAP_FAILED) {
        outFault = {HY_ERROR_OUT_OF_HOST_MEMORY, "the system did not map the shared page (mmap)", "", "", errno};
        return false;
    }
    // A forked child has no instance, so nothing of it may come here.
    static_cast<void>(madvise(at, sizeof(SharedWords), MADV_DONTFORK));
    SharedPage page;
    page.file_ = std::move(file);
    page.words_ = static_cast<SharedWords*>(at);
    out = std::move(page);
    return true;
}

bool SharedPage::create(const SharedOwner& owner, SharedKind kind, uint64_t value, SharedPage& out, Fault& outFault) {
    // Written as a file: memory that the system does not have is an error here and a signal in a mapping.
    alignas(SharedWords) unsigned char bytes[sizeof(SharedWords)] = {};
    const Head head{owner.magic, kVersion, kind};
    std::memcpy(bytes, &head, sizeof head);
    std::memcpy(bytes + offsetof(SharedWords, lanes) + offsetof(SharedLane, value), &value, sizeof value);
    FileDescriptor file = makeFile();
    if (!file || pwrite(file.get(), bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes) ||
        fcntl(file.get(), F_ADD_SEALS, kSizeSeals | F_SEAL_SEAL) != 0) {
        const int error = errno;
        outFault = {HY_ERROR_OUT_OF_HOST_MEMORY,
                    std::string("the system did not give the memory for ") + nameOf(kind) +
                        " of several processes (memfd_create); each takes a file descriptor (ulimit -n)",
                    "", "", error};
        return false;
    }
    return map(std::move(file), out, outFault);
}

bool SharedPage::adopt(const SharedOwner& owner, SharedKind kind, FileDescriptor file, SharedPage& out,
                       Fault& outFault) {
    const std::string backend = owner.backend;
    // Only a size that is sealed: else whoever has the file could shrink it, and reading it would end this process.
    struct stat about {};
    const int seals = fcntl(file.get(), F_GET_SEALS);
    const bool writable = (fcntl(file.get(), F_GETFL) & O_ACCMODE) == O_RDWR;
    Head head{};
    if (seals < 0 || (seals & kSizeSeals) != kSizeSeals || (seals & F_SEAL_WRITE) != 0 || !writable ||
        fstat(file.get(), &about) != 0 || about.st_size < static_cast<off_t>(sizeof head) ||
        pread(file.get(), &head, sizeof head, 0) != static_cast<ssize_t>(sizeof head) || head.magic != owner.magic) {
        outFault = {HY_ERROR_INVALID_ARGUMENT,
                    std::string("this is not ") + nameOf(kind) + " that a " + backend + " device shares", "handle",
                    kind == SharedKind::Semaphore ? "pass the descriptor that hySemaphoreExport gave"
                                                  : "pass the handle that hyEventGetIpcHandle gave"};
        return false;
    }
    if (head.version != kVersion || about.st_size != static_cast<off_t>(sizeof(SharedWords))) {
        outFault = {HY_ERROR_INVALID_ARGUMENT,
                    std::string("this is ") + nameOf(kind) + " of another version of the " + backend + " backend (" +
                        std::to_string(head.version) + ", and here " + std::to_string(kVersion) + ")",
                    "handle", "run the same Halyard on both sides"};
        return false;
    }
    if (head.kind != kind) {
        outFault = {HY_ERROR_INVALID_ARGUMENT,
                    std::string("this is not ") + nameOf(kind) + " but " +
                        nameOf(kind == SharedKind::Semaphore ? SharedKind::Event : SharedKind::Semaphore),
                    "handle"};
        return false;
    }
    return map(std::move(file), out, outFault);
}

} // namespace halyard::common
