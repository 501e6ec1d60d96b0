#include "interp/library.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

namespace halyard::interp {
namespace {

using Op = ::spv::Op;
using spv::Id;
using Words = std::vector<uint32_t>;

constexpr std::string_view kUnsignedLetters = "hjtmy"; // of Itanium mangling

struct Name {
    std::string_view name;       // demangled
    std::string_view parameters; // mangled
};

// "_Z10atomic_addPU3AS1Vii" is atomic_add with "PU3AS1Vii".
Name demangle(std::string_view mangled) {
    if (!mangled.starts_with("_Z"))
        return {mangled, {}};
    size_t length = 0;
    const char* end = mangled.data() + mangled.size();
    const auto [digits, error] = std::from_chars(mangled.data() + 2, end, length);
    if (error != std::errc() || length > static_cast<size_t>(end - digits))
        return {mangled, {}};
    return {{digits, length}, {digits + length, static_cast<size_t>(end - digits) - length}};
}

struct AtomicOps {
    std::string_view name;
    uint16_t onSigned, onUnsigned, onFloat; // 0: not there
};
constexpr uint16_t kFAdd = 6035, kFMin = 5614, kFMax = 5615;
constexpr AtomicOps kAtomics[] = {{"add", 234, 234, kFAdd}, {"sub", 235, 235, kFAdd}, {"xchg", 229, 229, 229},
                                  {"inc", 232, 232, 0},     {"dec", 233, 233, 0},     {"min", 236, 237, kFMin},
                                  {"max", 238, 239, kFMax}, {"and", 240, 240, 0},     {"or", 241, 241, 0},
                                  {"xor", 242, 242, 0}};

constexpr uint32_t kAcquireRelease = 0x8, kSequential = 0x10, kWorkgroupMemory = 0x100, kCrossWorkgroupMemory = 0x200;

class Rewriter {
public:
    explicit Rewriter(const spv::Module& module) : module_(module), nextId_(module.bound()) {}

    // Empty when there was nothing to replace.
    Words run() {
        const std::vector<spv::Instruction>& all = module_.instructions();
        Words head, types, body; // up to the first type, up to the first function, functions
        Words* out = &head;
        for (const spv::Instruction& instruction : all) {
            const bool declares = instruction.result != 0 && instruction.op() != Op::OpExtInstImport &&
                                  instruction.op() != Op::OpString && instruction.op() != Op::OpDecorationGroup;
            if (instruction.op() == Op::OpFunction)
                out = &body;
            else if (out == &head && (declares || instruction.op() == Op::OpTypeForwardPointer))
                out = &types;
            if (instruction.op() != Op::OpFunctionCall || !replace(instruction, body))
                out->insert(out->end(), instruction.words, instruction.words + instruction.wordCount);
        }
        if (!replaced_)
            return {};
        const std::span<const uint32_t> old = module_.words();
        Words result(old.begin(), old.begin() + 5);
        result[3] = nextId_;
        for (const Words* part : {&head, &decorations_, &types, &constants_, &body})
            result.insert(result.end(), part->begin(), part->end());
        return result;
    }

private:
    static void emit(Words& out, uint32_t opcode, std::initializer_list<uint32_t> operands) {
        out.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | opcode);
        out.insert(out.end(), operands);
    }

    std::string_view linkName(Id function) const {
        const spv::Function* target = module_.findFunction(function);
        const spv::Decoration* linkage = module_.findDecoration(function, ::spv::Decoration::LinkageAttributes);
        if (target == nullptr || !target->blocks.empty() || linkage == nullptr)
            return {};
        return spv::literalString(linkage->operands.data(), linkage->operands.data() + linkage->operands.size());
    }

