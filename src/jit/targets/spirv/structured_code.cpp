#include "jit/targets/spirv/structured_code.h"

#include <map>
#include <set>
#include <vector>

namespace halyard::jit::spirv {
namespace {

using Kind = Tree::Kind;
using Id = CodeSink::Id;

constexpr uint32_t kEscape = 0; // the variable that says for which label a Leavable is left
constexpr Label kNoLabel = ~0u;

// What lies right behind a place: falling there is as good as going there.
struct Next {
    Label label = kNoLabel;
    bool round = false; // the next round of the innermost loop
};

// The labels that are jumped to from elsewhere than a place that falls through to them.
class FarJumps {
public:
    explicit FarJumps(const Tree& tree) { look(tree, kNoLabel); }
    bool contains(Label label) const { return labels_.contains(label); }

private:
    void look(const Tree& tree, Label next) {
        switch (tree.kind) {
        case Kind::Jump:
            if (tree.label != next) {
                labels_.insert(tree.label);
            }
            break;
        case Kind::Sequence:
            look(*tree.children[0], kNoLabel);
            look(*tree.children[1], next);
            break;
        case Kind::Leavable:
            look(*tree.children[0], tree.label);
            break;
        case Kind::If:
        case Kind::IfExit:
            look(*tree.children[0], next);
            look(*tree.children[1], next);
            break;
        case Kind::Loop:
            look(*tree.children[0], kNoLabel);
            break;
        default:
            break;
        }
    }
    std::set<Label> labels_;
};

class Writer {
public:
    Writer(const Tree& tree, CodeSink& sink) : sink_(sink), farJumps_(tree) {}

    // True when control falls out of the tree's end: the block is still open then.
    bool write(const Tree& tree, const Next& next) {
        switch (tree.kind) {
        case Kind::Code:
            sink_.code(tree.block);
            return true;
        case Kind::Sequence:
            return write(*tree.children[0], {}) && write(*tree.children[1], next);
        case Kind::If:
            return writeChoice(sink_.condition(tree.block), tree, next);
        case Kind::IfExit:
            return writeChoice(sink_.equals(exitVariable(tree.block), tree.index), tree, next);
        case Kind::Leavable:
            return writeLeavable(tree);
        case Kind::Jump:
            if (tree.label == next.label) {
                return true;
            }
            leaveFor(tree.label);
            return false;
        case Kind::Loop:
            return writeLoop(tree);
        case Kind::Continue:
            if (next.round) {
                return true;
            }
            sink_.branch(innermostLoop().next);
            return false;
        case Kind::Exit: {
            const Open& loop = innermostLoop();
            if (loop.exits > 1) {
                sink_.set(exitVariable(tree.block), tree.index);
            }
            sink_.branch(loop.merge);
            return false;
        }
        case Kind::Return:
            sink_.returnFromFunction();
            return false;
        case Kind::Unreachable:
            sink_.unreachable();
            return false;
        }
        return false;
    }

    uint32_t variables() const { return variables_; }

private:
    struct Open {
        bool loop = false;
        uint32_t exits = 0;        // of a loop
        Label label = kNoLabel;    // of a Leavable
        Id merge = 0, next = 0;    // `next`: where the next round of a loop begins
        std::set<Label> passing{}; // of a Leavable: labels further out that it was left for
    };

    // To the merge of the innermost Leavable, which passes on what is meant for one further out.
    void leaveFor(Label label) {
        Open& innermost = open_.back();
        if (innermost.label != label) {
            sink_.set(kEscape, escapeNumber(label));
            innermost.passing.insert(label);
        }
        sink_.branch(innermost.merge);
    }

