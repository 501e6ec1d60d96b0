#include "jit/targets/spirv/structure.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace halyard::jit::spirv {
namespace {

constexpr uint32_t kNone = ~0u;
using Successors = std::function<std::vector<uint32_t>(uint32_t)>;

// Reverse postorder from `entry`, without recursion.
std::vector<uint32_t> reversePostorder(uint32_t entry, const Successors& successors) {
    struct Visit {
        uint32_t node;
        std::vector<uint32_t> rest;
    };
    std::vector<uint32_t> order;
    std::set<uint32_t> seen{entry};
    std::vector<Visit> stack{{entry, successors(entry)}};
    std::reverse(stack.back().rest.begin(), stack.back().rest.end());
    while (!stack.empty()) {
        if (stack.back().rest.empty()) {
            order.push_back(stack.back().node);
            stack.pop_back();
            continue;
        }
        const uint32_t next = stack.back().rest.back();
        stack.back().rest.pop_back();
        if (seen.insert(next).second) {
            stack.push_back({next, successors(next)});
            std::reverse(stack.back().rest.begin(), stack.back().rest.end());
        }
    }
    std::reverse(order.begin(), order.end());
    return order;
}

// Immediate dominators (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm", 2001).
class Dominators {
public:
    Dominators(const std::vector<uint32_t>& order, const std::map<uint32_t, std::vector<uint32_t>>& predecessors) {
        for (uint32_t i = 0; i < order.size(); ++i) {
            position_[order[i]] = i;
        }
        parent_[order.front()] = order.front();
        for (bool changed = true; changed;) {
            changed = false;
            for (size_t i = 1; i < order.size(); ++i) {
                uint32_t found = kNone;
                for (const uint32_t predecessor : predecessors.at(order[i])) {
                    if (parent_.contains(predecessor)) {
                        found = found == kNone ? predecessor : common(found, predecessor);
                    }
                }
                const auto at = parent_.find(order[i]);
                if (at == parent_.end() || at->second != found) {
                    parent_[order[i]] = found;
                    changed = true;
                }
            }
        }
    }
    uint32_t parent(uint32_t node) const { return parent_.at(node); }
    bool dominates(uint32_t above, uint32_t node) const {
        while (position_.at(node) > position_.at(above)) {
            node = parent_.at(node);
        }
        return node == above;
    }

private:
    uint32_t common(uint32_t a, uint32_t b) const {
        while (a != b) {
            if (position_.at(a) > position_.at(b)) {
                a = parent_.at(a);
            } else {
                b = parent_.at(b);
            }
        }
        return a;
    }
    std::map<uint32_t, uint32_t> position_, parent_;
};

std::unique_ptr<Tree> leaf(Tree::Kind kind, uint32_t block = 0) {
    auto tree = std::make_unique<Tree>();
    tree->kind = kind;
    tree->block = block;
    return tree;
}

std::unique_ptr<Tree> sequence(std::unique_ptr<Tree> first, std::unique_ptr<Tree> second) {
    auto tree = leaf(Tree::Kind::Sequence);
    tree->children.push_back(std::move(first));
    tree->children.push_back(std::move(second));
    return tree;
}

struct Loop {
    uint32_t header = 0;
    uint32_t parent = kNone; // index of the loop around it
    std::set<uint32_t> blocks;
    std::vector<uint32_t> exits; // blocks outside that it goes to, in the order of the function
};

class Structurer {
public:
    explicit Structurer(const FlowGraph& graph) : graph_(graph) {}

