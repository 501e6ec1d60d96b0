#include "physical.h"

#include "driver.h"

#include <fcntl.h>
#include <map>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard::softcuda {
namespace {

constexpr const char* kPhysicalName = "halyard-softcuda-physical";

struct Reservations {
    std::mutex mutex;
    std::map<uint64_t, uint64_t> bytes; // by address
};

Reservations& reservations() {
    static Reservations& only = *new Reservations;
    return only;
}

bool isPhysical(int file) {
    std::array<char, 128> target{};
    std::string link = "/proc/self/fd/" + std::to_string(file);
    ssize_t length = readlink(link.c_str(), target.data(), target.size() - 1);
    return length > 0 && std::string_view(target.data()).starts_with(std::string("/memfd:") + kPhysicalName);
}

} // namespace

PhysicalMemory::~PhysicalMemory() {
    if (charged)
        driver().devices[device]->discharge(bytes);
    if (heapAddress)
        driver().heap.give(heapAddress, bytes);
    else if (file >= 0)
        close(file);
}

Status createPhysical(uint32_t device, uint64_t bytes, bool shareable, std::shared_ptr<PhysicalMemory>& out) {
    if (bytes == 0 || bytes % kGranularity != 0)
        return Status::InvalidValue;
    auto memory = std::make_shared<PhysicalMemory>();
    memory->device = device;
    memory->bytes = bytes;
    memory->shareable = shareable;
    if (!driver().devices[device]->charge(bytes))
        return Status::OutOfMemory;
    memory->charged = true;
    if (shareable) {
        // Sealed: whoever gets the descriptor cannot make the mappings of others fault.
        memory->file = memfd_create(kPhysicalName, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (memory->file < 0 || ftruncate(memory->file, static_cast<off_t>(bytes)) != 0 ||
            fcntl(memory->file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
            return Status::OperatingSystem;
    } else {
        memory->heapAddress = driver().heap.take(bytes, kGranularity);
        if (!memory->heapAddress)
            return Status::OutOfMemory;
        memory->file = driver().heap.file();
        memory->offset = memory->heapAddress - driver().heap.base();
    }
    out = std::move(memory);
    return Status::Success;
}

Status exportPhysical(const PhysicalMemory& memory, int& out) {
    if (!memory.shareable)
        return Status::InvalidValue;
    int file = fcntl(memory.file, F_DUPFD_CLOEXEC, 0);
    if (file < 0)
        return Status::OperatingSystem;
    out = file;
    return Status::Success;
}

Status importPhysical(int file, std::shared_ptr<PhysicalMemory>& out) {
    struct stat info {};
    if (file < 0 || fstat(file, &info) != 0 || !isPhysical(file) || info.st_size <= 0)
        return Status::InvalidValue;
    auto memory = std::make_shared<PhysicalMemory>();
    memory->bytes = static_cast<uint64_t>(info.st_size);
    memory->shareable = true;
    memory->file = fcntl(file, F_DUPFD_CLOEXEC, 0);
    if (memory->file < 0)
        return Status::OperatingSystem;
    out = std::move(memory);
    return Status::Success;
}

Status reserveAddresses(uint64_t bytes, uint64_t alignment, uint64_t wanted, uint64_t& out) {
    if (bytes == 0 || bytes % kGranularity != 0 || (alignment & (alignment - 1)) != 0)
        return Status::InvalidValue;
    uint64_t begin = driver().heap.take(bytes, alignment < kGranularity ? kGranularity : alignment, wanted);
    if (!begin)
        return Status::OutOfMemory;
    Reservations& r = reservations();
    std::lock_guard lock(r.mutex);
    r.bytes.emplace(begin, bytes);
    out = begin;
    return Status::Success;
}

Status freeAddresses(uint64_t begin, uint64_t bytes) {
    Reservations& r = reservations();
    std::lock_guard lock(r.mutex);
    auto found = r.bytes.find(begin);
    if (found == r.bytes.end() || found->second != bytes || driver().space.touches(begin, bytes))
        return Status::InvalidValue;
    r.bytes.erase(found);
    driver().heap.give(begin, bytes);
    return Status::Success;
}

Status mapPhysical(uint64_t begin, uint64_t bytes, uint64_t offset, std::shared_ptr<PhysicalMemory> memory) {
    if (bytes == 0 || bytes % kGranularity != 0 || begin % kGranularity != 0 || offset != 0 || bytes > memory->bytes)
        return Status::InvalidValue;
    Reservations& r = reservations();
    std::lock_guard lock(r.mutex);
    auto above = r.bytes.upper_bound(begin);
    if (above == r.bytes.begin())
        return Status::InvalidValue;
    auto [first, length] = *std::prev(above);
    if (begin - first >= length || bytes > length - (begin - first))
        return Status::InvalidValue;
    if (driver().space.touches(begin, bytes))
        return Status::InvalidValue;
    if (!driver().heap.mapFile(begin, bytes, memory->file, memory->offset))
        return Status::OperatingSystem;
    Range range{.begin = begin, .bytes = bytes, .host = driver().heap.host(begin), .kind = MemoryKind::Mapping};
    range.device = memory->device;
    range.readers = range.writers = 0;
    range.keep = std::move(memory);
    driver().space.insert(std::move(range));
    return Status::Success;
}

Status unmapPhysical(uint64_t begin, uint64_t bytes) {
    Driver& d = driver();
    if (bytes == 0)
        return Status::InvalidValue;
    for (uint64_t at = begin; at != begin + bytes;) {
        std::optional<Range> range = d.space.find(at);
        if (!range || range->begin != at || range->kind != MemoryKind::Mapping || range->end() > begin + bytes)
            return Status::InvalidValue;
        at = range->end();
    }
    for (uint64_t at = begin; at != begin + bytes;) {
        std::optional<Range> range = d.space.remove(at);
        if (!range)
            return Status::InvalidValue;
        freeRange(*range);
        at = range->end();
    }
    return Status::Success;
}

Status mapForeign(const Context* owner, uint32_t device, MemoryKind kind, int file, uint64_t offset, uint64_t bytes,
                  uint64_t& out) {
    constexpr uint64_t kPage = 4096;
    uint64_t inside = offset % kPage;
    uint64_t pages = (inside + bytes + kPage - 1) / kPage * kPage;
    Heap& heap = driver().heap;
    uint64_t begin = heap.take(pages, kPage);
    if (!begin)
        return Status::OutOfMemory;
    if (!heap.mapFile(begin, pages, file, offset - inside)) {
        heap.give(begin, pages);
        return Status::InvalidValue;
    }
    Range range{.begin = begin + inside, .bytes = bytes, .host = heap.host(begin + inside), .kind = kind};
    range.device = device;
    range.owner = owner;
    range.mapBegin = begin;
    range.mapBytes = pages;
    out = range.begin;
    driver().space.insert(std::move(range));
    return Status::Success;
}

namespace {

constexpr uint64_t kMagic = 0x68792d73'63756461;

} // namespace

FileName nameFile(uint64_t kind, int file, uint64_t offset, uint64_t bytes) {
    struct stat info {};
    fstat(file, &info);
    FileName name{
        kMagic, static_cast<uint64_t>(getpid()), static_cast<uint64_t>(file), info.st_ino, offset, bytes, kind, 0};
    return name;
}

Status openFile(const FileName& name, uint64_t kind, int& out) {
    if (name.magic != kMagic || name.kind != kind || name.reserved)
        return Status::InvalidValue;
    if (name.process == static_cast<uint64_t>(getpid()))
        return Status::InvalidContext;
    std::string path = "/proc/" + std::to_string(name.process) + "/fd/" + std::to_string(name.file);
    int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0)
        return Status::InvalidValue;
    struct stat info {};
    if (fstat(file, &info) != 0 || info.st_ino != name.inode || name.offset > static_cast<uint64_t>(info.st_size) ||
        name.bytes > static_cast<uint64_t>(info.st_size) - name.offset) {
        close(file);
        return Status::InvalidValue;
    }
    out = file;
    return Status::Success;
}

} // namespace halyard::softcuda
