#include "cache/evict.h"

#include "cache/entry.h"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace halyard::cache {
namespace {

struct Candidate {
    timespec used;
    uint64_t bytes;
    std::string path; // below the cache's directory
};

// Calls visit(name) for each name in the folder; a folder that is gone or unreadable has none.
template <typename Visit> void forEachName(int parent, const char* folder, Visit visit) {
    FileDescriptor fd(openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return;
    DIR* stream = fdopendir(fd.get());
    if (stream == nullptr)
        return;
    fd.release(); // the stream's now
    while (const dirent* entry = readdir(stream))
        visit(entry->d_name);
    closedir(stream);
}

bool older(const Candidate& a, const Candidate& b) {
    return a.used.tv_sec != b.used.tv_sec ? a.used.tv_sec < b.used.tv_sec : a.used.tv_nsec < b.used.tv_nsec;
}

} // namespace

EvictionResult evict(int directory, uint64_t limit, time_t now) {
    EvictionResult result;
    std::vector<Candidate> candidates;
    forEachName(directory, ".", [&](const char* folder) {
        if (!isEntryFolder(folder))
            return;
        forEachName(directory, folder, [&](const char* file) {
            const bool temporary = std::string_view(file).starts_with(kTemporaryPrefix);
            if (!temporary && !isEntryFile(file))
                return;
            std::string path = std::string(folder) + '/' + file;
            struct stat status {};
            if (fstatat(directory, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
                return;
            if (!temporary) {
                const auto bytes = static_cast<uint64_t>(status.st_size);
                result.bytesBefore += bytes;
                candidates.push_back({status.st_mtim, bytes, std::move(path)});
            } else if (status.st_mtim.tv_sec < now - kTemporaryLifetime && unlinkat(directory, path.c_str(), 0) == 0) {
                ++result.temporariesRemoved;
            }
        });
    });
    result.bytesAfter = result.bytesBefore;
    if (result.bytesBefore <= limit)
        return result;
    std::sort(candidates.begin(), candidates.end(), older);
    const uint64_t goal = limit - limit / 10;
    for (const Candidate& candidate : candidates) {
        if (result.bytesAfter <= goal)
            break;
        // Another process that evicts has the same order: what it removed first is gone all the same.
        if (unlinkat(directory, candidate.path.c_str(), 0) == 0)
            ++result.entriesRemoved;
        result.bytesAfter -= candidate.bytes;
    }
    return result;
}

} // namespace halyard::cache