    std::unique_ptr<Tree> run(std::string* why) {
        order_ = reversePostorder(0, [&](uint32_t block) { return graph_.blocks[block].successors; });
        for (uint32_t i = 0; i < order_.size(); ++i) {
            position_[order_[i]] = i;
            predecessors_[order_[i]];
        }
        for (const uint32_t block : order_) {
            for (const uint32_t successor : graph_.blocks[block].successors) {
                predecessors_[successor].push_back(block);
            }
        }
        if (!findLoops()) {
            *why = "the control flow is irreducible";
            return nullptr;
        }
        return level(kNone);
    }

private:
    bool findLoops() {
        const Dominators dominators(order_, predecessors_);
        std::map<uint32_t, Loop> byHeader;
        for (const uint32_t block : order_) {
            for (const uint32_t successor : graph_.blocks[block].successors) {
                if (position_[successor] > position_[block]) {
                    continue;
                }
                if (!dominators.dominates(successor, block)) {
                    return false;
                }
                Loop& loop = byHeader[successor];
                loop.header = successor;
                loop.blocks.insert(successor);
                std::vector<uint32_t> pending{block};
                while (!pending.empty()) {
                    const uint32_t member = pending.back();
                    pending.pop_back();
                    if (loop.blocks.insert(member).second) {
                        pending.insert(pending.end(), predecessors_[member].begin(), predecessors_[member].end());
                    }
                }
            }
        }
        for (auto& [header, loop] : byHeader) {
            loops_.push_back(std::move(loop));
        }
        // Larger ones first, so that the last that holds a block is the innermost.
        std::sort(loops_.begin(), loops_.end(),
                  [](const Loop& a, const Loop& b) { return a.blocks.size() > b.blocks.size(); });
        for (const uint32_t block : order_) {
            innermost_[block] = kNone;
        }
        for (uint32_t i = 0; i < loops_.size(); ++i) {
            loops_[i].parent = innermost_[loops_[i].header];
            for (const uint32_t block : loops_[i].blocks) {
                innermost_[block] = i;
            }
            loopOf_[loops_[i].header] = i;
        }
        for (Loop& loop : loops_) {
            std::vector<uint32_t> blocks(loop.blocks.begin(), loop.blocks.end());
            std::sort(blocks.begin(), blocks.end(),
                      [&](uint32_t a, uint32_t b) { return position_[a] < position_[b]; });
            for (const uint32_t block : blocks) {
                for (const uint32_t successor : graph_.blocks[block].successors) {
                    if (!loop.blocks.contains(successor) &&
                        std::find(loop.exits.begin(), loop.exits.end(), successor) == loop.exits.end()) {
                        loop.exits.push_back(successor);
                    }
                }
            }
        }
        return true;
    }

    // Where an edge to a block goes, seen from inside the loop `within` (kNone: the function).
    enum class Target { Continue, Exit, Node };
    Target targetOf(uint32_t within, uint32_t block, Label* label) const {
        if (within != kNone) {
            if (block == loops_[within].header) {
                return Target::Continue;
            }
            if (!loops_[within].blocks.contains(block)) {
                return Target::Exit;
            }
        }
        *label = labelOf(within, block);
        return Target::Node;
    }
    // The block itself, or the loop inside `within` that holds it.
    Label labelOf(uint32_t within, uint32_t block) const {
        uint32_t loop = innermost_.at(block);
        if (loop == within) {
            return block;
        }
        while (loops_[loop].parent != within) {
            loop = loops_[loop].parent;
        }
        return loopLabel(loop);
    }
    Label loopLabel(uint32_t loop) const { return static_cast<Label>(graph_.blocks.size()) + loops_[loop].header; }
    bool isLoop(Label label) const { return label >= graph_.blocks.size(); }
    uint32_t loopAt(Label label) const { return loopOf_.at(label - static_cast<Label>(graph_.blocks.size())); }

    // One level: the graph of a loop's body (or the function) with the loops inside as single nodes. It has no cycles.
    struct Level {
        uint32_t within = kNone;
        std::map<Label, std::vector<Label>> children; // in the dominator tree, in order
        std::set<Label> merges;                       // nodes that several edges reach
    };

    std::unique_ptr<Tree> level(uint32_t within) {
        Level level;
        level.within = within;
        Label entry = within == kNone ? labelOf(within, 0) : loops_[within].header;
        const auto successors = [&](Label label) {
            const std::vector<uint32_t>& blocks =
                isLoop(label) ? loops_[loopAt(label)].exits : graph_.blocks[label].successors;
            std::vector<Label> labels;
            for (const uint32_t block : blocks) {
                Label target = 0;
                if (targetOf(within, block, &target) == Target::Node) {
                    labels.push_back(target);
                }
            }
            return labels;
        };
        const std::vector<Label> order = reversePostorder(entry, successors);
        std::map<Label, std::vector<Label>> predecessors;
        for (const Label label : order) {
            predecessors[label];
            for (const Label successor : successors(label)) {
                predecessors[successor].push_back(label);
            }
        }
        const Dominators dominators(order, predecessors);
        for (const Label label : order) {
            if (label != entry) {
                level.children[dominators.parent(label)].push_back(label);
            }
            if (predecessors[label].size() >= 2) {
                level.merges.insert(label);
            }
        }
        return subtree(level, entry);
    }

