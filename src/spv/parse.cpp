#include "spv/module.h"
#include "spv/opcodes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

namespace halyard::spv {

using Op = ::spv::Op;

namespace {

constexpr uint32_t kHeaderWords = 5;
constexpr uint32_t kMaxBound = 4'194'303; // SPIR-V specification, "Universal Limits"
// The specification allows structures 255 levels deep; readers, SPIRV-Tools' validator too, recurse over types.
constexpr uint32_t kMaxTypeDepth = 255;
constexpr uint32_t kNewestVersion = 0x00010600;

Error invalid(uint32_t offset, std::string what) {
    return {HY_ERROR_INVALID_MODULE, fmt::format("SPIR-V word {}: {}", offset, what),
            "the module is damaged or its producer is faulty; check it with spirv-val"};
}

Error unsupported(uint32_t offset, std::string what) {
    return {HY_ERROR_UNSUPPORTED_SPIRV, fmt::format("SPIR-V word {}: {}", offset, what), {}};
}

uint32_t swapBytes(uint32_t word) {
    return word >> 24 | (word >> 8 & 0xff00u) | (word << 8 & 0xff0000u) | word << 24;
}

} // namespace

// Builds a Module in one pass over the words. Every step either succeeds or records the first error.
class Parser {
public:
    explicit Parser(std::span<const uint32_t> words) : input_(words) {}
    Result<Module> run();

private:
    bool fail(Error error) {
        if (!error_)
            error_ = Result<Module>(std::move(error));
        return false;
    }
    bool header();
    bool decode(uint32_t offset, Instruction& out);
    bool recordResult(const Instruction& instruction, uint32_t index);
    bool nesting(const Instruction& instruction, uint32_t index);
    bool inFunction(const Instruction& instruction, uint32_t index, const OpcodeInfo& info);
    bool typeDepth(const Instruction& instruction);
    bool collect(const Instruction& instruction);
    bool need(const Instruction& instruction, uint32_t operands);
    bool needString(const Instruction& instruction, uint32_t operand);
    bool entryPoint(const Instruction& instruction);
    bool executionMode(const Instruction& instruction);
    bool decorate(const Instruction& instruction);
    bool groupDecorate(const Instruction& instruction);
    bool finish();
    bool attachModes();
    bool expandGroups();
    bool spend(size_t items, uint32_t offset);

