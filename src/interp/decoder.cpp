#include "interp/decoder.h"

#include "spv/opcodes.h"

#include <algorithm>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

using Op = ::spv::Op;

constexpr uint64_t kMaxFrameCells = uint64_t{1} << 23;
constexpr uint64_t kMaxSteps = uint64_t{1} << 24;
constexpr uint32_t kMaxCallDepth = 512;
constexpr uint32_t kOpenClPrintf = 184;
constexpr uint32_t kDebugPrintf = 1;
constexpr uint32_t kOpAssumeTrue = 5630;

} // namespace

Decoder::Decoder(std::shared_ptr<const spv::Module> module, const spv::KernelInfo& kernel, uint32_t subgroupSize)
    : prepared_(std::make_unique<Prepared>()), module_(*module), declarations_([&]() -> Declarations& {
          const spv::EntryPoint* entry = module->findEntryPoint(kernel.name);
          if (entry == nullptr || entry->function != kernel.function)
              throw Refusal{{HY_ERROR_NOT_FOUND, fmt::format("the module has no entry point '{}'", kernel.name), {}}};
          prepared_->module = module;
          prepared_->kernel = kernel;
          prepared_->subgroupSize = subgroupSize;
          prepared_->declarations = std::make_unique<Declarations>(*module, *entry, subgroupSize);
          return *prepared_->declarations;
      }()) {}

std::unique_ptr<Prepared> Decoder::run() {
    collectFunctions();
    prepared_->functions.resize(functions_.size());
    parameterRegisters_.resize(functions_.size());
    for (uint32_t i = 0; i < functions_.size(); ++i)
        decodeFunction(i);
    prepared_->entryFunction = functionIndex_.at(prepared_->kernel.function);
    finishWorkgroup();
    measureStack();
    for (const Step& step : prepared_->steps) {
        prepared_->maxOperands = std::max<uint32_t>(prepared_->maxOperands, step.operandCount);
        prepared_->maxCells = std::max(prepared_->maxCells, step.cells);
    }
    return std::move(prepared_);
}

// ---- Functions

void Decoder::collectFunctions() {
    enum class State : uint8_t { Open, Done };
    std::unordered_map<Id, State> states;
    struct Visit {
        const spv::Function* function;
        uint32_t instruction;
        uint32_t end;
    };
    std::vector<Visit> stack;
    const auto& instructions = module_.instructions();
    const auto enter = [&](const spv::Function& function) {
        if (function.blocks.empty())
            unsupported(instructions[function.instruction],
                        fmt::format("('{}') is imported: it has no body", module_.name(function.id)));
        states[function.id] = State::Open;
        stack.push_back({&function, function.blocks.front().firstInstruction, function.blocks.back().endInstruction});
    };
    enter(*module_.findFunction(prepared_->kernel.function));
    while (!stack.empty()) {
        Visit& top = stack.back();
        if (top.instruction >= top.end) {
            states[top.function->id] = State::Done;
            functionIndex_[top.function->id] = static_cast<uint32_t>(functions_.size());
            functions_.push_back(top.function);
            stack.pop_back();
            continue;
        }
        const Instruction& instruction = instructions[top.instruction++];
        if (instruction.op() != Op::OpFunctionCall)
            continue;
        const Id callee = idAt(instruction, 0);
        const spv::Function* function = module_.findFunction(callee);
        if (function == nullptr)
            invalid(instruction, fmt::format("calls %{}, which is no function", callee));
        const auto known = states.find(callee);
        if (known != states.end() && known->second == State::Open)
            unsupported(instruction, fmt::format("calls %{} '{}', which is running already: recursion is not supported",
                                                 callee, module_.name(callee)));
        if (known == states.end()) {
            if (stack.size() > kMaxCallDepth)
                unsupported(instruction, fmt::format("is the {}th call inside each other", stack.size()));
            enter(*function);
        }
    }
}

