#include "arena.h"

#include "address.h"
#include "physical.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace halyard::cpu {

namespace {

constexpr uint64_t kGiB = 1ULL << 30;
#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer keeps shadow memory for each byte of a mapping and knows 1.5 TiB of addresses in all.
constexpr uint64_t kLargestRange = 64 * kGiB;
#else
constexpr uint64_t kLargestRange = 16 * 1024 * kGiB;
#endif
constexpr uint64_t kSmallestRange = kGiB / 4;
constexpr uint64_t kHugeFrom = 4ULL << 20;
constexpr int kReserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

uint64_t roundUp(uint64_t value, uint64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

} // namespace

uint64_t reservableBytes() {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return kLargestRange;
    }
    return std::min<uint64_t>(kLargestRange, limit.rlim_cur / 2 / Arena::kHugePage * Arena::kHugePage);
}

Arena::~Arena() {
    if (base_ != 0) {
        munmap(toPointer<void>(base_), size_);
    }
}

HyResult Arena::reserve() {
    page_ = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    int error = ENOMEM;
    for (uint64_t bytes = reservableBytes(); bytes >= kSmallestRange; bytes = roundUp(bytes / 2, kHugePage)) {
        void* range = mmap(nullptr, bytes, PROT_NONE, kReserved, -1, 0);
        if (range != MAP_FAILED) {
            base_ = reinterpret_cast<uint64_t>(range);
            size_ = bytes;
            capacity_ = std::min(capacity_, bytes);
            free_.emplace(0, bytes);
            return HY_SUCCESS;
        }
        error = errno;
    }
    return host_.failSystem(HY_ERROR_OUT_OF_HOST_MEMORY,
                            "no range of virtual addresses could be reserved for device memory (mmap); raise the limit "
                            "of the address space (ulimit -v)",
                            error);
}

Arena::Free::iterator Arena::findFrom(Free::iterator begin, Free::iterator end, uint64_t bytes, uint64_t alignment,
                                      uint64_t& outOffset) const {
    return std::find_if(begin, end, [&](const Free::value_type& range) {
        const uint64_t limit = range.first + range.second;
        const uint64_t from = std::clamp(cursor_, range.first, limit);
        for (const uint64_t start : {from, range.first}) {
            // The base is only page aligned, so alignment counts on addresses and not on offsets.
            const uint64_t offset = roundUp(base_ + start, alignment) - base_;
            if (offset <= limit && limit - offset >= bytes) {
                outOffset = offset;
                return true;
            }
        }
        return false;
    });
}

bool Arena::take(uint64_t bytes, uint64_t alignment, uint64_t& outOffset) {
    auto start = free_.upper_bound(cursor_);
    if (start != free_.begin()) {
        --start; // the range that contains the cursor, perhaps
    }
    auto found = findFrom(start, free_.end(), bytes, alignment, outOffset);
    if (found == free_.end()) {
        found = findFrom(free_.begin(), start, bytes, alignment, outOffset);
        if (found == start) {
            return false;
        }
    }
    const uint64_t first = found->first;
    const uint64_t limit = first + found->second;
    const uint64_t end = outOffset + bytes;
    if (end < limit) {
        free_.emplace(end, limit - end);
    }
    if (outOffset > first) {
        found->second = outOffset - first;
    } else {
        free_.erase(found);
    }
    cursor_ = end;
    return true;
}

void Arena::giveBack(uint64_t offset, uint64_t bytes) {
    const auto next = free_.lower_bound(offset);
    if (next != free_.end() && next->first == offset + bytes) {
        bytes += next->second;
        free_.erase(next);
    }
    const auto after = free_.lower_bound(offset);
    if (after != free_.begin()) {
        const auto before = std::prev(after);
        if (before->first + before->second == offset) {
            before->second += bytes;
            return;
        }
    }
    free_.emplace(offset, bytes);
}

HyResult Arena::checkAvailable(uint64_t bytes) const {
    const uint64_t available = capacity_ - used_;
    if (bytes <= available && roundUp(bytes, page_) <= available) {
        return HY_SUCCESS;
    }
    return host_.fail(
        {HY_ERROR_OUT_OF_DEVICE_MEMORY,
         format("cannot allocate %llu bytes: %llu of %llu bytes are free", static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(available), static_cast<unsigned long long>(capacity_)),
         "bytes"});
}

HyResult Arena::failNoAddresses(uint64_t bytes) const {
    return host_.fail({HY_ERROR_OUT_OF_DEVICE_MEMORY,
                       format("no %llu bytes in a row are left of the %llu GiB of reserved addresses",
                              static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(size_ / kGiB)),
                       "bytes"});
}

uint64_t Arena::alignmentFor(uint64_t bytes) const {
    return bytes >= kHugeFrom ? kHugePage : page_;
}

