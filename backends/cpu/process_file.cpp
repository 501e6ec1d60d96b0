#include "process_file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard::cpu {

namespace {

// Another process knows by the inode's number that the descriptor still is the same file.
struct Words {
    uint64_t process;
    uint64_t file;
    uint64_t inode;
    uint64_t filesystem;
};

bool isSame(const struct stat& about, const Words& words) {
    return S_ISREG(about.st_mode) && about.st_ino == words.inode && about.st_dev == words.filesystem;
}

HyResult failOpen(const Host& host, const Words& words, const char* what, int error) {
    const auto process = static_cast<unsigned long long>(words.process);
    if (error == ENOENT || error == ESRCH) {
        return host.fail({HY_ERROR_NOT_FOUND, format("%s is gone: process %llu ended, or gave it up", what, process),
                          "handle",
                          "keep the owner and what it shares until everybody has opened it; processes of different "
                          "containers do not see each other"});
    }
    return host.failSystem(HY_ERROR_UNSUPPORTED,
                           format("the system does not let this process reach %s of process %llu; both must run as "
                                  "the same user",
                                  what, process),
                           error);
}

} // namespace

HyResult nameFile(const Host& host, int descriptor, HyBackendIpcHandle& outHandle) {
    struct stat about {};
    if (fstat(descriptor, &about) != 0) {
        return host.failSystem(HY_ERROR_NATIVE, "the shared file does not answer (fstat)", errno);
    }
    outHandle = {};
    outHandle.words[0] = static_cast<uint64_t>(getpid());
    outHandle.words[1] = static_cast<uint64_t>(descriptor);
    outHandle.words[2] = about.st_ino;
    outHandle.words[3] = about.st_dev;
    return HY_SUCCESS;
}

HyResult openNamed(const Host& host, const HyBackendIpcHandle& handle, const char* what, FileDescriptor& outFile) {
    const Words words{handle.words[0], handle.words[1], handle.words[2], handle.words[3]};
    if (std::any_of(handle.words + 4, std::end(handle.words), [](uint64_t word) { return word != 0; })) {
        return host.fail({HY_ERROR_INVALID_ARGUMENT, "these are not the bytes of a handle of this version", "handle"});
    }
    const std::string path = "/proc/" + std::to_string(words.process) + "/fd/" + std::to_string(words.file);
    // Looked at first: opening what is not ours could do anything.
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
        return failOpen(host, words, what, errno);
    }
    if (!isSame(about, words)) {
        return failOpen(host, words, what, ENOENT);
    }
    FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) {
        return failOpen(host, words, what, errno);
    }
    if (fstat(file.get(), &about) != 0 || !isSame(about, words)) {
        return failOpen(host, words, what, ENOENT);
    }
    outFile = std::move(file);
    return HY_SUCCESS;
}

HyResult duplicateGiven(const Host& host, int64_t descriptor, FileDescriptor& outFile) {
    FileDescriptor file(
        descriptor >= 0 && descriptor <= INT_MAX ? fcntl(static_cast<int>(descriptor), F_DUPFD_CLOEXEC, 0) : -1);
    if (!file) {
        return host.fail(
            {HY_ERROR_INVALID_ARGUMENT,
             format("%lld is not an open file descriptor of this process", static_cast<long long>(descriptor)),
             "handle", "numbers of descriptors mean nothing to another process: send the descriptor"});
    }
    outFile = std::move(file);
    return HY_SUCCESS;
}

} // namespace halyard::cpu
