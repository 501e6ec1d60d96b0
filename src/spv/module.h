// A parsed SPIR-V module: the word stream plus an index over it.
//
// parse() checks everything a later reader relies on for memory safety (the header, instruction word
// counts, identifier bounds, unique results, function and block nesting), so code that walks a Module may
// index operands that `Instruction::wordCount` says exist. It does not check semantics: run validate() first.
//
// A Module owns its words, is immutable after parse() and safe to read from any thread.
#pragma once

#include "spv/status.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <spirv/unified1/spirv.hpp11>

namespace halyard::spv {

using Id = uint32_t;

// One instruction: a view into the module's words. `words[0]` is the opcode word.
struct Instruction {
    const uint32_t* words = nullptr;
    uint32_t offset = 0;    // word offset of words[0] in the module: the position that messages name
    uint16_t wordCount = 0; // including words[0]
    uint16_t opcode = 0;
    Id resultType = 0;         // 0 when the instruction has none
    Id result = 0;             // 0 when the instruction has none
    uint16_t operandStart = 1; // index in `words` of the first operand after result type and result

    ::spv::Op op() const { return static_cast<::spv::Op>(opcode); }
    uint32_t operandCount() const { return wordCount - operandStart; }
    // REQUIRES: index < operandCount().
    uint32_t operand(uint32_t index) const { return words[operandStart + index]; }
};

struct Block {
    Id label = 0;
    uint32_t firstInstruction = 0; // index in Module::instructions() of the instruction after OpLabel
    uint32_t endInstruction = 0;   // one past the terminator
};

struct Function {
    Id id = 0;
    Id resultType = 0;
    Id functionType = 0;
    uint32_t control = 0;
    uint32_t instruction = 0; // index of OpFunction
    std::vector<Id> parameters;
    std::vector<Block> blocks; // empty for an imported declaration
};

struct EntryPoint {
    ::spv::ExecutionModel model{};
    Id function = 0;
    std::string name;
    std::vector<Id> interfaces;
    struct Mode {
        ::spv::ExecutionMode mode{};
        bool operandsAreIds = false; // OpExecutionModeId
        std::vector<uint32_t> operands;
    };
    std::vector<Mode> modes;
};

struct Decoration {
    ::spv::Decoration kind{};
    uint32_t member = kNoMember;    // kNoMember when it decorates the whole id
    bool operandsAreIds = false;    // OpDecorateId
    std::vector<uint32_t> operands; // literal words (strings packed as in the module)
    static constexpr uint32_t kNoMember = ~0u;
};

// One executable flavour of SPIR-V (see docs/design.md, "The portable IR").
enum class Flavour { Kernel, GLCompute };

class Module {
public:
    // Copies `words` (host endianness or byte-swapped; swapped input is corrected) and indexes them.
    // Errors: HY_ERROR_INVALID_MODULE naming the word offset and what is wrong there;
    // HY_ERROR_UNSUPPORTED_SPIRV for a version or an opcode newer than opcodes.inc knows, and for a module whose
    // decoration groups or shared entry point functions expand beyond a small multiple of its size.
    static Result<Module> parse(std::span<const uint32_t> words);

    Module(Module&&) = default;
    Module& operator=(Module&&) = default;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    std::span<const uint32_t> words() const { return words_; }
    uint32_t version() const { return words_[1]; } // 0x00MMmm00
    Id bound() const { return bound_; }
    Flavour flavour() const { return flavour_; }
    ::spv::AddressingModel addressingModel() const { return addressingModel_; }
    ::spv::MemoryModel memoryModel() const { return memoryModel_; }

    const std::vector<Instruction>& instructions() const { return instructions_; }
    const std::vector<::spv::Capability>& capabilities() const { return capabilities_; }
    const std::vector<std::string>& extensions() const { return extensions_; }
    // Id of an OpExtInstImport -> its name ("OpenCL.std", "GLSL.std.450", ...).
    const std::unordered_map<Id, std::string>& extInstImports() const { return extInstImports_; }
    const std::vector<EntryPoint>& entryPoints() const { return entryPoints_; }
    const std::vector<Function>& functions() const { return functions_; }

    // The instruction that defines `id`, or null when nothing does (or id is out of bounds).
    const Instruction* definition(Id id) const;
    // Every decoration of `id` and of its members, groups already expanded, those of members first in member
    // order. Empty span when none.
    std::span<const Decoration> decorations(Id id) const;
    // The first matching decoration or null.
    const Decoration* findDecoration(Id id, ::spv::Decoration kind, uint32_t member = Decoration::kNoMember) const;
    // The OpName of `id`, or an empty view.
    std::string_view name(Id id) const;
    std::string_view memberName(Id type, uint32_t member) const;
    const Function* findFunction(Id id) const;
    const EntryPoint* findEntryPoint(std::string_view name) const;

    // "OpAtomicFAddEXT (%42) at word 1234": how every diagnostic names an instruction, with the source line
    // (file:line) appended when OpLine, or NonSemantic.Shader.DebugInfo.100, covers it.
    std::string describe(const Instruction& instruction) const;

private:
    Module() = default;
    friend class Parser;
    std::vector<uint32_t> words_;
    Id bound_ = 0;
    Flavour flavour_ = Flavour::Kernel;
    ::spv::AddressingModel addressingModel_{};
    ::spv::MemoryModel memoryModel_{};
    std::vector<Instruction> instructions_;
    // id -> index in instructions_ + 1, 0 when undefined. Dense for the ids that a module of this size needs and
    // a map above, so that a tiny file with a huge id bound stays cheap.
    std::vector<uint32_t> definitionIndex_;
    std::unordered_map<Id, uint32_t> sparseDefinitions_;
    std::vector<::spv::Capability> capabilities_;
    std::vector<std::string> extensions_;
    std::unordered_map<Id, std::string> extInstImports_;
    std::vector<EntryPoint> entryPoints_;
    std::vector<Function> functions_;
    std::unordered_map<Id, std::vector<Decoration>> decorations_;
    std::unordered_map<Id, std::string_view> names_;
    std::map<uint64_t, std::string_view> memberNames_; // type << 32 | member; ordered, as the input chooses the keys
};

// Reads a nul-terminated literal string that starts at `words`; never reads past `end`.
std::string_view literalString(const uint32_t* words, const uint32_t* end);

} // namespace halyard::spv
