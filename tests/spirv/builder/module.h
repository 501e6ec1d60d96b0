// Writes SPIR-V modules word by word, for tests. Every call appends to its section of the module at once; words() puts
// the sections in the order that the specification wants. Nothing is checked here: a test that writes an invalid module
// sees what the validator says about it. Not thread-safe.
//
//     Module module(Flavour::Kernel);
//     const Id u32 = module.intType(32);
//     const Id main = module.beginFunction(module.voidType(), {});
//     module.op(Op::Return, {});
//     module.endFunction();
//     module.entryPoint(main, "nothing");
//     run(module.words());
//
// kernel.h has the buffers, ids and loops that most test kernels begin with.
#pragma once

#include "builder/spirv.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace halyard::spirvtest {

enum class Flavour { Kernel, GLCompute };

const char* flavourName(Flavour flavour);

using Ids = std::vector<Id>;
using Words = std::vector<uint32_t>;

// What a type id stands for, as far as its instruction says.
struct TypeInfo {
    Op op = Op::TypeVoid;
    uint32_t bits = 0;                   // integers and floating-point numbers
    bool isSigned = false;               // integers
    Id element = 0;                      // vectors, matrices (the column), arrays, pointers (the pointee)
    uint32_t count = 0;                  // components of a vector, columns of a matrix, length of an array
    Storage storage = Storage::Function; // pointers
    Ids members;                         // structures
};

class Module {
public:
    // version: 0x00010400 is SPIR-V 1.4. Kernel modules get Kernel, Addresses, Linkage-free Physical64 OpenCL;
    // GLCompute modules get Shader and the Vulkan memory model with device scope (both need no extension from 1.5 on).
    explicit Module(Flavour flavour, uint32_t version = 0x00010500);

    Flavour flavour() const { return flavour_; }
    Id newId() { return next_++; }

    void capability(Capability capability);
    void extension(const std::string& name);
    // The id of an extended instruction set, imported on first use.
    Id importSet(const std::string& name);

    // Types: the same arguments give the same id. Integer and floating-point widths and 8- or 16-wide vectors bring
    // their capabilities with them. Kernel modules have unsigned integer types only, so `isSigned` is ignored there.
    Id voidType();
    Id boolType();
    Id intType(uint32_t bits, bool isSigned = false);
    Id floatType(uint32_t bits);
    Id vectorType(Id element, uint32_t count);
    Id matrixType(Id column, uint32_t columns);
    Id arrayType(Id element, uint32_t length, uint32_t stride = 0); // stride 0: undecorated
    Id arrayTypeOf(Id element, Id lengthConstant, uint32_t stride = 0);
    Id runtimeArrayType(Id element, uint32_t stride);
    // Every call makes a new type, so that its members can be decorated.
    Id structType(const Ids& members);
    Id pointerType(Storage storage, Id pointee);
    Id functionType(Id result, const Ids& parameters);
    Id opaqueType(Op op, const Words& operands = {}); // any other type instruction, for example TypeEvent
    const TypeInfo& info(Id type) const { return types_.at(type); }
    // The type of a value: whatever this module made with a result type.
    Id typeOf(Id value) const { return valueTypes_.at(value); }

    // Constants: de-duplicated. `bits` are the low bits of the value.
    Id constant(Id type, uint64_t bits);
    Id u32(uint32_t value) { return constant(intType(32), value); }
    Id boolean(bool value);
    Id null(Id type);
    Id undef(Id type);
    Id composite(Id type, const Ids& members);
    // `value` in every component of a scalar or vector type.
    Id splat(Id type, uint64_t bits);
    // Specialisation constants: a new one a call. A boolean takes bits 0 or 1.
    Id specConstant(Id type, uint32_t specId, uint64_t bits);
    Id specComposite(Id type, const Ids& members);
    // OpSpecConstantOp with this opcode; operands are ids, or literals where the opcode takes literals.
    Id specOp(Op opcode, Id type, const Words& operands);

    void decorate(Id target, Decoration decoration, const Words& literals = {});
    void memberDecorate(Id type, uint32_t member, Decoration decoration, const Words& literals = {});
    void name(Id target, const std::string& name);

    // A module-scope variable. `pointer` is its type; the storage class is the pointer's.
    Id globalVariable(Id pointer, Id initialiser = 0);
    // The Input variable of a builtin, made on first use.
    Id builtIn(BuiltIn which, Id type);

    // Functions. beginFunction opens one with its parameters (ids from parameters()) and its first block. Instructions
    // go to the open function; label() starts a block, and newId() names one that is branched to before.
    Id beginFunction(Id result, const Ids& parameterTypes);
    const Ids& parameters() const { return parameters_; }
    void endFunction();
    void label(Id id);
    // The label of the block being written.
    Id block() const { return block_; }
    // A variable of the open function, placed at the beginning of its first block.
    Id localVariable(Id pointee, Id initialiser = 0);

    // An instruction with a result, one without a result type, and an extended one.
    Id value(Op opcode, Id type, const Words& operands);
    void op(Op opcode, const Words& operands);
    Id extended(const std::string& set, uint32_t instruction, Id type, const Words& operands);
    Id openCl(OpenCl instruction, Id type, const Words& operands);
    Id glsl(Glsl instruction, Id type, const Words& operands);
    // The numbers of scopes and semantics are ids in SPIR-V.
    Id scope(Scope scope) { return u32(static_cast<uint32_t>(scope)); }

    void entryPoint(Id function, const std::string& name);
    void executionMode(Id function, Mode mode, const Words& literals);
    // As above, with constant ids.
    void executionModeId(Id function, Mode mode, const Words& ids);

    // The finished module. It can be called again after more was added.
    Words words() const;

private:
    struct Function {
        Words head;      // OpFunction, parameters, first label
        Words variables; // of the first block
        Words body;
        std::set<Id> globals; // module-scope variables that it names
        std::set<Id> calls;
        Id id = 0;
    };
    struct Entry {
        Id function;
        std::string name;
    };

    Id type(Op opcode, const Words& operands, TypeInfo info);
    Words literal(Id type, uint64_t bits) const;
    Id deduplicated(Op opcode, Id type, const Words& operands);
    Id globalValue(Op opcode, Id type, const Words& operands);
    std::set<Id> globalsOf(Id function) const;
    Words entryPoints() const;

    Flavour flavour_;
    uint32_t version_;
    Id next_ = 1;
    std::set<uint32_t> capabilities_;
    std::set<std::string> extensions_;
    std::map<std::string, Id> sets_;
    std::map<Words, Id> known_; // instruction without its result id
    std::unordered_map<Id, TypeInfo> types_;
    std::unordered_map<Id, Id> valueTypes_;
    std::map<uint32_t, Id> builtIns_;
    std::set<Id> globals_;
    std::vector<Entry> entries_;
    Words modes_, names_, decorations_, declarations_;
    std::vector<Function> functions_;
    Ids parameters_;
    Id block_ = 0;
};

// Appends a SPIR-V literal string to `words`.
void appendString(Words& words, std::string_view text);

} // namespace halyard::spirvtest
