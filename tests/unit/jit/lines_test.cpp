// The line table of a host object, read with LLVM's own reader.
#include "host_harness.h"
#include "jit/jit.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ObjectFile.h>
#include <nlohmann/json.hpp>

#include "lines_comp.spv.h"
#include "lines_nonsemantic_comp.spv.h"

namespace halyard::jit::test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::IsEmpty;
using testing::IsSupersetOf;
using Words = std::vector<uint32_t>;

std::string compile(const Words& words, const Dim3& size = {}) {
    const std::string text = json{{"op", "compile"},  {"id", 1},         {"kernel", "main"},
                                  {"target", "host"}, {"cpu", "native"}, {"workgroupSize", size}}
                                 .dump();
    const HyJitMessage message{text.data(), text.size(), reinterpret_cast<const uint8_t*>(words.data()),
                               words.size() * sizeof(uint32_t)};
    std::pair<json, std::string> answer;
    const auto sink = [](void* user, const HyJitMessage* got) {
        auto* out = static_cast<std::pair<json, std::string>*>(user);
        out->first = json::parse(got->json, got->json + got->jsonSize);
        out->second.assign(reinterpret_cast<const char*>(got->blob), got->blobSize);
    };
    hyJitHandle(&message, sink, &answer);
    EXPECT_EQ(answer.first["status"], 0) << answer.first;
    return answer.second;
}

std::unique_ptr<llvm::object::ObjectFile> open(const std::string& artifact) {
    auto file = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(artifact, "kernel"));
    EXPECT_TRUE(bool(file));
    return file ? std::move(*file) : nullptr;
}

std::map<std::string, std::string> sections(const std::string& artifact) {
    std::map<std::string, std::string> result;
    const auto file = open(artifact);
    for (const llvm::object::SectionRef& section : file->sections()) {
        auto name = section.getName();
        auto contents = section.getContents();
        if (name && contents) {
            result[name->str()] = contents->str();
        }
    }
    return result;
}

// file -> lines that code belongs to.
std::map<std::string, std::set<uint32_t>> lines(const std::string& artifact) {
    std::map<std::string, std::set<uint32_t>> result;
    const auto file = open(artifact);
    const auto context = llvm::DWARFContext::create(*file);
    for (const auto& unit : context->compile_units()) {
        const llvm::DWARFDebugLine::LineTable* table = context->getLineTableForUnit(unit.get());
        for (const llvm::DWARFDebugLine::Row& row : table->Rows) {
            std::string name;
            table->getFileNameByIndex(row.File, "", llvm::DILineInfoSpecifier::FileLineInfoKind::RawValue, name);
            if (row.Line != 0) {
                result[name].insert(row.Line);
            }
        }
    }
    return result;
}

Words withoutLines(const Words& words) {
    constexpr uint32_t kOpLine = 8, kOpNoLine = 317, kHeaderWords = 5;
    Words result(words.begin(), words.begin() + kHeaderWords);
    for (size_t i = kHeaderWords; i < words.size(); i += words[i] >> 16) {
        const uint32_t opcode = words[i] & 0xffff;
        if (opcode != kOpLine && opcode != kOpNoLine) {
            result.insert(result.end(), words.begin() + static_cast<std::ptrdiff_t>(i),
                          words.begin() + static_cast<std::ptrdiff_t>(i + (words[i] >> 16)));
        }
    }
    return result;
}

template <size_t N> Words module(const uint32_t (&words)[N]) {
    return {std::begin(words), std::end(words)};
}

std::set<uint32_t> onlyFile(const std::map<std::string, std::set<uint32_t>>& lines, const std::string& name) {
    EXPECT_EQ(lines.size(), 1u);
    if (lines.size() != 1) {
        return {};
    }
    EXPECT_TRUE(lines.begin()->first.ends_with(name)) << lines.begin()->first;
    return lines.begin()->second;
}

TEST(Lines, OfOpLineAcrossBarriersAndCalls) {
    for (const Dim3& size : {Dim3{}, Dim3{64, 1, 1}}) {
        const std::set<uint32_t> found = onlyFile(lines(compile(module(lines_comp_spv), size)), "/lines.comp");
        EXPECT_THAT(found, IsSupersetOf({9u, 14u, 17u}));
        EXPECT_LE(*found.rbegin(), 18u);
    }
}

TEST(Lines, OfNonSemanticDebugInformation) {
    const std::set<uint32_t> found =
        onlyFile(lines(compile(module(lines_nonsemantic_comp_spv))), "/lines_nonsemantic.comp");
    EXPECT_THAT(found, Contains(8u));
    EXPECT_THAT(found, testing::AnyOf(Contains(9u), Contains(10u)));
}

TEST(Lines, ChangeNoCode) {
    const auto with = sections(compile(module(lines_comp_spv)));
    const auto without = sections(compile(withoutLines(module(lines_comp_spv))));
    ASSERT_TRUE(with.contains(".debug_line"));
    EXPECT_EQ(with.at(".text"), without.at(".text"));
}

TEST(Lines, NothingIsEmittedForAModuleWithoutThem) {
    for (const auto& [name, contents] : sections(compile(withoutLines(module(lines_comp_spv))))) {
        EXPECT_FALSE(name.starts_with(".debug")) << name;
    }
}

// The function is described as the source has it, so that a debugger names it, and what was inlined into it.
TEST(Lines, NameTheFunctions) {
    const std::string artifact = compile(module(lines_comp_spv));
    const auto file = open(artifact);
    const auto context = llvm::DWARFContext::create(*file);
    std::set<std::string> names;
    for (const auto& unit : context->compile_units()) {
        for (const llvm::DWARFDebugInfoEntry& entry : unit->dies()) {
            const llvm::DWARFDie die(unit.get(), &entry);
            if (die.getTag() == llvm::dwarf::DW_TAG_subprogram) {
                names.insert(die.getShortName());
            }
        }
    }
    EXPECT_THAT(names, IsSupersetOf({"main", "hyHostKernelRun"}));
    EXPECT_TRUE(names.contains("square(f1;")) << testing::PrintToString(names);
}

} // namespace
} // namespace halyard::jit::test
