#include "variable_parser.h"

#include "types.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace halyard::softcuda::ptx {
namespace {

constexpr uint64_t kMaxBytes = uint64_t(1) << 32;

struct Shape {
    Type type;
    uint32_t alignment = 0, elements = 1;
};

uint32_t parseAlignment(TokenStream& in) {
    const uint64_t value = in.integer("an alignment");
    if (value == 0 || value > 1024 || !std::has_single_bit(value))
        in.fail("alignment " + std::to_string(value) + " is no power of two up to 1024");
    return static_cast<uint32_t>(value);
}

void skipAttribute(TokenStream& in) {
    in.expect('(');
    for (int depth = 1; depth != 0; in.next()) {
        if (in.atEnd())
            in.fail("an .attribute has no end");
        depth += in.isPunctuation('(') - in.isPunctuation(')');
    }
}

// .align 8 .v4 .f32, in any order.
Shape parseShape(TokenStream& in) {
    Shape shape;
    while (in.peek().kind == Token::Kind::Dotted) {
        const std::string_view word = in.next().text;
        if (word == "align") {
            shape.alignment = parseAlignment(in);
        } else if (word == "attribute") {
            skipAttribute(in);
        } else if (word == "v2" || word == "v4") {
            shape.elements = word == "v2" ? 2 : 4;
        } else if (const auto type = parseType(word); type && type->bits >= 8) {
            if (shape.type.bits != 0)
                in.fail("a variable with two types");
            shape.type = *type;
        } else {
            in.fail("unknown type or attribute '." + std::string(word) + "' of a variable");
        }
    }
    if (shape.type.bits == 0)
        in.fail("a variable without a type");
    if (shape.alignment == 0)
        shape.alignment = shape.type.bits / 8 * shape.elements;
    return shape;
}

// The bytes of [2][3] behind a name; 0 for a first [] without a count.
uint64_t parseDimensions(TokenStream& in, const Shape& shape, bool* unsized) {
    uint64_t bytes = shape.type.bits / 8 * shape.elements;
    *unsized = false;
    for (bool first = true; in.accept('['); first = false) {
        if (first && in.accept(']')) {
            *unsized = true;
            continue;
        }
        const uint64_t count = in.integer("the size of an array");
        if (count > kMaxBytes || (count != 0 && bytes > kMaxBytes / count))
            in.fail("an array of more than 4 GiB");
        bytes *= count;
        in.expect(']');
    }
    return bytes;
}

class Initializer {
public:
    Initializer(TokenStream& in, const Shape& shape, Variable& variable, uint64_t bytes, bool unsized)
        : in_(in), width_(shape.type.bits / 8), type_(shape.type), variable_(variable), limit_(bytes),
          unsized_(unsized) {}

    void parse() {
        value(0);
        if (next_ != 8 && next_ != 0)
            in_.fail("an address in bytes that ends after " + std::to_string(next_) + " of its 8 bytes");
    }

private:
    void value(int depth) {
        if (depth > 16)
            in_.fail("an initialiser nested too deeply");
        if (!in_.accept('{'))
            return scalar();
        if (in_.accept('}'))
            return;
        do
            value(depth + 1);
        while (in_.accept(','));
        in_.expect('}');
    }

    void scalar() {
        const bool negative = in_.accept('-');
        const Token token = in_.peek();
        if (token.kind == Token::Kind::Name) {
            symbol(0);
        } else if (token.kind == Token::Kind::Integer && in_.isPunctuation('(', 1)) {
            in_.next();
            in_.next();
            symbol(token.value);
            in_.expect(')');
        } else if (token.kind == Token::Kind::Integer) {
            in_.next();
            const uint64_t bits = negative ? -token.value : token.value;
            if (type_.kind == Kind::Float && type_.bits == 64)
                return append(std::bit_cast<uint64_t>(negative ? -double(token.value) : double(token.value)));
            if (type_.kind == Kind::Float && type_.bits == 32 && type_.lanes == 1)
                return append(std::bit_cast<uint32_t>(negative ? -float(token.value) : float(token.value)));
            append(bits);
        } else if (token.kind == Token::Kind::Real) {
            in_.next();
            real(token, negative);
        } else {
            in_.fail("expected an initial value but found " + in_.shown());
        }
    }

