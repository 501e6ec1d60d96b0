#include "loader/search.h"

#include "base/env.h"
#include "base/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <sys/auxv.h>

namespace halyard {
namespace {
namespace fs = std::filesystem;

// "libhalyard_cuda.so" -> "cuda". Only used until the library has said its name.
std::string nameFromFile(const fs::path& library) {
    std::string name = library.filename().string();
    name = name.substr(0, name.find(".so"));
    for (const std::string_view prefix : {"lib", "halyard_", "halyard-"})
        if (name.starts_with(prefix))
            name.erase(0, prefix.size());
    return isBackendName(name) ? name : library.filename().string();
}

class Finder {
public:
    explicit Finder(Log& log) : log_(log) {}

    // Entries of an environment variable, which are separated by colons.
    void addList(const char* variable, std::string_view list) {
        while (!list.empty()) {
            const size_t colon = list.find(':');
            const fs::path entry(list.substr(0, colon));
            list.remove_prefix(colon == std::string_view::npos ? list.size() : colon + 1);
            if (!entry.empty())
                addEntry(variable, entry);
        }
    }

    void addDirectory(const fs::path& directory) {
        std::error_code fault;
        std::vector<Candidate> found;
        for (auto entry = fs::directory_iterator(directory, fault); !fault && entry != fs::directory_iterator();
             entry.increment(fault))
            if (entry->path().extension() == ".json" && isNew(entry->path()))
                found.push_back(candidateFromManifest(entry->path()));
        if (fault && fault != std::errc::no_such_file_or_directory && fault != std::errc::not_a_directory)
            log_.warning("loader", "{} cannot be searched for backends: {}", directory.string(), fault.message());
        std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
            return std::tie(a.manifest.priority, a.manifestPath) < std::tie(b.manifest.priority, b.manifestPath);
        });
        std::move(found.begin(), found.end(), std::back_inserter(candidates_));
    }

    std::vector<Candidate> take() { return std::move(candidates_); }

private:
    void addEntry(const char* variable, const fs::path& entry) {
        const bool isManifest = entry.extension() == ".json";
        if (entry.is_relative()) {
            Candidate refused;
            (isManifest ? refused.manifestPath : refused.libraryPath) = entry;
            refused.fault = fmt::format("{} names it by a relative path, which depends on the current directory: give "
                                        "an absolute one",
                                        variable);
            candidates_.push_back(std::move(refused));
        } else if (isNew(entry)) {
            candidates_.push_back(isManifest ? candidateFromManifest(entry) : candidateFromLibrary(entry));
        }
    }

    Candidate candidateFromManifest(const fs::path& path) {
        Candidate out;
        out.manifestPath = path;
        if (const std::string fault = readManifest(path, out.manifest, log_); !fault.empty())
            out.fault = fmt::format("manifest {}: {}", path.string(), fault);
        out.libraryPath = out.manifest.library;
        return out;
    }

    static Candidate candidateFromLibrary(const fs::path& path) {
        Candidate out;
        out.libraryPath = path;
        out.manifest.library = path;
        out.manifest.name = nameFromFile(path);
        return out;
    }

    bool isNew(const fs::path& path) {
        std::error_code fault;
        const fs::path real = fs::canonical(path, fault);
        if (seen_.insert(fault ? path : real).second)
            return true;
        log_.debug("loader", "{} is considered already", path.string());
        return false;
    }

    Log& log_;
    std::set<fs::path> seen_;
    std::vector<Candidate> candidates_;
};

std::string envText(const char* name) {
    const char* value = getEnv(name);
    return value != nullptr ? value : "";
}

} // namespace

bool isElevatedProcess() {
    return getauxval(AT_SECURE) != 0;
}

SearchPlaces SearchPlaces::ofProcess(bool elevated) {
    if (elevated)
        return {{}, {}, halyard::libraryDirectory(), {"/etc/xdg", "/usr/local/share", "/usr/share"}};
    return {envText("HALYARD_BACKEND_FILES"), envText("HALYARD_ADD_BACKEND_FILES"), halyard::libraryDirectory(),
            xdgSearchDirectories()};
}

std::vector<Candidate> findCandidates(const SearchPlaces& places, Log& log) {
    Finder finder(log);
    if (!places.replacingFiles.empty()) {
        finder.addList("HALYARD_BACKEND_FILES", places.replacingFiles);
        return finder.take();
    }
    finder.addList("HALYARD_ADD_BACKEND_FILES", places.addedFiles);
    if (!places.libraryDirectory.empty())
        finder.addDirectory(places.libraryDirectory / "halyard" / "backends.d");
    for (const fs::path& directory : places.xdgDirectories)
        finder.addDirectory(directory / "halyard" / "backends.d");
    return finder.take();
}

} // namespace halyard
