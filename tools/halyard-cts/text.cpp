#include "text.h"

#include <fmt/format.h>

namespace halyard::cts {

uint32_t takeCodePoint(std::string_view& text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const auto first = byte(0);
    const size_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;
    if (length == 1) {
        text.remove_prefix(1);
        return first;
    }
    constexpr uint32_t kFirstBits[] = {0, 0, 0x1f, 0x0f, 0x07};
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t point = first & kFirstBits[length];
    bool good = length != 0 && length <= text.size();
    for (size_t i = 1; good && i < length; ++i) {
        good = (byte(i) & 0xc0) == 0x80;
        point = point << 6 | (byte(i) & 0x3f);
    }
    good = good && point >= kSmallest[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    text.remove_prefix(good ? length : 1);
    return good ? point : kNoCodePoint;
}

bool isUtf8(std::string_view text) {
    while (!text.empty()) {
        if (takeCodePoint(text) == kNoCodePoint) {
            return false;
        }
    }
    return true;
}

std::string escapeMarkup(std::string_view text, Place place) {
    std::string escaped;
    escaped.reserve(text.size());
    while (!text.empty()) {
        const std::string_view before = text;
        const uint32_t point = takeCodePoint(text);
        const std::string_view taken = before.substr(0, before.size() - text.size());
        const bool isSpace = point == '\n' || point == '\t';
        if (point == '&') {
            escaped += "&amp;";
        } else if (point == '<') {
            escaped += "&lt;";
        } else if (point == '>') {
            escaped += "&gt;";
        } else if (point == '"') {
            escaped += "&quot;";
        } else if (point == '\'') {
            escaped += "&#39;";
        } else if (isSpace && place == Place::Attribute) {
            escaped += fmt::format("&#{};", point);
        } else if (point == kNoCodePoint || (point < 0x20 && !isSpace) || (point >= 0x7f && point < 0xa0)) {
            escaped += fmt::format("\\x{:02x}", point == kNoCodePoint ? static_cast<uint8_t>(taken[0]) : point);
        } else if (point == 0xfffe || point == 0xffff) {
            escaped += fmt::format("\\u{:04x}", point);
        } else {
            escaped += taken;
        }
    }
    return escaped;
}

std::string escapeCell(std::string_view text) {
    std::string cell;
    for (const char c : escapeMarkup(text, Place::Text)) {
        if (c == '|') {
            cell += "\\|";
        } else {
            cell += c == '\n' || c == '\t' ? ' ' : c;
        }
    }
    return cell;
}

} // namespace halyard::cts
