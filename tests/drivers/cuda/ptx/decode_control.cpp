#include "decoder.h"
#include "types.h"
#include "words.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

constexpr Type kWord{Kind::Unsigned, 32}, kPredicate{Kind::Predicate, 1};

} // namespace

void FunctionDecoder::branch(const Instruction& in) {
    for (const std::string& modifier : in.modifiers)
        if (modifier != "uni")
            badModifier(in, modifier);
    Op& op = emit(in, handlers::branch, {}, {});
    op.control = true;
    op.target = std::get<Label>(in.operands[0]).target;
    op.reconverge = meetings_[at_];
}

void FunctionDecoder::branchTable(const Instruction& in) {
    if (in.modifiers.empty() || in.modifiers[0] != "idx" || in.modifiers.size() > 2 ||
        (in.modifiers.size() == 2 && in.modifiers[1] != "uni"))
        fail(in, "unknown modifiers");
    const Slot index = source(in, in.operands[0], kWord);
    std::vector<uint32_t> table;
    for (const Operand& operand : std::get<Vector>(in.operands[1]).elements)
        table.push_back(std::get<Label>(operand).target);
    Op& op = emit(in, handlers::branchTable, {}, {index});
    op.control = true;
    op.target = static_cast<uint32_t>(code_.tables.size());
    op.reconverge = meetings_[at_];
    code_.tables.push_back(std::move(table));
}

void FunctionDecoder::call(const Instruction& in) {
    for (const std::string& modifier : in.modifiers)
        if (modifier != "uni")
            badModifier(in, modifier);
    Code::Call call;
    const auto area = [&](const Operand& operand, std::vector<uint32_t>& out) {
        const auto* name = std::get_if<Symbol>(&operand);
        if (!name || place(in, name->name).kind != Place::Kind::Area)
            fail(in, "an argument or result that is no .param of the function");
        out.push_back(static_cast<uint32_t>(place(in, name->name).address));
    };
    for (const Operand& operand : std::get<Vector>(in.operands[0]).elements)
        area(operand, call.results);
    for (const Operand& operand : std::get<Vector>(in.operands[2]).elements)
        area(operand, call.arguments);
    std::vector<Slot> sources;
    if (const auto* name = std::get_if<Symbol>(&in.operands[1])) {
        const Place& where = place(in, name->name);
        if (where.kind != Place::Kind::Function)
            fail(in, "'" + name->name + "' is no function");
        call.callee = static_cast<uint32_t>(where.address);
        const Function& callee = program_.module.functions[call.callee];
        if (callee.entry || !callee.defined)
            fail(in, "'" + name->name + "' is " + (callee.entry ? "an .entry" : "not defined"));
        if (callee.parameters.size() != call.arguments.size() || callee.results.size() != call.results.size())
            fail(in, "'" + name->name + "' takes " + std::to_string(callee.parameters.size()) + " arguments and has " +
                         std::to_string(callee.results.size()) + " results");
        for (size_t i = 0; i < callee.parameters.size(); ++i)
            argumentSize(in, std::get<Vector>(in.operands[2]).elements[i], callee.parameters[i]);
        for (size_t i = 0; i < callee.results.size(); ++i)
            argumentSize(in, std::get<Vector>(in.operands[0]).elements[i], callee.results[i]);
    } else {
        call.callee = Code::kIndirect;
        sources.push_back(source(in, in.operands[1], {Kind::Unsigned, 64}));
    }
    emit(in, handlers::call, {}, sources).target = static_cast<uint32_t>(code_.calls.size());
    code_.calls.push_back(std::move(call));
    Instruction unguarded;
    unguarded.line = in.line;
    emit(unguarded, handlers::meet, {}, {}).control = true; // where the lanes that return meet
}

// The caller's .param and the function's have one size, or else bytes of one get lost.
void FunctionDecoder::argumentSize(const Instruction& in, const Operand& operand, const Parameter& parameter) const {
    const std::string& name = std::get<Symbol>(operand).name;
    for (const Variable& local : function_.locals)
        if (local.name == name && local.bytes != parameter.bytes)
            fail(in, "'" + name + "' has " + std::to_string(local.bytes) + " bytes where the function has " +
                         std::to_string(parameter.bytes));
}

void FunctionDecoder::end(const Instruction& in) {
    operandCount(in, 0, 0);
    for (const std::string& modifier : in.modifiers)
        if (modifier != "uni" || in.opcode != "ret")
            badModifier(in, modifier);
    emit(in, in.opcode == "ret" ? handlers::ret : in.opcode == "exit" ? handlers::exit : handlers::trap, {}, {});
}

