// NVIDIA's assembler as the judge: no variant of an instruction that it refuses may load here.
#include "device.h"
#include "mutation.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>
#include <unistd.h>

namespace halyard::softcuda::ptx::test {
namespace {

#ifdef HALYARD_PTXAS

constexpr uint32_t kVersion = 90; // the newest that the assembler of CUDA 13.0 takes

std::string open(const std::string& target) {
    return ".version 9.0\n.target " + target + "\n.address_size 64\n.visible .entry k(.param .u64 k_0)\n{\n" +
           kMutationRegisters;
}

bool loads(const std::string& instruction, const std::string& target, uint32_t processor) {
    static TestMemory memory;
    std::unique_ptr<Program> program;
    std::string log;
    const std::string text = open(target) + instruction + "\nret;\n}\n";
    return Program::load(text, {kVersion, processor}, memory, program, log) == LoadStatus::Ok;
}

// The first of its errors for each line, by instruction; or the failure of the whole, under npos.
std::map<size_t, std::string> assemble(const std::vector<std::string>& instructions, const std::string& target) {
    const std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) / ("halyard_variants_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string head = open(target);
    {
        std::ofstream module(folder / "variants.ptx");
        module << head;
        // Labels, so that nothing behind an exit is dropped before it is looked at.
        for (size_t i = 0; i < instructions.size(); ++i)
            module << "L" << i << ": " << instructions[i] << '\n';
        module << "ret;\n}\n";
    }
    // -O0: only the judgement counts.
    const std::string command = std::string(HALYARD_PTXAS) + " -O0 -arch=" + target + " -o " +
                                (folder / "variants.cubin").string() + " " + (folder / "variants.ptx").string() + " >" +
                                (folder / "log").string() + " 2>&1";
    const int status = std::system(command.c_str());
    std::stringstream log;
    log << std::ifstream(folder / "log").rdbuf();
    std::filesystem::remove_all(folder);
    std::map<size_t, std::string> errors;
    const auto headLines = static_cast<size_t>(std::count(head.begin(), head.end(), '\n'));
    const std::regex pattern("line (\\d+); (error|fatal) *: *(.*)");
    for (std::string line; std::getline(log, line);)
        if (std::smatch match; std::regex_search(line, match, pattern))
            errors.emplace(std::stoul(match[1]) - headLines - 1, match[3]);
    if (status != 0 && errors.empty())
        errors.emplace(std::string::npos, log.str().substr(0, 2000));
    return errors;
}

// Some errors hide others: until none is left.
std::map<std::string, std::string> refused(std::vector<std::string> instructions, const std::string& target) {
    std::map<std::string, std::string> out;
    for (int round = 0; round < 400; ++round) {
        const std::map<size_t, std::string> errors = assemble(instructions, target);
        if (errors.empty())
            return out;
        std::vector<std::string> left;
        for (size_t i = 0; i < instructions.size(); ++i)
            if (!errors.contains(i))
                left.push_back(instructions[i]);
        for (const auto& [index, words] : errors) {
            if (index >= instructions.size()) {
                ADD_FAILURE() << words;
                return out;
            }
            out.emplace(instructions[index], words);
        }
        instructions = std::move(left);
    }
    ADD_FAILURE() << "the assembler has more errors than this looks for";
    return out;
}

struct Target {
    const char* name;
    uint32_t processor;
};
class Variants : public testing::TestWithParam<Target> {};

// A sample in every run; all of them with HALYARD_TEST_ALL_VARIANTS=1.
TEST_P(Variants, TheAssemblerTakesWhatLoads) {
    const bool all = std::getenv("HALYARD_TEST_ALL_VARIANTS") != nullptr;
    const auto [target, processor] = GetParam();
    std::vector<std::string> accepted;
    size_t tried = 0;
    for (const std::string& instruction : goodInstructions()) {
        size_t at = 0;
        for (const std::string& variant : variantsOf(instruction)) {
            // Spread over the targets, so that a run of all sees each variant once at least.
            if (!all && variant != instruction && (at++ + processor) % 4 != 0)
                continue;
            ++tried;
            if (loads(variant, target, processor))
                accepted.push_back(variant);
        }
    }
    EXPECT_GT(tried, 3000u);
    EXPECT_GT(accepted.size(), 150u);
    for (const auto& [instruction, words] : refused(accepted, target))
        ADD_FAILURE() << target << ": " << instruction << " loads, and the assembler says: " << words;
}

INSTANTIATE_TEST_SUITE_P(Targets, Variants,
                         testing::Values(Target{"sm_75", 75}, Target{"sm_80", 80}, Target{"sm_90", 90},
                                         Target{"sm_100", 100}),
                         [](const auto& info) { return std::string(info.param.name); });

#else

TEST(Variants, TheAssemblerTakesWhatLoads) {
    GTEST_SKIP() << "ptxas was not found when this was configured: no judge of PTX";
}

#endif

} // namespace
} // namespace halyard::softcuda::ptx::test