    const spv::Instruction* scalarOf(Id type) const {
        const spv::Instruction* definition = module_.definition(type);
        if (definition != nullptr && definition->op() == Op::OpTypeVector && definition->operandCount() > 0)
            definition = module_.definition(definition->operand(0));
        return definition != nullptr && definition->operandCount() > 0 ? definition : nullptr;
    }
    Id typeOf(Id value) const {
        const spv::Instruction* definition = module_.definition(value);
        return definition != nullptr ? definition->resultType : 0;
    }
    bool constantWord(Id id, uint32_t& out) const {
        const spv::Instruction* definition = module_.definition(id);
        if (definition == nullptr || (definition->op() != Op::OpConstant && definition->op() != Op::OpConstantNull))
            return false;
        out = definition->op() == Op::OpConstant && definition->operandCount() > 0 ? definition->operand(0) : 0;
        return true;
    }

    Id wordType() {
        for (const spv::Instruction& instruction : module_.instructions()) {
            if (wordType_ != 0 || instruction.op() == Op::OpFunction)
                break;
            if (instruction.op() == Op::OpTypeInt && instruction.operandCount() > 0 && instruction.operand(0) == 32)
                wordType_ = instruction.result;
        }
        if (wordType_ == 0) {
            wordType_ = nextId_++;
            emit(constants_, static_cast<uint32_t>(Op::OpTypeInt), {wordType_, 32, 0});
        }
        return wordType_;
    }
    Id word(uint32_t value) {
        const Id type = wordType();
        auto [it, isNew] = words_.try_emplace(value, nextId_);
        if (isNew)
            emit(constants_, static_cast<uint32_t>(Op::OpConstant), {type, nextId_++, value});
        return it->second;
    }

    bool replace(const spv::Instruction& call, Words& out) {
        if (call.operandCount() == 0)
            return false;
        const Name name = demangle(linkName(call.operand(0)));
        const std::vector<Id> arguments(call.words + call.operandStart + 1, call.words + call.wordCount);
        const bool done = !name.name.empty() && (barrier(name, arguments, out) || pointer(call, name, arguments, out) ||
                                                 conversion(call, name, arguments, out) ||
                                                 dot(call, name, arguments, out) || atomic(call, name, arguments, out));
        replaced_ = replaced_ || done;
        return done;
    }

    // Flags of OpenCL C: 1 local, 2 global. Not known beforehand means both.
    bool barrier(const Name& name, const std::vector<Id>& arguments, Words& out) {
        const bool ofSubgroup = name.name == "sub_group_barrier";
        const bool fence = name.name == "mem_fence" || name.name == "read_mem_fence" || name.name == "write_mem_fence";
        if ((!ofSubgroup && !fence) || arguments.empty())
            return false;
        uint32_t flags = 3;
        constantWord(arguments[0], flags);
        const Id semantics = word(kAcquireRelease | ((flags & 1) != 0 ? kWorkgroupMemory : 0) |
                                  ((flags & 2) != 0 ? kCrossWorkgroupMemory : 0));
        if (ofSubgroup) {
            const Id scope = word(static_cast<uint32_t>(::spv::Scope::Subgroup));
            emit(out, static_cast<uint32_t>(Op::OpControlBarrier), {scope, scope, semantics});
        } else {
            const Id scope = word(static_cast<uint32_t>(::spv::Scope::Workgroup));
            emit(out, static_cast<uint32_t>(Op::OpMemoryBarrier), {scope, semantics});
        }
        return true;
    }

    bool pointer(const spv::Instruction& call, const Name& name, const std::vector<Id>& arguments, Words& out) {
        using Storage = ::spv::StorageClass;
        if (arguments.size() != 1)
            return false;
        if (name.name == "get_fence") { // 1 local, 2 global, where the semantics have 0x100 and 0x200
            const Id semantics = nextId_++;
            const Id distance = word(8);
            emit(out, static_cast<uint32_t>(Op::OpGenericPtrMemSemantics), {call.resultType, semantics, arguments[0]});
            emit(out, static_cast<uint32_t>(Op::OpShiftRightLogical),
                 {call.resultType, call.result, semantics, distance});
            return true;
        }
        constexpr std::pair<std::string_view, Storage> kCasts[] = {{"__to_global", Storage::CrossWorkgroup},
                                                                   {"__to_local", Storage::Workgroup},
                                                                   {"__to_private", Storage::Function}};
        for (const auto& [cast, storage] : kCasts) {
            if (name.name == cast) {
                emit(out, static_cast<uint32_t>(Op::OpGenericCastToPtrExplicit),
                     {call.resultType, call.result, arguments[0], static_cast<uint32_t>(storage)});
                return true;
            }
        }
        return false;
    }

