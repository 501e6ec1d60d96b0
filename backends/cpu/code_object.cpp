#include "code_object.h"

#include "print.h"

#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::cpu {

namespace {

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) {
            close(fd_);
        }
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
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        from += written;
        bytes -= static_cast<uint64_t>(written);
    }
    return true;
}

// The path of an open file. dlopen takes an object whose name it has seen for the one that it has loaded, and
// descriptors are used again, so each path is spelt differently: the bits of a serial number become "/./" or "/".
std::string uniquePath(int fd) {
    static std::atomic<uint64_t> serial{1};
    std::string path = "/proc/self/fd/";
    for (uint64_t bits = serial.fetch_add(1); bits != 0; bits >>= 1) {
        path += (bits & 1) != 0 ? "./" : "/";
    }
    return path + std::to_string(fd);
}

void* openLibrary(const std::string& path, std::string& outWords) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* words = dlerror();
        outWords = words != nullptr ? words : "dlopen failed";
    }
    return library;
}

// Where there is no memfd, or /proc is hidden: a file with a name, which goes as soon as it is mapped.
void* loadFromTemporaryFile(const void* data, uint64_t bytes, std::string& outWords) {
    const char* folder = secure_getenv("TMPDIR");
    std::string path = std::string(folder != nullptr && folder[0] == '/' ? folder : "/tmp") + "/halyard-XXXXXX";
    const File file(mkostemp(path.data(), O_CLOEXEC));
    if (file.fd() < 0) {
        outWords = path + " could not be made: " + strerrordesc_np(errno);
        return nullptr;
    }
    void* library = nullptr;
    if (writeAll(file.fd(), data, bytes)) {
        library = openLibrary(path, outWords);
    } else {
        outWords = path + " could not be written: " + strerrordesc_np(errno);
    }
    unlink(path.c_str());
    return library;
}

// For debuggers and profilers, which read lines and names from a file: one that stays. Empty when it cannot be written.
std::string keepFile(const Host& host, const char* folder, const std::string& kernel, const void* data,
                     uint64_t bytes) {
    constexpr size_t kMaximumName = 64;
    std::string name = kernel.substr(0, kMaximumName);
    for (char& letter : name) {
        letter = std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
    }
    std::string path = std::string(folder) + "/" + name + "-XXXXXX.so";
    const File file(mkostemps(path.data(), 3, O_CLOEXEC));
    if (file.fd() >= 0 && writeAll(file.fd(), data, bytes)) {
        return path;
    }
    host.log(HY_LOG_WARNING,
             format("HALYARD_CPU_CODE_DIR: the code of kernel %s is not kept, %s could not be written: %s",
                    kernel.c_str(), path.c_str(), strerrordesc_np(errno)));
    return {};
}

void* loadLibrary(const Host& host, const std::string& kernel, const void* data, uint64_t bytes,
                  std::string& outWords) {
    if (const char* folder = host.getEnv("HALYARD_CPU_CODE_DIR"); folder != nullptr && folder[0] == '/') {
        if (const std::string path = keepFile(host, folder, kernel, data, bytes); !path.empty()) {
            return openLibrary(path, outWords);
        }
    }
    {
        const File file(memfd_create("halyard-kernel", MFD_CLOEXEC));
        if (file.fd() >= 0 && writeAll(file.fd(), data, bytes) && access("/proc/self/fd", X_OK) == 0) {
            return openLibrary(uniquePath(file.fd()), outWords);
        }
    }
    return loadFromTemporaryFile(data, bytes, outWords);
}

// Empty when the object fits; else what is wrong with it.
std::string findFault(const HyHostKernelInfo& info, uint32_t argumentBytes, HyDim3 size) {
    if (info.magic != HY_HOST_KERNEL_MAGIC) {
        return "its description has no magic number";
    }
    if (info.abi != HY_HOST_KERNEL_ABI) {
        return format("it is for host kernel ABI %u, this backend has %u", info.abi, HY_HOST_KERNEL_ABI);
    }
    if (info.argumentBytes != argumentBytes) {
        return format("it takes %u bytes of arguments, the module says %u", info.argumentBytes, argumentBytes);
    }
    const uint32_t* has = info.workgroupSize;
    const bool any = has[0] == 0 && has[1] == 0 && has[2] == 0;
    if (!any && (has[0] != size.x || has[1] != size.y || has[2] != size.z)) {
        return format("it is for workgroups of %u x %u x %u, wanted are %u x %u x %u", has[0], has[1], has[2], size.x,
                      size.y, size.z);
    }
    if (info.subgroupSize == 0) {
        return "its subgroup size is 0";
    }
    return {};
}

} // namespace

CodeObject::~CodeObject() {
    dlclose(library_);
}

HyResult CodeObject::load(const Host& host, const std::string& kernel, const void* data, uint64_t bytes,
                          uint32_t argumentBytes, HyDim3 workgroupSize, Ref<CodeObject>& outCode) {
    const auto refuse = [&](const std::string& fault) {
        return host.fail({HY_ERROR_INVALID_MODULE,
                          "the compiled code of kernel " + kernel + " cannot be used: " + fault, "",
                          "a stale or damaged cache entry? Empty the compile cache and try again"});
    };
    if (bytes < 4 || std::memcmp(data, "\177ELF", 4) != 0) {
        return refuse("it is not an ELF object");
    }
    std::string words;
    void* library = loadLibrary(host, kernel, data, bytes, words);
    if (library == nullptr) {
        return refuse(words);
    }
    const auto code = Ref<CodeObject>::adopt(new CodeObject(host, kernel, library));
    const void* info = dlsym(library, "hyHostKernelInfo");
    code->run_ = reinterpret_cast<HyHostKernelRun>(dlsym(library, "hyHostKernelRun"));
    if (info == nullptr || code->run_ == nullptr) {
        return refuse("it lacks hyHostKernelInfo or hyHostKernelRun");
    }
    std::memcpy(&code->info_, info, sizeof code->info_);
    if (const std::string fault = findFault(code->info_, argumentBytes, workgroupSize); !fault.empty()) {
        return refuse(fault);
    }
    if (auto* place = static_cast<HyHostPrint*>(dlsym(library, "hyHostPrint")); place != nullptr) {
        *place = printService(code->host_);
    }
    code->program_ = static_cast<HyHostProgram*>(dlsym(library, "hyHostProgram"));
    outCode = code;
    return HY_SUCCESS;
}

HyResult CodeObject::shareProgram(const Ref<CodeObject>& owner) {
    if (owner.get() == this) {
        return HY_SUCCESS;
    }
    if (owner->program_->bytes != program_->bytes) {
        return host_.fail(
            {HY_ERROR_INVALID_MODULE,
             format("kernel %s has %llu bytes of variables at program scope, kernel %s of the same module "
                    "%llu",
                    name_.c_str(), static_cast<unsigned long long>(program_->bytes), owner->name_.c_str(),
                    static_cast<unsigned long long>(owner->program_->bytes)),
             "", "a stale or damaged cache entry? Empty the compile cache and try again"});
    }
    program_->data = owner->program_->data;
    programOwner_ = owner;
    return HY_SUCCESS;
}

} // namespace halyard::cpu
