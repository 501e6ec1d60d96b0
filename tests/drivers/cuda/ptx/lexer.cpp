#include "lexer.h"

#include <bit>
#include <charconv>

namespace halyard::softcuda::ptx {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}
bool isWord(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    std::vector<Token> run() {
        std::vector<Token> tokens;
        tokens.reserve(text_.size() / 4 + 1);
        for (;;) {
            const bool adjacent = !skipSpace();
            Token token;
            token.line = line_;
            token.adjacent = adjacent;
            if (at_ >= text_.size()) {
                tokens.push_back(token);
                return tokens;
            }
            scan(token);
            tokens.push_back(token);
        }
    }

private:
    char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

    bool skipSpace() {
        const size_t begin = at_;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n')
                ++line_;
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
                ++at_;
            } else if (c == '/' && peek(1) == '/') {
                while (at_ < text_.size() && text_[at_] != '\n')
                    ++at_;
            } else if (c == '/' && peek(1) == '*') {
                skipComment();
            } else if (c == '\0' && text_.find_first_not_of('\0', at_) == std::string_view::npos) {
                at_ = text_.size(); // the nul that ends the text
            } else {
                break;
            }
        }
        return at_ != begin;
    }

    void skipComment() {
        const uint32_t begin = line_;
        for (at_ += 2; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n')
                ++line_;
            if (text_[at_] == '*' && peek(1) == '/') {
                at_ += 2;
                return;
            }
        }
        throw PtxError(begin, "a comment has no end");
    }

    void scan(Token& token) {
        const char c = peek();
        if (isDigit(c))
            return number(token);
        if (c == '%' || isWord(c))
            return name(token);
        if (c == '.')
            return dotted(token);
        if (c == '"')
            return string(token);
        static constexpr std::string_view kPunctuation = ",;:{}[]()+-=@!|<>";
        if (kPunctuation.find(c) == std::string_view::npos) {
            const auto code = static_cast<unsigned char>(c);
            throw PtxError(line_, code >= 32 && code < 127 ? std::string("unexpected character '") + c + "'"
                                                           : "unexpected character " + std::to_string(code));
        }
        token.kind = Token::Kind::Punctuation;
        token.text = text_.substr(at_++, 1);
    }

    void name(Token& token) {
        const size_t begin = at_++;
        while (isWord(peek()))
            ++at_;
        token.kind = Token::Kind::Name;
        token.text = text_.substr(begin, at_ - begin);
        if (token.text == "%")
            throw PtxError(line_, "a '%' without a name");
    }

    void dotted(Token& token) {
        const size_t begin = ++at_;
        while (isWord(peek()) || (peek() == ':' && peek(1) == ':' && isWord(peek(2))))
            at_ += peek() == ':' ? 2 : 1;
        token.kind = Token::Kind::Dotted;
        token.text = text_.substr(begin, at_ - begin);
        if (token.text.empty())
            throw PtxError(line_, "a '.' without a name");
    }

    void string(Token& token) {
        const size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n')
            at_ += peek() == '\\' ? 2 : 1;
        if (peek() != '"')
            throw PtxError(line_, "a string has no end");
        token.kind = Token::Kind::String;
        token.text = text_.substr(begin, at_++ - begin);
    }

    void number(Token& token) {
        const size_t begin = at_;
        while (isWord(peek()) || (peek() == '.' && isDigit(peek(1)) && !isHexBegin(begin)))
            at_ += 1;
        if ((peek() == '+' || peek() == '-') && isExponent(begin)) {
            ++at_;
            while (isDigit(peek()))
                ++at_;
        }
        std::string_view text = text_.substr(begin, at_ - begin);
        token.text = text;
        const char kind = text.size() > 1 && text[0] == '0' ? text[1] : '\0';
        if (kind == 'f' || kind == 'F' || kind == 'd' || kind == 'D') {
            const size_t digits = kind == 'f' || kind == 'F' ? 8 : 16;
            token.kind = Token::Kind::Real;
            token.width = static_cast<uint8_t>(digits * 4);
            if (text.size() != 2 + digits)
                bad(text);
            return parse(token, text.substr(2), 16, text);
        }
        if (kind != 'x' && kind != 'X' && text.find_first_of(".eE") != std::string_view::npos)
            return decimal(token, text);
        token.kind = Token::Kind::Integer;
        std::string_view digits = text;
        if (digits.back() == 'U')
            digits.remove_suffix(1);
        if (kind == 'x' || kind == 'X')
            return parse(token, digits.substr(2), 16, text);
        if (kind == 'b' || kind == 'B')
            return parse(token, digits.substr(2), 2, text);
        parse(token, digits, digits.size() > 1 && digits[0] == '0' ? 8 : 10, text);
    }

    bool isHexBegin(size_t begin) const {
        return text_[begin] == '0' && begin + 1 < text_.size() && (text_[begin + 1] == 'x' || text_[begin + 1] == 'X');
    }
    bool isExponent(size_t begin) const {
        const char last = text_[at_ - 1];
        return (last == 'e' || last == 'E') && !isHexBegin(begin) && isDigit(peek(1)) && isDigit(text_[at_ - 2]);
    }

    void decimal(Token& token, std::string_view text) {
        double value = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
        if (result.ec != std::errc() || result.ptr != text.data() + text.size())
            bad(text);
        token.kind = Token::Kind::Real;
        token.value = std::bit_cast<uint64_t>(value);
    }

    void parse(Token& token, std::string_view digits, int base, std::string_view whole) {
        const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), token.value, base);
        if (digits.empty() || result.ec != std::errc() || result.ptr != digits.data() + digits.size())
            bad(whole);
    }

    [[noreturn]] void bad(std::string_view text) const {
        throw PtxError(line_, "'" + std::string(text) + "' is no number");
    }

    std::string_view text_;
    size_t at_ = 0;
    uint32_t line_ = 1;
};

} // namespace

std::vector<Token> lex(std::string_view text) {
    return Lexer(text).run();
}

} // namespace halyard::softcuda::ptx
