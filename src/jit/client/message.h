// What a compiler answers: JSON that may come from a crashing or a foreign process, so nothing in it is trusted.
#pragma once

#include "halyard/halyard.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace halyard::jit {

struct Message {
    bool progress = false; // else the reply
    std::string stage;     // of a progress message, or of a reply that is a failure
    HyResult status = HY_SUCCESS;
    std::string message, hint;
    std::string buildId; // of the reply to "hello"
};

// None, with `problem` set, when the text is not a message for request `id`.
std::optional<Message> parseMessage(std::string_view text, uint64_t id, std::string& problem);

std::string helloJson(uint64_t id);

// Empty when a compiler that answered `hello` is of this build; else what is wrong with it.
std::string checkHello(const Message& hello);

} // namespace halyard::jit
