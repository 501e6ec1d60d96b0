#include "layers/validate/site.h"

#include <algorithm>
#include <string_view>

#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/format.h>

namespace halyard::layers {
namespace {

constexpr int kFramesShown = 4;

bool isOurs(const char* library) {
    const std::string_view path(library);
    const std::string_view file = path.substr(path.rfind('/') + 1);
    return file.starts_with("libhalyard.so") || file.starts_with("libhalyard_layer_");
}

std::string frameText(const void* address, const Dl_info& info) {
    const auto place = reinterpret_cast<uintptr_t>(address);
    const std::string inFile =
        fmt::format("{}+{:#x}", info.dli_fname, place - reinterpret_cast<uintptr_t>(info.dli_fbase));
    if (info.dli_sname == nullptr)
        return inFile;
    return fmt::format("{}+{:#x} ({})", info.dli_sname, place - reinterpret_cast<uintptr_t>(info.dli_saddr), inFile);
}

} // namespace

Site Site::here() {
    Site site;
    site.count_ = backtrace(site.frames_.data(), kFrames);
    return site;
}

std::string Site::text() const {
    std::string out;
    int shown = 0;
    for (int i = 0; i < count_ && shown < kFramesShown; ++i) {
        // A return address may be the first byte of the next function.
        const void* call = static_cast<const char*>(frames_[static_cast<size_t>(i)]) - 1;
        Dl_info info{};
        if (dladdr(call, &info) == 0 || info.dli_fname == nullptr || isOurs(info.dli_fname))
            continue;
        out += fmt::format("{}{}", shown++ == 0 ? "" : " < ", frameText(call, info));
    }
    return out.empty() ? "an unknown place" : out;
}

uint64_t Site::key() const {
    uint64_t hash = 0xcbf29ce484222325;
    for (int i = 0; i < count_; ++i)
        hash = (hash ^ reinterpret_cast<uintptr_t>(frames_[static_cast<size_t>(i)])) * 0x100000001b3;
    return hash;
}

} // namespace halyard::layers
