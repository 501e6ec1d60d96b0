// What the parsers of declarations, functions and operands share: where they are in the tokens.
#pragma once

#include "lexer.h"

#include <string>
#include <string_view>
#include <vector>

namespace halyard::softcuda::ptx {

class TokenStream {
public:
    explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

    const Token& peek(size_t ahead = 0) const {
        return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : tokens_.back();
    }
    const Token& next() {
        const Token& token = peek();
        if (at_ + 1 < tokens_.size())
            ++at_;
        return token;
    }
    uint32_t line() const { return peek().line; }
    bool atEnd() const { return peek().kind == Token::Kind::End; }

    bool isPunctuation(char c, size_t ahead = 0) const {
        const Token& token = peek(ahead);
        return token.kind == Token::Kind::Punctuation && token.text[0] == c;
    }
    bool isDotted(std::string_view word) const { return peek().kind == Token::Kind::Dotted && peek().text == word; }
    bool accept(char c) {
        const bool is = isPunctuation(c);
        if (is)
            next();
        return is;
    }
    bool acceptDotted(std::string_view word) {
        const bool is = isDotted(word);
        if (is)
            next();
        return is;
    }
    void expect(char c) {
        if (!accept(c))
            fail(std::string("expected '") + c + "' but found " + shown());
    }
    std::string_view name(const char* what) {
        if (peek().kind != Token::Kind::Name)
            fail(std::string("expected ") + what + " but found " + shown());
        return next().text;
    }
    std::string_view dotted(const char* what) {
        if (peek().kind != Token::Kind::Dotted)
            fail(std::string("expected ") + what + " but found " + shown());
        return next().text;
    }
    uint64_t integer(const char* what) {
        if (peek().kind != Token::Kind::Integer)
            fail(std::string("expected ") + what + " but found " + shown());
        return next().value;
    }
    // .loc, .file: such a directive ends with its line.
    void skipLine() {
        const uint32_t line = peek().line;
        while (!atEnd() && peek().line == line)
            next();
    }
    std::string shown() const {
        const Token& token = peek();
        switch (token.kind) {
        case Token::Kind::End:
            return "the end of the text";
        case Token::Kind::Dotted:
            return "'." + std::string(token.text) + "'";
        default:
            return "'" + std::string(token.text) + "'";
        }
    }
    [[noreturn]] void fail(const std::string& words) const { throw PtxError(line(), words); }

private:
    std::vector<Token> tokens_;
    size_t at_ = 0;
};

} // namespace halyard::softcuda::ptx
