#include "spirv_words.h"

#include <cstring>

namespace halyard::faulty {
namespace {

constexpr uint32_t kExtInstImport = 11;

} // namespace

Words::Words(std::span<const uint32_t> words)
    : words_(words), out_(words.begin(), words.begin() + kHeader), bound_(words[kBound]) {}

uint32_t Words::extendedSet(std::string_view name) const {
    for (size_t at = kHeader; at < words_.size() && words_[at] >> 16 != 0; at += words_[at] >> 16) {
        const size_t bytes = ((words_[at] >> 16) - 2) * 4;
        if ((words_[at] & 0xffff) == kExtInstImport && bytes > name.size() &&
            std::memcmp(&words_[at + 2], name.data(), name.size()) == 0)
            return words_[at + 1];
    }
    return 0;
}

} // namespace halyard::faulty
