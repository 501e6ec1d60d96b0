// Walks over the words of a SPIR-V module and writes them anew.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace halyard::faulty {

struct Instruction {
    uint32_t opcode = 0;
    std::span<const uint32_t> words; // the first has the opcode
};

class Words {
public:
    explicit Words(std::span<const uint32_t> words);

    // Calls body(instruction) for each; what it does not write is gone.
    template <class Body> std::vector<uint32_t> rewritten(Body&& body) {
        for (size_t at = kHeader; at < words_.size();) {
            const size_t count = words_[at] >> 16;
            if (count == 0 || count > words_.size() - at)
                break;
            body(Instruction{words_[at] & 0xffff, words_.subspan(at, count)});
            at += count;
        }
        out_[kBound] = bound_;
        return std::move(out_);
    }
    void keep(const Instruction& instruction) {
        out_.insert(out_.end(), instruction.words.begin(), instruction.words.end());
    }
    void keepAs(uint32_t opcode, const Instruction& instruction) {
        keep(instruction);
        out_[out_.size() - instruction.words.size()] = instruction.words[0] >> 16 << 16 | opcode;
    }
    void write(uint32_t opcode, std::initializer_list<uint32_t> operands) {
        out_.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | opcode);
        out_.insert(out_.end(), operands);
    }
    // The result of the instruction that was kept last becomes operands of a product, which takes its id.
    void scaleLast(const Instruction& instruction, uint32_t multiply, uint32_t factor) {
        const uint32_t inner = newId();
        out_[out_.size() - instruction.words.size() + 2] = inner;
        write(multiply, {instruction.words[1], instruction.words[2], inner, factor});
    }
    // Of the instruction that was kept last.
    void changeLast(const Instruction& instruction, size_t word, uint32_t value) {
        out_[out_.size() - instruction.words.size() + word] = value;
    }
    uint32_t newId() { return bound_++; }

    // 0 when there is none.
    uint32_t extendedSet(std::string_view name) const;

private:
    static constexpr size_t kHeader = 5;
    static constexpr size_t kBound = 3;

    std::span<const uint32_t> words_;
    std::vector<uint32_t> out_;
    uint32_t bound_;
};

} // namespace halyard::faulty
