#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

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

// What is counted: the functions, and the measurement that calls them. A function that only others of the list call is
// left out: callgrind toggles at each.
struct Subject {
    const char* command;
    std::vector<const char*> functions;
};

// Instructions inside the functions in a run of `count` rounds.
uint64_t collect(const Subject& subject, uint64_t count, const Options& options, const std::filesystem::path& folder) {
    const std::filesystem::path profile = folder / "callgrind.out";
    std::vector<std::string> command = {"valgrind", "--tool=callgrind", "--callgrind-out-file=" + profile.string()};
    for (const char* function : subject.functions) {
        command.push_back(fmt::format("--toggle-collect={}", function));
    }
    command.insert(command.end(), {std::filesystem::read_symlink("/proc/self/exe").string(), subject.command,
                                   "--repetitions=1", fmt::format("--count={}", count)});
    command.push_back(options.device.empty() ? "--null-work" : "--device=" + options.device);
    runQuietly(command, folder / "output");
    const std::string text = contents(profile);
    for (const char* label : {"summary: ", "totals: "}) {
        if (const size_t at = text.find(label); at != std::string::npos) {
            return std::strtoull(text.c_str() + at + std::strlen(label), nullptr, 10);
        }
    }
    throw std::runtime_error("callgrind's profile has no total");
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

Results countLaunchInstructions(const Options& options) {
    return {{"launch.instructions", instructionsOf({"launch", {"hyLaunchKernel", "cuLaunchKernel"}}, options),
             "instructions", "one hyLaunchKernel with 3 arguments without the driver's part, counted by callgrind"}};
}

Results countAllocInstructions(const Options& options) {
    return {{"alloc.instructions", instructionsOf({"alloc-pairs", {"hyMemAllocAsync", "hyMemFreeAsync"}}, options),
             "instructions", "one hyMemAllocAsync and one hyMemFreeAsync, counted by callgrind"}};
}

} // namespace halyard::bench
