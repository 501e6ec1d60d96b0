// Operands as slots.
#include "decoder.h"
#include "special.h"

#include <bit>

namespace halyard::softcuda::ptx {
namespace {

uint64_t lowBits(uint32_t bits) {
    return bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
}

bool isInteger(Kind kind) {
    return kind == Kind::Unsigned || kind == Kind::Signed;
}

// Types of one width agree when one of them has no kind, both are integers, or they are the same; a wider register is
// no float.
bool agree(Type wanted, Type given) {
    if (given.bits > wanted.bits && wanted.bits > 1)
        return given.kind != Kind::Float && given.kind != Kind::BFloat;
    return wanted.kind == Kind::None || wanted.kind == Kind::Bits || given.kind == Kind::Bits || wanted == given ||
           (isInteger(wanted.kind) && isInteger(given.kind));
}

} // namespace

Slot FunctionDecoder::constant(uint64_t value) {
    const auto [found, fresh] = constants_.try_emplace(value, ~static_cast<Slot>(code_.constants.size()));
    if (fresh)
        code_.constants.emplace_back().fill(value);
    return found->second;
}

uint64_t FunctionDecoder::immediateBits(const Instruction& in, const Immediate& immediate, Type type) {
    const uint32_t bits = type.bits == 0 ? 64 : type.bits;
    if (immediate.kind != Kind::Float) {
        if (type.kind == Kind::Predicate)
            return immediate.bits != 0;
        if (type.kind == Kind::Float && type.lanes == 1 && bits >= 32)
            fail(in, "an integer where a float is expected");
        return immediate.bits & lowBits(bits);
    }
    if (type.kind != Kind::Float && type.kind != Kind::Bits && type.kind != Kind::None)
        fail(in, "a float where an integer is expected");
    if (immediate.width == bits)
        return immediate.bits;
    if (type.kind != Kind::Float)
        fail(in, "a float of another width");
    if (immediate.width == 64 && bits == 32)
        return std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(immediate.bits)));
    if (immediate.width == 32 && bits == 64)
        return std::bit_cast<uint64_t>(
            static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(immediate.bits))));
    fail(in, "a float that does not fit " + std::to_string(bits) + " bits");
}

Slot FunctionDecoder::source(const Instruction& in, const Operand& operand, Type type, bool widerToo) {
    if (const auto* given = std::get_if<Register>(&operand)) {
        const uint32_t bits = given->type.bits;
        if (type.bits != 0 && bits != type.bits && !(widerToo && bits > type.bits && type.bits > 1))
            fail(in, "a register of " + std::to_string(bits) + " bits where " + std::to_string(type.bits) +
                         " are expected");
        if (type.bits != 0 && !agree(type, given->type))
            fail(in, "a register of another type");
        return static_cast<Slot>(given->index);
    }
    if (const auto* immediate = std::get_if<Immediate>(&operand))
        return constant(immediateBits(in, *immediate, type));
    if (const auto* special = std::get_if<Special>(&operand)) {
        uint32_t bits = 32;
        const auto what = findSpecial(special->name, &bits);
        if (!what)
            fail(in, "unknown special register '" + special->name + "'");
        if (!specials_)
            fail(in, "the special register '" + special->name + "' as an operand");
        if (type.bits != 0 && type.bits != bits)
            fail(in, "a special register of " + std::to_string(bits) + " bits");
        const Slot slot = temporary();
        Instruction unguarded = in;
        unguarded.guard = -1;
        emit(unguarded, handlers::special, {slot}, {}).target = static_cast<uint32_t>(*what);
        return slot;
    }
    if (const auto* name = std::get_if<Symbol>(&operand)) {
        const bool takes = in.opcode == "mov" || (in.opcode == "cvta" && !hasModifier(in, "to"));
        if (!takes || type.kind == Kind::Float)
            fail(in, "'" + name->name + "' where a value is expected");
        return symbol(in, name->name, 0);
    }
    fail(in, "an operand that is no value");
}

Slot FunctionDecoder::destination(const Instruction& in, const Operand& operand, Type type, bool widerToo) {
    if (std::holds_alternative<Discard>(operand)) {
        if (in.opcode != "atom" && !std::holds_alternative<Vector>(in.operands[0]))
            fail(in, "a result that is dropped");
        return temporary();
    }
    const auto* given = std::get_if<Register>(&operand);
    if (!given)
        fail(in, "a result that is no register");
    const uint32_t has = given->type.bits, bits = type.bits;
    if (bits != 0 && has != bits && !(widerToo && has > bits && bits > 1))
        fail(in, "a result of " + std::to_string(bits) + " bits in a register of " + std::to_string(has));
    if (bits != 0 && !agree(type, given->type))
        fail(in, "a result in a register of another type");
    return static_cast<Slot>(given->index);
}

const Place& FunctionDecoder::place(const Instruction& in, const std::string& name) const {
    const auto found = places_.find(name);
    if (found == places_.end())
        fail(in, "unknown symbol '" + name + "'");
    return found->second;
}

// The address of a symbol in its own space.
Slot FunctionDecoder::symbol(const Instruction& in, const std::string& name, int64_t offset) {
    const Place& where = place(in, name);
    const uint64_t address = where.address + static_cast<uint64_t>(offset);
    Instruction unguarded = in;
    unguarded.guard = -1;
    if (where.kind == Place::Kind::DynamicShared) {
        code_.usesDynamicShared = true;
        const Slot slot = temporary();
        emit(unguarded, handlers::dynamicShared, {slot}, {}).offset = offset;
        return slot;
    }
    if (where.kind == Place::Kind::Local && !function_.entry) {
        const Slot slot = temporary();
        emit(unguarded, handlers::localAddress, {slot}, {}).offset = static_cast<int64_t>(address);
        return slot;
    }
    if (where.kind == Place::Kind::Area)
        fail(in, "the address of '" + name + "', a parameter of a function, is not supported");
    return constant(address);
}

std::vector<Operand> FunctionDecoder::flatten(const Operand& operand) {
    if (const auto* vector = std::get_if<Vector>(&operand))
        return vector->elements;
    return {operand};
}

} // namespace halyard::softcuda::ptx
