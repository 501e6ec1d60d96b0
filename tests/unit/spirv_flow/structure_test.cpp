// The structurizer against the graph itself: random control flow written down as structured SPIR-V is valid, and runs
// as the graph runs.
#include "random_graph.h"

#include "jit/targets/spirv/structured_code.h"

#include <map>
#include <sstream>

#include <gtest/gtest.h>
#include <spirv-tools/libspirv.hpp>

namespace halyard::jit::spirv::test {
namespace {

// Writes the function down as SPIR-V text, and as steps that can be run here.
class Recorder final : public CodeSink {
public:
    struct Step {
        enum class Kind { Code, Set, Compare, Decide } kind;
        uint32_t a = 0, b = 0;
    };
    struct Block {
        std::vector<Step> steps;
        uint32_t yes = 0, no = 0; // next labels; 0: returns
        bool unreachable = false;
    };
    std::map<Id, Block> blocks;
    std::ostringstream text;

    Id newLabel() override { return ++ids_; }
    void label(Id id) override {
        text << "%L" << id << " = OpLabel\n";
        now_ = &blocks[id];
    }
    void branch(Id target) override {
        text << "OpBranch %L" << target << "\n";
        now_->yes = now_->no = target;
    }
    void selection(Id merge, Id condition, Id yes, Id no) override {
        text << "OpSelectionMerge %L" << merge << " None\nOpBranchConditional %C" << condition << " %L" << yes << " %L"
             << no << "\n";
        now_->yes = yes;
        now_->no = no;
    }
    void once(Id merge, Id body) override {
        text << "OpSelectionMerge %L" << merge << " None\nOpSwitch %zero %L" << body << "\n";
        now_->yes = now_->no = body;
    }
    void loopHeader(Id merge, Id next, Id body) override {
        text << "OpLoopMerge %L" << merge << " %L" << next << " None\nOpBranch %L" << body << "\n";
        now_->yes = now_->no = body;
    }
    void returnFromFunction() override { text << "OpReturn\n"; }
    void unreachable() override {
        text << "OpUnreachable\n";
        now_->unreachable = true;
    }
    void code(uint32_t block) override { now_->steps.push_back({Step::Kind::Code, block}); }
    Id condition(uint32_t block) override {
        now_->steps.push_back({Step::Kind::Decide, block});
        const Id id = ++ids_;
        text << "%C" << id << " = OpLoad %bool %flag\n";
        return id;
    }
    void set(uint32_t variable, uint32_t value) override {
        now_->steps.push_back({Step::Kind::Set, variable, value});
        text << "OpStore %V" << variable << " %zero\n";
    }
    Id equals(uint32_t variable, uint32_t value) override {
        now_->steps.push_back({Step::Kind::Compare, variable, value});
        const Id id = ++ids_;
        text << "%T" << id << " = OpLoad %uint %V" << variable << "\n%C" << id << " = OpIEqual %bool %T" << id
             << " %zero\n";
        return id;
    }

private:
    Id ids_ = 0;
    Block* now_ = nullptr;
};

std::vector<uint32_t> run(const Recorder& code, uint32_t first, uint32_t variables, uint32_t lane, size_t limit) {
    std::vector<uint32_t> passed;
    std::vector<uint32_t> values(variables);
    for (uint32_t at = first; at != 0 && passed.size() < limit;) {
        const Recorder::Block& block = code.blocks.at(at);
        EXPECT_FALSE(block.unreachable) << "runs into OpUnreachable";
        bool condition = false;
        for (const Recorder::Step& step : block.steps) {
            switch (step.kind) {
            case Recorder::Step::Kind::Code:
                passed.push_back(step.a);
                break;
            case Recorder::Step::Kind::Decide:
                condition = decides(step.a, static_cast<uint32_t>(passed.size()), lane);
                passed.push_back(step.a);
                break;
            case Recorder::Step::Kind::Set:
                values[step.a] = step.b;
                break;
            case Recorder::Step::Kind::Compare:
                condition = values[step.a] == step.b;
                break;
            }
        }
        if (block.unreachable) {
            break;
        }
        at = condition ? block.yes : block.no;
    }
    passed.resize(std::min(passed.size(), limit));
    return passed;
}

std::string moduleAround(const std::string& code, uint32_t variables) {
    std::string text = R"(OpCapability Shader
OpMemoryModel Logical GLSL450
OpEntryPoint GLCompute %main "main" %flag
OpExecutionMode %main LocalSize 1 1 1
%void = OpTypeVoid
%function = OpTypeFunction %void
%bool = OpTypeBool
%uint = OpTypeInt 32 0
%uintPointer = OpTypePointer Function %uint
%boolPointer = OpTypePointer Private %bool
%flag = OpVariable %boolPointer Private
%zero = OpConstant %uint 0
%main = OpFunction %void None %function
%start = OpLabel
)";
    for (uint32_t i = 0; i < variables; ++i) {
        text += "%V" + std::to_string(i) + " = OpVariable %uintPointer Function\n";
    }
    return text + "OpBranch %L1\n" + code + "OpFunctionEnd\n";
}

// Empty, or the validator's words.
std::string validate(const std::string& text) {
    spvtools::SpirvTools tools(SPV_ENV_VULKAN_1_3);
    std::string words;
    tools.SetMessageConsumer(
        [&](spv_message_level_t, const char*, const spv_position_t& position, const char* message) {
            words += std::to_string(position.index) + ": " + message + "\n";
        });
    std::vector<uint32_t> binary;
    return tools.Assemble(text, &binary) && tools.Validate(binary) ? "" : words + text;
}

std::string graphText(const FlowGraph& graph) {
    std::string text;
    for (size_t i = 0; i < graph.blocks.size(); ++i) {
        text += std::to_string(i) + " ->";
        for (const uint32_t successor : graph.blocks[i].successors) {
            text += " " + std::to_string(successor);
        }
        text += "\n";
    }
    return text;
}

void check(const FlowGraph& graph) {
    SCOPED_TRACE(graphText(graph));
    std::string why;
    const std::unique_ptr<Tree> tree = structure(graph, &why);
    ASSERT_NE(tree, nullptr) << why;
    Recorder code;
    const uint32_t first = code.newLabel();
    const uint32_t variables = writeStructured(*tree, code, first);
    ASSERT_EQ(validate(moduleAround(code.text.str(), variables)), "");
    for (uint32_t lane = 0; lane < 8; ++lane) {
        ASSERT_EQ(run(code, first, variables, lane, 400), trace(graph, lane, 400)) << "lane " << lane;
    }
}

FlowGraph graphOf(const std::vector<std::vector<uint32_t>>& successors) {
    FlowGraph graph;
    for (const auto& list : successors) {
        graph.blocks.push_back({list});
    }
    return graph;
}

TEST(Structure, KnownShapes) {
    check(graphOf({{}}));                                        // nothing but an end
    check(graphOf({{1, 2}, {3}, {3}, {}}));                      // if and else
    check(graphOf({{1}, {1, 2}, {}}));                           // a loop of one block
    check(graphOf({{1}, {2, 5}, {3, 4}, {1}, {1}, {}}));         // two ways to the next round
    check(graphOf({{1}, {2, 4}, {3, 5}, {1}, {6}, {6}, {}}));    // two ways out
    check(graphOf({{1}, {2, 6}, {3}, {4, 5}, {3}, {1}, {}}));    // loops in loops
    check(graphOf({{1}, {2}, {3, 6}, {4, 2}, {1, 5}, {6}, {}})); // an inner loop goes on with the outer one
    check(graphOf({{1, 4}, {2, 5}, {3, 6}, {4}, {5}, {6}, {}})); // tails that several share
    check(graphOf({{1, 1}, {2, 2}, {}}));                        // conditions that decide nothing
}

TEST(Structure, LoopsWithoutAnEnd) {
    check(graphOf({{1}, {1}}));
    check(graphOf({{1}, {2, 3}, {1}, {1}}));
    check(graphOf({{1, 2}, {1}, {}}));
}

TEST(Structure, RefusesIrreducibleFlow) {
    std::string why;
    EXPECT_EQ(structure(graphOf({{1, 2}, {2, 3}, {1}, {}}), &why), nullptr);
    EXPECT_NE(why.find("irreducible"), std::string::npos) << why;
}

TEST(Structure, RefusesGraphsThatAreTooLarge) {
    FlowGraph graph;
    graph.blocks.resize(kMostBlocks + 1);
    std::string why;
    EXPECT_EQ(structure(graph, &why), nullptr);
    EXPECT_NE(why.find("basic blocks"), std::string::npos) << why;
}

TEST(Structure, LongChains) {
    FlowGraph graph;
    graph.blocks.resize(5000);
    for (uint32_t i = 0; i + 1 < graph.blocks.size(); ++i) {
        graph.blocks[i].successors = {i + 1};
    }
    check(graph);
}

TEST(Structure, NestingCountsWhatIsOpen) {
    std::string why;
    EXPECT_EQ(nesting(*structure(graphOf({{1}, {2}, {}}), &why)), 0u);
    EXPECT_EQ(nesting(*structure(graphOf({{1, 2}, {3}, {3}, {}}), &why)), 1u);
    EXPECT_EQ(nesting(*structure(graphOf({{1}, {2, 6}, {3}, {4, 5}, {3}, {1}, {}}), &why)), 4u);
}

class RandomFlow : public testing::TestWithParam<uint32_t> {};
TEST_P(RandomFlow, IsValidAndRunsAsTheGraph) {
    std::mt19937 engine(GetParam());
    for (int i = 0; i < 100; ++i) {
        check(randomGraph(engine, 4 + engine() % 22));
        if (HasFatalFailure()) {
            return;
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomFlow, testing::Range(1u, 41u));

} // namespace
} // namespace halyard::jit::spirv::test
