#include "printf/format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

namespace halyard::printf {
namespace {

constexpr uint32_t kMaxField = 4096;

// One conversion specification, taken apart.
struct Conversion {
    std::string_view whole;
    std::string flags;
    int width = -1, precision = -1;
    uint32_t lanes = 0;        // of %vN; 0 for a scalar
    uint32_t integerBytes = 0; // what hh, h, l say; 0: the argument's own size
    char type = 0;
};

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool accept(std::string_view word) {
        if (text_.substr(at_, word.size()) != word)
            return false;
        at_ += word.size();
        return true;
    }
    bool number(int& out) {
        const size_t start = at_;
        uint32_t value = 0;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
            value = std::min(value * 10 + static_cast<uint32_t>(text_[at_++] - '0'), kMaxField);
        out = at_ > start ? static_cast<int>(value) : out;
        return at_ > start;
    }
    char next() { return at_ < text_.size() ? text_[at_++] : '\0'; }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    size_t position() const { return at_; }

private:
    std::string_view text_;
    size_t at_ = 0;
};

// `text` starts at '%'. False when this is no conversion that is known; it then stands for itself.
bool parse(std::string_view text, Conversion& out) {
    Reader reader(text.substr(1));
    constexpr std::string_view kFlags = "-+ #0";
    while (reader.peek() != '\0' && kFlags.find(reader.peek()) != std::string_view::npos)
        out.flags += reader.next();
    reader.number(out.width);
    if (reader.accept(".")) {
        out.precision = 0;
        reader.number(out.precision);
    }
    if (reader.accept("v")) {
        int lanes = 0;
        if (!reader.number(lanes) || (lanes != 2 && lanes != 3 && lanes != 4 && lanes != 8 && lanes != 16))
            return false;
        out.lanes = static_cast<uint32_t>(lanes);
    }
    if (reader.accept("hh"))
        out.integerBytes = 1;
    else if (reader.accept("hl"))
        out.integerBytes = 4;
    else if (reader.accept("h"))
        out.integerBytes = 2;
    else if (reader.accept("ll") || reader.accept("l"))
        out.integerBytes = 8;
    out.type = reader.next();
    if (out.type == 'u' && reader.accept("l")) // Vulkan's %ul
        out.integerBytes = 8;
    out.whole = text.substr(0, reader.position() + 1);
    return out.type != '\0' && std::string_view("diouxXfFeEgGaAcsp").find(out.type) != std::string_view::npos;
}

double doubleOf(uint64_t bits, uint32_t bytes) {
    if (bytes == 8)
        return std::bit_cast<double>(bits);
    if (bytes == 4)
        return std::bit_cast<float>(static_cast<uint32_t>(bits));
    const auto exponent = static_cast<int>((bits >> 10) & 31);
    const auto mantissa = static_cast<double>(bits & 1023);
    double value = std::ldexp(exponent != 0 ? mantissa + 1024 : mantissa, (exponent != 0 ? exponent : 1) - 25);
    if (exponent == 31)
        value = mantissa != 0 ? std::nan("") : HUGE_VAL;
    return (bits & 0x8000) != 0 ? -value : value;
}

template <typename T> void print(std::string& out, const Conversion& conversion, const char* length, T value) {
    std::string pattern = "%" + conversion.flags;
    if (conversion.width >= 0)
        pattern += std::to_string(conversion.width);
    if (conversion.precision >= 0)
        pattern += "." + std::to_string(conversion.precision);
    pattern += length;
    pattern += conversion.type;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const int size = std::snprintf(nullptr, 0, pattern.c_str(), value);
    if (size <= 0)
        return;
    const size_t start = out.size();
    out.resize(start + static_cast<size_t>(size) + 1);
    std::snprintf(out.data() + start, static_cast<size_t>(size) + 1, pattern.c_str(), value);
#pragma GCC diagnostic pop
    out.pop_back();
}

void printInteger(std::string& out, const Conversion& conversion, uint64_t bits, uint32_t bytes) {
    const uint32_t used = conversion.integerBytes != 0 ? std::min(conversion.integerBytes, bytes) : bytes;
    const unsigned unused = 64 - used * 8;
    bits <<= unused;
    if (conversion.type == 'd' || conversion.type == 'i')
        print(out, conversion, "ll", static_cast<long long>(bits) >> unused);
    else
        print(out, conversion, "ll", static_cast<unsigned long long>(bits >> unused));
}

bool isFloat(char type) {
    return std::string_view("fFeEgGaA").find(type) != std::string_view::npos;
}

// False when the conversion cannot show this component.
bool printComponent(std::string& out, const Conversion& conversion, const Argument& argument, uint64_t bits) {
    if (isFloat(conversion.type)) {
        if (argument.kind != Argument::Kind::Float)
            return false;
        print(out, conversion, "", doubleOf(bits, argument.bytes));
        return true;
    }
    if (conversion.type == 'p') {
        print(out, conversion, "", reinterpret_cast<void*>(bits));
        return true;
    }
    if (argument.kind != Argument::Kind::Integer)
        return false;
    if (conversion.type == 'c')
        print(out, conversion, "", static_cast<int>(bits & 0xff));
    else
        printInteger(out, conversion, bits, argument.bytes);
    return true;
}

bool printArgument(std::string& out, const Conversion& conversion, const Argument& argument) {
    if (conversion.type == 's') {
        if (argument.kind != Argument::Kind::Text)
            return false;
        print(out, conversion, "", argument.text.c_str());
        return true;
    }
    const size_t lanes = std::max<uint32_t>(conversion.lanes, 1);
    if (argument.components.size() < lanes)
        return false;
    for (size_t i = 0; i < lanes; ++i) {
        if (i > 0)
            out += ',';
        if (!printComponent(out, conversion, argument, argument.components[i]))
            return false;
    }
    return true;
}

} // namespace

std::string formatText(std::string_view format, std::span<const Argument> arguments) {
    std::string out;
    size_t used = 0;
    while (!format.empty()) {
        const size_t plain = std::min(format.find('%'), format.size());
        out += format.substr(0, plain);
        format.remove_prefix(plain);
        if (format.empty())
            break;
        if (format.starts_with("%%")) {
            out += '%';
            format.remove_prefix(2);
            continue;
        }
        Conversion conversion;
        if (!parse(format, conversion)) {
            out += format.front();
            format.remove_prefix(1);
            continue;
        }
        const size_t start = out.size();
        if (used >= arguments.size() || !printArgument(out, conversion, arguments[used])) {
            out.resize(start);
            out += conversion.whole;
        }
        ++used;
        format.remove_prefix(conversion.whole.size());
    }
    return out;
}

} // namespace halyard::printf