// What changes nothing that a kernel computes. Words and operands are checked all the same.
void FunctionDecoder::hint(const Instruction& in) {
    const auto says = [&](std::initializer_list<const char*> forms) {
        return std::any_of(forms.begin(), forms.end(), [&](const char* form) { return shown(in) == form; });
    };
    const auto number = [&](size_t operand, uint64_t least, uint64_t most) {
        const auto* value = std::get_if<Immediate>(&in.operands[operand]);
        if (!value || value->kind == Kind::Float || value->bits < least || value->bits > most)
            fail(in, "a number from " + std::to_string(least) + " to " + std::to_string(most) + " is expected");
    };
    const auto place = [&](Space space) {
        const Base base = address(in, in.operands[0], space);
        if (base.kernelParameter || base.space == Space::Register)
            fail(in, "the address of a parameter");
    };
    if (says({"brkpt"})) {
        operandCount(in, 0, 0);
        emit(in, handlers::trap, {}, {});
        return;
    }
    if (says({"griddepcontrol.wait", "griddepcontrol.launch_dependents"})) {
        operandCount(in, 0, 0);
    } else if (says({"pmevent"})) {
        operandCount(in, 1, 1);
        number(0, 0, 15);
    } else if (says({"pmevent.mask"})) {
        operandCount(in, 1, 1);
        number(0, 0, 0xffff);
    } else if (says({"prefetchu.L1", "prefetch.L1", "prefetch.L2"})) {
        operandCount(in, 1, 1);
        place(Space::Generic);
    } else if (says({"prefetch.global.L1", "prefetch.global.L2", "prefetch.global.L2::evict_last",
                     "prefetch.global.L2::evict_normal"})) {
        operandCount(in, 1, 1);
        place(Space::Global);
    } else if (says({"prefetch.local.L1", "prefetch.local.L2"})) {
        operandCount(in, 1, 1);
        place(Space::Local);
    } else if (says({"discard.global.L2", "discard.L2", "applypriority.global.L2::evict_normal",
                     "applypriority.L2::evict_normal"})) {
        operandCount(in, 2, 2);
        place(hasModifier(in, "global") ? Space::Global : Space::Generic);
        number(1, 128, 128);
    } else {
        throw PtxError(in.line, "unknown instruction '" + shown(in) + "'");
    }
    emit(in, handlers::nothing, {}, {});
}

void FunctionDecoder::yield(const Instruction& in) {
    operandCount(in, 1, 1);
    if (in.modifiers != std::vector<std::string>{"u32"})
        fail(in, "unknown modifiers");
    source(in, in.operands[0], kWord);
    emit(in, handlers::yield, {}, {});
}

void FunctionDecoder::fence(const Instruction& in) {
    operandCount(in, 0, 0);
    Words words(in);
    bool good = false;
    if (in.opcode == "membar") {
        good = !words.accept({"cta", "gl", "sys"}).empty();
    } else {
        words.accept({"sc", "acq_rel", "acquire", "release"});
        good = !words.accept({"cta", "cluster", "gpu", "sys"}).empty();
    }
    if (!good || !words.atEnd())
        fail(in, "no order and scope of a fence");
    emit(in, handlers::fence, {}, {});
}

// bar{.cta}.sync a{, b}; barrier{.cta}.red{.aligned}.popc.u32 d, a{, b}, {!}c; and so on.
void FunctionDecoder::barrier(const Instruction& in) {
    using Use = handlers::BarrierUse;
    Words words(in);
    words.accept({"cta"});
    const std::string_view kind = words.accept({"sync", "arrive", "red"});
    if (kind.empty())
        fail(in, "no kind of barrier");
    if (in.opcode == "barrier")
        words.accept({"aligned"});
    const bool red = kind == "red";
    Use use = kind == "arrive" ? Use::Arrive : Use::Sync;
    if (red) {
        const std::string_view operation = words.accept({"popc", "and", "or"});
        const std::string_view type = words.accept({"u32", "pred"});
        if (operation.empty() || (operation == "popc") != (type == "u32") || type.empty())
            fail(in, "no operation of a barrier with its type");
        use = operation == "popc" ? Use::Popc : operation == "and" ? Use::And : Use::Or;
    }
    if (!words.atEnd())
        badModifier(in, std::string(words.peek()));
    const size_t first = red ? 1 : 0, last = in.operands.size() - (red ? 1 : 0);
    operandCount(in, red ? 3 : use == Use::Arrive ? 2 : 1, red ? 4 : 2);
    const auto immediate = [&](size_t operand, uint64_t most, uint64_t step) {
        const auto* value = std::get_if<Immediate>(&in.operands[operand]);
        if (value && (value->bits > most || value->bits % step != 0))
            fail(in, "a number of a barrier or of its threads that there is not");
    };
    immediate(first, 15, 1);
    if (last > first + 1)
        immediate(first + 1, 1024, 32);
    std::vector<Slot> destinations, sources;
    if (red)
        destinations.push_back(destination(in, in.operands[0], use == Use::Popc ? kWord : kPredicate));
    sources.push_back(source(in, in.operands[first], kWord));
    sources.push_back(last > first + 1 ? source(in, in.operands[first + 1], kWord) : constant(0));
    if (red)
        sources.push_back(source(in, in.operands[last], kPredicate));
    emit(in, handlers::barrier, destinations, sources).target = static_cast<uint32_t>(use);
}

void FunctionDecoder::warpBarrier(const Instruction& in) {
    operandCount(in, 1, 1);
    if (in.modifiers != std::vector<std::string>{"warp", "sync"})
        fail(in, "unknown modifiers");
    const Slot members = source(in, in.operands[0], kWord);
    emit(in, handlers::lanes, {}, {members}).offset = 0;
}

void FunctionDecoder::elect(const Instruction& in) {
    operandCount(in, 2, 2);
    if (in.modifiers != std::vector<std::string>{"sync"})
        fail(in, "unknown modifiers");
    const auto* results = std::get_if<Vector>(&in.operands[0]);
    if (!results || results->elements.size() != 2)
        fail(in, "no two results");
    const Slot leader = destination(in, results->elements[0], {Kind::Bits, 32});
    const Slot is = destination(in, results->elements[1], kPredicate);
    const Slot members = source(in, in.operands[1], kWord);
    Op& op = emit(in, handlers::lanes, {leader, is}, {members});
    op.perform = handlers::performElect;
    op.offset = 0;
}

void FunctionDecoder::activeMask(const Instruction& in) {
    operandCount(in, 1, 1);
    if (in.modifiers != std::vector<std::string>{"b32"})
        fail(in, "unknown modifiers");
    emit(in, handlers::activeMask, {destination(in, in.operands[0], {Kind::Bits, 32})}, {});
}

} // namespace halyard::softcuda::ptx