bool Decoder::containsCollective(uint32_t first, uint32_t end) const {
    for (uint32_t i = first; i < end; ++i) {
        const Instruction& instruction = module_.instructions()[i];
        if (instruction.op() == Op::OpFunctionCall) {
            const auto callee = functionIndex_.find(instruction.operandCount() > 0 ? instruction.operand(0) : 0);
            if (callee != functionIndex_.end() && prepared_->functions[callee->second].collective)
                return true;
            continue;
        }
        const spv::OpcodeInfo* info = spv::findOpcode(instruction.opcode);
        if (info == nullptr)
            continue;
        if (info->family == spv::OpFamily::Group || info->family == spv::OpFamily::NonUniform ||
            info->family == spv::OpFamily::CooperativeMatrix || instruction.op() == Op::OpControlBarrier)
            return true;
    }
    return false;
}

BlockOrder Decoder::order(const spv::Function& function) {
    const auto& instructions = module_.instructions();
    const bool structured = module_.flavour() == spv::Flavour::GLCompute;
    std::vector<BlockNode> nodes(function.blocks.size());
    blockIndex_.clear();
    for (uint32_t i = 0; i < function.blocks.size(); ++i)
        blockIndex_[function.blocks[i].label] = i;
    const auto indexOf = [&](const Instruction& user, Id label) {
        const auto it = blockIndex_.find(label);
        if (it == blockIndex_.end())
            invalid(user, fmt::format("names %{}, which is no block of its function", label));
        return it->second;
    };
    for (uint32_t i = 0; i < nodes.size(); ++i) {
        const spv::Block& block = function.blocks[i];
        const Instruction& last = instructions[block.endInstruction - 1];
        auto& successors = nodes[i].successors;
        switch (last.op()) {
        case Op::OpBranch:
            successors = {indexOf(last, idAt(last, 0))};
            break;
        case Op::OpBranchConditional:
            successors = {indexOf(last, idAt(last, 1)), indexOf(last, idAt(last, 2))};
            break;
        case Op::OpSwitch: {
            const Type& selector = valueType(last, idAt(last, 0));
            const uint32_t words = selector.kind == Kind::Int && selector.bits > 32 ? 2 : 1;
            successors.push_back(indexOf(last, idAt(last, 1)));
            for (uint32_t at = 2; at + words < last.operandCount(); at += words + 1)
                successors.push_back(indexOf(last, last.operand(at + words)));
            break;
        }
        default:
            break;
        }
        for (const uint32_t successor : successors)
            if (successor == 0)
                invalid(last, "branches to the entry of its function");
        for (uint32_t at = block.firstInstruction; structured && at < block.endInstruction; ++at)
            if (instructions[at].op() == Op::OpLoopMerge && instructions[at].operandCount() >= 2) {
                const auto merge = blockIndex_.find(instructions[at].operand(0));
                nodes[i].merge = merge != blockIndex_.end() ? merge->second : ~0u;
            }
    }
    BlockOrder result = orderBlocks(nodes);
    if (result.tooDeep)
        unsupported(instructions[function.instruction], "has loops nested too deeply");
    return result;
}

void Decoder::assignRegisters(const BlockOrder& order) {
    const spv::Function& function = *function_;
    uint64_t cells = 0;
    const auto assign = [&](const Instruction& definition) {
        const Type* type = declarations_.findType(definition.resultType);
        if (type == nullptr)
            unsupported(definition, "has a type that is not supported");
        if (type->cells == 0 && type->kind != Kind::Void && !(type->kind == Kind::Struct && type->members.empty()))
            unsupported(definition, "has a type that is too large for a value, or none that a value can have");
        registers_[definition.result] = static_cast<uint32_t>(cells);
        cells += type->cells;
        if (cells > kMaxFrameCells)
            unsupported(definition, "exceeds the registers that a function may have");
    };
    for (const Id parameter : function.parameters)
        assign(*module_.definition(parameter));
    parameterRegisters_[functionIndex_.at(function.id)] = registers_;
    for (const OrderedItem& item : order.items) {
        if (item.join)
            continue;
        const spv::Block& block = function.blocks[item.block];
        for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i) {
            const Instruction& instruction = module_.instructions()[i];
            if (instruction.result == 0 || instruction.resultType == 0)
                continue;
            if (instruction.op() == Op::OpExtInst) {
                const Type* type = declarations_.findType(instruction.resultType);
                if (type != nullptr && type->kind == Kind::Void)
                    continue;
            }
            assign(instruction);
        }
    }
    code_->frameCells = static_cast<uint32_t>(cells);
}

