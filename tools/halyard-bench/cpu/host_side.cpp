#include <algorithm>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

#include "cpu/host_memory.h"
#include "cpu/side.h"

namespace halyard::bench::cpu {
namespace {

class HostSide final : public Side {
public:
    HostSide(const Twin& twin, HostVersion version)
        : twin_(twin), version_(std::move(version)), host_(twin), memory_(host_.memory()) {}
    void reset() override { host_.reset(twin_); }
    void run() override { version_(memory_); }
    Words output() override {
        const uint32_t* const first = memory_.words(twin_.output);
        return Words(first, first + twin_.buffers[twin_.output].size());
    }

private:
    const Twin& twin_;
    HostVersion version_;
    HostMemory host_;
    Memory memory_;
};

} // namespace

HostMemory::HostMemory(const Twin& twin) {
    constexpr size_t kHuge = 2u << 20;
    for (const Words& words : twin.buffers) {
        const size_t bytes = (words.size() * sizeof(uint32_t) + kHuge - 1) / kHuge * kHuge;
        buffers_.emplace_back(static_cast<uint32_t*>(std::aligned_alloc(kHuge, bytes)));
        if (buffers_.back() == nullptr) {
            throw std::bad_alloc();
        }
        static_cast<void>(madvise(buffers_.back().get(), bytes, MADV_HUGEPAGE)); // may be switched off
    }
    reset(twin);
}

void HostMemory::reset(const Twin& twin) {
    for (size_t i = 0; i < buffers_.size(); ++i) {
        std::copy(twin.buffers[i].begin(), twin.buffers[i].end(), buffers_[i].get());
    }
}

Memory HostMemory::memory() const {
    std::vector<uint32_t*> buffers;
    for (const auto& buffer : buffers_) {
        buffers.push_back(buffer.get());
    }
    return Memory(std::move(buffers));
}

void HostMemory::Free::operator()(uint32_t* memory) const {
    std::free(memory);
}

std::unique_ptr<Side> makeHostSide(const Twin& twin, HostVersion version) {
    return std::make_unique<HostSide>(twin, std::move(version));
}

} // namespace halyard::bench::cpu
