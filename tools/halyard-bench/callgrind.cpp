#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "calls/calls.h"
#include "calls/direct.h"

namespace halyard::bench {
namespace {

// A folder that goes when this object does.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-bench-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error(fmt::format("cannot make a temporary folder {}: {}", name, std::strerror(errno)));
        }
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void runQuietly(std::vector<std::string> command, const std::filesystem::path& output) {
    std::vector<char*> argv;
    for (std::string& word : command) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t child = 0;
    const int failure = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        throw std::runtime_error(
            fmt::format("cannot run {}: {}; install the package valgrind", command[0], std::strerror(failure)));
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw std::runtime_error(fmt::format("{} failed:\n{}", command[0], contents(output)));
    }
}

// This program under callgrind, with what to collect and whose output to write to `folder`.
void runSelf(std::vector<std::string> collecting, std::vector<std::string> command, const Options& options,
             const std::filesystem::path& folder) {
    std::vector<std::string> all = {"valgrind", "--tool=callgrind",
                                    "--callgrind-out-file=" + (folder / "callgrind.out").string()};
    all.insert(all.end(), collecting.begin(), collecting.end());
    all.push_back(std::filesystem::read_symlink("/proc/self/exe").string());
    all.insert(all.end(), command.begin(), command.end());
    all.push_back(options.device.empty() ? "--null-work" : "--device=" + options.device);
    runQuietly(all, folder / "output");
}

uint64_t totalOf(const std::filesystem::path& profile) {
    const std::string text = contents(profile);
    for (const char* label : {"summary: ", "totals: "}) {
        if (const size_t at = text.find(label); at != std::string::npos) {
            return std::strtoull(text.c_str() + at + std::strlen(label), nullptr, 10);
        }
    }
    throw std::runtime_error(fmt::format("callgrind's profile {} has no total", profile.string()));
}

// What is counted: the functions, and the measurement that calls them. A function that only others of the list call is
// left out: callgrind toggles at each.
struct Subject {
    const char* command;
    std::vector<const char*> functions;
};

// Instructions inside the functions in a run of `count` rounds.
uint64_t collect(const Subject& subject, uint64_t count, const Options& options, const std::filesystem::path& folder) {
    std::vector<std::string> collecting;
    for (const char* function : subject.functions) {
        collecting.push_back(fmt::format("--toggle-collect={}", function));
    }
    runSelf(collecting, {subject.command, "--repetitions=1", fmt::format("--count={}", count)}, options, folder);
    return totalOf(folder / "callgrind.out");
}

double instructionsOf(const Subject& subject, const Options& options) {
    const TemporaryFolder folder;
    // The difference of two runs leaves out what only a first call does, as resolving symbols.
    const uint64_t count = options.count;
    const uint64_t once = collect(subject, count, options, folder.path());
    const uint64_t twice = collect(subject, 2 * count, options, folder.path());
    if (once == 0 || twice <= once) {
        throw std::runtime_error(fmt::format("callgrind saw {} and {} instructions in {} and {} rounds: is {} "
                                             "exported by the library in use?",
                                             once, twice, count, 2 * count, subject.functions[0]));
    }
    return static_cast<double>(twice - once) / static_cast<double>(count);
}

} // namespace

// Callgrind counts inside the steps and not inside the driver's functions; the program has it write a profile after
// each batch.
Results countCalls(const Options& options) {
    const TemporaryFolder folder;
    const std::filesystem::path names = folder.path() / "rows.json";
    std::vector<std::string> collecting = {fmt::format("--toggle-collect={}*", kStepPrefix)};
    for (const std::string& function : driverFunctions()) {
        collecting.push_back("--toggle-collect=" + function);
    }
    constexpr uint64_t kCalls = 100; // less than a batch, so that a row is one profile
    runSelf(collecting, {"calls", "--repetitions=1", fmt::format("--count={}", kCalls), "--json=" + names.string()},
            options, folder.path());
    Results results;
    double ours = 0;
    unsigned part = 0;
    for (const auto& row : nlohmann::json::parse(contents(names))) {
        const auto total = totalOf(folder.path() / fmt::format("callgrind.out.{}", ++part));
        const double each = static_cast<double>(total) / kCalls;
        const std::string name = row.at("name").get<std::string>().substr(std::strlen("call."));
        const bool driver = name.size() > 7 && name.compare(name.size() - 7, 7, ".driver") == 0;
        if (each == 0) {
            throw std::runtime_error(
                fmt::format("callgrind saw no instruction of {}: is this program stripped?", name));
        }
        results.push_back({name, each, "instructions", row.at("note").get<std::string>()});
        if (driver) {
            results.push_back({name.substr(0, name.size() - 7) + ".more", ours - each, "instructions",
                               "more than by the driver alone"});
        }
        ours = each;
    }
    return results;
}

Results countAllocInstructions(const Options& options) {
    return {{"alloc.instructions", instructionsOf({"alloc-pairs", {"hyMemAllocAsync", "hyMemFreeAsync"}}, options),
             "instructions", "one hyMemAllocAsync and one hyMemFreeAsync, counted by callgrind"}};
}

} // namespace halyard::bench
