// NVIDIA's assembler as the judge of which forms are PTX: what it refuses, findAlu must refuse.
#include "alu_table.h"
#include "ptx_text.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>
#include <unistd.h>

namespace halyard::softcuda::ptx::testing {
namespace {

#ifdef HALYARD_PTXAS

constexpr const char* kHead = R"(
.address_size 64
.visible .entry forms()
{
.reg .pred %p<64>;
.reg .b16 %h<64>;
.reg .b32 %r<64>;
.reg .b64 %d<64>;
)";

// What the assembler says about each of the instructions that it does not take for `target`. Throws nothing; a failure
// of the assembler itself is the test's.
std::map<size_t, std::string> refused(const std::vector<std::string>& instructions, const std::string& target) {
    const std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) / ("halyard_forms_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string head = ".version 9.0\n.target " + target + kHead;
    {
        std::ofstream module(folder / "forms.ptx");
        module << head;
        for (const std::string& instruction : instructions)
            module << instruction << '\n';
        module << "ret;\n}\n";
    }
    const std::string command = std::string(HALYARD_PTXAS) + " -arch=" + target + " -o " +
                                (folder / "forms.cubin").string() + " " + (folder / "forms.ptx").string() + " >" +
                                (folder / "log").string() + " 2>&1";
    const int status = std::system(command.c_str());
    std::stringstream log;
    log << std::ifstream(folder / "log").rdbuf();
    std::map<size_t, std::string> errors;
    const auto headLines = static_cast<size_t>(std::count(head.begin(), head.end(), '\n'));
    const std::regex pattern("line (\\d+); error *: *(.*)");
    for (std::string line; std::getline(log, line);)
        if (std::smatch match; std::regex_search(line, match, pattern))
            errors.emplace(std::stoul(match[1]) - headLines - 1, match[2]);
    EXPECT_TRUE(status == 0 || !errors.empty()) << log.str();
    std::filesystem::remove_all(folder);
    return errors;
}

TEST(Assembler, TakesEveryForm) {
    std::vector<std::string> left;
    for (const std::string& form : aluTable().forms())
        left.push_back(instructionOf(form, *aluTable().find(form)));
    std::map<size_t, std::string> errors;
    // Some are of one architecture only: sm_100 dropped the integer matrices of 4 bits, sm_100a has redux of f32.
    for (const char* const target : {"sm_100", "sm_90", "sm_100a"}) {
        errors = refused(left, target);
        std::vector<std::string> remaining;
        std::map<size_t, std::string> renumbered;
        for (const auto& [index, words] : errors) {
            ASSERT_LT(index, left.size()) << words;
            renumbered.emplace(remaining.size(), words);
            remaining.push_back(left[index]);
        }
        left = remaining;
        errors = renumbered;
    }
    for (const auto& [index, words] : errors)
        ADD_FAILURE() << left[index] << ": " << words;
}

TEST(Assembler, RefusesWhatIsNoPtx) {
    const auto errors = refused({"add.sat.u32 %r1, %r2, %r3;", "add.u32 %r1, %r2, %r3;"}, "sm_90");
    EXPECT_EQ(errors.size(), 1U);
    EXPECT_TRUE(errors.contains(0));
}

#else

TEST(Assembler, TakesEveryForm) {
    GTEST_SKIP() << "ptxas was not found when this was configured: no judge of PTX";
}

#endif

} // namespace
} // namespace halyard::softcuda::ptx::testing