    bool conversion(const spv::Instruction& call, const Name& name, const std::vector<Id>& arguments, Words& out) {
        if ((!name.name.starts_with("convert_half") && !name.name.starts_with("convert_double")) ||
            arguments.size() != 1)
            return false;
        const spv::Instruction* to = scalarOf(call.resultType);
        const spv::Instruction* from = scalarOf(typeOf(arguments[0]));
        if (to == nullptr || from == nullptr || to->op() != Op::OpTypeFloat)
            return false;
        uint32_t mode = 0;
        for (const auto& [suffix, number] : {std::pair("_rtz", 1u), std::pair("_rtp", 2u), std::pair("_rtn", 3u)})
            mode = name.name.ends_with(suffix) ? number : mode;
        auto opcode = Op::OpFConvert;
        if (from->op() == Op::OpTypeInt) {
            const bool isUnsigned = name.parameters.find_last_of(kUnsignedLetters) != std::string_view::npos;
            opcode = isUnsigned ? Op::OpConvertUToF : Op::OpConvertSToF;
        } else if (from->op() != Op::OpTypeFloat) {
            return false;
        } else if (from->operand(0) == to->operand(0)) {
            opcode = Op::OpCopyObject;
        }
        if (mode != 0 && opcode != Op::OpCopyObject)
            emit(decorations_, static_cast<uint32_t>(Op::OpDecorate),
                 {call.result, static_cast<uint32_t>(::spv::Decoration::FPRoundingMode), mode});
        emit(out, static_cast<uint32_t>(opcode), {call.resultType, call.result, arguments[0]});
        return true;
    }

    // dot and dot_acc_sat of vectors ("Dv4_cDv4_h", or "Dv4_cS_" where both are alike), and of packed bytes
    // ("dot_4x8packed_us_int": b is signed).
    bool dot(const spv::Instruction& call, const Name& name, std::vector<Id> arguments, Words& out) {
        const bool saturates = name.name.starts_with("dot_acc_sat");
        const size_t at = name.name.find("_4x8packed_");
        const bool packed = at != std::string_view::npos && name.name.starts_with("dot");
        const bool vectors = (name.name == "dot" || name.name == "dot_acc_sat") && name.parameters.starts_with("Dv");
        const spv::Instruction* element = arguments.empty() ? nullptr : scalarOf(typeOf(arguments[0]));
        if ((!packed && !vectors) || arguments.size() != (saturates ? 3u : 2u) || element == nullptr ||
            element->op() != Op::OpTypeInt)
            return false;
        bool signs[2] = {};
        if (packed) {
            const std::string_view kinds = name.name.substr(at + std::string_view("_4x8packed_").size());
            for (size_t i = 0; i < 2 && i < kinds.size(); ++i)
                signs[i] = kinds[i] == 's';
        } else {
            const auto letter = [&](size_t index) {
                return index < name.parameters.size() &&
                       kUnsignedLetters.find(name.parameters[index]) == std::string_view::npos;
            };
            const size_t first = name.parameters.find('_') + 1;
            const size_t second = name.parameters.find('_', first);
            signs[0] = letter(first);
            const bool alike = first < name.parameters.size() && name.parameters.substr(first + 1).starts_with("S_");
            signs[1] = alike ? signs[0] : second != std::string_view::npos && letter(second + 1);
        }
        constexpr uint32_t kSDot = 4450, kUDot = 4451, kSUDot = 4452, kToSaturating = 3;
        uint32_t opcode = signs[0] && signs[1] ? kSDot : signs[0] || signs[1] ? kSUDot : kUDot;
        if (!signs[0] && signs[1])
            std::swap(arguments[0], arguments[1]);
        opcode += saturates ? kToSaturating : 0;
        Words operands{call.resultType, call.result};
        operands.insert(operands.end(), arguments.begin(), arguments.end());
        if (packed)
            operands.push_back(0); // PackedVectorFormat4x8Bit
        out.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | opcode);
        out.insert(out.end(), operands.begin(), operands.end());
        return true;
    }

