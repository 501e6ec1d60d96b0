#include "decoder.h"
#include "special.h"
#include "types.h"

#include <algorithm>

namespace halyard::softcuda::ptx {

void FunctionDecoder::move(const Instruction& in) {
    operandCount(in, 2, 2);
    const auto type = in.modifiers.size() == 1 ? parseType(in.modifiers[0]) : std::nullopt;
    if (!type || type->bits == 8 || type->lanes != 1 || type->kind == Kind::BFloat || type->kind == Kind::TF32 ||
        (type->kind == Kind::Float && type->bits == 16))
        fail(in, "no type of a move");
    // Parts of a byte lie in registers of 16 bits.
    const auto narrow = [&](const Operand& operand) {
        const auto* given = std::get_if<Register>(&operand);
        if (given && given->type.bits > 16)
            fail(in, "a byte in a register of " + std::to_string(given->type.bits) + " bits");
    };
    const auto part = [&](const Vector& vector) {
        const size_t count = vector.elements.size();
        if (type->kind != Kind::Bits || (count != 2 && count != 4) || type->bits / count < 8)
            fail(in, std::to_string(count) + " parts");
        if (type->bits / count == 8)
            std::for_each(vector.elements.begin(), vector.elements.end(), narrow);
        return Type{Kind::Bits, static_cast<uint8_t>(type->bits / count)};
    };
    const Operand& to = in.operands[0];
    const Operand& from = in.operands[1];
    if (const auto* vector = std::get_if<Vector>(&to)) {
        const Type element = part(*vector);
        std::vector<Slot> parts;
        for (const Operand& operand : vector->elements)
            parts.push_back(destination(in, operand, element, element.bits == 8));
        const Slot whole = source(in, from, *type);
        emit(in, handlers::unpack, parts, {whole}).offset = element.bits;
        return;
    }
    const Slot result = destination(in, to, *type);
    if (const auto* vector = std::get_if<Vector>(&from)) {
        const Type element = part(*vector);
        std::vector<Slot> parts;
        for (const Operand& operand : vector->elements)
            parts.push_back(source(in, operand, element, element.bits == 8));
        emit(in, handlers::pack, {result}, parts).offset = element.bits;
        return;
    }
    if (const auto* special = std::get_if<Special>(&from)) {
        uint32_t bits = 32;
        const auto what = findSpecial(special->name, &bits);
        if (!what)
            fail(in, "unknown special register '" + special->name + "'");
        if (type->bits != bits || type->kind == Kind::Float)
            fail(in, "a move of " + std::to_string(type->bits) + " bits of '" + special->name + "'");
        emit(in, handlers::special, {result}, {}).target = static_cast<uint32_t>(*what);
        return;
    }
    const auto* named = std::get_if<Symbol>(&from);
    const auto* offset = std::get_if<Address>(&from);
    if (const auto* base = offset ? std::get_if<Symbol>(&offset->base) : named) {
        const Place::Kind kind = place(in, base->name).kind;
        const bool wide = kind == Place::Kind::Device || kind == Place::Kind::Function;
        if (type->bits < (wide ? 64 : 32))
            fail(in, "an address in " + std::to_string(type->bits) + " bits");
    }
    Slot value;
    if (const auto* address = std::get_if<Address>(&from)) {
        const auto* name = std::get_if<Symbol>(&address->base);
        if (!name || !address->isValue || type->kind == Kind::Float)
            fail(in, "a move of memory");
        value = symbol(in, name->name, address->offset);
    } else {
        value = source(in, from, *type);
    }
    emit(in, handlers::copy, {result}, {value});
}

// cvta.space.u64 and cvta.to.space.u64.
void FunctionDecoder::convertAddress(const Instruction& in) {
    operandCount(in, 2, 2);
    const bool to = !in.modifiers.empty() && in.modifiers[0] == "to";
    const size_t first = to ? 1 : 0;
    if (in.modifiers.size() != first + 2 || in.modifiers[first + 1] != "u64")
        fail(in, "no 64-bit conversion of an address");
    const auto space = parseSpace(in.modifiers[first]);
    if (!space)
        badModifier(in, in.modifiers[first]);
    const Type address{Kind::Unsigned, 64};
    const Slot result = destination(in, in.operands[0], address);
    const Slot value = source(in, in.operands[1], address);
    emit(in, to ? handlers::dropWindow : handlers::addWindow, {result}, {value}).space = *space;
}

void FunctionDecoder::isSpace(const Instruction& in) {
    operandCount(in, 2, 2);
    const auto space = in.modifiers.size() == 1 ? parseSpace(in.modifiers[0]) : std::nullopt;
    if (!space)
        fail(in, "no space");
    const Slot result = destination(in, in.operands[0], {Kind::Predicate, 1});
    const Slot value = source(in, in.operands[1], {Kind::Unsigned, 64});
    emit(in, handlers::isSpace, {result}, {value}).space = *space;
}

} // namespace halyard::softcuda::ptx
