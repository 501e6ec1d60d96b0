#include "jit/passes/spmd/levels.h"

#include <algorithm>

#include <llvm/ADT/EquivalenceClasses.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;

namespace {

unsigned orderOf(const Node* node) {
    return node != nullptr ? node->order : ~0U;
}

void number(Node* node, llvm::SmallPtrSetImpl<Node*>& seen, std::vector<Node*>& postorder) {
    seen.insert(node);
    // The stack is as deep as the longest path; kernels that long are compiled in other ways before.
    for (Node* successor : node->successors) {
        if (successor != nullptr && !seen.contains(successor)) {
            number(successor, seen, postorder);
        }
    }
    postorder.push_back(node);
}

// Where all paths from each node meet, by its order; null: at the end of the level.
std::vector<Node*> meetsOf(const Level& level) {
    std::vector<Node*> meets(level.nodes.size(), nullptr);
    for (size_t i = level.nodes.size(); i-- > 0;) {
        const Node& node = *level.nodes[i];
        if (node.successors.empty()) {
            continue;
        }
        Node* meet = node.successors[0];
        for (Node* other : node.successors) {
            while (meet != other) {
                Node*& earlier = orderOf(meet) < orderOf(other) ? meet : other;
                earlier = meets[earlier->order];
            }
        }
        meets[i] = meet;
    }
    return meets;
}

} // namespace

BasicBlock* Node::entry() const {
    return block != nullptr ? block : child->loop->getHeader();
}

bool isFull(const Node& node) {
    for (const Node* at = &node; at != nullptr; at = at->level->node) {
        if (at->linear || at->level->divergent) {
            return false;
        }
    }
    return true;
}

Levels::Levels(llvm::Function& function, const llvm::LoopInfo& loops) : top_(std::make_unique<Level>()) {
    build(*top_, function, loops);
}

void Levels::build(Level& level, llvm::Function& function, const llvm::LoopInfo& loops) {
    llvm::DenseMap<const llvm::Loop*, Node*> children;
    const auto add = [&](BasicBlock* block) {
        const llvm::Loop* loop = loops.getLoopFor(block);
        if (loop == level.loop) {
            level.nodes.push_back(std::make_unique<Node>());
            level.nodes.back()->block = block;
            level.nodes.back()->level = &level;
            nodes_[block] = level.nodes.back().get();
            return;
        }
        while (loop->getParentLoop() != level.loop) {
            loop = loop->getParentLoop();
        }
        if (children.count(loop) != 0) {
            return;
        }
        level.nodes.push_back(std::make_unique<Node>());
        Node* node = level.nodes.back().get();
        node->level = &level;
        node->child = std::make_unique<Level>();
        node->child->loop = const_cast<llvm::Loop*>(loop);
        node->child->parent = &level;
        node->child->node = node;
        children[loop] = node;
        build(*node->child, function, loops);
    };
    if (level.loop == nullptr) {
        for (BasicBlock& block : function) {
            add(&block);
        }
    } else {
        for (BasicBlock* block : level.loop->blocks()) {
            add(block);
        }
    }
    const BasicBlock* header = level.loop != nullptr ? level.loop->getHeader() : nullptr;
    for (const std::unique_ptr<Node>& node : level.nodes) {
        const auto follow = [&](const BasicBlock* to) {
            node->successors.push_back(to == header ? nullptr : nodeIn(level, to));
        };
        if (node->block != nullptr) {
            for (const BasicBlock* to : llvm::successors(node->block)) {
                follow(to);
            }
            continue;
        }
        llvm::SmallVector<llvm::Loop::Edge, 4> exits;
        node->child->loop->getExitEdges(exits);
        if (exits.empty()) {
            problem_ = "a loop without an end";
        }
        for (const llvm::Loop::Edge& edge : exits) {
            follow(edge.second);
        }
    }
    llvm::SmallPtrSet<Node*, 16> seen;
    std::vector<Node*> postorder;
    number(nodeIn(level, header != nullptr ? header : &function.getEntryBlock()), seen, postorder);
    if (postorder.size() != level.nodes.size()) {
        problem_ = "blocks that nothing reaches";
    }
    for (size_t i = 0; i < postorder.size(); ++i) {
        postorder[i]->order = static_cast<unsigned>(postorder.size() - 1 - i);
    }
    std::sort(level.nodes.begin(), level.nodes.end(), [](const auto& a, const auto& b) { return a->order < b->order; });
}

Node* Levels::nodeIn(const Level& level, const BasicBlock* block) const {
    const auto found = nodes_.find(block);
    Node* node = found != nodes_.end() ? found->second : nullptr;
    while (node != nullptr && node->level != &level) {
        node = node->level->node;
    }
    return node;
}