    // A declared group application: its targets are the operands of an OpGroupDecorate or OpGroupMemberDecorate.
    std::vector<Instruction> groupApplications_;
    std::vector<Instruction> modes_;
    std::unordered_map<Id, uint32_t> typeDepth_; // of types that contain another, through pointers declared before
    std::unordered_set<Id> forwardPointers_;
    std::span<const uint32_t> input_;
    Module module_;
    std::optional<Result<Module>> error_;
    bool functionOpen_ = false;
    bool blockOpen_ = false;
    bool haveMemoryModel_ = false;
    size_t expansionBudget_ = 0;
};

bool Parser::header() {
    auto& words = module_.words_;
    words.assign(input_.begin(), input_.end());
    if (words.size() < kHeaderWords)
        return fail(invalid(0, fmt::format("{} words are too few for a header of {}", words.size(), kHeaderWords)));
    // Word counts, offsets and instruction indices are 32-bit.
    if (words.size() > (1u << 30))
        return fail(invalid(0, "the module is larger than 4 GiB"));
    if (words[0] == swapBytes(::spv::MagicNumber)) {
        for (uint32_t& word : words)
            word = swapBytes(word);
    }
    if (words[0] != ::spv::MagicNumber)
        return fail(invalid(0, fmt::format("the magic number is {:#010x}, not {:#010x}", words[0],
                                           static_cast<uint32_t>(::spv::MagicNumber))));
    const uint32_t version = words[1];
    if ((version & 0xff0000ffu) != 0 || version < 0x00010000)
        return fail(invalid(1, fmt::format("{:#010x} is not a version", version)));
    if (version > kNewestVersion)
        return fail(unsupported(1, fmt::format("SPIR-V {}.{} is newer than 1.6", version >> 16, version >> 8 & 0xff)));
    if (words[3] == 0 || words[3] > kMaxBound)
        return fail(invalid(3, fmt::format("the id bound {} is not between 1 and {}", words[3], kMaxBound)));
    if (words[4] != 0)
        return fail(invalid(4, fmt::format("the schema is {}, not 0", words[4])));
    module_.bound_ = words[3];
    expansionBudget_ = 65536 + 4 * words.size();
    // An honest module has fewer ids than words; ids beyond that go to the map.
    module_.definitionIndex_.resize(std::min<size_t>(module_.bound_, words.size() + 64));
    return true;
}

bool Parser::decode(uint32_t offset, Instruction& out) {
    const uint32_t* words = module_.words_.data() + offset;
    const auto remaining = static_cast<uint32_t>(module_.words_.size()) - offset;
    out = Instruction{};
    out.words = words;
    out.offset = offset;
    out.opcode = static_cast<uint16_t>(words[0] & 0xffff);
    out.wordCount = static_cast<uint16_t>(words[0] >> 16);
    if (out.wordCount == 0)
        return fail(invalid(offset, fmt::format("{} has a word count of 0", opcodeName(out.opcode))));
    if (out.wordCount > remaining)
        return fail(invalid(offset, fmt::format("{} of {} words runs past the end of the module, {} words away",
                                                opcodeName(out.opcode), out.wordCount, remaining)));
    const OpcodeInfo* info = findOpcode(out.opcode);
    if (info == nullptr)
        return fail(unsupported(offset, fmt::format("opcode {} is unknown", out.opcode)));
    const uint16_t fixed = 1 + (info->hasType ? 1 : 0) + (info->hasResult ? 1 : 0);
    if (out.wordCount < fixed)
        return fail(invalid(offset, fmt::format("{} of {} words lacks its result", info->name, out.wordCount)));
    if (info->hasType)
        out.resultType = words[1];
    if (info->hasResult)
        out.result = words[fixed - 1];
    out.operandStart = fixed;
    return true;
}

bool Parser::recordResult(const Instruction& instruction, uint32_t index) {
    const OpcodeInfo* info = findOpcode(instruction.opcode);
    if (info->hasType && (instruction.resultType == 0 || instruction.resultType >= module_.bound_))
        return fail(invalid(instruction.offset, fmt::format("{} has the result type %{}, outside the bound {}",
                                                            info->name, instruction.resultType, module_.bound_)));
    if (!info->hasResult)
        return true;
    const Id id = instruction.result;
    if (id == 0 || id >= module_.bound_)
        return fail(invalid(instruction.offset, fmt::format("{} has the result %{}, outside the bound {}", info->name,
                                                            id, module_.bound_)));
    uint32_t& slot =
        id < module_.definitionIndex_.size() ? module_.definitionIndex_[id] : module_.sparseDefinitions_[id];
    if (slot != 0)
        return fail(invalid(instruction.offset, fmt::format("{} defines %{} again; {} did so at word {}", info->name,
                                                            id, opcodeName(module_.instructions_[slot - 1].opcode),
                                                            module_.instructions_[slot - 1].offset)));
    slot = index + 1;
    return true;
}

bool Parser::nesting(const Instruction& instruction, uint32_t index) {
    const OpcodeInfo& info = *findOpcode(instruction.opcode);
    if (functionOpen_)
        return inFunction(instruction, index, info);
    if (instruction.op() == Op::OpFunction) {
        if (!need(instruction, 2))
            return false;
        Function function;
        function.id = instruction.result;
        function.resultType = instruction.resultType;
        function.control = instruction.operand(0);
        function.functionType = instruction.operand(1);
        function.instruction = index;
        module_.functions_.push_back(std::move(function));
        functionOpen_ = true;
        return true;
    }
    if (!isModuleScope(info))
        return fail(invalid(instruction.offset, fmt::format("{} stands outside a function", info.name)));
    return true;
}

bool Parser::inFunction(const Instruction& instruction, uint32_t index, const OpcodeInfo& info) {
    Function& function = module_.functions_.back();
    const auto misplaced = [&](const char* where) {
        return fail(invalid(instruction.offset, fmt::format("{} stands {}", info.name, where)));
    };
    switch (instruction.op()) {
    case Op::OpFunction:
        return misplaced("inside another function");
    case Op::OpFunctionParameter:
        if (blockOpen_ || !function.blocks.empty())
            return misplaced("after the first block of its function");
        function.parameters.push_back(instruction.result);
        return true;
    case Op::OpFunctionEnd:
        if (blockOpen_)
            return misplaced("in a block that has no terminator");
        functionOpen_ = false;
        return true;
    case Op::OpLabel:
        if (blockOpen_)
            return misplaced("in a block that has no terminator");
        function.blocks.push_back({instruction.result, index + 1, index + 1});
        blockOpen_ = true;
        return true;
    case Op::OpLine:
    case Op::OpNoLine:
        return true;
    default:
        break;
    }
    // Non-semantic extended instructions may stand between blocks; the validator judges which.
    if (!blockOpen_)
        return instruction.op() == Op::OpExtInst || misplaced("in a function but outside a block");
    if (info.family == OpFamily::Type || info.family == OpFamily::Constant || info.family == OpFamily::Annotation ||
        info.family == OpFamily::ModeSetting)
        return misplaced("inside a function");
    if (isTerminator(instruction.opcode)) {
        function.blocks.back().endInstruction = index + 1;
        blockOpen_ = false;
    }
    return true;
}

bool Parser::need(const Instruction& instruction, uint32_t operands) {
    if (instruction.operandCount() >= operands)
        return true;
    return fail(
        invalid(instruction.offset, fmt::format("{} has {} operands, fewer than {}", opcodeName(instruction.opcode),
                                                instruction.operandCount(), operands)));
}

bool Parser::needString(const Instruction& instruction, uint32_t operand) {
    if (!need(instruction, operand + 1))
        return false;
    const uint32_t* begin = instruction.words + instruction.operandStart + operand;
    const uint32_t* end = instruction.words + instruction.wordCount;
    const size_t bytes = static_cast<size_t>(end - begin) * sizeof(uint32_t);
    if (std::memchr(begin, 0, bytes) != nullptr)
        return true;
    return fail(
        invalid(instruction.offset, fmt::format("{} has a string that does not end", opcodeName(instruction.opcode))));
}

bool Parser::typeDepth(const Instruction& instruction) {
    uint32_t first = 0;
    uint32_t last = 1;
    switch (instruction.op()) {
    case Op::OpTypeForwardPointer:
        if (!need(instruction, 1))
            return false;
        forwardPointers_.insert(instruction.operand(0));
        return true;
    case Op::OpTypeStruct:
        last = instruction.operandCount();
        break;
    case Op::OpTypePointer:
        first = 1;
        last = 2;
        break;
    case Op::OpTypeArray:
    case Op::OpTypeRuntimeArray:
    case Op::OpTypeVector:
    case Op::OpTypeMatrix:
        break;
    default:
        return true;
    }
    if (!need(instruction, last))
        return false;
    if (instruction.op() != Op::OpTypePointer && forwardPointers_.contains(instruction.result))
        return fail(invalid(instruction.offset, fmt::format("{} defines %{}, which was announced as a pointer",
                                                            opcodeName(instruction.opcode), instruction.result)));
    uint32_t depth = 0;
    for (uint32_t i = first; i < last; ++i) {
        const Id inner = instruction.operand(i);
        // Only a pointer that was announced may be named before it is defined, so types cannot contain themselves.
        const bool announced = forwardPointers_.contains(inner);
        if (!announced && (inner == instruction.result || module_.definition(inner) == nullptr))
            return fail(
                invalid(instruction.offset, fmt::format("{} (%{}) contains %{}, which is not defined before it",
                                                        opcodeName(instruction.opcode), instruction.result, inner)));
        if (auto known = typeDepth_.find(inner); known != typeDepth_.end())
            depth = std::max(depth, known->second);
    }
    if (depth >= kMaxTypeDepth)
        return fail(invalid(instruction.offset, fmt::format("{} nests types more than {} levels deep",
                                                            opcodeName(instruction.opcode), kMaxTypeDepth)));
    typeDepth_[instruction.result] = depth + 1;
    return true;
}

bool Parser::collect(const Instruction& instruction) {
    const uint32_t* end = instruction.words + instruction.wordCount;
    const auto text = [&](uint32_t operand) {
        return literalString(instruction.words + instruction.operandStart + operand, end);
    };
    switch (instruction.op()) {
    case Op::OpCapability:
        if (!need(instruction, 1))
            return false;
        module_.capabilities_.push_back(static_cast<::spv::Capability>(instruction.operand(0)));
        return true;
    case Op::OpExtension:
        if (!needString(instruction, 0))
            return false;
        module_.extensions_.emplace_back(text(0));
        return true;
    case Op::OpExtInstImport:
        if (!needString(instruction, 0))
            return false;
        module_.extInstImports_.emplace(instruction.result, text(0));
        return true;
    case Op::OpMemoryModel:
        if (!need(instruction, 2))
            return false;
        if (haveMemoryModel_)
            return fail(invalid(instruction.offset, "a second OpMemoryModel"));
        haveMemoryModel_ = true;
        module_.addressingModel_ = static_cast<::spv::AddressingModel>(instruction.operand(0));
        module_.memoryModel_ = static_cast<::spv::MemoryModel>(instruction.operand(1));
        module_.flavour_ = module_.memoryModel_ == ::spv::MemoryModel::OpenCL ? Flavour::Kernel : Flavour::GLCompute;
        return true;
    case Op::OpName:
        if (!needString(instruction, 1))
            return false;
        if (instruction.operand(0) < module_.bound_)
            module_.names_.emplace(instruction.operand(0), text(1));
        return true;
    case Op::OpMemberName:
        if (!needString(instruction, 2))
            return false;
        module_.memberNames_.emplace(static_cast<uint64_t>(instruction.operand(0)) << 32 | instruction.operand(1),
                                     text(2));
        return true;
    case Op::OpString:
        return needString(instruction, 0);
    case Op::OpEntryPoint:
        return entryPoint(instruction);
    case Op::OpExecutionMode:
    case Op::OpExecutionModeId:
        return executionMode(instruction);
    case Op::OpDecorate:
    case Op::OpDecorateId:
    case Op::OpDecorateString:
    case Op::OpMemberDecorate:
    case Op::OpMemberDecorateString:
        return decorate(instruction);
    case Op::OpGroupDecorate:
    case Op::OpGroupMemberDecorate:
        return groupDecorate(instruction);
    default:
        return true;
    }
}

bool Parser::entryPoint(const Instruction& instruction) {
    if (!needString(instruction, 2))
        return false;
    EntryPoint entry;
    entry.model = static_cast<::spv::ExecutionModel>(instruction.operand(0));
    entry.function = instruction.operand(1);
    const uint32_t* end = instruction.words + instruction.wordCount;
    const uint32_t* name = instruction.words + instruction.operandStart + 2;
    entry.name = literalString(name, end);
    entry.interfaces.assign(name + entry.name.size() / sizeof(uint32_t) + 1, end);
    module_.entryPoints_.push_back(std::move(entry));
    return true;
}

bool Parser::executionMode(const Instruction& instruction) {
    if (!need(instruction, 2))
        return false;
    modes_.push_back(instruction);
    return true;
}

bool Parser::decorate(const Instruction& instruction) {
    const bool ofMember = instruction.op() == Op::OpMemberDecorate || instruction.op() == Op::OpMemberDecorateString;
    const uint32_t fixed = ofMember ? 3 : 2;
    if (!need(instruction, fixed))
        return false;
    const Id target = instruction.operand(0);
    if (target == 0 || target >= module_.bound_)
        return fail(invalid(instruction.offset, fmt::format("{} of %{}, outside the bound {}",
                                                            opcodeName(instruction.opcode), target, module_.bound_)));
    Decoration decoration;
    decoration.kind = static_cast<::spv::Decoration>(instruction.operand(fixed - 1));
    if (ofMember)
        decoration.member = instruction.operand(1);
    decoration.operandsAreIds = instruction.op() == Op::OpDecorateId;
    decoration.operands.assign(instruction.words + instruction.operandStart + fixed,
                               instruction.words + instruction.wordCount);
    module_.decorations_[target].push_back(std::move(decoration));
    return true;
}

bool Parser::groupDecorate(const Instruction& instruction) {
    if (!need(instruction, 1))
        return false;
    if (instruction.op() == Op::OpGroupMemberDecorate && instruction.operandCount() % 2 == 0)
        return fail(invalid(instruction.offset, "OpGroupMemberDecorate names a structure without a member"));
    groupApplications_.push_back(instruction);
    return true;
}

// Groups and shared entry points multiply: a small file could ask for billions of copies.
bool Parser::spend(size_t items, uint32_t offset) {
    if (items > expansionBudget_)
        return fail(unsupported(offset, "decoration groups and shared entry points expand beyond what a module of this "
                                        "size needs"));
    expansionBudget_ -= items;
    return true;
}

bool Parser::attachModes() {
    std::unordered_map<Id, std::vector<uint32_t>> entriesOf;
    for (uint32_t i = 0; i < module_.entryPoints_.size(); ++i)
        entriesOf[module_.entryPoints_[i].function].push_back(i);
    for (const Instruction& instruction : modes_) {
        auto it = entriesOf.find(instruction.operand(0));
        if (it == entriesOf.end())
            return fail(
                invalid(instruction.offset, fmt::format("{} of %{}, which is no entry point",
                                                        opcodeName(instruction.opcode), instruction.operand(0))));
        if (!spend(it->second.size() * instruction.wordCount, instruction.offset))
            return false;
        EntryPoint::Mode mode;
        mode.mode = static_cast<::spv::ExecutionMode>(instruction.operand(1));
        mode.operandsAreIds = instruction.op() == Op::OpExecutionModeId;
        mode.operands.assign(instruction.words + instruction.operandStart + 2,
                             instruction.words + instruction.wordCount);
        for (uint32_t index : it->second)
            module_.entryPoints_[index].modes.push_back(mode);
    }
    return true;
}

bool Parser::expandGroups() {
    for (const Instruction& instruction : groupApplications_) {
        auto group = module_.decorations_.find(instruction.operand(0));
        if (group == module_.decorations_.end())
            continue;
        if (!spend(group->second.size(), instruction.offset))
            return false;
        const std::vector<Decoration> decorations = group->second;
        size_t words = 0;
        for (const Decoration& decoration : decorations)
            words += 4 + decoration.operands.size();
        const bool ofMembers = instruction.op() == Op::OpGroupMemberDecorate;
        const uint32_t stride = ofMembers ? 2 : 1;
        for (uint32_t i = 1; i + stride <= instruction.operandCount(); i += stride) {
            const Id target = instruction.operand(i);
            if (target == 0 || target >= module_.bound_)
                return fail(
                    invalid(instruction.offset, fmt::format("{} of %{}, outside the bound {}",
                                                            opcodeName(instruction.opcode), target, module_.bound_)));
            if (!spend(words, instruction.offset))
                return false;
            auto& list = module_.decorations_[target];
            for (Decoration decoration : decorations) {
                if (ofMembers)
                    decoration.member = instruction.operand(i + 1);
                list.push_back(std::move(decoration));
            }
        }
    }
    for (auto& [id, list] : module_.decorations_) {
        std::stable_sort(list.begin(), list.end(),
                         [](const Decoration& a, const Decoration& b) { return a.member < b.member; });
    }
    return true;
}

bool Parser::finish() {
    const auto end = static_cast<uint32_t>(module_.words_.size());
    if (functionOpen_)
        return fail(invalid(end, fmt::format("the module ends inside function %{}", module_.functions_.back().id)));
    if (!haveMemoryModel_)
        return fail(invalid(end, "the module has no OpMemoryModel"));
    for (const EntryPoint& entry : module_.entryPoints_) {
        if (module_.findFunction(entry.function) == nullptr)
            return fail(invalid(
                end, fmt::format("entry point '{}' names %{}, which is no function", entry.name, entry.function)));
    }
    return expandGroups() && attachModes();
}

Result<Module> Parser::run() {
    bool ok = header();
    for (uint32_t offset = kHeaderWords; ok && offset < module_.words_.size();) {
        Instruction instruction;
        const auto index = static_cast<uint32_t>(module_.instructions_.size());
        ok = decode(offset, instruction) && recordResult(instruction, index) && nesting(instruction, index) &&
             typeDepth(instruction) && collect(instruction);
        if (ok) {
            module_.instructions_.push_back(instruction);
            offset += instruction.wordCount;
        }
    }
    if (ok && finish())
        return std::move(module_);
    return std::move(*error_);
}

Result<Module> Module::parse(std::span<const uint32_t> words) {
    return Parser(words).run();
}

} // namespace halyard::spv
