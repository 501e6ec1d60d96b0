#include "spv/callgraph.h"
#include "spv/opcodes.h"

#include <algorithm>
#include <unordered_set>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

constexpr uint64_t kMaxSteps = 50'000'000;

// Their second operand is a literal.
bool isGroupArithmetic(const OpcodeInfo& info) {
    return info.family == OpFamily::Group && info.hasType &&
           !(info.opcode == static_cast<uint16_t>(Op::OpGroupAsyncCopy) ||
             info.opcode == static_cast<uint16_t>(Op::OpSubgroupBlockReadINTEL));
}

// Calls `visit` with each operand that may be the id of a pointer. Literals must not be mistaken for ids, so the
// opcodes that mix both are listed; those that take no pointer at all are skipped.
template <typename Visit> void forEachPointerOperand(const Instruction& instruction, Visit visit) {
    uint32_t first = 0;
    uint32_t last = instruction.operandCount();
    switch (instruction.op()) {
    case Op::OpLoad:
    case Op::OpArrayLength:
    case Op::OpCompositeExtract:
        last = std::min(last, 1u);
        break;
    case Op::OpStore:
    case Op::OpCopyMemory:
    case Op::OpCompositeInsert:
        last = std::min(last, 2u);
        break;
    case Op::OpCopyMemorySized:
        last = std::min(last, 3u);
        break;
    case Op::OpVariable: // storage class, initialiser
    case Op::OpSpecConstantOp:
        first = 1;
        break;
    case Op::OpExtInst: // set, number
        first = 2;
        break;
    case Op::OpVectorShuffle:
    case Op::OpSwitch:
    case Op::OpBranch:
    case Op::OpBranchConditional:
    case Op::OpLoopMerge:
    case Op::OpSelectionMerge:
    case Op::OpLine:
    case Op::OpConstant:
        last = 0;
        break;
    default: {
        const OpcodeInfo* info = findOpcode(instruction.opcode);
        const bool pointerless = info->family == OpFamily::NonUniform || info->family == OpFamily::Type ||
                                 info->family == OpFamily::Arithmetic || isGroupArithmetic(*info);
        // Load and store take the pointer first; their layouts and memory operands follow.
        if (info->family == OpFamily::CooperativeMatrix)
            last = std::min(last, 1u);
        else if (pointerless)
            last = 0;
        break;
    }
    }
    for (uint32_t i = first; i < last; ++i)
        visit(instruction.operand(i));
}

void sortUnique(std::vector<Id>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

} // namespace

CallGraph::CallGraph(const Module& module) : module_(module), budget_(kMaxSteps) {}

void CallGraph::scan(const Instruction& instruction, Summary& summary, std::vector<Id>& pending) const {
    switch (instruction.op()) {
    case Op::OpControlBarrier:
        if (instruction.operandCount() > 0)
            summary.direct.barriers.push_back(instruction.operand(0));
        return;
    case Op::OpFunctionCall:
        if (instruction.operandCount() > 0)
            summary.callees.push_back(instruction.operand(0));
        break;
    case Op::OpArrayLength:
        if (instruction.operandCount() > 0)
            summary.direct.arrayLengths.push_back(instruction.operand(0));
        break;
    default:
        break;
    }
    forEachPointerOperand(instruction, [&](Id id) { pending.push_back(id); });
}

const CallGraph::Summary& CallGraph::summary(const Function& function) {
    auto [it, isNew] = summaries_.try_emplace(function.id);
    Summary& summary = it->second;
    if (!isNew)
        return summary;
    const std::vector<Instruction>& instructions = module_.instructions();
    const uint32_t firstFunction = module_.functions().front().instruction;
    std::vector<Id> pending;
    for (const Block& block : function.blocks) {
        for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i)
            scan(instructions[i], summary, pending);
    }
    // Constants and initialisers may in turn name variables.
    std::unordered_set<Id> seen;
    while (!pending.empty()) {
        const Id id = pending.back();
        pending.pop_back();
        const Instruction* definition = module_.definition(id);
        if (definition == nullptr || definition - instructions.data() >= firstFunction || !seen.insert(id).second)
            continue;
        if (definition->op() == Op::OpVariable)
            summary.direct.variables.push_back(id);
        const OpFamily family = findOpcode(definition->opcode)->family;
        if (definition->op() == Op::OpVariable || family == OpFamily::Constant)
            forEachPointerOperand(*definition, [&](Id inner) { pending.push_back(inner); });
    }
    sortUnique(summary.direct.variables);
    sortUnique(summary.direct.arrayLengths);
    sortUnique(summary.direct.barriers);
    sortUnique(summary.callees);
    return summary;
}

Result<Reach> CallGraph::from(Id function) {
    Reach reach;
    std::unordered_set<Id> visited;
    std::vector<Id> pending{function};
    while (!pending.empty()) {
        const Id id = pending.back();
        pending.pop_back();
        const Function* definition = module_.findFunction(id);
        if (definition == nullptr || !visited.insert(id).second)
            continue;
        const Summary& part = summary(*definition);
        const uint64_t steps = 1 + part.callees.size() + part.direct.variables.size() +
                               part.direct.arrayLengths.size() + part.direct.barriers.size();
        if (steps > budget_)
            return Error{HY_ERROR_UNSUPPORTED_SPIRV, "the entry points' call graphs are too large to walk",
                         "split the module into modules with fewer entry points"};
        budget_ -= steps;
        reach.functions.push_back(id);
        reach.barriers.insert(reach.barriers.end(), part.direct.barriers.begin(), part.direct.barriers.end());
        reach.variables.insert(reach.variables.end(), part.direct.variables.begin(), part.direct.variables.end());
        reach.arrayLengths.insert(reach.arrayLengths.end(), part.direct.arrayLengths.begin(),
                                  part.direct.arrayLengths.end());
        pending.insert(pending.end(), part.callees.begin(), part.callees.end());
    }
    sortUnique(reach.functions);
    sortUnique(reach.variables);
    sortUnique(reach.arrayLengths);
    sortUnique(reach.barriers);
    return reach;
}

} // namespace halyard::spv
