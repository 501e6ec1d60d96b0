// The words of a PTX text.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::softcuda::ptx {

// Thrown within the library; load() makes it a log. The words begin with the line.
class PtxError : public std::runtime_error {
public:
    PtxError(uint32_t line, const std::string& words)
        : std::runtime_error("line " + std::to_string(line) + ": " + words) {}
};

struct Token {
    enum class Kind : uint8_t { End, Name, Dotted, Integer, Real, String, Punctuation };
    Kind kind = Kind::End;
    uint8_t width = 64;    // of a Real
    bool adjacent = false; // no space before it
    uint32_t line = 0;
    std::string_view text; // of Dotted without the dot, of String without the quotes
    uint64_t value = 0;    // of Integer, and the pattern of Real
};

// The tokens of `text`, which must outlive them; End is the last. Throws PtxError.
std::vector<Token> lex(std::string_view text);

} // namespace halyard::softcuda::ptx