void Decoder::decodeFunction(uint32_t index) {
    function_ = functions_[index];
    code_ = &prepared_->functions[index];
    registers_.clear();
    aliases_.clear();
    traits_.clear();
    pendingEdges_.clear();
    code_->id = function_->id;
    const spv::Function& function = *function_;
    code_->collective =
        containsCollective(function.blocks.front().firstInstruction, function.blocks.back().endInstruction);
    const BlockOrder blocks = order(function);
    assignRegisters(blocks);
    collectPhis();
    if (function.id == prepared_->kernel.function)
        kernelParameters();

    joined_.assign(function.blocks.size(), false);
    for (const auto& [header, members] : blocks.loops)
        for (const uint32_t member : members)
            if (!joined_[header] &&
                containsCollective(function.blocks[member].firstInstruction, function.blocks[member].endInstruction))
                joined_[header] = true;
    blockStart_.assign(function.blocks.size(), kNone);
    joinStart_.assign(function.blocks.size(), kNone);
    backEdges_ = blocks.backEdges;
    code_->entry = static_cast<uint32_t>(prepared_->steps.size());
    for (const OrderedItem& item : blocks.items) {
        const auto here = static_cast<uint32_t>(prepared_->steps.size());
        if (!item.join) {
            blockStart_[item.block] = here;
            decodeBlock(function.blocks[item.block]);
            continue;
        }
        if (!joined_[item.block])
            continue;
        joinStart_[item.block] = here;
        const Instruction& label = *module_.definition(function.blocks[item.block].label);
        emit(label, Code::Join, {});
        prepared_->edges.push_back({blockStart_[item.block], 0, 0, false});
        emit(label, Code::Jump, {}).payload = static_cast<uint32_t>(prepared_->edges.size() - 1);
    }
    resolveEdges();
}

void Decoder::collectPhis() {
    phiValues_.clear();
    const auto& blocks = function_->blocks;
    for (uint32_t i = blocks.front().firstInstruction; i < blocks.back().endInstruction; ++i) {
        const Instruction& phi = module_.instructions()[i];
        if (phi.op() != Op::OpPhi)
            continue;
        for (uint32_t at = 0; at + 1 < phi.operandCount(); at += 2)
            phiValues_[uint64_t{phi.result} << 32 | phi.operand(at + 1)] = phi.operand(at);
    }
}

void Decoder::resolveEdges() {
    for (const PendingEdge& pending : pendingEdges_) {
        const bool back =
            std::binary_search(backEdges_.begin(), backEdges_.end(), std::make_pair(pending.from, pending.to));
        prepared_->edges[pending.edge].target =
            back && joined_[pending.to] ? joinStart_[pending.to] : blockStart_[pending.to];
    }
}

void Decoder::measureStack() {
    std::vector<uint64_t> cells(functions_.size());
    std::vector<uint32_t> depth(functions_.size());
    for (uint32_t i = 0; i < functions_.size(); ++i) { // callees come first
        const FunctionCode& code = prepared_->functions[i];
        for (const uint32_t callee : code.callees) {
            cells[i] = std::max(cells[i], cells[callee]);
            depth[i] = std::max(depth[i], depth[callee]);
        }
        cells[i] += code.frameCells;
        depth[i] += 1;
        if (cells[i] > kMaxFrameCells)
            unsupported(module_.instructions()[functions_[i]->instruction],
                        "exceeds, with what it calls, the registers that a kernel may have");
    }
    prepared_->stackCells = static_cast<uint32_t>(cells[prepared_->entryFunction]);
    prepared_->stackDepth = depth[prepared_->entryFunction];
}

