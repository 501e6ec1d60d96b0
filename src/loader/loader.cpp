#include "loader/loader.h"

#include "base/error.h"
#include "loader/guarded_call.h"
#include "loader/library.h"
#include "loader/search.h"
#include "loader/stubs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace halyard {
namespace {
namespace fs = std::filesystem;

// More than any machine has; a larger answer is a defect of the backend, and would be looped over.
constexpr uint32_t kMaxDevices = 4096;

class Loading {
public:
    Loading(const ProbeEnvironment& environment, const ServicesFactory& makeServices, Log& log)
        : environment_(environment), makeServices_(makeServices), log_(log) {}

    void consider(const Candidate& candidate) {
        BackendRecord record = describe(candidate);
        std::unique_ptr<LoadedBackend> backend = load(candidate, record);
        report(record);
        if (backend != nullptr) {
            backend->record = result_.records.size();
            result_.backends.push_back(std::move(backend));
        }
        result_.records.push_back(std::move(record));
    }

    LoadResult take() { return std::move(result_); }

private:
    static BackendRecord describe(const Candidate& candidate) {
        BackendRecord record;
        record.manifestPath = candidate.manifestPath.string();
        record.libraryPath = candidate.libraryPath.string();
        record.name = candidate.manifest.name;
        if (record.name.empty())
            record.name = (candidate.manifestPath.empty() ? candidate.libraryPath : candidate.manifestPath).filename();
        record.abiMajor = candidate.manifest.abiMajor;
        record.abiMinor = candidate.manifest.abiMinor;
        return record;
    }

    static std::unique_ptr<LoadedBackend> conclude(BackendRecord& record, HyBackendStatus status, std::string reason) {
        record.status = status;
        record.reason = std::move(reason);
        return nullptr;
    }

    std::unique_ptr<LoadedBackend> load(const Candidate& candidate, BackendRecord& record) {
        if (!candidate.fault.empty())
            return conclude(record, HY_BACKEND_FAILED, candidate.fault);
        if (!candidate.manifestPath.empty()) {
            if (std::string words = checkAbiMajor(record.abiMajor, record.abiMinor); !words.empty())
                return conclude(record, HY_BACKEND_FAILED, std::move(words));
        }
        if (std::string words = checkDuplicateName(record.name); !words.empty())
            return conclude(record, HY_BACKEND_SKIPPED, std::move(words));
        if (std::string words = checkProbes(candidate.manifest.probes, environment_); !words.empty())
            return conclude(record, HY_BACKEND_SKIPPED, std::move(words));
        if (std::string words = checkDuplicateLibrary(candidate.libraryPath, record); !words.empty())
            return conclude(record, HY_BACKEND_SKIPPED, std::move(words));
        return open(candidate, record);
    }

    std::unique_ptr<LoadedBackend> open(const Candidate& candidate, BackendRecord& record) {
        const OpenedInterface opened = openInterface(candidate.libraryPath, log_);
        record.abiMajor = opened.abiMajor;
        record.abiMinor = opened.abiMinor;
        if (!opened.fault.empty())
            return conclude(record, HY_BACKEND_FAILED, opened.fault);
        const HyBackendInterface& interface = opened.interface;
        record.vendor = interface.vendor != nullptr ? interface.vendor : "";
        record.buildId = interface.buildId != nullptr ? interface.buildId : "";
        if (record.name != interface.name) {
            if (!candidate.manifestPath.empty())
                record.reason = fmt::format("the manifest calls it \"{}\", the library \"{}\", which is used",
                                            record.name, interface.name);
            record.name = interface.name;
            if (std::string words = checkDuplicateName(record.name); !words.empty())
                return conclude(record, HY_BACKEND_SKIPPED, std::move(words));
        }
        return start(interface, record);
    }

