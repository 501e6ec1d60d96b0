// PTX text, as far as its kernels and their parameters go (PTX ISA, sections 5.1 and 7.1). The driver checks the rest.
#include "native_code.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace halyard::cuda {
namespace {

bool isWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c == '%' || c == '.';
}

// Words (with the dots of directives), numbers and single other characters; comments and strings are passed over.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    // "" at the end.
    std::string_view next() {
        skip();
        if (at_ == text_.size())
            return {};
        const size_t begin = at_;
        if (!isWord(text_[at_])) {
            ++at_;
            return text_.substr(begin, 1);
        }
        // A dot begins a new word, but for that of a number.
        const bool number = text_[at_] >= '0' && text_[at_] <= '9';
        do
            ++at_;
        while (at_ < text_.size() && isWord(text_[at_]) && (number || text_[at_] != '.'));
        return text_.substr(begin, at_ - begin);
    }

private:
    void skip() {
        while (at_ < text_.size()) {
            const std::string_view rest = text_.substr(at_);
            if (rest.substr(0, 2) == "//")
                at_ += std::min(rest.find('\n'), rest.size());
            else if (rest.substr(0, 2) == "/*")
                at_ = rest.find("*/", 2) == std::string_view::npos ? text_.size() : at_ + rest.find("*/", 2) + 2;
            else if (rest[0] == '"')
                at_ = rest.find('"', 1) == std::string_view::npos ? text_.size() : at_ + rest.find('"', 1) + 1;
            else if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r')
                ++at_;
            else
                return;
        }
    }

    std::string_view text_;
    size_t at_ = 0;
};

std::optional<uint32_t> readNumber(std::string_view word) {
    uint32_t value = 0;
    const int base = word.substr(0, 2) == "0x" || word.substr(0, 2) == "0X" ? 16 : 10;
    if (base == 16)
        word.remove_prefix(2);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    const bool whole = error == std::errc() && (end == word.data() + word.size() || *end == 'U');
    return whole ? std::optional(value) : std::nullopt;
}

// Bytes of a type of a parameter; 0: it is none.
uint32_t typeBytes(std::string_view type) {
    if (type == ".texref" || type == ".samplerref" || type == ".surfref")
        return 8;
    if (type == ".f16x2" || type == ".bf16x2")
        return 4;
    if (type == ".bf16")
        return 2;
    if (type.size() < 3 || type[0] != '.' || std::string_view("busf").find(type[1]) == std::string_view::npos)
        return 0;
    const std::optional<uint32_t> bits = readNumber(type.substr(2));
    return bits && (*bits == 8 || *bits == 16 || *bits == 32 || *bits == 64 || *bits == 128) ? *bits / 8 : 0;
}

// One parameter, behind ".param": its type, its name, perhaps the length of an array. Leaves the word behind it in
// `word`. False: it is none.
bool readParameter(Reader& reader, std::string_view& word, NativeKernel& kernel) {
    constexpr uint32_t kMostBytes = 32764; // of all parameters of a kernel
    uint32_t bytes = 0, alignment = 0, count = 1;
    bool pointer = false;
    for (word = reader.next(); !word.empty() && word[0] == '.'; word = reader.next()) {
        if (word == ".ptr") {
            pointer = true; // what follows is about what it points to
        } else if (word == ".align") {
            const std::optional<uint32_t> value = readNumber(reader.next());
            if (!value || *value == 0 || *value > 128 || (*value & (*value - 1)) != 0)
                return false;
            if (!pointer)
                alignment = *value;
        } else if (typeBytes(word) != 0) {
            bytes = typeBytes(word);
        }
    }
    if (word.empty() || !isWord(word[0]) || bytes == 0)
        return false;
    word = reader.next();
    if (word == "[") {
        const std::optional<uint32_t> length = readNumber(reader.next());
        if (!length || *length == 0 || *length > kMostBytes || reader.next() != "]")
            return false;
        count = *length;
        word = reader.next();
    }
    const uint64_t whole = uint64_t{bytes} * count;
    if (whole > kMostBytes || kernel.argumentBytes > kMostBytes)
        return false;
    kernel.add(static_cast<uint32_t>(whole), std::max(alignment, bytes));
    return true;
}

// A kernel, behind ".entry". False: it is none.
bool readEntry(Reader& reader, NativeKernel& kernel) {
    kernel.name = reader.next();
    if (kernel.name.empty() || !isWord(kernel.name[0]))
        return false;
    std::string_view word = reader.next();
    if (word != "(")
        return word == "{" || (!word.empty() && word[0] == '.'); // without parameters
    word = reader.next();
    if (word == ")")
        return true;
    while (word == ".param") {
        if (!readParameter(reader, word, kernel))
            return false;
        if (word == ")")
            return true;
        if (word != ",")
            return false;
        word = reader.next();
    }
    return false;
}

} // namespace

std::string readPtx(std::string_view text, NativeCode& out) {
    if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
        return "there is a nul in the text, at byte " + std::to_string(nul);
    Reader reader(text);
    out.kernelsKnown = true;
    for (std::string_view word = reader.next(); !word.empty(); word = reader.next()) {
        if (word == ".version" && out.version.empty()) {
            out.version = reader.next();
        } else if (word == ".target" && out.processor == 0) {
            const std::string_view target = reader.next();
            if (target.substr(0, 3) == "sm_") {
                const size_t end = std::min(target.find_first_not_of("0123456789", 3), target.size());
                out.processor = readNumber(target.substr(3, end - 3)).value_or(0);
                out.suffix = target.substr(end);
            }
        } else if (word == ".entry") {
            NativeKernel kernel;
            out.kernelsKnown &= readEntry(reader, kernel);
            // A declaration may come before the definition.
            if (std::none_of(out.kernels.begin(), out.kernels.end(),
                             [&](const NativeKernel& known) { return known.name == kernel.name; }))
                out.kernels.push_back(std::move(kernel));
        }
    }
    return out.version.empty() ? "it has no .version" : "";
}

} // namespace halyard::cuda