// ---- Blocks and edges

void Decoder::decodeBlock(const spv::Block& block) {
    for (uint32_t i = block.firstInstruction; i + 1 < block.endInstruction; ++i)
        instruction(module_.instructions()[i]);
    terminator(module_.instructions()[block.endInstruction - 1], block);
    if (prepared_->steps.size() > kMaxSteps)
        unsupported(module_.instructions()[block.endInstruction - 1], "exceeds the code that a kernel may have");
}

uint32_t Decoder::edge(const Instruction& user, Id from, Id to) {
    const auto target = blockIndex_.find(to);
    if (target == blockIndex_.end())
        invalid(user, fmt::format("names %{}, which is no block of its function", to));
    const spv::Block& block = function_->blocks[target->second];
    Edge edge;
    edge.firstCopy = static_cast<uint32_t>(prepared_->copies.size());
    for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i) {
        const Instruction& phi = module_.instructions()[i];
        if (phi.op() == Op::OpLine || phi.op() == Op::OpNoLine)
            continue;
        if (phi.op() != Op::OpPhi)
            break;
        const Type& type = resultType(phi);
        const auto found = phiValues_.find(uint64_t{phi.result} << 32 | from);
        if (found == phiValues_.end())
            invalid(phi, fmt::format("has no value for the block %{}", from));
        const Id value = found->second;
        if (valueType(phi, value).cells != type.cells || valueType(phi, value).kind != type.kind)
            invalid(phi, fmt::format("has the value %{} of another type", value));
        const PhiCopy copy{ref(phi, value), registers_.at(phi.result), type.cells};
        if (copy.source != makeRef(RefBase::Frame, copy.destination) && copy.cells != 0)
            prepared_->copies.push_back(copy);
    }
    edge.copyCount = static_cast<uint32_t>(prepared_->copies.size()) - edge.firstCopy;
    if (edge.copyCount > 1) {
        std::unordered_map<uint32_t, bool> written;
        for (uint32_t i = 0; i < edge.copyCount; ++i)
            written[makeRef(RefBase::Frame, prepared_->copies[edge.firstCopy + i].destination)] = true;
        for (uint32_t i = 0; i < edge.copyCount; ++i)
            edge.overlaps |= written.contains(prepared_->copies[edge.firstCopy + i].source);
    }
    prepared_->edges.push_back(edge);
    const auto index = static_cast<uint32_t>(prepared_->edges.size() - 1);
    pendingEdges_.push_back({index, blockIndex_.at(from), target->second});
    return index;
}

void Decoder::terminator(const Instruction& last, const spv::Block& block) {
    switch (last.op()) {
    case Op::OpBranch: {
        const uint32_t to = edge(last, block.label, idAt(last, 0));
        emit(last, Code::Jump, {}).payload = to;
        return;
    }
    case Op::OpBranchConditional: {
        if (valueType(last, idAt(last, 0)).kind != Kind::Bool)
            invalid(last, "has a condition that is no boolean");
        const uint32_t to = edge(last, block.label, idAt(last, 1));
        edge(last, block.label, idAt(last, 2));
        emit(last, Code::Branch, {last.operand(0)}).payload = to;
        return;
    }
    case Op::OpSwitch:
        return switchTable(last, block);
    case Op::OpReturn:
        emit(last, Code::Return, {});
        return;
    case Op::OpReturnValue: {
        const Type* declared = declarations_.findType(function_->resultType);
        const Type& type = valueType(last, idAt(last, 0));
        if (declared == nullptr || declared->cells != type.cells || declared->kind != type.kind)
            invalid(last, "returns a value that is not of the function's type");
        emit(last, Code::ReturnValue, {last.operand(0)}).cells = type.cells;
        return;
    }
    case Op::OpUnreachable:
        emit(last, Code::Unreachable, {});
        return;
    default:
        unsupported(last, "is not supported");
    }
}

