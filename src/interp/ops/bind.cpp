// bindOperation: finds the rule of an instruction among the families' tables.
#include "interp/ops/binding.h"

#include "spv/opcodes.h"

#include <unordered_map>

namespace halyard::interp {
namespace {

using ops::Binding;
using ops::Rule;
using RuleMap = std::unordered_map<uint32_t, const Rule*>;

RuleMap collect(std::initializer_list<std::span<const Rule>> families) {
    RuleMap map;
    for (const std::span<const Rule> family : families)
        for (const Rule& rule : family)
            map.emplace(rule.number, &rule);
    return map;
}

// Never destroyed: the process may end while a kernel runs.
const RuleMap& coreRules() {
    static const RuleMap& map =
        *new RuleMap(collect({ops::integerRules(), ops::extendedIntegerRules(), ops::bitRules(), ops::floatRules(),
                              ops::compareRules(), ops::logicalRules(), ops::conversionRules(), ops::castRules(),
                              ops::compositeRules(), ops::matrixRules(), ops::dotRules(), ops::vendorRules()}));
    return map;
}

const RuleMap& openclRules() {
    static const RuleMap& map =
        *new RuleMap(collect({ops::openclMathRules(), ops::openclFloatRules(), ops::openclIntegerRules(),
                              ops::openclVectorRules(), ops::openclMemoryRules()}));
    return map;
}

const RuleMap& glslRules() {
    static const RuleMap& map = *new RuleMap(
        collect({ops::glslMathRules(), ops::glslCommonRules(), ops::glslPackRules(), ops::glslMatrixRules()}));
    return map;
}

constexpr uint32_t kOpenClPrintf = 184; // the engine's

spv::Result<Bound> finish(Binding& binding, const Rule& rule) {
    if (!ops::applyRule(binding, rule))
        return *binding.error();
    return Bound{true, std::move(binding.operation)};
}

spv::Result<Bound> bindExtended(TypeSource& source, const spv::Instruction& instruction) {
    Binding binding(source, instruction, instruction.opcode, 2);
    if (instruction.operandCount() < 2 || instruction.resultType == 0) {
        binding.invalid("has too few operands");
        return *binding.error();
    }
    const auto& imports = source.module().extInstImports();
    const auto set = imports.find(instruction.operand(0));
    if (set == imports.end()) {
        binding.invalid("names no extended instruction set");
        return *binding.error();
    }
    const uint32_t number = instruction.operand(1);
    const bool opencl = set->second == "OpenCL.std";
    // Debug information has no effect.
    if (!opencl && set->second != "GLSL.std.450") {
        if (set->second.starts_with("NonSemantic.") || set->second.find("DebugInfo") != std::string::npos)
            return Bound{};
        binding.unsupported("is of the set " + set->second + ", which the interpreter does not know");
        return *binding.error();
    }
    if (opencl && number == kOpenClPrintf)
        return Bound{};
    const RuleMap& rules = opencl ? openclRules() : glslRules();
    const auto rule = rules.find(number);
    if (rule == rules.end()) {
        const spv::NameInfo* info = opencl ? spv::findOpenClStd(number) : spv::findGlslStd450(number);
        binding.unsupported("is " + (info != nullptr ? std::string(info->name) : "number " + std::to_string(number)) +
                            " of " + set->second + ", which the interpreter does not compute");
        return *binding.error();
    }
    binding.operation.extended = number;
    return finish(binding, *rule->second);
}

} // namespace

spv::Result<Bound> bindOperation(TypeSource& source, const spv::Instruction& instruction) {
    if (instruction.op() == ::spv::Op::OpExtInst)
        return bindExtended(source, instruction);
    uint16_t opcode = instruction.opcode;
    uint32_t first = 0;
    if (instruction.op() == ::spv::Op::OpSpecConstantOp) {
        if (instruction.operandCount() < 1 || instruction.operand(0) > UINT16_MAX) {
            Binding binding(source, instruction, opcode, 0);
            binding.invalid("names no operation");
            return *binding.error();
        }
        opcode = static_cast<uint16_t>(instruction.operand(0));
        first = 1;
    }
    const auto rule = coreRules().find(opcode);
    if (rule == coreRules().end())
        return Bound{};
    Binding binding(source, instruction, opcode, first);
    return finish(binding, *rule->second);
}

} // namespace halyard::interp
