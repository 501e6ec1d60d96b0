// Operands of instructions: FunctionParser's other half.
#include "function_parser.h"
#include "types.h"

#include <algorithm>
#include <charconv>

namespace halyard::softcuda::ptx {

std::optional<Register> FunctionParser::findRegister(std::string_view name) const {
    const size_t lastOther = name.find_last_not_of("0123456789");
    const std::string whole(name);
    const std::string prefix(name.substr(0, lastOther + 1));
    const std::string_view digits = name.substr(prefix.size());
    uint32_t number = 0;
    const bool numbered = !digits.empty() && (digits.size() == 1 || digits[0] != '0') &&
                          std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc();
    for (int32_t at = static_cast<int32_t>(scope_); at >= 0; at = scopes_[at].parent) {
        const Scope& scope = scopes_[at];
        if (const auto found = scope.registers.find(whole); found != scope.registers.end())
            return found->second;
        if (!numbered)
            continue;
        if (const auto found = scope.ranges.find(prefix); found != scope.ranges.end() && number < found->second.count)
            return Register{found->second.first + number, found->second.type};
    }
    return std::nullopt;
}

std::optional<std::string> FunctionParser::findSymbol(std::string_view name) const {
    const std::string whole(name);
    for (int32_t at = static_cast<int32_t>(scope_); at >= 0; at = scopes_[at].parent)
        if (const auto found = scopes_[at].symbols.find(whole); found != scopes_[at].symbols.end())
            return found->second;
    const auto is = [&](const auto& other) { return other.name == name; };
    if (std::any_of(module_.variables.begin(), module_.variables.end(), is) ||
        std::any_of(module_.functions.begin(), module_.functions.end(), is) || function_.name == name)
        return whole;
    return std::nullopt;
}

Operand FunctionParser::operand() {
    if (++depth_ > 8)
        in_.fail("an operand nested too deeply");
    Operand result = positive();
    --depth_;
    return result;
}

Operand FunctionParser::positive() {
    const Token& token = in_.peek();
    switch (token.kind) {
    case Token::Kind::Integer:
    case Token::Kind::Real:
        return immediate(false);
    case Token::Kind::Name:
        return named();
    case Token::Kind::Punctuation:
        if (in_.accept('-'))
            return immediate(true);
        if (in_.accept('!'))
            return inverted();
        if (in_.accept('{'))
            return vector();
        if (in_.accept('['))
            return address();
        [[fallthrough]];
    default:
        in_.fail("expected an operand but found " + in_.shown());
    }
}

Operand FunctionParser::immediate(bool negative) {
    const Token& token = in_.peek();
    if (token.kind == Token::Kind::Integer) {
        in_.next();
        return Immediate{negative ? -token.value : token.value, Kind::Bits, 64};
    }
    if (token.kind != Token::Kind::Real)
        in_.fail("expected a number but found " + in_.shown());
    in_.next();
    const uint64_t sign = uint64_t(1) << (token.width - 1);
    return Immediate{negative ? token.value ^ sign : token.value, Kind::Float, token.width};
}

// !p: an instruction of its own before this one computes it.
Operand FunctionParser::inverted() {
    const uint32_t line = in_.line();
    const std::string_view name = in_.name("a predicate");
    const auto source = findRegister(name);
    if (!source || source->type.kind != Kind::Predicate)
        in_.fail("'" + std::string(name) + "' is no predicate");
    const Register result{static_cast<uint32_t>(function_.registers.size()), source->type};
    function_.registers.push_back(source->type);
    Instruction inverse;
    inverse.opcode = "not";
    inverse.modifiers = {"pred"};
    inverse.operands = {result, *source};
    inverse.line = line;
    function_.body.push_back(std::move(inverse));
    return result;
}

Operand FunctionParser::named() {
    const std::string name(in_.next().text);
    if (name == "_")
        return Discard{};
    if (name == "WARP_SZ")
        return Immediate{32, Kind::Bits, 64};
    if (const auto found = findRegister(name)) {
        if (!in_.accept('|'))
            return *found;
        Vector both;
        both.elements = {*found, operand()};
        if (!std::holds_alternative<Register>(both.elements[1]) && !std::holds_alternative<Discard>(both.elements[1]))
            in_.fail("expected a register behind '|'");
        return both;
    }
    if (isSpecialRegister(name)) {
        Special special{name};
        if (in_.peek().kind == Token::Kind::Dotted && in_.peek().adjacent)
            special.name += "." + std::string(in_.next().text);
        return special;
    }
    const auto symbol = findSymbol(name);
    if (!symbol)
        in_.fail("unknown symbol '" + name + "'");
    if (in_.isPunctuation('+') || in_.isPunctuation('-'))
        return Address{Symbol{*symbol}, offset(), true};
    return Symbol{*symbol};
}

Operand FunctionParser::vector() {
    Vector vector;
    do {
        if (vector.elements.size() >= 32)
            in_.fail("a vector of more than 32 elements");
        vector.elements.push_back(operand());
    } while (in_.accept(','));
    in_.expect('}');
    return vector;
}

int64_t FunctionParser::offset() {
    bool negative = false;
    if (!in_.accept('+')) {
        if (!in_.accept('-'))
            return 0;
        negative = true;
    }
    if (in_.accept('-'))
        negative = !negative;
    const uint64_t value = in_.integer("an offset");
    return static_cast<int64_t>(negative ? -value : value);
}

Operand FunctionParser::address() {
    const auto base = [this]() -> decltype(Address::base) {
        const Token& token = in_.peek();
        if (token.kind == Token::Kind::Integer) {
            in_.next();
            return Immediate{token.value, Kind::Bits, 64};
        }
        const std::string_view name = in_.name("an address");
        if (const auto found = findRegister(name))
            return *found;
        const auto symbol = findSymbol(name);
        if (!symbol)
            in_.fail("unknown symbol '" + std::string(name) + "'");
        return Symbol{*symbol};
    };
    Address address{base(), 0, false};
    address.offset = offset();
    in_.expect(']');
    return address;
}

} // namespace halyard::softcuda::ptx
