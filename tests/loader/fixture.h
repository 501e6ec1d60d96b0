// A directory of its own, a loader that looks nowhere else, and what came of it.
#pragma once

#include "base/log.h"
#include "loader/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace halyard::test {

struct LogLine {
    HyLogLevel level;
    std::string text;
};

class LoaderTest : public testing::Test {
protected:
    LoaderTest();
    ~LoaderTest() override;

    // Copies a mock beside the runtime's library and returns its path. A copy is a file of its own, so its constructor
    // runs again.
    std::filesystem::path placeMock(const std::string& name);
    // Writes a manifest into backends.d beside the runtime's library. `more` is appended to its fields: R"(,
    // "priority": 3)".
    std::filesystem::path placeManifest(const std::string& file, const std::string& name, const std::string& library,
                                        const std::string& more = "");
    std::filesystem::path writeFile(const std::filesystem::path& path, const std::string& text);
    // A mock with its manifest.
    void placeBackend(const std::string& name, const std::string& more = "");

    // Loads, and checks what holds for every result: a record and a line for each candidate, backends that point to
    // their records.
    const LoadResult& load();
    // Loads the one mock by its manifest and returns its record.
    BackendRecord loadOnly(const std::string& mock);

    const BackendRecord& record(const std::string& name) const;
    std::vector<std::string> loadedNames() const;
    size_t countLines(HyLogLevel level) const;
    // What the mocks wrote about themselves: "open good", "initialise good", "shutdown good".
    std::vector<std::string> events() const;

    std::filesystem::path root_;
    SearchPlaces places_;
    ProbeEnvironment environment_;
    Log log_;
    std::vector<LogLine> lines_;
    LoadResult result_;
    std::vector<std::string> servicesAsked_;
};

// The services that a runtime gives to a backend, as far as the loader needs them.
const HyHostServices& testServices();

} // namespace halyard::test
