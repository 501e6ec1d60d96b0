#include "spv/source_line.h"

#include <algorithm>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

// Instructions of NonSemantic.Shader.DebugInfo.100.
constexpr uint32_t kDebugSource = 35;
constexpr uint32_t kDebugLine = 103;
constexpr uint32_t kDebugNoLine = 104;

// The number of an instruction of that set, or 0 for any other instruction.
uint32_t debugNumber(const Module& module, const Instruction& instruction) {
    if (instruction.op() != Op::OpExtInst || instruction.operandCount() < 2)
        return 0;
    const auto set = module.extInstImports().find(instruction.operand(0));
    return set != module.extInstImports().end() && set->second == "NonSemantic.Shader.DebugInfo.100"
               ? instruction.operand(1)
               : 0;
}

LineMark begin(const Module& module, Id file, uint32_t line, uint32_t column) {
    const Instruction* string = module.definition(file);
    if (string == nullptr || string->op() != Op::OpString || string->operandCount() == 0)
        return {LineMark::Kind::End, {}};
    const std::string_view name =
        literalString(string->words + string->operandStart, string->words + string->wordCount);
    return {LineMark::Kind::Begin, {name, line, column}};
}

bool constantWord(const Module& module, Id id, uint32_t& word) {
    const Instruction* definition = module.definition(id);
    if (definition == nullptr || definition->op() != Op::OpConstant || definition->operandCount() == 0)
        return false;
    word = definition->operand(0);
    return true;
}

LineMark debugLine(const Module& module, const Instruction& instruction) {
    constexpr uint32_t kSource = 2, kLine = 3, kColumn = 5, kFile = 2; // operands
    uint32_t line = 0;
    if (instruction.operandCount() <= kLine || !constantWord(module, instruction.operand(kLine), line))
        return {LineMark::Kind::End, {}};
    const Instruction* source = module.definition(instruction.operand(kSource));
    if (source == nullptr || debugNumber(module, *source) != kDebugSource || source->operandCount() <= kFile)
        return {LineMark::Kind::End, {}};
    uint32_t column = 0;
    if (instruction.operandCount() > kColumn)
        constantWord(module, instruction.operand(kColumn), column);
    return begin(module, source->operand(kFile), line, column);
}

} // namespace

LineMark lineMark(const Module& module, const Instruction& instruction) {
    switch (instruction.op()) {
    case Op::OpNoLine:
        return {LineMark::Kind::End, {}};
    case Op::OpLine:
        if (instruction.operandCount() < 2)
            return {LineMark::Kind::End, {}};
        return begin(module, instruction.operand(0), instruction.operand(1),
                     instruction.operandCount() > 2 ? instruction.operand(2) : 0);
    case Op::OpExtInst:
        switch (debugNumber(module, instruction)) {
        case kDebugLine:
            return debugLine(module, instruction);
        case kDebugNoLine:
            return {LineMark::Kind::End, {}};
        default:
            return {};
        }
    default:
        return {};
    }
}

bool hasLines(const Module& module) {
    if (module.functions().empty())
        return false;
    const std::vector<Instruction>& all = module.instructions();
    return std::any_of(all.begin() + module.functions().front().instruction, all.end(),
                       [&](const Instruction& each) { return lineMark(module, each).kind == LineMark::Kind::Begin; });
}

} // namespace halyard::spv
