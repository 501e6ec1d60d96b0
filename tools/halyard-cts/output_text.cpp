#include "output_text.h"

#include <cstdint>

namespace halyard::cts {

namespace {

// How many bytes from `at` make one character; 0 when they are not valid UTF-8.
size_t characterAt(const std::string& text, size_t at) {
    const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
    const uint8_t first = byte(at);
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : (first == '\n' || first == '\t' ? 1 : 0);
    const size_t length = first >= 0xf0 ? 4 : (first >= 0xe0 ? 3 : 2);
    if (first < 0xc2 || first > 0xf4)
        return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xc0) != 0x80)
            return 0;
    }
    const uint8_t second = byte(at + 1);
    const bool tooLong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool noCharacter = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
    return tooLong || noCharacter ? 0 : length;
}

} // namespace

std::string printable(const std::string& text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
        const size_t length = characterAt(text, i);
        if (length == 0)
            out += text[i] == '\r' ? '\n' : '?';
        else
            out.append(text, i, length);
        i += length == 0 ? 1 : length;
    }
    return out;
}

std::string beginningOf(const std::string& text, size_t bytes) {
    if (text.size() <= bytes)
        return printable(text);
    const std::string note = "\n(cut here: " + std::to_string(text.size()) + " bytes in all)";
    return printable(text.substr(0, bytes - note.size())) + note;
}

std::string endOf(const std::string& text, size_t bytes) {
    if (text.size() <= bytes)
        return printable(text);
    const std::string note = "(the end of " + std::to_string(text.size()) + " bytes)\n";
    return note + printable(text.substr(text.size() - (bytes - note.size())));
}

std::string onOneLine(const std::string& text, size_t bytes) {
    std::string line;
    for (const char c : printable(text)) {
        if (c != '\n' && c != '\t')
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    if (line.size() <= bytes)
        return line;
    return printable(line.substr(0, bytes - 3)) + "...";
}

} // namespace halyard::cts