    bool writeChoice(Id condition, const Tree& tree, const Next& next) {
        const Id yes = sink_.newLabel();
        const Id no = sink_.newLabel();
        const Id merge = sink_.newLabel();
        sink_.selection(merge, condition, yes, no);
        bool open = false;
        for (size_t arm = 0; arm < 2; ++arm) {
            sink_.label(arm == 0 ? yes : no);
            if (write(*tree.children[arm], next)) {
                sink_.branch(merge);
                open = true;
            }
        }
        sink_.label(merge);
        if (!open) {
            sink_.unreachable();
        }
        return open;
    }

    bool writeLeavable(const Tree& tree) {
        if (!farJumps_.contains(tree.label)) {
            return write(*tree.children[0], {tree.label, false});
        }
        const Id merge = sink_.newLabel();
        const Id body = sink_.newLabel();
        sink_.once(merge, body);
        sink_.label(body);
        Open leavable;
        leavable.label = tree.label;
        leavable.merge = merge;
        open_.push_back(leavable);
        if (write(*tree.children[0], {tree.label, false})) {
            sink_.branch(merge);
        }
        const std::set<Label> passing = std::move(open_.back().passing);
        open_.pop_back();
        sink_.label(merge);
        for (const Label label : passing) {
            const Id condition = sink_.equals(kEscape, escapeNumber(label));
            const Id go = sink_.newLabel();
            const Id stay = sink_.newLabel();
            sink_.selection(stay, condition, go, stay);
            sink_.label(go);
            if (open_.back().label == label) {
                sink_.set(kEscape, 0);
            }
            leaveFor(label);
            sink_.label(stay);
        }
        return true;
    }

    bool writeLoop(const Tree& tree) {
        const Id header = sink_.newLabel();
        const Id body = sink_.newLabel();
        Open loop;
        loop.loop = true;
        loop.exits = tree.exits;
        loop.next = sink_.newLabel();
        loop.merge = sink_.newLabel();
        sink_.branch(header);
        sink_.label(header);
        sink_.loopHeader(loop.merge, loop.next, body);
        sink_.label(body);
        open_.push_back(loop);
        if (write(*tree.children[0], {kNoLabel, true})) {
            sink_.branch(loop.next);
        }
        open_.pop_back();
        sink_.label(loop.next);
        sink_.branch(header);
        sink_.label(loop.merge);
        if (tree.exits == 0) {
            sink_.unreachable();
            return false;
        }
        return true;
    }

    uint32_t exitVariable(uint32_t header) {
        const auto [at, added] = exitVariables_.try_emplace(header, variables_);
        variables_ += added ? 1 : 0;
        return at->second;
    }
    uint32_t escapeNumber(Label label) {
        return escapes_.try_emplace(label, static_cast<uint32_t>(escapes_.size()) + 1).first->second;
    }
    const Open& innermostLoop() const {
        size_t i = open_.size() - 1;
        while (!open_[i].loop) {
            --i;
        }
        return open_[i];
    }

    CodeSink& sink_;
    FarJumps farJumps_;
    std::vector<Open> open_;
    std::map<Label, uint32_t> escapes_;
    std::map<uint32_t, uint32_t> exitVariables_;
    uint32_t variables_ = kEscape + 1;
};

uint32_t deepest(const Tree& tree, const FarJumps& farJumps) {
    uint32_t depth = 0;
    for (const auto& child : tree.children) {
        depth = std::max(depth, deepest(*child, farJumps));
    }
    const bool opens = tree.kind == Kind::If || tree.kind == Kind::IfExit || tree.kind == Kind::Loop ||
                       (tree.kind == Kind::Leavable && farJumps.contains(tree.label));
    return depth + (opens ? 1 : 0);
}

} // namespace

uint32_t writeStructured(const Tree& tree, CodeSink& sink, CodeSink::Id first) {
    sink.label(first);
    Writer writer(tree, sink);
    if (writer.write(tree, {})) {
        sink.returnFromFunction();
    }
    return writer.variables();
}

uint32_t nesting(const Tree& tree) {
    return deepest(tree, FarJumps(tree));
}

} // namespace halyard::jit::spirv
