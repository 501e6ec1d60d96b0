#include "function_parser.h"

#include "types.h"
#include "variable_parser.h"
#include "version_gate.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

constexpr uint32_t kMaxRegisters = 1u << 20;
constexpr size_t kMaxScopes = 1u << 16, kMaxDepth = 200;

} // namespace

void FunctionParser::parse() {
    scopes_.emplace_back();
    for (const auto* list : {&function_.parameters, &function_.results})
        for (const Parameter& parameter : *list)
            if (!scopes_[0].symbols.emplace(parameter.name, parameter.name).second)
                in_.fail("parameter '" + parameter.name + "' is declared twice");
    std::vector<uint32_t> outer;
    for (;;) {
        if (in_.atEnd())
            in_.fail("function '" + function_.name + "' has no end");
        if (in_.accept('{')) {
            if (scopes_.size() >= kMaxScopes || outer.size() >= kMaxDepth)
                in_.fail("too many blocks in '" + function_.name + "'");
            outer.push_back(scope_);
            scopes_.emplace_back();
            scopes_.back().parent = static_cast<int32_t>(scope_);
            scope_ = static_cast<uint32_t>(scopes_.size() - 1);
        } else if (in_.accept('}')) {
            if (outer.empty())
                break;
            scope_ = outer.back();
            outer.pop_back();
        } else {
            statement();
        }
    }
    resolveLabels();
}

void FunctionParser::statement() {
    if (in_.accept(';'))
        return;
    if (in_.peek().kind == Token::Kind::Dotted)
        return directive();
    if (in_.peek().kind == Token::Kind::Name && in_.isPunctuation(':', 1))
        return label();
    instruction();
}

void FunctionParser::directive() {
    const std::string_view word = in_.peek().text;
    if (word == "loc" || word == "file")
        return in_.skipLine();
    in_.next();
    if (word == "reg")
        return registers();
    if (word == "local")
        return variables(Space::Local);
    if (word == "shared")
        return variables(Space::Shared);
    if (word == "param")
        return variables(Space::Param);
    if (word == "pragma") {
        while (!in_.isPunctuation(';')) {
            if (in_.peek().kind != Token::Kind::String && !in_.isPunctuation(','))
                in_.fail("expected a string of .pragma but found " + in_.shown());
            in_.next();
        }
        return in_.expect(';');
    }
    in_.fail("unknown directive '." + std::string(word) + "' in a function");
}

void FunctionParser::registers() {
    const std::string_view word = in_.dotted("a type");
    const auto type = parseType(word);
    if (!type || type->kind == Kind::TF32)
        in_.fail("registers of the unknown type '." + std::string(word) + "'");
    Scope& scope = scopes_[scope_];
    do {
        const std::string name(in_.name("the name of a register"));
        uint64_t count = 1;
        const bool range = in_.accept('<');
        if (range) {
            count = in_.integer("a count of registers");
            in_.expect('>');
        }
        const auto first = static_cast<uint32_t>(function_.registers.size());
        if (count > kMaxRegisters - first)
            in_.fail("more than " + std::to_string(kMaxRegisters) + " registers in '" + function_.name + "'");
        function_.registers.resize(first + count, *type);
        const bool fresh = range ? scope.ranges.emplace(name, Range{first, uint32_t(count), *type}).second
                                 : scope.registers.emplace(name, Register{first, *type}).second;
        if (!fresh)
            in_.fail("register '" + name + "' is declared twice");
    } while (in_.accept(','));
    in_.expect(';');
}

void FunctionParser::variables(Space space) {
    for (Variable& variable : parseVariables(in_, space, {})) {
        const std::string written = variable.name;
        const auto taken = [&](const std::string& name) {
            const auto is = [&](const auto& other) { return other.name == name; };
            return std::any_of(function_.locals.begin(), function_.locals.end(), is) ||
                   std::any_of(function_.parameters.begin(), function_.parameters.end(), is) ||
                   std::any_of(function_.results.begin(), function_.results.end(), is) ||
                   std::any_of(module_.variables.begin(), module_.variables.end(), is);
        };
        if (taken(written)) // '#' is in no name of a text
            variable.name += "#" + std::to_string(function_.locals.size());
        if (!scopes_[scope_].symbols.emplace(written, variable.name).second)
            in_.fail("'" + written + "' is declared twice");
        function_.locals.push_back(std::move(variable));
    }
}

void FunctionParser::label() {
    const std::string name(in_.next().text);
    in_.next();
    Scope& scope = scopes_[scope_];
    if (in_.acceptDotted("branchtargets")) {
        std::vector<std::string> targets;
        do
            targets.emplace_back(in_.name("a label"));
        while (in_.accept(','));
        in_.expect(';');
        if (!scope.tables.emplace(name, std::move(targets)).second)
            in_.fail("'" + name + "' is declared twice");
        return;
    }
    if (in_.acceptDotted("callprototype"))
        return skipPrototype();
    if (in_.isDotted("calltargets"))
        in_.fail("unsupported directive '.calltargets'");
    if (!scope.labels.emplace(name, static_cast<uint32_t>(function_.body.size())).second)
        in_.fail("label '" + name + "' is defined twice");
}

