#include "base/paths.h"

#include "base/env.h"

#include <dlfcn.h>
#include <string_view>

namespace halyard {
namespace fs = std::filesystem;
namespace {

const int kAnchor = 0; // an address inside this library

fs::path absoluteEnv(const char* name) {
    const char* value = getEnv(name);
    const fs::path path = value != nullptr ? value : "";
    return path.is_absolute() ? path : fs::path();
}

fs::path homeBased(const char* variable, const char* fallback) {
    if (fs::path path = absoluteEnv(variable); !path.empty())
        return path;
    const fs::path home = absoluteEnv("HOME");
    return home.empty() ? fs::path() : home / fallback;
}

void appendList(std::vector<fs::path>& out, const char* variable, std::string_view fallback) {
    const char* value = getEnv(variable);
    std::string_view list = value != nullptr ? std::string_view(value) : fallback;
    while (!list.empty()) {
        const size_t colon = list.find(':');
        const fs::path entry(list.substr(0, colon));
        if (entry.is_absolute())
            out.push_back(entry);
        list.remove_prefix(colon == std::string_view::npos ? list.size() : colon + 1);
    }
}

} // namespace

fs::path libraryDirectory() {
    Dl_info info{};
    if (dladdr(&kAnchor, &info) == 0 || info.dli_fname == nullptr)
        return {};
    std::error_code fault;
    const fs::path path = fs::absolute(info.dli_fname, fault);
    return fault ? fs::path() : path.parent_path();
}

fs::path userCacheDirectory() {
    return homeBased("XDG_CACHE_HOME", ".cache");
}

std::vector<fs::path> xdgSearchDirectories() {
    std::vector<fs::path> out;
    if (fs::path path = homeBased("XDG_CONFIG_HOME", ".config"); !path.empty())
        out.push_back(path);
    appendList(out, "XDG_CONFIG_DIRS", "/etc/xdg");
    if (fs::path path = homeBased("XDG_DATA_HOME", ".local/share"); !path.empty())
        out.push_back(path);
    appendList(out, "XDG_DATA_DIRS", "/usr/local/share:/usr/share");
    return out;
}

} // namespace halyard
