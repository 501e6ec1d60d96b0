#include "cfg.h"

#include <algorithm>
#include <string_view>

namespace halyard::softcuda::ptx {
namespace {

constexpr uint32_t kNone = ~0u;

bool endsLanes(const Instruction& instruction) {
    return instruction.opcode == "ret" || instruction.opcode == "exit" || instruction.opcode == "trap";
}

class Graph {
public:
    explicit Graph(const Function& function) : body_(function.body) {
        findBlocks();
        findEdges();
        dropWaysOut();
    }

    std::vector<int32_t> meetings() {
        const std::vector<uint32_t> after = postdominators();
        std::vector<int32_t> result(body_.size(), -1);
        for (uint32_t block = 0; block < exit_; ++block) {
            const uint32_t last = end(block) - 1;
            if ((body_[last].opcode == "bra" || body_[last].opcode == "brx") && after[block] != kNone &&
                after[block] != exit_)
                result[last] = static_cast<int32_t>(begins_[after[block]]);
        }
        return result;
    }

private:
    uint32_t end(uint32_t block) const {
        return block + 1 < begins_.size() ? begins_[block + 1] : static_cast<uint32_t>(body_.size());
    }
    uint32_t blockAt(uint32_t instruction) const {
        return instruction < body_.size() ? blockOf_[instruction] : exit_; // a label at the end
    }
    // Whose lanes end at once.
    bool isWayOut(uint32_t block) const {
        return block == exit_ || (endsLanes(body_[begins_[block]]) && body_[begins_[block]].guard < 0);
    }

    template <class Function> void eachTarget(const Instruction& instruction, Function&& function) const {
        for (const Operand& operand : instruction.operands) {
            if (const auto* label = std::get_if<Label>(&operand))
                function(label->target);
            if (const auto* labels = std::get_if<Vector>(&operand); labels && instruction.opcode == "brx")
                for (const Operand& element : labels->elements)
                    function(std::get<Label>(element).target);
        }
    }

    void findBlocks() {
        std::vector<bool> begins(body_.size() + 1, false);
        begins[0] = true;
        for (size_t i = 0; i < body_.size(); ++i) {
            const bool branch = body_[i].opcode == "bra" || body_[i].opcode == "brx";
            if (branch)
                eachTarget(body_[i], [&](uint32_t target) { begins[target] = true; });
            if (branch || endsLanes(body_[i]))
                begins[i + 1] = true;
        }
        blockOf_.resize(body_.size());
        for (uint32_t i = 0; i < body_.size(); ++i) {
            if (begins[i])
                begins_.push_back(i);
            blockOf_[i] = static_cast<uint32_t>(begins_.size() - 1);
        }
        exit_ = static_cast<uint32_t>(begins_.size());
    }

    void findEdges() {
        next_.resize(exit_ + 1);
        for (uint32_t block = 0; block < exit_; ++block) {
            const Instruction& last = body_[end(block) - 1];
            auto& next = next_[block];
            const bool branch = last.opcode == "bra" || last.opcode == "brx";
            if (branch)
                eachTarget(last, [&](uint32_t target) { next.push_back(blockAt(target)); });
            if (last.guard < 0 && endsLanes(last))
                next.push_back(exit_);
            else if (!branch || last.guard >= 0)
                next.push_back(blockAt(end(block)));
            std::sort(next.begin(), next.end());
            next.erase(std::unique(next.begin(), next.end()), next.end());
        }
    }

    // Lanes that end are not waited for, so that a way out of a branch does not keep its other ways from meeting. Where
    // there would be no end without it, such as in a loop that only a return leaves, it stays.
    void dropWaysOut() {
        const auto all = next_;
        std::vector<uint32_t> dropped;
        for (uint32_t block = 0; block < exit_; ++block) {
            auto& next = next_[block];
            const auto isOut = [&](uint32_t to) { return isWayOut(to); };
            if (std::all_of(next.begin(), next.end(), isOut) || std::none_of(next.begin(), next.end(), isOut))
                continue;
            next.erase(std::remove_if(next.begin(), next.end(), isOut), next.end());
            dropped.push_back(block);
        }
        const std::vector<bool> ends = reachesExit();
        for (const uint32_t block : dropped)
            if (!ends[block])
                next_[block] = all[block];
    }

    std::vector<std::vector<uint32_t>> previous() const {
        std::vector<std::vector<uint32_t>> previous(exit_ + 1);
        for (uint32_t block = 0; block < exit_; ++block)
            for (const uint32_t to : next_[block])
                previous[to].push_back(block);
        return previous;
    }

    std::vector<bool> reachesExit() const {
        const auto before = previous();
        std::vector<bool> reaches(exit_ + 1, false);
        std::vector<uint32_t> work{exit_};
        reaches[exit_] = true;
        while (!work.empty()) {
            const uint32_t block = work.back();
            work.pop_back();
            for (const uint32_t from : before[block])
                if (!reaches[from]) {
                    reaches[from] = true;
                    work.push_back(from);
                }
        }
        return reaches;
    }

    // The immediate one of each block: Cooper, Harvey and Kennedy's algorithm on the reversed graph.
    std::vector<uint32_t> postdominators() const {
        const auto before = previous();
        std::vector<uint32_t> order, number(exit_ + 1, kNone), after(exit_ + 1, kNone);
        std::vector<bool> seen(exit_ + 1, false);
        std::vector<std::pair<uint32_t, size_t>> stack{{exit_, 0}};
        seen[exit_] = true;
        while (!stack.empty()) {
            auto& [block, at] = stack.back();
            if (at == before[block].size()) {
                number[block] = static_cast<uint32_t>(order.size());
                order.push_back(block);
                stack.pop_back();
                continue;
            }
            const uint32_t from = before[block][at++];
            if (!seen[from]) {
                seen[from] = true;
                stack.emplace_back(from, 0);
            }
        }
        after[exit_] = exit_;
        for (bool changed = true; changed;) {
            changed = false;
            for (size_t i = order.size(); i-- > 0;) {
                const uint32_t block = order[i];
                if (block == exit_)
                    continue;
                uint32_t common = kNone;
                for (const uint32_t to : next_[block])
                    if (number[to] != kNone && after[to] != kNone)
                        common = common == kNone ? to : intersect(common, to, number, after);
                if (common != after[block]) {
                    after[block] = common;
                    changed = true;
                }
            }
        }
        return after;
    }

    static uint32_t intersect(uint32_t a, uint32_t b, const std::vector<uint32_t>& number,
                              const std::vector<uint32_t>& after) {
        while (a != b) {
            while (number[a] < number[b])
                a = after[a];
            while (number[b] < number[a])
                b = after[b];
        }
        return a;
    }

    const std::vector<Instruction>& body_;
    std::vector<uint32_t> begins_, blockOf_; // first instruction of each block; the block of each instruction
    std::vector<std::vector<uint32_t>> next_;
    uint32_t exit_ = 0; // the block behind all
};

} // namespace

std::vector<int32_t> findMeetings(const Function& function) {
    if (function.body.empty())
        return {};
    return Graph(function).meetings();
}

} // namespace halyard::softcuda::ptx
