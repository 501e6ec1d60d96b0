#include "code_object.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vendor {
namespace {

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0)
            close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

private:
    const int fd_;
};

bool writeAll(int fd, const void* data, uint64_t bytes) {
    const auto* from = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = write(fd, from, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        from += written;
        bytes -= static_cast<uint64_t>(written);
    }
    return true;
}

// dlopen takes an object whose path it has seen for the one that it has loaded, and descriptors are used again: so each
// path to one is spelt differently, the bits of a number as "./" or "/".
std::string pathOf(int fd) {
    static std::atomic<uint64_t> count{1};
    std::string path = "/proc/self/fd/";
    for (uint64_t bits = ++count; bits != 0; bits >>= 1)
        path += (bits & 1) != 0 ? "./" : "/";
    return path + std::to_string(fd);
}

} // namespace

HyResult CodeObject::load(const HyHostServices* host, const std::string& kernel, const HyJitArtifact& artifact,
                          uint32_t argumentBytes, std::shared_ptr<CodeObject>& outCode) {
    const File file(memfd_create("vendor-kernel", MFD_CLOEXEC));
    if (file.fd() < 0 || !writeAll(file.fd(), artifact.data, artifact.bytes))
        return fail(host, {HY_ERROR_IO, "the code of kernel " + kernel +
                                            " could not be written to memory: " + strerrordesc_np(errno)});
    void* library = dlopen(pathOf(file.fd()).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* words = dlerror();
        return fail(host, {HY_ERROR_INVALID_MODULE,
                           "the code of kernel " + kernel +
                               " could not be loaded: " + (words != nullptr ? words : "no reason is known"),
                           "a damaged cache entry? Empty the compile cache and try again"});
    }
    const std::shared_ptr<CodeObject> code(new CodeObject(library));
    Failure failure = code->bind(argumentBytes);
    if (failure.code != HY_SUCCESS) {
        failure.message = "the code of kernel " + kernel + " cannot be used: " + failure.message;
        return fail(host, failure);
    }
    outCode = code;
    return HY_SUCCESS;
}

CodeObject::~CodeObject() {
    dlclose(library_);
}

Failure CodeObject::bind(uint32_t argumentBytes) {
    const char* stale = "a stale cache entry, or a Halyard of another version? Empty the compile cache and try again";
    info_ = static_cast<const HyHostKernelInfo*>(dlsym(library_, "hyHostKernelInfo"));
    run_ = reinterpret_cast<HyHostKernelRun>(dlsym(library_, "hyHostKernelRun"));
    if (info_ == nullptr || run_ == nullptr || info_->magic != HY_HOST_KERNEL_MAGIC)
        return {HY_ERROR_INVALID_MODULE, "it is no host kernel", stale};
    if (info_->abi != HY_HOST_KERNEL_ABI)
        return {HY_ERROR_INVALID_MODULE,
                "it has version " + std::to_string(info_->abi) + " of the calling convention, this backend " +
                    std::to_string(HY_HOST_KERNEL_ABI),
                stale};
    if (info_->argumentBytes != argumentBytes)
        return {HY_ERROR_INVALID_MODULE,
                "it takes " + std::to_string(info_->argumentBytes) + " bytes of arguments, the module says " +
                    std::to_string(argumentBytes),
                stale};
    if ((info_->flags & HY_HOST_KERNEL_WHOLE_SUBGROUPS) != 0)
        return {HY_ERROR_UNSUPPORTED_SPIRV, "it needs whole subgroups, which this device does not promise",
                "use a device with HY_CAP_COOPERATIVE_MATRIX"};
    // The form of a record of printf is no part of the installed interface.
    if (dlsym(library_, "hyHostPrint") != nullptr)
        return {HY_ERROR_UNSUPPORTED, "it calls printf, which this device does not have",
                "remove the printf, or use another device"};
    program_ = static_cast<HyHostProgram*>(dlsym(library_, "hyHostProgram"));
    return {};
}

bool CodeObject::shareProgram(const std::shared_ptr<CodeObject>& owner) {
    if (owner->program_->bytes != program_->bytes)
        return false;
    program_->data = owner->program_->data;
    programOwner_ = owner;
    return true;
}

} // namespace vendor
