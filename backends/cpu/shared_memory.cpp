#include "shared_memory.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard::cpu {

namespace {

// The words of a handle: another process finds the memory among the files that the owner has open, and knows by the
// inode's number that it is still the same.
struct Words {
    uint64_t process;
    uint64_t file;
    uint64_t inode;
    uint64_t filesystem;
};

bool isSame(const struct stat& about, const Words& words) {
    return S_ISREG(about.st_mode) && about.st_ino == words.inode && about.st_dev == words.filesystem;
}

HyResult failOpen(const Host& host, const Words& words, int error) {
    const auto process = static_cast<unsigned long long>(words.process);
    if (error == ENOENT || error == ESRCH) {
        return host.fail({HY_ERROR_NOT_FOUND,
                          format("the memory is gone: process %llu ended, or has freed it", process), "handle",
                          "keep the owner and the allocation until everybody has opened it; processes of different "
                          "containers do not see each other"});
    }
    return host.failSystem(HY_ERROR_UNSUPPORTED,
                           format("the system does not let this process reach the memory of process %llu; both must "
                                  "run as the same user",
                                  process),
                           error);
}

} // namespace

HyResult SharedMemory::place(std::unique_ptr<Physical> memory, uint64_t& outAddress) {
    const uint64_t bytes = memory->bytes();
    uint64_t address = 0;
    if (const HyResult result = arena_.reserveRange(bytes, arena_.alignmentFor(bytes), address); result != HY_SUCCESS) {
        return result;
    }
    const HyResult result = memory->mapAt(address, bytes, 0, PROT_READ | PROT_WRITE);
    if (result != HY_SUCCESS) {
        arena_.releaseRange(address, bytes);
        return result;
    }
    const std::scoped_lock lock(mutex_);
    live_.emplace(address, std::move(memory));
    outAddress = address;
    return HY_SUCCESS;
}

HyResult SharedMemory::allocate(uint64_t bytes, uint64_t& outAddress) {
    uint64_t rounded = 0;
    if (const HyResult result = arena_.roundToPages(bytes, rounded); result != HY_SUCCESS) {
        return result;
    }
    std::unique_ptr<Physical> memory;
    if (const HyResult result = Physical::create(host_, arena_, rounded, memory); result != HY_SUCCESS) {
        return result;
    }
    return place(std::move(memory), outAddress);
}

bool SharedMemory::owns(uint64_t address) const {
    const std::scoped_lock lock(mutex_);
    return live_.count(address) != 0;
}

HyResult SharedMemory::free(uint64_t address) {
    std::unique_ptr<Physical> memory;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = live_.find(address);
        if (found == live_.end()) {
            return host_.fail(
                {HY_ERROR_INVALID_ADDRESS,
                 format("0x%llx is not the first address of shared memory", static_cast<unsigned long long>(address)),
                 "ptr"});
        }
        memory = std::move(found->second);
        live_.erase(found);
    }
    return arena_.releaseRange(address, memory->bytes());
}

HyResult SharedMemory::handleOf(uint64_t address, HyBackendIpcHandle& outHandle) const {
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(address);
    if (found == live_.end()) {
        return host_.fail({HY_ERROR_UNSUPPORTED, "the allocation is private to this process", "ptr",
                           "allocate it with hyMemAllocShareable"});
    }
    struct stat about {};
    if (fstat(found->second->descriptor(), &about) != 0) {
        return host_.failSystem(HY_ERROR_NATIVE, "the memory's file does not answer (fstat)", errno);
    }
    outHandle = {};
    outHandle.words[0] = static_cast<uint64_t>(getpid());
    outHandle.words[1] = static_cast<uint64_t>(found->second->descriptor());
    outHandle.words[2] = about.st_ino;
    outHandle.words[3] = about.st_dev;
    return HY_SUCCESS;
}

HyResult SharedMemory::open(const HyBackendIpcHandle& handle, uint64_t bytes, uint64_t& outAddress) {
    const Words words{handle.words[0], handle.words[1], handle.words[2], handle.words[3]};
    if (std::any_of(handle.words + 4, std::end(handle.words), [](uint64_t word) { return word != 0; })) {
        return host_.fail({HY_ERROR_INVALID_ARGUMENT, "these are not the bytes of a handle of this version", "handle"});
    }
    uint64_t rounded = 0;
    if (const HyResult result = arena_.roundToPages(bytes, rounded); result != HY_SUCCESS) {
        return result;
    }
    const std::string path = "/proc/" + std::to_string(words.process) + "/fd/" + std::to_string(words.file);
    // Looked at first: opening what is not our memory could do anything.
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
        return failOpen(host_, words, errno);
    }
    if (!isSame(about, words)) {
        return failOpen(host_, words, ENOENT);
    }
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) {
        return failOpen(host_, words, errno);
    }
    if (fstat(file.get(), &about) != 0 || !isSame(about, words)) {
        return failOpen(host_, words, ENOENT);
    }
    std::unique_ptr<Physical> memory;
    if (const HyResult result = Physical::adopt(host_, std::move(file), rounded, "handle", memory);
        result != HY_SUCCESS) {
        return result;
    }
    return place(std::move(memory), outAddress);
}

} // namespace halyard::cpu