// The function that is called tells what it takes; a call through a pointer is checked with that.
void FunctionParser::skipPrototype() {
    while (!in_.isPunctuation(';')) {
        if (in_.atEnd())
            in_.fail("a .callprototype has no end");
        in_.next();
    }
    in_.next();
}

void FunctionParser::guard(Instruction& instruction) {
    if (!in_.accept('@'))
        return;
    instruction.guardNegated = in_.accept('!');
    const std::string_view name = in_.name("a predicate");
    const auto found = findRegister(name);
    if (!found || found->type.kind != Kind::Predicate)
        in_.fail("'" + std::string(name) + "' is no predicate");
    instruction.guard = static_cast<int32_t>(found->index);
}

void FunctionParser::instruction() {
    Instruction instruction;
    guard(instruction);
    instruction.line = in_.line();
    instruction.opcode = in_.name("an instruction");
    if (instruction.opcode[0] == '%')
        in_.fail("expected an instruction but found '" + instruction.opcode + "'");
    while (in_.peek().kind == Token::Kind::Dotted)
        instruction.modifiers.emplace_back(in_.next().text);
    if (instruction.opcode == "bra" || instruction.opcode == "brx") {
        control(instruction);
    } else if (instruction.opcode == "call") {
        call(instruction);
    } else if (in_.isPunctuation('!')) {
        in_.fail("an inverted result of '" + instruction.opcode + "'");
    } else if (!in_.isPunctuation(';')) {
        do
            instruction.operands.push_back(operand());
        while (in_.accept(','));
    }
    if (!in_.isPunctuation(';'))
        in_.fail("expected ';' behind '" + instruction.opcode + "' but found " + in_.shown());
    in_.next();
    checkVersion(instruction, module_);
    function_.body.push_back(std::move(instruction));
}

void FunctionParser::control(Instruction& instruction) {
    if (instruction.opcode == "bra") {
        const auto index = static_cast<uint32_t>(function_.body.size());
        const uint32_t line = in_.line();
        labelUses_.push_back({index, 0, scope_, line, std::string(in_.name("a label"))});
        instruction.operands.emplace_back(Label{});
        return;
    }
    instruction.operands.push_back(operand());
    in_.expect(',');
    const auto index = static_cast<uint32_t>(function_.body.size());
    const uint32_t line = in_.line();
    labelUses_.push_back({index, 1, scope_, line, std::string(in_.name("the name of .branchtargets"))});
    instruction.operands.emplace_back(Vector{});
}

// call (results), callee, (arguments), prototype; everything but the callee may be missing.
void FunctionParser::call(Instruction& instruction) {
    const auto list = [&] {
        Vector values;
        while (!in_.accept(')')) {
            if (!values.elements.empty())
                in_.expect(',');
            values.elements.push_back(operand());
        }
        return values;
    };
    Vector results, arguments;
    if (in_.accept('(')) {
        results = list();
        in_.expect(',');
    }
    Operand callee = operand();
    if (in_.accept(',')) {
        in_.expect('(');
        arguments = list();
    }
    if (in_.accept(','))
        in_.name("a prototype");
    instruction.operands.emplace_back(std::move(results));
    instruction.operands.push_back(std::move(callee));
    instruction.operands.emplace_back(std::move(arguments));
}

uint32_t FunctionParser::findLabel(const LabelUse& use, uint32_t scope) const {
    for (int32_t at = static_cast<int32_t>(scope); at >= 0; at = scopes_[at].parent)
        if (const auto found = scopes_[at].labels.find(use.name); found != scopes_[at].labels.end())
            return found->second;
    throw PtxError(use.line, "label '" + use.name + "' is not defined");
}

void FunctionParser::resolveLabels() {
    for (const LabelUse& use : labelUses_) {
        Instruction& instruction = function_.body[use.instruction];
        if (use.operand == 0) {
            instruction.operands[0] = Label{findLabel(use, use.scope)};
            continue;
        }
        const std::vector<std::string>* targets = nullptr;
        for (int32_t at = static_cast<int32_t>(use.scope); at >= 0 && !targets; at = scopes_[at].parent)
            if (const auto found = scopes_[at].tables.find(use.name); found != scopes_[at].tables.end())
                targets = &found->second;
        if (!targets)
            throw PtxError(use.line, "there are no .branchtargets '" + use.name + "'");
        Vector labels;
        for (const std::string& name : *targets)
            labels.elements.emplace_back(Label{findLabel({0, 0, 0, use.line, name}, use.scope)});
        instruction.operands[1] = std::move(labels);
    }
}

} // namespace halyard::softcuda::ptx
