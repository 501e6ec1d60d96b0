#include "ptx_text.h"

#include "matrix_layout.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace halyard::softcuda::ptx::testing {
namespace {

std::vector<std::string> split(const std::string& form) {
    std::vector<std::string> parts(1);
    for (const char c : form)
        if (c == '.')
            parts.emplace_back();
        else
            parts.back() += c;
    return parts;
}

bool isOneOf(const std::string& word, std::initializer_list<const char*> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// 0 when `word` is no type; 1 for a predicate.
uint32_t widthOf(const std::string& word) {
    if (word == "pred")
        return 1;
    if (isOneOf(word, {"u8", "s8", "u16", "s16", "b16", "f16", "bf16", "e4m3x2", "e5m2x2"}))
        return 16;
    if (isOneOf(word, {"u32", "s32", "b32", "f32", "tf32", "f16x2", "bf16x2", "u16x2", "s16x2"}))
        return 32;
    return isOneOf(word, {"u64", "s64", "b64", "f64", "f32x2"}) ? 64 : 0;
}

class Operands {
public:
    void add(uint32_t width) { append(reg(width)); }
    void addPair(uint32_t first, uint32_t second) {
        const std::string left = reg(first);
        append(left + "|" + reg(second));
    }
    void addWord(const std::string& word) { append(word); }
    void addVector(uint32_t width, uint32_t count) {
        std::string vector = "{";
        for (uint32_t i = 0; i < count; ++i)
            vector += (i == 0 ? "" : ", ") + reg(width);
        append(vector + "}");
    }
    const std::string& text() const { return text_; }

private:
    std::string reg(uint32_t width) {
        const char* const prefix = width == 1 ? "%p" : width == 16 ? "%h" : width == 32 ? "%r" : "%d";
        return prefix + std::to_string(++used_);
    }
    void append(const std::string& operand) { text_ += (text_.empty() ? " " : ", ") + operand; }
    std::string text_;
    uint32_t used_ = 0;
};

uint32_t bitsOfElement(const std::string& type) {
    return type == "tf32" || type == "f32" || type == "s32"         ? 32
           : type == "f64"                                          ? 64
           : type == "f16" || type == "bf16"                        ? 16
           : type.size() == 2 && (type[1] == '8' || type[1] == '4') ? static_cast<uint32_t>(type[1] - '0')
                                                                    : 0;
}

// Vectors of as many registers as the elements fill; wmma's f16 matrices A and B always have eight.
std::string matrixOperands(const std::vector<std::string>& parts) {
    unsigned m = 0, n = 0, k = 0;
    std::vector<std::string> types;
    for (const std::string& part : parts)
        if (std::sscanf(part.c_str(), "m%un%uk%u", &m, &n, &k) != 3 && bitsOfElement(part) != 0)
            types.push_back(part);
    const bool wmma = parts[0] == "wmma", half = types.size() == 2;
    if (half)
        types = {types[0], "f16", "f16", types[1]};
    Operands operands;
    const auto vector = [&](const std::string& type, uint32_t elements, bool factor) {
        const uint32_t bits = bitsOfElement(type);
        operands.addVector(std::max(bits, 32U) == 64 ? 64 : 32,
                           wmma && half && factor ? 8 : elements * bits / 32 / std::max(bits, 32U));
    };
    vector(types[0], m * n, false);
    vector(types[1], m * k, true);
    vector(types[2], k * n, true);
    vector(types[3], m * n, false);
    return operands.text();
}

} // namespace

std::string instructionOf(const std::string& form, const Alu& alu) {
    const std::vector<std::string> parts = split(form);
    const std::string& opcode = parts[0];
    if (opcode == "mma" || opcode == "wmma")
        return form + matrixOperands(parts) + ";";
    std::vector<uint32_t> widths;
    for (const std::string& part : parts)
        if (widthOf(part) != 0)
            widths.push_back(widthOf(part));
    const auto has = [&](const char* word) { return std::find(parts.begin(), parts.end(), word) != parts.end(); };
    const uint32_t first = widths.empty() ? 32 : widths.front(), last = widths.empty() ? 32 : widths.back();
    const bool wide = has("wide"), pack = has("pack");

    Operands operands;
    if (opcode == "movmatrix")
        return form + " %r1, %r2;";
    if (opcode == "setp" && alu.destinations == 1)
        operands.add(1);
    else if (opcode == "setp")
        operands.addPair(1, 1);
    else if (alu.destinations == 2 && !alu.writesCarry)
        operands.addPair(32, 1);
    else if (opcode == "testp")
        operands.add(1);
    else if (isOneOf(opcode, {"popc", "clz", "bfind", "match"}) || pack)
        operands.add(32);
    else
        operands.add(wide ? last * 2 : first);

    const uint32_t sources = alu.sources - (alu.readsCarry ? 1 : 0);
    const bool combined = isOneOf(opcode, {"set", "setp"}) && (has("and") || has("or") || has("xor"));
    for (uint32_t i = 0; i < sources; ++i) {
        if (opcode == "lop3" && i == 3)
            operands.addWord("0x1b");
        else if ((opcode == "selp" && i == 2) || (combined && i == 2) || (opcode == "lop3" && i == 4) ||
                 (opcode == "vote" && i == 0))
            operands.add(1);
        else if ((isOneOf(opcode, {"shl", "shr", "bfe", "match", "redux", "shfl", "vote"}) && i > 0) ||
                 (opcode == "bfi" && i > 1) || pack)
            operands.add(32);
        else if (opcode == "slct")
            operands.add(i == 2 ? 32 : first);
        else
            operands.add(wide && i == 2 ? last * 2 : last);
    }
    return form + operands.text() + ";";
}

} // namespace halyard::softcuda::ptx::testing
