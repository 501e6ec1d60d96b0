#include "cache/directory.h"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>

namespace halyard::cache {
namespace {

std::string errorText(int code) {
    return std::generic_category().message(code);
}

} // namespace

bool isPrivate(const struct stat& status) {
    return status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

OpenedDirectory openDirectory(const std::filesystem::path& path) {
    OpenedDirectory out;
    FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        if (errno != ENOENT)
            out.problem = fmt::format("cannot open {}: {}", path.native(), errorText(errno));
        return out;
    }
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) {
        out.problem = fmt::format("cannot examine {}: {}", path.native(), errorText(errno));
    } else if (status.st_uid != geteuid()) {
        out.problem =
            fmt::format("{} belongs to user {}, not to user {}; give HALYARD_CACHE_DIR a directory of your own",
                        path.native(), status.st_uid, geteuid());
    } else if (!isPrivate(status)) {
        out.problem = fmt::format("others may write to {}; run: chmod go-w '{}'", path.native(), path.native());
    } else {
        out.fd = std::move(fd);
    }
    return out;
}

OpenedDirectory openOrCreateDirectory(const std::filesystem::path& path) {
    OpenedDirectory out = openDirectory(path);
    if (out.fd || !out.problem.empty())
        return out;
    std::filesystem::path made;
    for (const std::filesystem::path& part : path) {
        made /= part;
        // EEXIST is the usual answer; EROFS and EACCES come for existing parents too, so only the open below decides.
        const int fault = mkdir(made.c_str(), 0700) == 0 ? 0 : errno;
        if (fault != 0 && fault != EEXIST && access(made.c_str(), F_OK) != 0) {
            out.problem = fmt::format("cannot create {}: {}", made.native(), errorText(fault));
            return out;
        }
    }
    out = openDirectory(path);
    if (!out.fd && out.problem.empty())
        out.problem = fmt::format("{} vanished", path.native());
    return out;
}

} // namespace halyard::cache