    // What `label` dominates.
    std::unique_ptr<Tree> subtree(const Level& level, Label label) {
        std::unique_ptr<Tree> tree = node(level, label);
        const auto children = level.children.find(label);
        if (children != level.children.end()) {
            for (const Label child : children->second) {
                if (level.merges.contains(child)) {
                    auto leavable = leaf(Tree::Kind::Leavable);
                    leavable->label = child;
                    leavable->children.push_back(std::move(tree));
                    tree = sequence(std::move(leavable), subtree(level, child));
                }
            }
        }
        return tree;
    }

    std::unique_ptr<Tree> node(const Level& level, Label label) {
        if (isLoop(label)) {
            return loopNode(level, loopAt(label));
        }
        const FlowGraph::Block& block = graph_.blocks[label];
        if (block.successors.empty()) {
            return sequence(leaf(Tree::Kind::Code, label),
                            leaf(block.unreachable ? Tree::Kind::Unreachable : Tree::Kind::Return));
        }
        if (block.successors.size() == 1 || block.successors[0] == block.successors[1]) {
            return sequence(leaf(Tree::Kind::Code, label), go(level, block.successors[0]));
        }
        auto tree = leaf(Tree::Kind::If, label);
        tree->children.push_back(go(level, block.successors[0]));
        tree->children.push_back(go(level, block.successors[1]));
        return tree;
    }

    std::unique_ptr<Tree> loopNode(const Level& level, uint32_t index) {
        const Loop& loop = loops_[index];
        auto tree = leaf(Tree::Kind::Loop, loop.header);
        tree->exits = static_cast<uint32_t>(loop.exits.size());
        tree->children.push_back(this->level(index));
        if (loop.exits.empty()) {
            return tree;
        }
        std::unique_ptr<Tree> after = go(level, loop.exits.back());
        for (size_t i = loop.exits.size() - 1; i-- > 0;) {
            auto choice = leaf(Tree::Kind::IfExit, loop.header);
            choice->index = static_cast<uint32_t>(i);
            choice->children.push_back(go(level, loop.exits[i]));
            choice->children.push_back(std::move(after));
            after = std::move(choice);
        }
        return sequence(std::move(tree), std::move(after));
    }

    std::unique_ptr<Tree> go(const Level& level, uint32_t block) {
        Label label = 0;
        switch (targetOf(level.within, block, &label)) {
        case Target::Continue:
            return leaf(Tree::Kind::Continue);
        case Target::Exit: {
            const std::vector<uint32_t>& exits = loops_[level.within].exits;
            auto tree = leaf(Tree::Kind::Exit, loops_[level.within].header);
            tree->index = static_cast<uint32_t>(std::find(exits.begin(), exits.end(), block) - exits.begin());
            return tree;
        }
        case Target::Node:
            break;
        }
        if (!level.merges.contains(label)) {
            return subtree(level, label);
        }
        auto tree = leaf(Tree::Kind::Jump);
        tree->label = label;
        return tree;
    }

    const FlowGraph& graph_;
    std::vector<uint32_t> order_;
    std::map<uint32_t, uint32_t> position_, innermost_, loopOf_;
    std::map<uint32_t, std::vector<uint32_t>> predecessors_;
    std::vector<Loop> loops_;
};

} // namespace

std::unique_ptr<Tree> structure(const FlowGraph& graph, std::string* why) {
    if (graph.blocks.size() > kMostBlocks) {
        *why = "it has " + std::to_string(graph.blocks.size()) +
               " basic blocks, and the largest that is structured has " + std::to_string(kMostBlocks);
        return nullptr;
    }
    return Structurer(graph).run(why);
}

} // namespace halyard::jit::spirv
