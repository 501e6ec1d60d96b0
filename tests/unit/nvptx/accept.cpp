// nvptx_accept: compiles modules for NVIDIA's processors and gives what comes out to ptxas, for the lowest and the
// highest PTX version of each processor. A refusal in words is fine; a crash of the compiler ends this program, and
// PTX that ptxas refuses fails it.
#include "harness.h"

#include "matrix/batch.h"
#include "matrix/families.h"
#include "matrix/run_cases.h"
#include "spv/spv.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <span>

#include <unistd.h>

namespace halyard {
namespace {

using jit::nvptx::test::Answer;

constexpr int kSkipped = 77;
constexpr size_t kShown = 10;

struct Processor {
    uint32_t sm;
    uint32_t ptx;
};
constexpr Processor kProcessors[] = {{75, 63}, {75, 90}, {80, 70}, {80, 90}, {90, 78}, {90, 90}, {100, 86}, {100, 90}};

struct Options {
    std::string ptxas;
    std::vector<std::string> files;
    bool matrix = false;
    size_t every = 1;
    size_t first = 0;
};

class Acceptance {
public:
    explicit Acceptance(const Options& options) : options_(options) {
        file_ = std::filesystem::temp_directory_path() / fmt::format("halyard-accept-{}.ptx", ::getpid());
    }
    ~Acceptance() {
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
    }

