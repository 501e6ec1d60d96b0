// The loop nest of a function as levels, and in each level what stays control flow and what becomes masks.
//
// A level is the function or a loop; its nodes are the blocks that are in no inner loop, and the inner loops, in an
// order in which every edge but the back edge goes forward. A node is *linear* when some but not all of the lanes that
// are active in the level may come to it: those between a divergent branch and the node that all of its paths meet at.
// Linear nodes run one after the other, each under the mask of the lanes that came to it; all other nodes keep their
// branches.
//
// The partial linearisation follows R. Karrenberg and S. Hack, "Whole-Function Vectorization", CGO 2011, with regions
// as in S. Moll and S. Hack, "Partial Control-Flow Linearization", PLDI 2018.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <llvm/ADT/DenseMap.h>

namespace llvm {
class BasicBlock;
class Function;
class Loop;
class LoopInfo;
} // namespace llvm

namespace halyard::jit::spmd {

struct Level;

struct Node {
    llvm::BasicBlock* block = nullptr; // or
    std::unique_ptr<Level> child;      // a loop
    Level* level = nullptr;            // that it is in
    unsigned order = 0;
    std::vector<Node*> successors; // in the level; null: the end of the level (its back edge, or out of it)
    bool linear = false;
    bool starts = false;             // its lanes part here: what follows is linear
    Node* next = nullptr;            // linear or starts: what runs after it; null: the end of the level
    llvm::BasicBlock* entry() const; // the block, or the loop's header
};

struct Level {
    llvm::Loop* loop = nullptr; // null: the function
    Level* parent = nullptr;
    Node* node = nullptr; // of the parent
    std::vector<std::unique_ptr<Node>> nodes;
    bool divergent = false;   // lanes may leave the loop in different iterations
    bool maskedExits = false; // no edge out of the loop is a branch: masks tell where the lanes went
};

// Whether all lanes come to the node, in every iteration.
bool isFull(const Node& node);

class Levels {
public:
    // `function` has reducible control flow and one return; its loops are in simplified form.
    Levels(llvm::Function& function, const llvm::LoopInfo& loops);

    // Decides anew what is linear. `divergent`: whether lanes may part at the block's terminator.
    void linearise(const std::function<bool(const llvm::BasicBlock&)>& divergent);

    Level& top() { return *top_; }
    // The node of the innermost level that holds `block` itself.
    Node& nodeOf(const llvm::BasicBlock* block) const { return *nodes_.find(block)->second; }
    // The node of `level` that holds `block`, itself or in an inner loop; null when it is not in the level.
    Node* nodeIn(const Level& level, const llvm::BasicBlock* block) const;
    // Whether the edge is taken by a branch; otherwise masks say which lanes took it.
    bool isBranch(const llvm::BasicBlock* from, const llvm::BasicBlock* to) const;
    // Whether lanes that take the edge may leave a loop in different iterations.
    bool leavesDivergentLoop(const llvm::BasicBlock* from, const llvm::BasicBlock* to) const;
    // Why the function cannot be linearised, or "".
    const std::string& problem() const { return problem_; }

private:
    void build(Level& level, llvm::Function& function, const llvm::LoopInfo& loops);
    void lineariseLevel(Level& level, const std::function<bool(const llvm::BasicBlock&)>& divergent);
    void spread(Level& level, const std::vector<Node*>& meets);

    std::unique_ptr<Level> top_;
    llvm::DenseMap<const llvm::BasicBlock*, Node*> nodes_;
    std::string problem_;
};

} // namespace halyard::jit::spmd
