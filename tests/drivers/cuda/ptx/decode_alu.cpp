// Instructions on registers: findAlu() has what they do.
#include "decoder.h"
#include "types.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

constexpr Type kPredicate{Kind::Predicate, 1}, kWord{Kind::Bits, 32}, kAny{};

std::vector<Type> typesOf(const Instruction& in) {
    std::vector<Type> types;
    for (const std::string& modifier : in.modifiers)
        if (const auto type = parseType(modifier))
            types.push_back(*type);
    return types;
}

Type doubled(Type type) {
    type.bits *= 2;
    return type;
}

bool combines(const Instruction& in) {
    return hasModifier(in, "and") || hasModifier(in, "or") || hasModifier(in, "xor");
}

bool isOneOf(const std::string& opcode, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), opcode) != names.end();
}

// The types that an instruction's operands have; kAny is not checked.
Type resultType(const Instruction& in, const std::vector<Type>& types, size_t index) {
    const std::string& name = in.opcode;
    if (types.empty() || isOneOf(name, {"wmma", "mma", "movmatrix"}))
        return kAny;
    if (isOneOf(name, {"setp", "testp"}) || (name == "shfl" && index == 1) || (name == "match" && index == 1))
        return kPredicate;
    if (isOneOf(name, {"popc", "clz", "bfind", "match", "fns", "bmsk"}))
        return kWord;
    if (isOneOf(name, {"mul", "mad"}) && hasModifier(in, "wide"))
        return doubled(types.back());
    if (isOneOf(name, {"set", "slct", "cvt"}))
        return types.front();
    if (index == 1) // add.cc and the like have no second result; others differ
        return kAny;
    return types.size() == 1 ? types[0] : kAny;
}

Type sourceType(const Instruction& in, const std::vector<Type>& types, size_t index) {
    const std::string& name = in.opcode;
    if (types.empty() || isOneOf(name, {"wmma", "mma", "movmatrix"}))
        return kAny;
    if (isOneOf(name, {"shl", "shr"}) && index == 1)
        return kWord;
    if (isOneOf(name, {"setp", "set"}) && index == 2 && combines(in))
        return kPredicate;
    if (name == "selp" && index == 2)
        return kPredicate;
    if (name == "bfe" && index > 0)
        return kWord;
    if (name == "bfi" && index > 1)
        return kWord;
    if (name == "mad" && hasModifier(in, "wide") && index == 2)
        return doubled(types.back());
    if (name == "slct")
        return index == 2 ? types.back() : types.front();
    if (name == "vote")
        return index == 0 ? kPredicate : kWord;
    if (isOneOf(name, {"shfl", "redux", "match"}) && index > 0)
        return kWord;
    if (isOneOf(name, {"prmt", "lop3", "fns", "dp4a", "dp2a", "bmsk"}))
        return kWord;
    if (isOneOf(name, {"cvt", "set", "setp", "testp"}) || types.size() == 1)
        return types.back();
    return kAny;
}

} // namespace

void FunctionDecoder::alu(const Instruction& in) {
    Alu found;
    if (!findAlu(in.opcode, in.modifiers, found))
        throw PtxError(in.line, "unknown instruction '" + shown(in) + "'");
    if (in.operands.empty())
        fail(in, "no operands");
    const std::vector<Type> types = typesOf(in);
    const bool convert = in.opcode == "cvt";
    const bool barrierLess = in.opcode == "wmma" || in.opcode == "mma" || in.opcode == "movmatrix";
    std::vector<Slot> destinations, sources;
    for (const Operand& operand : flatten(in.operands[0])) {
        const Type type = resultType(in, types, destinations.size());
        destinations.push_back(destination(in, operand, type, convert));
    }
    for (size_t i = 1; i < in.operands.size(); ++i)
        for (const Operand& operand : flatten(in.operands[i])) {
            Type type = sourceType(in, types, sources.size());
            const bool immediate = std::holds_alternative<Immediate>(operand);
            if (immediate && type.bits == 0)
                type = types.empty() ? kWord : types.back();
            sources.push_back(source(in, operand, type, convert || barrierLess));
        }
    if (found.readsCarry)
        sources.push_back(carry());
    const size_t most = found.destinations - (found.writesCarry ? 1 : 0), given = destinations.size();
    if (given > most || given + found.optionalDestinations < most || sources.size() != found.sources)
        fail(in, std::to_string(given) + " results and " + std::to_string(sources.size()) + " operands, where " +
                     std::to_string(most) + " and " + std::to_string(found.sources) + " are expected,");
    while (destinations.size() < most)
        destinations.push_back(temporary());
    if (found.writesCarry)
        destinations.push_back(carry());
    const bool amongLanes = isOneOf(in.opcode, {"shfl", "vote", "match", "redux"});
    Op& op = emit(in, nullptr, destinations, sources);
    op.aluData = found.data;
    if (amongLanes || barrierLess) {
        op.run = handlers::lanes;
        op.perform = handlers::performAlu;
        op.laneAlu = found.run;
        op.offset = amongLanes ? static_cast<int64_t>(sources.size()) - 1 : -1;
    } else {
        op.alu = found.run;
    }
    // A signed result is extended to the width of its register.
    const auto* to = std::get_if<Register>(&in.operands[0]);
    if (to && found.signedBits != 0 && to->type.bits > found.signedBits) {
        Op& extend = emit(in, handlers::signExtend, {destinations[0]}, {destinations[0]});
        extend.bytes = found.signedBits / 8;
        extend.extendTo = to->type.bits;
    }
}

// CC.CF, a register that no text names.
Slot FunctionDecoder::carry() {
    if (carry_ < 0)
        carry_ = temporary();
    return carry_;
}

} // namespace halyard::softcuda::ptx
