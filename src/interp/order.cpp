#include "interp/order.h"

#include <algorithm>

namespace halyard::interp {
namespace {

constexpr uint32_t kMaxDepth = 200;
constexpr uint64_t kMaxWork = 50'000'000; // edges looked at, over all levels

class Orderer {
public:
    explicit Orderer(std::span<const BlockNode> blocks) : blocks_(blocks), edges_(blocks.size()) {}
    BlockOrder run();

private:
    struct Visit {
        uint32_t block;
        size_t next = 0;
    };
    void reach();
    void holdLoopsTogether();
    bool level(const std::vector<uint32_t>& members, uint32_t depth);
    std::vector<std::vector<uint32_t>> components(const std::vector<uint32_t>& members, uint32_t tag);

    std::span<const BlockNode> blocks_;
    std::vector<std::vector<uint32_t>> edges_; // successors, and from the exits of structured loops to their headers
    std::vector<uint32_t> postOrder_;          // position; the entry has the greatest
    std::vector<uint32_t> tag_;                // the level that a block belongs to now
    std::vector<uint32_t> number_, low_;
    std::vector<bool> onStack_;
    uint32_t nextTag_ = 1;
    uint64_t work_ = 0;
    BlockOrder order_;
};

void Orderer::reach() {
    postOrder_.assign(blocks_.size(), ~0u);
    std::vector<bool> seen(blocks_.size());
    std::vector<Visit> stack{{0}};
    seen[0] = true;
    uint32_t position = 0;
    while (!stack.empty()) {
        Visit& top = stack.back();
        const auto& successors = blocks_[top.block].successors;
        if (top.next < successors.size()) {
            const uint32_t next = successors[top.next++];
            if (!seen[next]) {
                seen[next] = true;
                stack.push_back({next});
            }
            continue;
        }
        postOrder_[top.block] = position++;
        stack.pop_back();
    }
}

// Whatever a structured loop header reaches without its merge block belongs to the loop, though it may never come back.
void Orderer::holdLoopsTogether() {
    for (uint32_t block = 0; block < blocks_.size(); ++block)
        if (postOrder_[block] != ~0u)
            edges_[block] = blocks_[block].successors;
    for (uint32_t header = 0; header < blocks_.size(); ++header) {
        const uint32_t merge = blocks_[header].merge;
        if (postOrder_[header] == ~0u || merge == ~0u || merge == header)
            continue;
        std::vector<uint32_t> pending{header};
        std::vector<uint32_t> inside{header};
        std::vector<bool> seen(blocks_.size());
        seen[header] = true;
        seen[merge] = true;
        while (!pending.empty() && work_ < kMaxWork) {
            const uint32_t block = pending.back();
            pending.pop_back();
            for (const uint32_t next : blocks_[block].successors) {
                ++work_;
                if (!seen[next]) {
                    seen[next] = true;
                    pending.push_back(next);
                    inside.push_back(next);
                }
            }
        }
        work_ += blocks_.size() / 64;
        for (const uint32_t block : inside)
            edges_[block].push_back(header);
    }
}

// Tarjan's strongly connected components of the blocks tagged `tag`, in topological order.
std::vector<std::vector<uint32_t>> Orderer::components(const std::vector<uint32_t>& members, uint32_t tag) {
    std::vector<std::vector<uint32_t>> result;
    std::vector<uint32_t> open;
    uint32_t counter = 0;
    for (const uint32_t block : members)
        number_[block] = 0;
    std::vector<Visit> stack;
    const auto enter = [&](uint32_t block) {
        number_[block] = low_[block] = ++counter;
        onStack_[block] = true;
        open.push_back(block);
        stack.push_back({block});
    };
    for (const uint32_t root : members) {
        if (number_[root] != 0)
            continue;
        enter(root);
        while (!stack.empty()) {
            Visit& top = stack.back();
            const uint32_t block = top.block;
            if (top.next < edges_[block].size()) {
                const uint32_t next = edges_[block][top.next++];
                ++work_;
                if (tag_[next] != tag)
                    continue;
                if (number_[next] == 0)
                    enter(next);
                else if (onStack_[next])
                    low_[block] = std::min(low_[block], number_[next]);
                continue;
            }
            stack.pop_back();
            if (!stack.empty())
                low_[stack.back().block] = std::min(low_[stack.back().block], low_[block]);
            if (low_[block] != number_[block])
                continue;
            auto& component = result.emplace_back();
            uint32_t member = 0;
            do {
                member = open.back();
                open.pop_back();
                onStack_[member] = false;
                component.push_back(member);
            } while (member != block);
        }
    }
    std::reverse(result.begin(), result.end());
    return result;
}

bool Orderer::level(const std::vector<uint32_t>& members, uint32_t depth) {
    if (depth > kMaxDepth || work_ > kMaxWork)
        return false;
    const uint32_t tag = nextTag_++;
    for (const uint32_t block : members)
        tag_[block] = tag;
    const auto groups = components(members, tag);
    for (const auto& group : groups) {
        const uint32_t header = *std::max_element(
            group.begin(), group.end(), [&](uint32_t a, uint32_t b) { return postOrder_[a] < postOrder_[b]; });
        const auto& own = edges_[header];
        if (group.size() == 1 && std::find(own.begin(), own.end(), header) == own.end()) {
            order_.items.push_back({header, false});
            continue;
        }
        for (const uint32_t block : group) {
            const auto& successors = blocks_[block].successors;
            if (std::find(successors.begin(), successors.end(), header) != successors.end())
                order_.backEdges.emplace_back(block, header);
            std::erase(edges_[block], header);
        }
        order_.loops.emplace_back(header, group);
        if (!level(group, depth + 1))
            return false;
        order_.items.push_back({header, true});
        for (const uint32_t block : group)
            tag_[block] = 0;
    }
    return true;
}

BlockOrder Orderer::run() {
    reach();
    holdLoopsTogether();
    tag_.assign(blocks_.size(), 0);
    number_.assign(blocks_.size(), 0);
    low_.assign(blocks_.size(), 0);
    onStack_.assign(blocks_.size(), false);
    std::vector<uint32_t> members;
    for (uint32_t block = 0; block < blocks_.size(); ++block)
        if (postOrder_[block] != ~0u)
            members.push_back(block);
    std::sort(members.begin(), members.end(), [&](uint32_t a, uint32_t b) { return postOrder_[a] > postOrder_[b]; });
    if (!level(members, 0)) {
        order_ = {};
        order_.tooDeep = true;
    }
    std::sort(order_.backEdges.begin(), order_.backEdges.end());
    return std::move(order_);
}

} // namespace

BlockOrder orderBlocks(std::span<const BlockNode> blocks) {
    return Orderer(blocks).run();
}

} // namespace halyard::interp
