// A SPIR-V module in the making: sections in the order that the specification wants (2.4), each type and constant once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <spirv/unified1/spirv.hpp11>

namespace halyard::jit::spirv {

using Id = uint32_t;
using Words = std::vector<uint32_t>;

// Appends one instruction.
void append(Words& words, ::spv::Op op, std::initializer_list<uint32_t> operands);
void append(Words& words, ::spv::Op op, const Words& operands);
// Literal string, ended by a nul and padded.
void appendText(Words& operands, std::string_view text);

class ModuleWriter {
public:
    explicit ModuleWriter(uint32_t version) : version_(version) {}

    Id newId() { return ++lastId_; }

    void capability(::spv::Capability capability) { capabilities_.insert(static_cast<uint32_t>(capability)); }
    void extension(const std::string& name) { extensions_.insert(name); }
    Id glsl();   // the import of GLSL.std.450
    Id openCl(); // of OpenCL.std
    void memoryModel(::spv::AddressingModel addressing, ::spv::MemoryModel memory);
    void entryPoint(::spv::ExecutionModel model, Id function, const std::string& name);
    void executionMode(Id function, ::spv::ExecutionMode mode, std::initializer_list<uint32_t> operands);
    void executionModeId(Id function, ::spv::ExecutionMode mode, std::initializer_list<uint32_t> operands);
    void string(std::string_view text);      // an OpString; all of them before any name
    void name(Id id, std::string_view text); // an OpName
    void decorate(Id id, ::spv::Decoration decoration, std::initializer_list<uint32_t> operands = {});
    void decorateMember(Id type, uint32_t member, ::spv::Decoration decoration,
                        std::initializer_list<uint32_t> operands = {});

    Id voidType() { return type(::spv::Op::OpTypeVoid, {}); }
    Id boolType() { return type(::spv::Op::OpTypeBool, {}); }
    Id intType(uint32_t bits); // unsigned; declares the capability
    Id floatType(uint32_t bits);
    Id vectorType(Id element, uint32_t count); // declares the capability of more than 4
    Id pointerType(::spv::StorageClass storage, Id pointee);
    Id functionType(const Words& resultAndParameters) { return type(::spv::Op::OpTypeFunction, resultAndParameters); }
    Id arrayType(Id element, Id length) { return type(::spv::Op::OpTypeArray, {element, length}); }
    // A structure of its own at each call: decorations make it what it is.
    Id structType(const Words& members);

    Id constantBool(bool value);
    Id constant(uint32_t bits, uint64_t value); // of intType(bits)
    Id constantFloat(uint32_t bits, uint64_t pattern);
    Id constantNull(Id type) { return global(::spv::Op::OpConstantNull, type, {}); }
    Id constantComposite(Id type, const Words& parts) { return global(::spv::Op::OpConstantComposite, type, parts); }
    Id specConstant(uint32_t specId, uint32_t value); // of intType(32)
    Id specConstantOperation(Id type, ::spv::Op op, std::initializer_list<uint32_t> operands);

    // A variable at module scope; part of the entry point's interface.
    Id variable(::spv::StorageClass storage, Id pointee);
    // One with an initial value, or none (0); no part of the interface, as before version 1.4.
    Id data(::spv::StorageClass storage, Id pointee, Id initial);
    void version(uint32_t version) { version_ = version; }
    // Whether `is` holds for a capability that is declared by now.
    template <typename Is> bool declaresAny(Is&& is) const {
        return std::any_of(capabilities_.begin(), capabilities_.end(),
                           [&](uint32_t capability) { return is(static_cast<::spv::Capability>(capability)); });
    }
    // An Input variable decorated as this builtin; the same one at each call.
    Id builtin(::spv::BuiltIn builtin, Id type);

    // Code of functions, in any order of completion.
    void function(Words words) { functions_.insert(functions_.end(), words.begin(), words.end()); }

    // The module. The writer is used up.
    Words finish();

private:
    Id type(::spv::Op op, const Words& operands);
    Id global(::spv::Op op, Id type, const Words& operands);

    uint32_t version_;
    Id lastId_ = 0;
    Id glsl_ = 0, openCl_ = 0;
    std::set<uint32_t> capabilities_;
    std::set<std::string> extensions_;
    Words memoryModel_, entry_, modes_, strings_, decorations_, globals_, functions_, interface_;
    std::map<Words, Id> types_;     // opcode and operands
    std::map<Words, Id> constants_; // opcode, type and operands
    std::map<uint32_t, Id> builtins_;
};

} // namespace halyard::jit::spirv