    static const AtomicOps* findAtomic(std::string_view name) {
        for (std::string_view prefix : {"atomic_fetch_", "atomic_", "atom_"}) {
            if (!name.starts_with(prefix))
                continue;
            std::string_view rest = name.substr(prefix.size());
            if (prefix == "atomic_fetch_" && rest.ends_with("_explicit"))
                rest.remove_suffix(std::string_view("_explicit").size());
            const auto* found = std::find_if(std::begin(kAtomics), std::end(kAtomics),
                                             [&](const AtomicOps& each) { return each.name == rest; });
            if (found != std::end(kAtomics))
                return found;
        }
        return nullptr;
    }

    // The integer's letter stands behind its pointer's qualifiers.
    static bool isUnsigned(std::string_view parameters) {
        for (std::string_view qualifier : {"U7_Atomic", "V"}) {
            if (const size_t at = parameters.find(qualifier); at != std::string_view::npos) {
                const size_t letter = at + qualifier.size();
                return letter < parameters.size() &&
                       kUnsignedLetters.find(parameters[letter]) != std::string_view::npos;
            }
        }
        return false;
    }

    // The older functions are relaxed; atomic_fetch_* is sequentially consistent unless it says otherwise.
    bool atomic(const spv::Instruction& call, const Name& name, const std::vector<Id>& arguments, Words& out) {
        const AtomicOps* found = findAtomic(name.name);
        const spv::Instruction* type = module_.definition(call.resultType);
        if (found == nullptr || type == nullptr || arguments.empty())
            return false;
        const bool isFloat = type->op() == Op::OpTypeFloat;
        const bool counts = found->name == "inc" || found->name == "dec";
        const uint16_t opcode = isFloat                       ? found->onFloat
                                : isUnsigned(name.parameters) ? found->onUnsigned
                                                              : found->onSigned;
        if ((!isFloat && type->op() != Op::OpTypeInt) || opcode == 0 || (!counts && arguments.size() < 2))
            return false;
        uint32_t semantics = 0;
        if (name.name.starts_with("atomic_fetch_")) {
            uint32_t order = 5; // memory_order: relaxed 0, acquire 2, release 3, acq_rel 4, seq_cst 5
            if (arguments.size() > 2)
                constantWord(arguments[2], order);
            constexpr uint32_t kOrders[] = {0, 2, 2, 4, kAcquireRelease, kSequential};
            semantics = kOrders[std::min(order, 5u)];
            semantics |= semantics != 0 ? kWorkgroupMemory | kCrossWorkgroupMemory : 0;
        }
        // Device scope holds the narrower ones.
        const Id scope =
            word(static_cast<uint32_t>(arguments.size() > 3 ? ::spv::Scope::CrossDevice : ::spv::Scope::Device));
        const Id order = word(semantics);
        if (counts) {
            emit(out, opcode, {call.resultType, call.result, arguments[0], scope, order});
            return true;
        }
        Id value = arguments[1];
        if (isFloat && found->name == "sub") {
            value = nextId_++;
            emit(out, static_cast<uint32_t>(Op::OpFNegate), {call.resultType, value, arguments[1]});
        }
        emit(out, opcode, {call.resultType, call.result, arguments[0], scope, order, value});
        return true;
    }

    const spv::Module& module_;
    Id nextId_;
    Id wordType_ = 0;
    std::map<uint32_t, Id> words_; // constants by their value
    Words constants_, decorations_;
    bool replaced_ = false;
};

} // namespace

spv::Result<std::shared_ptr<const spv::Module>> replaceLibraryCalls(std::shared_ptr<const spv::Module> module) {
    const Words words = Rewriter(*module).run();
    if (words.empty())
        return module;
    spv::Result<spv::Module> parsed = spv::Module::parse(words);
    if (!parsed)
        return parsed.error();
    return std::shared_ptr<const spv::Module>(std::make_shared<spv::Module>(std::move(*parsed)));
}

} // namespace halyard::interp
