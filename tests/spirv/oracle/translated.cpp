#include "oracle/translated.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX

namespace halyard::spirvtest::oracle {
namespace {

namespace fs = std::filesystem;

class Folder {
public:
    Folder() {
        std::string path = fs::temp_directory_path() / "halyard-kernel-XXXXXX";
        if (mkdtemp(path.data()) != nullptr)
            path_ = path;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty())
            fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Whether the program ended with 0; its standard error goes to the file.
bool succeeds(std::vector<std::string> command, const fs::path& errors) {
    std::vector<char*> arguments;
    for (std::string& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t child = -1;
    const int failed = posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = -1;
    return failed == 0 && waitpid(child, &status, 0) == child && status == 0;
}

class Translated final : public Oracle {
public:
    Translated(std::unique_ptr<Oracle> device, std::string halyardc)
        : device_(std::move(device)), halyardc_(std::move(halyardc)), selector_("kernel:" + device_->selector()) {}

    const std::string& selector() const override { return selector_; }
    bool takes(Flavour flavour) const override { return flavour == Flavour::Kernel && device_->takes(flavour); }

    Outcome run(const Words& words, Launch& launch) override {
        const fs::path given = folder_ / "given.spv", made = folder_ / "made.spv", errors = folder_ / "errors";
        std::ofstream(given, std::ios::binary)
            .write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
        std::vector<std::string> command{halyardc_,  given.string(), "--kernel", launch.kernel,
                                         "--target", "spirv-kernel", "--output", made.string()};
        if (!succeeds(command, errors)) { // some operations need the size
            const HyDim3& size = launch.workgroupSize;
            command.insert(command.end(), {"--workgroup-size", fmt::format("{},{},{}", size.x, size.y, size.z)});
            if (!succeeds(command, errors)) {
                const std::string words = contents(errors);
                return {HY_ERROR_UNSUPPORTED_SPIRV, "halyardc", words.empty() ? "it did not start, or crashed" : words};
            }
        }
        const std::string bytes = contents(made);
        Words translation(bytes.size() / 4);
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(translation.data()));
        return device_->run(translation, launch);
    }

private:
    std::unique_ptr<Oracle> device_;
    std::string halyardc_, selector_;
    Folder folder_;
};

} // namespace

std::unique_ptr<Oracle> translated(std::unique_ptr<Oracle> device, std::string halyardc) {
    return std::make_unique<Translated>(std::move(device), std::move(halyardc));
}

} // namespace halyard::spirvtest::oracle