    std::unique_ptr<LoadedBackend> start(const HyBackendInterface& interface, BackendRecord& record) {
        auto backend = std::make_unique<LoadedBackend>();
        backend->name = record.name;
        backend->shutdown = interface.shutdown;
        completeTables(interface, backend->tables);
        const HyHostServices* services = makeServices_(record.name);
        const CallOutcome started =
            guardedCall("initialise", [&] { return interface.initialise(services, &backend->context); });
        if (started.code != HY_SUCCESS)
            return conclude(record, statusOf(started), started.words);
        const CallOutcome counted = countDevices(*backend);
        if (counted.code == HY_SUCCESS) {
            record.status = HY_BACKEND_LOADED;
            record.deviceCount = backend->deviceCount;
            return backend;
        }
        shutDownBackend(*backend, log_);
        return conclude(record, statusOf(counted), counted.words);
    }

    // A machine without the hardware is no fault of the backend.
    static HyBackendStatus statusOf(const CallOutcome& failure) {
        return failure.code == HY_ERROR_NOT_FOUND ? HY_BACKEND_SKIPPED : HY_BACKEND_FAILED;
    }

    static CallOutcome countDevices(LoadedBackend& backend) {
        const auto getCount = backend.tables.device.getCount;
        CallOutcome outcome =
            guardedCall("device.getCount", [&] { return getCount(backend.context, &backend.deviceCount); });
        if (outcome.code != HY_SUCCESS)
            return outcome;
        if (backend.deviceCount == 0)
            return {HY_ERROR_NOT_FOUND, "the backend found no device"};
        if (backend.deviceCount > kMaxDevices)
            return {HY_ERROR_INTERNAL,
                    fmt::format("device.getCount reports {} devices, more than {}", backend.deviceCount, kMaxDevices)};
        return outcome;
    }

    std::string checkDuplicateName(const std::string& name) const {
        for (const auto& backend : result_.backends)
            if (backend->name == name)
                return fmt::format("not used: {} already provides the backend \"{}\"",
                                   result_.records[backend->record].libraryPath, name);
        return {};
    }

    std::string checkDuplicateLibrary(const fs::path& library, const BackendRecord& record) {
        std::error_code fault;
        const fs::path real = fs::canonical(library, fault);
        if (fault)
            return {}; // opening it says what is wrong
        const std::string& source = record.manifestPath.empty() ? record.libraryPath : record.manifestPath;
        const auto [entry, isNew] = openedLibraries_.emplace(real, source);
        return isNew ? std::string() : fmt::format("the same library was already considered for {}", entry->second);
    }

    void report(const BackendRecord& record) {
        if (record.status == HY_BACKEND_FAILED)
            log_.warning("loader", "backend {} is not usable: {}", record.name, record.reason);
        else if (record.status == HY_BACKEND_SKIPPED)
            log_.info("loader", "backend {} skipped: {}", record.name, record.reason);
        else if (!record.reason.empty())
            log_.warning("loader", "backend {} loaded from {}: {}", record.name, record.libraryPath, record.reason);
        else
            log_.info("loader", "backend {} loaded from {}: {} device(s)", record.name, record.libraryPath,
                      record.deviceCount);
    }

    const ProbeEnvironment& environment_;
    const ServicesFactory& makeServices_;
    Log& log_;
    LoadResult result_;
    std::map<fs::path, std::string> openedLibraries_; // real path -> the file that named it
};

} // namespace

LoadResult loadBackends(const SearchPlaces& places, const ProbeEnvironment& environment,
                        const ServicesFactory& makeServices, Log& log) {
    const PreservedError untouched;
    Loading loading(environment, makeServices, log);
    for (const Candidate& candidate : findCandidates(places, log))
        loading.consider(candidate);
    return loading.take();
}

LoadResult loadBackends(const ServicesFactory& makeServices, Log& log) {
    return loadBackends(SearchPlaces::ofProcess(isElevatedProcess()), ProbeEnvironment::ofProcess(), makeServices, log);
}

void shutDownBackend(LoadedBackend& backend, Log& log) {
    const PreservedError untouched;
    const CallOutcome outcome = guardedCall("shutdown", [&] {
        backend.shutdown(backend.context);
        return HY_SUCCESS;
    });
    if (outcome.code != HY_SUCCESS)
        log.warning("loader", "backend {}: {}", backend.name, outcome.words);
}

} // namespace halyard
