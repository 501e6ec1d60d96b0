// Where in the program a call came from. Taking it down is quick; it becomes text only when something is wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace halyard::layers {

class Site {
public:
    // Of the call that is under way; frames of Halyard itself are left out of the text.
    static Site here();

    // "work+0x1b (./program+0x2f31b) < main+0x40 (./program+0x30100)": innermost first; "an unknown place" without any.
    std::string text() const;
    // The same for the same place.
    uint64_t key() const;

private:
    static constexpr int kFrames = 14;
    std::array<void*, kFrames> frames_{};
    int count_ = 0;
};

} // namespace halyard::layers
