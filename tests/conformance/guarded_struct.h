// Memory whose end is the end of what may be touched, so that a callee that reads or writes behind a structure's
// structSize is caught in the act.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::conformance {

class GuardedStruct {
public:
    // `bytes` that end at a page which nobody may touch, or up to seven bytes before it, since structures are aligned.
    explicit GuardedStruct(size_t bytes) : bytes_(bytes) {
        const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        const size_t used = (bytes + page - 1) / page * page;
        mapped_ = used + page;
        void* const base = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        base_ = base == MAP_FAILED ? nullptr : static_cast<uint8_t*>(base);
        if (base_ != nullptr && mprotect(base_ + used, page, PROT_NONE) == 0) {
            constexpr size_t kAlignment = 8;
            data_ = base_ + used - (bytes + kAlignment - 1) / kAlignment * kAlignment;
        }
    }
    ~GuardedStruct() {
        if (base_ != nullptr)
            munmap(base_, mapped_);
    }
    GuardedStruct(const GuardedStruct&) = delete;
    GuardedStruct& operator=(const GuardedStruct&) = delete;

    uint8_t* data() const { return data_; } // null when the system has no memory
    size_t bytes() const { return bytes_; }
    void setStructSize(uint32_t size) { std::memcpy(data_, &size, sizeof size); }
    uint32_t structSize() const {
        uint32_t size = 0;
        std::memcpy(&size, data_, sizeof size);
        return size;
    }

private:
    size_t bytes_;
    size_t mapped_ = 0;
    uint8_t* base_ = nullptr;
    uint8_t* data_ = nullptr;
};

} // namespace halyard::conformance
