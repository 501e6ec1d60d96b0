// The modifiers of an instruction in their order: what PTX's grammar says about each, taken one after another.
#pragma once

#include "module.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>

namespace halyard::softcuda::ptx {

class Words {
public:
    explicit Words(const Instruction& instruction) : words_(instruction.modifiers) {}

    bool atEnd() const { return at_ == words_.size(); }
    std::string_view peek() const { return atEnd() ? std::string_view() : std::string_view(words_[at_]); }
    // Takes the next word when it is one of these; else gives "".
    std::string_view accept(std::initializer_list<std::string_view> choices) {
        return accept(std::span(choices.begin(), choices.size()));
    }
    std::string_view accept(std::span<const std::string_view> choices) {
        const std::string_view word = peek();
        if (word.empty() || std::find(choices.begin(), choices.end(), word) == choices.end())
            return {};
        ++at_;
        return word;
    }
    void next() { ++at_; }

private:
    const std::vector<std::string>& words_;
    size_t at_ = 0;
};

} // namespace halyard::softcuda::ptx