void Levels::linearise(const std::function<bool(const BasicBlock&)>& divergent) {
    lineariseLevel(*top_, divergent);
}

void Levels::lineariseLevel(Level& level, const std::function<bool(const BasicBlock&)>& divergent) {
    level.divergent = level.maskedExits = false;
    for (const std::unique_ptr<Node>& node : level.nodes) {
        node->linear = node->starts = false;
        node->next = nullptr;
        if (node->child != nullptr) {
            lineariseLevel(*node->child, divergent);
            node->starts = node->child->divergent;
        } else {
            node->starts = node->successors.size() > 1 && divergent(*node->block);
        }
    }
    const std::vector<Node*> meets = meetsOf(level);
    const auto leaves = [&](const Node& node) {
        const BasicBlock* header = level.loop != nullptr ? level.loop->getHeader() : nullptr;
        if (level.loop == nullptr) {
            return false;
        }
        if (node.block != nullptr) {
            return llvm::any_of(llvm::successors(node.block),
                                [&](const BasicBlock* to) { return to != header && !level.loop->contains(to); });
        }
        llvm::SmallVector<llvm::Loop::Edge, 4> exits;
        node.child->loop->getExitEdges(exits);
        return llvm::any_of(exits, [&](const llvm::Loop::Edge& edge) { return !level.loop->contains(edge.second); });
    };
    spread(level, meets);
    level.divergent = llvm::any_of(level.nodes, [&](const std::unique_ptr<Node>& node) {
        return (node->linear || node->starts) && leaves(*node);
    });
    if (level.divergent) {
        for (const std::unique_ptr<Node>& node : level.nodes) {
            node->starts = node->starts || leaves(*node);
        }
        spread(level, meets);
        level.maskedExits = true;
    }
    for (const std::unique_ptr<Node>& node : level.nodes) {
        if (node->child != nullptr) {
            node->child->maskedExits = node->child->divergent || node->linear || node->starts;
        }
    }
}

// Marks what is linear, given where lanes part, and says what follows what.
void Levels::spread(Level& level, const std::vector<Node*>& meets) {
    llvm::EquivalenceClasses<Node*> clusters;
    for (const std::unique_ptr<Node>& start : level.nodes) {
        if (!start->starts) {
            continue;
        }
        clusters.insert(start.get());
        const Node* meet = meets[start->order];
        if (meet == nullptr && level.loop == nullptr) {
            problem_ = "paths that do not meet again";
        }
        std::vector<Node*> pending(start->successors);
        llvm::SmallPtrSet<Node*, 16> seen;
        while (!pending.empty()) {
            Node* node = pending.back();
            pending.pop_back();
            if (node == nullptr || node == meet || !seen.insert(node).second) {
                continue;
            }
            node->linear = true;
            clusters.unionSets(start.get(), node);
            pending.insert(pending.end(), node->successors.begin(), node->successors.end());
        }
    }
    // A region that ends at a linear node goes on there.
    for (const std::unique_ptr<Node>& start : level.nodes) {
        Node* meet = start->starts ? meets[start->order] : nullptr;
        if (meet != nullptr && meet->linear) {
            clusters.unionSets(start.get(), meet);
        }
    }
    llvm::DenseMap<Node*, Node*> end;
    for (const std::unique_ptr<Node>& start : level.nodes) {
        Node* meet = start->starts ? meets[start->order] : nullptr;
        if (start->starts && (meet == nullptr || !meet->linear)) {
            end[clusters.getLeaderValue(start.get())] = meet;
        }
    }
    llvm::DenseMap<Node*, Node*> following; // by cluster: the linear node behind the one being looked at
    for (const auto& [leader, meet] : end) {
        following[leader] = meet;
    }
    for (size_t i = level.nodes.size(); i-- > 0;) {
        Node* node = level.nodes[i].get();
        if (!node->linear && !node->starts) {
            continue;
        }
        Node* leader = clusters.getLeaderValue(node);
        node->next = following.lookup(leader);
        if (node->linear) {
            following[leader] = node;
        }
    }
}

bool Levels::isBranch(const BasicBlock* from, const BasicBlock* to) const {
    const Node& node = nodeOf(from);
    if (node.linear || node.starts) {
        return false;
    }
    const Level* level = node.level;
    if (level->loop != nullptr && to == level->loop->getHeader()) {
        return !level->divergent;
    }
    for (; nodeIn(*level, to) == nullptr; level = level->parent) {
        if (level->maskedExits) {
            return false;
        }
    }
    return true;
}

bool Levels::leavesDivergentLoop(const BasicBlock* from, const BasicBlock* to) const {
    for (const Level* level = nodeOf(from).level; nodeIn(*level, to) == nullptr; level = level->parent) {
        if (level->divergent) {
            return true;
        }
    }
    return false;
}

} // namespace halyard::jit::spmd