    void real(const Token& token, bool negative) {
        uint64_t bits = token.value;
        if (type_.kind != Kind::Float && type_.kind != Kind::Bits)
            in_.fail("a float as the initial value of an integer");
        if (token.width == 64 && width_ == 4)
            bits = std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(bits)));
        else if (token.width == 32 && width_ == 8)
            bits = std::bit_cast<uint64_t>(static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits))));
        else if (token.width != width_ * 8u)
            in_.fail("an initial value wider than its variable");
        append(negative ? bits ^ (uint64_t(1) << (width_ * 8 - 1)) : bits);
    }

    // foo, foo+4, generic(foo), generic(foo)+4; `mask` is that of a byte of the address, or 0 for all of it.
    void symbol(uint64_t mask) {
        Variable::Relocation relocation;
        relocation.offset = used_;
        std::string_view name = in_.name("a symbol");
        relocation.generic = name == "generic" && in_.accept('(');
        if (relocation.generic) {
            name = in_.name("a symbol");
            relocation.addend += addend();
            in_.expect(')');
        }
        relocation.symbol = name;
        relocation.addend += addend();
        if (mask != 0)
            return maskedByte(relocation, mask);
        if (width_ != 8)
            in_.fail("the address of '" + relocation.symbol + "' in a variable that is not 64 bits wide");
        append(0);
        variable_.relocations.push_back(relocation);
    }

    int64_t addend() {
        if (in_.accept('+')) {
            const bool negative = in_.accept('-');
            const auto value = static_cast<int64_t>(in_.integer("an offset"));
            return negative ? -value : value;
        }
        if (in_.accept('-'))
            return -static_cast<int64_t>(in_.integer("an offset"));
        return 0;
    }

    // LLVM writes an address in an array of bytes as 0xFF(x), 0xFF00(x) ...: one relocation for the eight.
    void maskedByte(const Variable::Relocation& relocation, uint64_t mask) {
        if (next_ == 8)
            next_ = 0;
        if (width_ != 1 || mask != uint64_t(0xFF) << (8 * next_))
            in_.fail("a mask that is not the next byte of an address");
        append(0);
        if (next_++ == 0) {
            variable_.relocations.push_back(relocation);
            return;
        }
        const auto& first = variable_.relocations.back();
        if (first.symbol != relocation.symbol || first.addend != relocation.addend ||
            first.generic != relocation.generic || first.offset + next_ - 1 != relocation.offset)
            in_.fail("the bytes of an address do not belong together");
    }

    void append(uint64_t bits) {
        if (!unsized_ && used_ + width_ > limit_)
            in_.fail("more initial values than '" + variable_.name + "' has room for");
        if (variable_.initial.size() < used_ + width_)
            variable_.initial.resize(used_ + width_);
        std::memcpy(variable_.initial.data() + used_, &bits, width_);
        used_ += width_;
    }

    TokenStream& in_;
    uint32_t width_;
    Type type_;
    Variable& variable_;
    uint64_t limit_, used_ = 0;
    uint32_t next_ = 0;
    bool unsized_;
};

} // namespace

std::vector<Variable> parseVariables(TokenStream& in, Space space, Linkage linkage) {
    const Shape shape = parseShape(in);
    std::vector<Variable> variables;
    do {
        Variable variable;
        variable.name = in.name("the name of a variable");
        variable.space = space;
        variable.alignment = shape.alignment;
        variable.external = linkage.external;
        variable.visible = linkage.visible;
        bool unsized = false;
        const uint64_t bytes = parseDimensions(in, shape, &unsized);
        if (in.accept('=')) {
            if (space != Space::Global && space != Space::Const)
                in.fail("'" + variable.name + "' cannot have an initial value in its space");
            if (linkage.external)
                in.fail("'" + variable.name + "' is external and has an initial value");
            Initializer(in, shape, variable, bytes, unsized).parse();
            if (!unsized)
                variable.initial.resize(bytes);
        } else if (unsized && !linkage.external) {
            in.fail("'" + variable.name + "' has no size");
        }
        variable.bytes = unsized ? variable.initial.size() : bytes;
        variables.push_back(std::move(variable));
    } while (in.accept(','));
    in.expect(';');
    return variables;
}

Parameter parseParameter(TokenStream& in) {
    Parameter parameter;
    Type type;
    while (in.peek().kind == Token::Kind::Dotted) {
        const std::string_view word = in.next().text;
        if (word == "align") {
            parameter.alignment = parseAlignment(in);
        } else if (word == "ptr") { // of what it points to: the space and alignment there
            if (in.peek().kind == Token::Kind::Dotted && parseSpace(in.peek().text))
                in.next();
            if (in.acceptDotted("align"))
                parseAlignment(in);
        } else if (const auto parsed = parseType(word); parsed && parsed->bits >= 8 && type.bits == 0) {
            type = *parsed;
        } else {
            in.fail("unknown type or attribute '." + std::string(word) + "' of a parameter");
        }
    }
    if (type.bits == 0)
        in.fail("a parameter without a type");
    parameter.alignment = std::max<uint32_t>(parameter.alignment, type.bits / 8);
    parameter.name = in.name("the name of a parameter");
    Shape shape;
    shape.type = type;
    bool unsized = false;
    const uint64_t bytes = parseDimensions(in, shape, &unsized);
    if (unsized || bytes > 65536)
        in.fail("parameter '" + parameter.name + "' has no size or more than 64 KiB");
    parameter.bytes = static_cast<uint32_t>(bytes);
    return parameter;
}

uint32_t layOut(std::vector<Parameter>& parameters, uint32_t line) {
    uint64_t end = 0;
    for (Parameter& parameter : parameters) {
        end = (end + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
        parameter.offset = static_cast<uint32_t>(end);
        end += parameter.bytes;
        if (end > 65536)
            throw PtxError(line, "more than 64 KiB of parameters");
    }
    return static_cast<uint32_t>(end);
}

} // namespace halyard::softcuda::ptx