    void file(const std::string& path) {
        std::ifstream stream(path, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
        std::vector<uint32_t> words(bytes.size() / 4);
        std::memcpy(words.data(), bytes.data(), words.size() * 4);
        const std::optional<Parsed> module = parse(words, {}, path);
        if (!module) {
            return;
        }
        for (const spv::KernelInfo& kernel : module->kernels) {
            for (const Processor& processor : kProcessors) {
                if (!chosen()) {
                    continue;
                }
                const std::string about = std::filesystem::path(path).filename().string() + ":" + kernel.name;
                if (!accepts(module->words, kernel.name, processor, about)) {
                    ++refused_[about];
                }
            }
        }
    }

    // All cases of a group at once; the halves when it is refused, as one case may be to blame.
    void group(const std::vector<const spirvtest::Case*>& cases, const Processor& processor) {
        const spirvtest::Batch batch(cases);
        std::vector<spv::SpecValue> values;
        for (const HySpecConstant& constant : cases.front()->constants) {
            values.push_back({constant.id, constant.sizeBytes, constant.value});
        }
        const std::optional<Parsed> module = parse(batch.words(), values, cases.front()->name);
        if (!module || accepts(module->words, module->kernels.at(0).name, processor, cases.front()->name)) {
            return;
        }
        if (cases.size() == 1) {
            ++refused_[cases.front()->name];
            return;
        }
        const auto middle = cases.begin() + static_cast<std::ptrdiff_t>(cases.size() / 2);
        group({cases.begin(), middle}, processor);
        group({middle, cases.end()}, processor);
    }

    void matrix() {
        size_t turn = 0;
        for (const spirvtest::Family& family : spirvtest::families()) {
            const spirvtest::Cases cases = family.cases();
            for (const auto& some : spirvtest::batchesOf(cases)) {
                if (options_.every == 1) {
                    for (const Processor& processor : kProcessors) {
                        group(some, processor);
                    }
                } else if (chosen()) {
                    group(some, kProcessors[turn++ % std::size(kProcessors)]);
                }
            }
        }
    }

    int finish() const {
        for (const auto& [name, times] : refused_) {
            fmt::print("refused in words ({} processors): {}\n", times, name);
        }
        fmt::print("nvptx_accept: {} modules assembled, {} refused in words, {} failures\n", assembled_,
                   refused_.size(), failures_);
        return failures_ == 0 && assembled_ > 0 ? 0 : 1;
    }

private:
    struct Parsed {
        std::vector<uint32_t> words; // specialised
        std::vector<spv::KernelInfo> kernels;
    };

    // Nothing, and a failure, for what is no module at all.
    std::optional<Parsed> parse(std::span<const uint32_t> words, std::span<const spv::SpecValue> values,
                                const std::string& about) {
        const spv::Result<spv::Module> module = spv::Module::parse(words);
        if (!module) {
            fail(about, module.error().message);
            return std::nullopt;
        }
        spv::Result<spv::Reflection> reflection = spv::reflect(*module);
        spv::Result<std::vector<uint32_t>> special = spv::specialise(*module, values);
        if (!reflection || !special) {
            fail(about, !reflection ? reflection.error().message : special.error().message);
            return std::nullopt;
        }
        return Parsed{std::move(*special), std::move(reflection->kernels)};
    }

    bool chosen() { return number_++ % options_.every == options_.first; }

    void fail(const std::string& about, const std::string& words) {
        if (++failures_ <= kShown) {
            fmt::print("{}: {}\n", about, words);
            std::fflush(stdout);
        }
    }

    // False: refused in words.
    bool accepts(std::span<const uint32_t> words, const std::string& kernel, const Processor& processor,
                 const std::string& about) {
        const Answer answer =
            jit::nvptx::test::fromSpirv(words.data(), words.size_bytes(), kernel,
                                        {fmt::format("sm_{}", processor.sm), fmt::format("+ptx{}", processor.ptx)});
        const std::string where = fmt::format("{} for sm_{} in PTX {}", about, processor.sm, processor.ptx);
        if (answer.result != HY_SUCCESS) {
            // An index into a cooperative matrix that is in bounds for other subgroups makes a module invalid here.
            const bool expected =
                answer.result == HY_ERROR_UNSUPPORTED_SPIRV || answer.result == HY_ERROR_INVALID_MODULE;
            const bool honest = expected && !answer.refusal.empty();
            if (!honest) {
                fail(where, fmt::format("result {}: {}", static_cast<int>(answer.result), answer.refusal));
            }
            return false;
        }
        const std::string said = assemble(answer.ptx, processor.sm);
        ++assembled_;
        if (!said.empty()) {
            fail(where, said);
        }
        return true;
    }

    std::string assemble(const std::string& ptx, uint32_t sm) const {
        std::ofstream(file_, std::ios::binary) << ptx;
        const std::string command =
            fmt::format("'{}' -O0 -arch=sm_{} '{}' -o /dev/null 2>&1", options_.ptxas, sm, file_.string());
        FILE* pipe = ::popen(command.c_str(), "r");
        if (pipe == nullptr) {
            return "ptxas cannot be started";
        }
        std::string said;
        std::array<char, 4096> part;
        while (const size_t bytes = std::fread(part.data(), 1, part.size(), pipe)) {
            said.append(part.data(), bytes);
        }
        const int status = ::pclose(pipe);
        return status == 0 ? "" : fmt::format("ptxas ends with status {}: {}", status, said.substr(0, 600));
    }

    const Options& options_;
    std::filesystem::path file_;
    std::map<std::string, size_t> refused_;
    size_t number_ = 0, assembled_ = 0, failures_ = 0;
};

} // namespace
} // namespace halyard

int main(int argc, char** argv) {
    using namespace halyard;
    Options options;
    CLI::App app("Compiles modules to PTX and assembles them.");
    app.add_option("--ptxas", options.ptxas, "NVIDIA's assembler; without one there is nothing to ask");
    app.add_option("files", options.files, "SPIR-V modules");
    app.add_flag("--matrix", options.matrix, "also all modules of the opcode matrix");
    app.add_option("--every", options.every, "only each Nth of what there is")->check(CLI::PositiveNumber);
    app.add_option("--first", options.first, "which of the N");
    CLI11_PARSE(app, argc, argv);
    if (options.ptxas.empty() || ::access(options.ptxas.c_str(), X_OK) != 0) {
        fmt::print("SKIPPED: ptxas of a CUDA toolkit is not on this machine\n");
        return kSkipped;
    }
    Acceptance acceptance(options);
    for (const std::string& file : options.files) {
        acceptance.file(file);
    }
    if (options.matrix) {
        acceptance.matrix();
    }
    return acceptance.finish();
}
