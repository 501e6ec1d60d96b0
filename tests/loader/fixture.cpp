#include "fixture.h"

#include "base/env.h"
#include "base/error.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;

std::string_view view(const char* text) {
    return text != nullptr ? text : "";
}

void setError(void*, const HyBackendError* error) {
    setLastError({.code = error->code,
                  .argument = view(error->argument),
                  .message = view(error->message),
                  .hint = view(error->hint),
                  .backend = {},
                  .nativeName = view(error->nativeName),
                  .nativeCode = error->nativeCode});
}

void ignoreLine(void*, HyLogLevel, const char*) {}

const char* readEnvironment(void*, const char* name) {
    return getEnv(name);
}

} // namespace

const HyHostServices& testServices() {
    static const HyHostServices services = {.structSize = sizeof(HyHostServices),
                                            .abi = HY_BACKEND_ABI,
                                            .context = nullptr,
                                            .log = ignoreLine,
                                            .setError = setError,
                                            .getEnv = readEnvironment,
                                            .jitCompile = nullptr,
                                            .jitRelease = nullptr,
                                            .cacheGet = nullptr,
                                            .cachePut = nullptr,
                                            .print = nullptr};
    return services;
}

LoaderTest::LoaderTest() {
    std::string pattern = (fs::temp_directory_path() / "halyard-loader-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    places_.libraryDirectory = root_ / "lib";
    fs::create_directories(root_ / "lib" / "halyard" / "backends.d");
    environment_.pciDevices = root_ / "pci";
    environment_.linkerCache = root_ / "ld.so.cache";
    setenv("HALYARD_MOCK_LOG", (root_ / "events").c_str(), 1);
    const auto keep = [](void* user, HyLogLevel level, const char*, const char* message) {
        static_cast<LoaderTest*>(user)->lines_.push_back({level, message});
    };
    log_.setCallback(keep, this, HY_LOG_DEBUG);
}

LoaderTest::~LoaderTest() {
    log_.setCallback(nullptr, nullptr, HY_LOG_OFF);
    std::error_code ignored;
    fs::remove_all(root_, ignored);
}

fs::path LoaderTest::placeMock(const std::string& name) {
    const fs::path target = root_ / "lib" / "halyard" / (name + ".so");
    fs::create_directories(target.parent_path());
    fs::copy_file(fs::path(MOCK_DIRECTORY) / (name + ".so"), target, fs::copy_options::overwrite_existing);
    return target;
}

fs::path LoaderTest::writeFile(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

fs::path LoaderTest::placeManifest(const std::string& file, const std::string& name, const std::string& library,
                                   const std::string& more) {
    return writeFile(root_ / "lib" / "halyard" / "backends.d" / file,
                     fmt::format(R"({{"halyardBackendManifest": 1, "name": "{}", "library": "{}", "abi": "1.0"{}}})",
                                 name, library, more));
}

void LoaderTest::placeBackend(const std::string& name, const std::string& more) {
    placeMock(name);
    placeManifest(name + ".json", name, "../" + name + ".so", more);
}

const LoadResult& LoaderTest::load() {
    lines_.clear();
    const auto makeServices = [this](const std::string& name) {
        servicesAsked_.push_back(name);
        return &testServices();
    };
    result_ = loadBackends(places_, environment_, makeServices, log_);
    size_t failed = 0, skipped = 0, remarked = 0, loaded = 0;
    for (const BackendRecord& record : result_.records) {
        EXPECT_FALSE(record.name.empty());
        EXPECT_EQ(record.status == HY_BACKEND_LOADED, record.deviceCount != 0) << record.name;
        if (record.status != HY_BACKEND_LOADED) {
            EXPECT_FALSE(record.reason.empty()) << record.name;
        }
        failed += record.status == HY_BACKEND_FAILED;
        skipped += record.status == HY_BACKEND_SKIPPED;
        loaded += record.status == HY_BACKEND_LOADED;
        remarked += record.status == HY_BACKEND_LOADED && !record.reason.empty();
    }
    EXPECT_EQ(countLines(HY_LOG_WARNING), failed + remarked);
    EXPECT_EQ(countLines(HY_LOG_INFO), skipped + loaded - remarked);
    EXPECT_EQ(result_.backends.size(), loaded);
    for (const auto& backend : result_.backends)
        EXPECT_EQ(result_.records.at(backend->record).name, backend->name);
    return result_;
}

BackendRecord LoaderTest::loadOnly(const std::string& mock) {
    placeBackend(mock);
    load();
    EXPECT_EQ(result_.records.size(), 1u);
    return result_.records.empty() ? BackendRecord{} : result_.records.front();
}

const BackendRecord& LoaderTest::record(const std::string& name) const {
    static const BackendRecord none;
    for (const BackendRecord& record : result_.records)
        if (record.name == name)
            return record;
    ADD_FAILURE() << "no record of " << name;
    return none;
}

std::vector<std::string> LoaderTest::loadedNames() const {
    std::vector<std::string> names;
    for (const auto& backend : result_.backends)
        names.push_back(backend->name);
    return names;
}

size_t LoaderTest::countLines(HyLogLevel level) const {
    return static_cast<size_t>(
        std::count_if(lines_.begin(), lines_.end(), [level](const LogLine& line) { return line.level == level; }));
}

std::vector<std::string> LoaderTest::events() const {
    std::ifstream file(root_ / "events");
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);)
        out.push_back(line);
    return out;
}

} // namespace halyard::test