HyResult Arena::allocate(uint64_t bytes, uint64_t& outAddress) {
    const std::scoped_lock lock(mutex_);
    if (const HyResult result = checkAvailable(bytes); result != HY_SUCCESS) {
        return result;
    }
    const bool huge = bytes >= kHugeFrom;
    const uint64_t rounded = roundUp(bytes, page_);
    uint64_t offset = 0;
    if (!take(rounded, alignmentFor(bytes), offset)) {
        return failNoAddresses(rounded);
    }
    const auto entry = live_.emplace(offset, rounded).first;
    auto* address = toPointer<void>(base_ + offset);
    if (mmap(address, rounded, PROT_READ | PROT_WRITE, kReserved | MAP_FIXED, -1, 0) == MAP_FAILED) {
        const int error = errno;
        live_.erase(entry);
        giveBack(offset, rounded);
        return host_.failSystem(HY_ERROR_OUT_OF_DEVICE_MEMORY,
                                format("the system did not give %llu bytes (mmap); many small allocations reach "
                                       "vm.max_map_count",
                                       static_cast<unsigned long long>(rounded)),
                                error);
    }
    if (huge) {
        // Advice: kernels without huge pages refuse it, and the memory is as good.
        static_cast<void>(madvise(address, rounded, MADV_HUGEPAGE));
    }
    used_ += rounded;
    outAddress = base_ + offset;
    return HY_SUCCESS;
}

HyResult Arena::free(uint64_t address) {
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(address - base_);
    if (found == live_.end()) {
        return host_.fail(
            {HY_ERROR_INVALID_ADDRESS,
             format("0x%llx is not the first address of a live allocation", static_cast<unsigned long long>(address)),
             "ptr"});
    }
    const auto [offset, bytes] = *found;
    if (mmap(toPointer<void>(address), bytes, PROT_NONE, kReserved | MAP_FIXED, -1, 0) == MAP_FAILED) {
        // Splitting a mapping may need one more than the system allows. The contents can go all the same; the
        // addresses stay live so that they are not handed out twice.
        const int error = errno;
        static_cast<void>(madvise(toPointer<void>(address), bytes, MADV_DONTNEED));
        return host_.failSystem(HY_ERROR_NATIVE, "the memory could not be unmapped (mmap)", error);
    }
    live_.erase(found);
    used_ -= bytes;
    giveBack(offset, bytes);
    return HY_SUCCESS;
}

HyResult Arena::reserveRange(uint64_t bytes, uint64_t alignment, uint64_t& outAddress) {
    const std::scoped_lock lock(mutex_);
    uint64_t offset = 0;
    if (bytes > size_ || alignment > size_ || !take(bytes, std::max(alignment, page_), offset)) {
        return failNoAddresses(bytes);
    }
    outAddress = base_ + offset;
    return HY_SUCCESS;
}

HyResult Arena::releaseRange(uint64_t address, uint64_t bytes) {
    if (const HyResult result = empty(address, bytes); result != HY_SUCCESS) {
        return result; // the addresses stay taken, so that they are not handed out twice
    }
    const std::scoped_lock lock(mutex_);
    giveBack(address - base_, bytes);
    return HY_SUCCESS;
}

HyResult Arena::empty(uint64_t address, uint64_t bytes) const {
    if (mmap(toPointer<void>(address), bytes, PROT_NONE, kReserved | MAP_FIXED, -1, 0) == MAP_FAILED) {
        return host_.failSystem(HY_ERROR_NATIVE, "the memory could not be unmapped (mmap)", errno);
    }
    return HY_SUCCESS;
}

HyResult Arena::charge(uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (const HyResult result = checkAvailable(bytes); result != HY_SUCCESS) {
        return result;
    }
    used_ += bytes;
    return HY_SUCCESS;
}

void Arena::refund(uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    used_ -= bytes;
}

void Arena::enlist(const Physical& memory) {
    const std::scoped_lock lock(mutex_);
    physical_.insert(&memory);
}

void Arena::delist(const Physical& memory) {
    const std::scoped_lock lock(mutex_);
    physical_.erase(&memory);
}

HyResult Arena::roundToPages(uint64_t bytes, uint64_t& outBytes) const {
    if (bytes > size_) { // rounding what is larger may wrap around
        return failNoAddresses(bytes);
    }
    outBytes = roundUp(bytes, page_);
    return HY_SUCCESS;
}

uint64_t Arena::untouched() const {
    std::vector<std::pair<uint64_t, uint64_t>> ranges;
    uint64_t bytes = 0;
    {
        const std::scoped_lock lock(mutex_);
        ranges.assign(live_.begin(), live_.end());
        for (const Physical* memory : physical_) {
            bytes += memory->bytes() - std::min(memory->bytes(), memory->resident());
        }
    }
    // Without the lock: what is freed meanwhile is still mapped, without access.
    constexpr uint64_t kPagesAtOnce = 4096;
    std::array<unsigned char, kPagesAtOnce> resident;
    for (const auto& [offset, length] : ranges) {
        for (uint64_t at = 0; at < length;) {
            const uint64_t count = std::min(length - at, kPagesAtOnce * page_);
            if (mincore(toPointer<void>(base_ + offset + at), count, resident.data()) != 0 && errno != EAGAIN) {
                break;
            }
            const auto pages = static_cast<std::ptrdiff_t>(count / page_);
            bytes += page_ * static_cast<uint64_t>(std::count_if(resident.begin(), resident.begin() + pages,
                                                                 [](unsigned char page) { return (page & 1) == 0; }));
            at += count;
        }
    }
    return bytes;
}

uint64_t Arena::used() const {
    const std::scoped_lock lock(mutex_);
    return used_;
}

} // namespace halyard::cpu
