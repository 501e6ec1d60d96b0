// Where backends are looked for. The places are data, so that a test can play an elevated process or another file
// system.
#pragma once

#include "base/log.h"
#include "loader/loader.h"
#include "loader/manifest.h"
#include "loader/probes.h"

#include <filesystem>
#include <string>
#include <vector>

namespace halyard {

struct SearchPlaces {
    std::string replacingFiles;             // HALYARD_BACKEND_FILES
    std::string addedFiles;                 // HALYARD_ADD_BACKEND_FILES
    std::filesystem::path libraryDirectory; // the one that holds libhalyard.so
    std::vector<std::filesystem::path> xdgDirectories;

    // The places of this process. An elevated process trusts no variable and no directory that its user can write.
    static SearchPlaces ofProcess(bool elevated);
};

// True in set-user-id programs and others that run with more rights than their caller (AT_SECURE).
bool isElevatedProcess();

// One manifest, or one library that a variable names directly.
struct Candidate {
    std::filesystem::path manifestPath; // empty for a library named directly
    std::filesystem::path libraryPath;  // empty when the manifest could not be read
    Manifest manifest;                  // for a library named directly: a name guessed from the file
    std::string fault;                  // why it cannot be considered, or empty
};

// Every candidate in order of consideration; files that are the same on disk once.
std::vector<Candidate> findCandidates(const SearchPlaces& places, Log& log);

// loadBackends() over given places.
LoadResult loadBackends(const SearchPlaces& places, const ProbeEnvironment& environment,
                        const ServicesFactory& makeServices, Log& log);

} // namespace halyard