void Decoder::switchTable(const Instruction& last, const spv::Block& block) {
    const Type& selector = valueType(last, idAt(last, 0));
    if (selector.kind != Kind::Int)
        invalid(last, "has a selector that is no integer");
    const uint32_t words = selector.bits > 32 ? 2 : 1;
    SwitchTable table;
    std::unordered_map<Id, uint32_t> edges;
    const auto edgeTo = [&](Id label) {
        const auto [it, isNew] = edges.try_emplace(label, 0);
        if (isNew)
            it->second = edge(last, block.label, label);
        return it->second;
    };
    table.otherwise = edgeTo(idAt(last, 1));
    for (uint32_t at = 2; at < last.operandCount(); at += words + 1) {
        if (at + words >= last.operandCount())
            invalid(last, "ends inside a case");
        uint64_t value = last.operand(at);
        if (words == 2)
            value |= static_cast<uint64_t>(last.operand(at + 1)) << 32;
        if (selector.bits < 64)
            value &= (uint64_t{1} << selector.bits) - 1;
        table.cases.emplace_back(value, edgeTo(last.operand(at + words)));
    }
    std::stable_sort(table.cases.begin(), table.cases.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    prepared_->switches.push_back(std::move(table));
    emit(last, Code::Switch, {last.operand(0)}).payload = static_cast<uint32_t>(prepared_->switches.size() - 1);
}

void Decoder::call(const Instruction& instruction) {
    const uint32_t callee = functionIndex_.at(idAt(instruction, 0));
    const spv::Function& function = *functions_[callee];
    if (instruction.operandCount() - 1 != function.parameters.size())
        invalid(instruction, fmt::format("passes {} arguments to a function of {}", instruction.operandCount() - 1,
                                         function.parameters.size()));
    CallSite site;
    site.function = callee;
    const uint32_t start = static_cast<uint32_t>(prepared_->operands.size());
    for (uint32_t i = 0; i < function.parameters.size(); ++i) {
        const Id argument = instruction.operand(1 + i);
        const Type& type = declarations_.typeOf(function.parameters[i]);
        const Type& given = valueType(instruction, argument);
        if (given.cells != type.cells || given.kind != type.kind)
            invalid(instruction, fmt::format("passes %{} for a parameter of another type", argument));
        site.arguments.emplace_back(parameterRegisters_[callee].at(function.parameters[i]), type.cells);
        prepared_->operands.push_back(ref(instruction, argument));
    }
    if (instruction.resultType != function.resultType)
        invalid(instruction, "has a type that is not the function's");
    Step& step = emit(instruction, Code::Call, {});
    step.operands = start;
    step.operandCount = static_cast<uint16_t>(site.arguments.size());
    step.payload = static_cast<uint32_t>(prepared_->calls.size());
    result(step, instruction);
    prepared_->calls.push_back(std::move(site));
    code_->callees.push_back(callee);
}

// ---- Instructions

void Decoder::instruction(const Instruction& instruction) {
    switch (instruction.op()) {
    case Op::OpNop:
    case Op::OpLine:
    case Op::OpNoLine:
    case Op::OpLabel:
    case Op::OpPhi: // done by the edges
    case Op::OpLoopMerge:
    case Op::OpSelectionMerge:
        return;
    case Op::OpFunctionCall:
        return call(instruction);
    case Op::OpExtInst:
        return extended(instruction);
    case Op::OpUndef: {
        const Type& type = resultType(instruction);
        const auto start = static_cast<uint32_t>(declarations_.constants().size());
        if (start + uint64_t{type.cells} > kMaxFrameCells)
            unsupported(instruction, "exceeds what the interpreter keeps of constants");
        for (uint32_t i = 0; i < type.cells; ++i)
            declarations_.addConstant({0, true});
        aliases_[instruction.result] = makeRef(RefBase::Constant, start);
        return;
    }
    default:
        break;
    }
    if (instruction.opcode == kOpAssumeTrue)
        return;
    if (!memory(instruction) && !group(instruction) && !evaluate(instruction))
        unsupported(instruction, "is not supported by the interpreter");
}

bool Decoder::evaluate(const Instruction& instruction) {
    spv::Result<Bound> bound = bindOperation(declarations_, instruction);
    if (!bound)
        throw Refusal{bound.error()};
    if (!bound->handled)
        return false;
    Operation& operation = bound->operation;
    const auto start = static_cast<uint32_t>(prepared_->operands.size());
    if (operation.operands.size() > UINT16_MAX || operation.operands.size() != operation.types.size())
        invalid(instruction, "has operands that the operation has not");
    for (size_t i = 0; i < operation.operands.size(); ++i) {
        const Id id = operation.operands[i];
        if (id == instruction.result || operation.types[i] == nullptr ||
            operation.types[i]->cells != valueType(instruction, id).cells)
            invalid(instruction, fmt::format("uses %{}, which is not what it needs", id));
        prepared_->operands.push_back(ref(instruction, id));
    }
    Step& step = emit(instruction, Code::Evaluate, {});
    step.operands = start;
    step.operandCount = static_cast<uint16_t>(operation.operands.size());
    step.payload = static_cast<uint32_t>(prepared_->operations.size());
    if (operation.resultType != nullptr && operation.resultType->cells != 0) {
        result(step, instruction);
        if (step.cells != operation.resultType->cells)
            invalid(instruction, "has a result that the operation has not");
    }
    prepared_->operations.push_back(std::move(operation));
    if (instruction.op() == Op::OpCopyObject)
        traits_[instruction.result] = traits(idAt(instruction, 0));
    return true;
}

void Decoder::extended(const Instruction& instruction) {
    const auto& imports = module_.extInstImports();
    const auto set = imports.find(idAt(instruction, 0));
    if (set == imports.end())
        invalid(instruction, "names no extended instruction set");
    const uint32_t number = idAt(instruction, 1);
    if (set->second == "OpenCL.std" && number == kOpenClPrintf)
        return print(instruction, 2, false);
    if (set->second == "NonSemantic.DebugPrintf" && number == kDebugPrintf)
        return print(instruction, 2, true);
    if (set->second.starts_with("NonSemantic.") || set->second.find("DebugInfo") != std::string::npos)
        return;
    if (!evaluate(instruction))
        unsupported(instruction, "is not supported by the interpreter");
}

void Decoder::print(const Instruction& instruction, uint32_t first, bool formatIsText) {
    PrintCode code;
    code.formatIsText = formatIsText;
    const Id format = idAt(instruction, first);
    const auto start = static_cast<uint32_t>(prepared_->operands.size());
    if (formatIsText) {
        const Instruction* text = module_.definition(format);
        if (text == nullptr || text->op() != Op::OpString)
            invalid(instruction, "has a format that is no string");
        code.format = spv::literalString(text->words + text->operandStart, text->words + text->wordCount);
    } else {
        pointerType(instruction, format);
        prepared_->operands.push_back(ref(instruction, format));
    }
    for (uint32_t i = first + 1; i < instruction.operandCount(); ++i) {
        const Type& type = valueType(instruction, instruction.operand(i));
        if (!type.isScalar() && type.kind != Kind::Pointer && type.kind != Kind::Vector)
            invalid(instruction,
                    fmt::format("prints %{}, which is neither a number nor a pointer", instruction.operand(i)));
        code.types.push_back(&type);
        prepared_->operands.push_back(ref(instruction, instruction.operand(i)));
    }
    Step& step = emit(instruction, Code::Print, {});
    step.operands = start;
    step.operandCount = static_cast<uint16_t>(prepared_->operands.size() - start);
    step.payload = static_cast<uint32_t>(prepared_->prints.size());
    if (registers_.contains(instruction.result))
        result(step, instruction);
    prepared_->prints.push_back(std::move(code));
}

// ---- Shared

Id Decoder::idAt(const Instruction& user, uint32_t operand) const {
    if (operand >= user.operandCount())
        invalid(user, "has too few operands");
    return user.operand(operand);
}

Ref Decoder::ref(const Instruction& user, Id id) {
    if (const auto alias = aliases_.find(id); alias != aliases_.end())
        return alias->second;
    if (const auto local = registers_.find(id); local != registers_.end()) {
        if (declarations_.typeOf(id).kind == Kind::Void)
            invalid(user, fmt::format("uses %{}, which has no value", id));
        return makeRef(RefBase::Frame, local->second);
    }
    uint32_t index = 0;
    if (declarations_.findConstant(id, index))
        return makeRef(RefBase::Constant, index);
    if (const ModuleVariable* variable = declarations_.findVariable(id)) {
        if (isBufferArray(*variable))
            unsupported(user, fmt::format("uses %{}, an array of buffers, other than by the index of one", id));
        return useVariable(user, *variable);
    }
    const Instruction* definition = module_.definition(id);
    if (definition != nullptr && spv::isModuleScope(*spv::findOpcode(definition->opcode)))
        unsupported(user,
                    fmt::format("uses %{} ({}), which is not supported", id, spv::opcodeName(definition->opcode)));
    invalid(user, fmt::format("uses %{}, which is no value here", id));
}

const Type& Decoder::valueType(const Instruction& user, Id id) {
    const Type& type = declarations_.typeOf(id);
    if (type.kind == Kind::Void || type.kind == Kind::Function || type.kind == Kind::RuntimeArray)
        invalid(user, fmt::format("uses %{}, which is no value of a supported type", id));
    return type;
}

const Type& Decoder::resultType(const Instruction& user) {
    const Type* type = declarations_.findType(user.resultType);
    if (type == nullptr || type->cells == 0)
        unsupported(user, "has a type that is not supported");
    return *type;
}

const Type& Decoder::pointerType(const Instruction& user, Id id) {
    const Type& type = valueType(user, id);
    if (type.kind != Kind::Pointer)
        invalid(user, fmt::format("uses %{}, which is no pointer", id));
    return type;
}

uint64_t Decoder::constantOr(Id id, uint64_t otherwise) {
    uint64_t value = 0;
    return declarations_.constantInteger(id, value) ? value : otherwise;
}

uint64_t Decoder::constant(const Instruction& user, Id id) {
    uint64_t value = 0;
    if (!declarations_.constantInteger(id, value))
        unsupported(user, fmt::format("has %{} where a constant integer must stand", id));
    return value;
}

Step& Decoder::emit(const Instruction& instruction, Code code, std::initializer_list<Id> operands) {
    Step step;
    step.code = code;
    step.instruction = static_cast<uint32_t>(&instruction - module_.instructions().data());
    std::vector<Ref> refs;
    for (const Id id : operands)
        refs.push_back(ref(instruction, id));
    step.operands = static_cast<uint32_t>(prepared_->operands.size());
    step.operandCount = static_cast<uint16_t>(refs.size());
    prepared_->operands.insert(prepared_->operands.end(), refs.begin(), refs.end());
    return prepared_->steps.emplace_back(step);
}

void Decoder::result(Step& step, const Instruction& instruction) {
    const Type& type = declarations_.type(instruction.resultType);
    if (type.cells == 0)
        return;
    step.result = registers_.at(instruction.result);
    step.cells = type.cells;
}

} // namespace halyard::interp
