// Text of unknown origin (what a test printed, what a driver calls itself), made fit for the formats of reports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace halyard::cts {

// The code point at the front of `text`, which loses its bytes; kNoCodePoint, and one byte, where that is not UTF-8
// (overlong forms, surrogates and what is beyond U+10FFFF included). REQUIRES: text is not empty.
constexpr uint32_t kNoCodePoint = UINT32_MAX;
uint32_t takeCodePoint(std::string_view& text);
bool isUtf8(std::string_view text);

// For XML 1.0 and HTML. What those cannot hold (control characters, bytes that are not UTF-8, U+FFFE and U+FFFF)
// becomes "\x1b" or "\ufffe", to be read by a person. In an attribute, between double quotes, line ends and tabs are
// written as numbers, since parsers make spaces of them.
enum class Place { Text, Attribute };
std::string escapeMarkup(std::string_view text, Place place);

// For a cell of a Markdown table: one line, bars and angle brackets escaped.
std::string escapeCell(std::string_view text);

} // namespace halyard::cts
