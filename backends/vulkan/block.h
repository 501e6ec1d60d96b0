// The bytes of a launch's arguments, in place for launches as most are.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace halyard::vulkan {

class Block {
public:
    // Makes it that long; what it holds is not defined then.
    void resize(size_t bytes) {
        size_ = bytes;
        if (bytes > small_.size())
            large_.resize(bytes);
    }
    size_t size() const { return size_; }
    std::byte* data() { return size_ > small_.size() ? large_.data() : small_.data(); }
    const std::byte* data() const { return size_ > small_.size() ? large_.data() : small_.data(); }
    operator std::span<const std::byte>() const { return {data(), size_}; }

private:
    alignas(std::max_align_t) std::array<std::byte, 256> small_; // not written before it is used
    std::vector<std::byte> large_;
    size_t size_ = 0;
};

} // namespace halyard::vulkan
