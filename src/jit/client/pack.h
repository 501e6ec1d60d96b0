// A pack: a folder of compiled kernels that travels with a program to machines without the compiler (docs/attested).
// Code is found by what was compiled, by the sources of the compiler that made it, and by the processor. PTX for an
// older processor and PTX version is right for newer ones, so one pack serves many GPUs.
#pragma once

#include "base/log.h"
#include "cache/cache.h"
#include "jit/client/request.h"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace halyard::jit {

// True when code for (`cpu`, `features`) runs where (`wantedCpu`, `wantedFeatures`) is asked for.
bool runsOn(std::string_view target, std::string_view cpu, std::string_view features, std::string_view wantedCpu,
            std::string_view wantedFeatures);

// Thread-safe. Every failure is a miss, with a line in the log.
class Pack {
public:
    // `source`: HALYARD_PACK, `destination`: HALYARD_PACK_RECORD; each may be empty. Touches no file.
    Pack(std::filesystem::path source, std::filesystem::path destination, Log& log)
        : source_(std::move(source)), destination_(std::move(destination)), log_(log) {}

    // The best code for the request: the same processor, else the newest older one. Null on a miss. The folder is
    // listed at the first call.
    std::shared_ptr<const CacheBlob> get(const CompileRequest& request);
    // Keeps an artifact in the destination, unless there is none.
    void record(const CompileRequest& request, std::span<const std::byte> artifact);
    // Why get() found nothing, for a hint; empty when there is no source.
    std::string describeMiss() const;

private:
    struct Variant {
        std::string cpu, features;
    };
    void list();

    const std::filesystem::path source_, destination_;
    Log& log_;
    std::once_flag listed_;
    std::map<std::string, std::vector<Variant>, std::less<>> code_; // by the digits of packKey
};

} // namespace halyard::jit
