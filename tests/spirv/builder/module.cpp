#include "builder/module.h"

#include <algorithm>

namespace halyard::spirvtest {

namespace {

constexpr uint32_t kMagic = 0x07230203;

void appendInstruction(Words& to, Op opcode, const Words& operands) {
    to.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | static_cast<uint32_t>(opcode));
    to.insert(to.end(), operands.begin(), operands.end());
}

void append(Words& to, const Words& from) {
    to.insert(to.end(), from.begin(), from.end());
}

Words joined(const Words& first, const Words& rest) {
    Words all = first;
    append(all, rest);
    return all;
}

} // namespace

const char* opName(Op op) {
    switch (op) {
#define HY_SPV_OP(name, number, hasType, hasResult, family, support)                                                   \
    case Op::name:                                                                                                     \
        return #name;
#include "spv/opcodes.inc"
#undef HY_SPV_OP
    }
    return "?";
}

const char* capabilityName(Capability capability) {
    switch (capability) {
#define HY_SPV_CAPABILITY(name, number, support)                                                                       \
    case Capability::name:                                                                                             \
        return #name;
#include "spv/capabilities.inc"
#undef HY_SPV_CAPABILITY
    }
    return "?";
}

const char* flavourName(Flavour flavour) {
    return flavour == Flavour::Kernel ? "kernel" : "glcompute";
}

void appendString(Words& words, std::string_view text) {
    const size_t first = words.size();
    words.resize(first + text.size() / 4 + 1);
    for (size_t i = 0; i < text.size(); ++i) {
        words[first + i / 4] |= static_cast<uint32_t>(static_cast<uint8_t>(text[i])) << (8 * (i % 4));
    }
}

Module::Module(Flavour flavour, uint32_t version) : flavour_(flavour), version_(version) {
    if (flavour == Flavour::Kernel) {
        capability(Capability::Kernel);
        capability(Capability::Addresses);
        return;
    }
    capability(Capability::Shader);
    capability(Capability::VulkanMemoryModel);
    capability(Capability::VulkanMemoryModelDeviceScope);
}

void Module::capability(Capability capability) {
    capabilities_.insert(static_cast<uint32_t>(capability));
}

void Module::extension(const std::string& name) {
    extensions_.insert(name);
}

Id Module::importSet(const std::string& name) {
    Id& id = sets_[name];
    if (id == 0) {
        id = newId();
    }
    return id;
}

Id Module::type(Op opcode, const Words& operands, TypeInfo info) {
    Words key = joined({static_cast<uint32_t>(opcode)}, operands);
    Id& id = known_[key];
    if (id == 0) {
        id = newId();
        appendInstruction(declarations_, opcode, joined({id}, operands));
        info.op = opcode;
        types_[id] = std::move(info);
    }
    return id;
}

Id Module::voidType() {
    return type(Op::TypeVoid, {}, {});
}

Id Module::boolType() {
    return type(Op::TypeBool, {}, {});
}

Id Module::intType(uint32_t bits, bool isSigned) {
    if (bits == 8) {
        capability(Capability::Int8);
    } else if (bits == 16) {
        capability(Capability::Int16);
    } else if (bits == 64) {
        capability(Capability::Int64);
    }
    isSigned = isSigned && flavour_ == Flavour::GLCompute;
    TypeInfo info;
    info.bits = bits;
    info.isSigned = isSigned;
    return type(Op::TypeInt, {bits, isSigned ? 1u : 0u}, info);
}

Id Module::floatType(uint32_t bits) {
    if (bits == 16) {
        capability(Capability::Float16);
    } else if (bits == 64) {
        capability(Capability::Float64);
    }
    TypeInfo info;
    info.bits = bits;
    return type(Op::TypeFloat, {bits}, info);
}

Id Module::vectorType(Id element, uint32_t count) {
    if (count > 4) {
        capability(Capability::Vector16);
    }
    TypeInfo info;
    info.element = element;
    info.count = count;
    return type(Op::TypeVector, {element, count}, info);
}

Id Module::matrixType(Id column, uint32_t columns) {
    capability(Capability::Matrix);
    TypeInfo info;
    info.element = column;
    info.count = columns;
    return type(Op::TypeMatrix, {column, columns}, info);
}

Id Module::arrayType(Id element, uint32_t length, uint32_t stride) {
    const Id id = arrayTypeOf(element, u32(length), stride);
    types_[id].count = length;
    return id;
}

Id Module::arrayTypeOf(Id element, Id lengthConstant, uint32_t stride) {
    // Arrays of one element type with different strides are different types: the stride is part of the key.
    Id& id = known_[{static_cast<uint32_t>(Op::TypeArray), element, lengthConstant, stride}];
    if (id == 0) {
        id = newId();
        appendInstruction(declarations_, Op::TypeArray, {id, element, lengthConstant});
        TypeInfo info;
        info.op = Op::TypeArray;
        info.element = element;
        types_[id] = info;
        if (stride != 0) {
            decorate(id, Decoration::ArrayStride, {stride});
        }
    }
    return id;
}

Id Module::runtimeArrayType(Id element, uint32_t stride) {
    Id& id = known_[{static_cast<uint32_t>(Op::TypeRuntimeArray), element, stride}];
    if (id == 0) {
        id = newId();
        appendInstruction(declarations_, Op::TypeRuntimeArray, {id, element});
        TypeInfo info;
        info.op = Op::TypeRuntimeArray;
        info.element = element;
        types_[id] = info;
        decorate(id, Decoration::ArrayStride, {stride});
    }
    return id;
}

Id Module::structType(const Ids& members) {
    const Id id = newId();
    appendInstruction(declarations_, Op::TypeStruct, joined({id}, members));
    TypeInfo info;
    info.op = Op::TypeStruct;
    info.members = members;
    types_[id] = info;
    return id;
}

Id Module::pointerType(Storage storage, Id pointee) {
    TypeInfo info;
    info.element = pointee;
    info.storage = storage;
    return type(Op::TypePointer, {static_cast<uint32_t>(storage), pointee}, info);
}

Id Module::functionType(Id result, const Ids& parameters) {
    return type(Op::TypeFunction, joined({result}, parameters), {});
}

Id Module::opaqueType(Op op, const Words& operands) {
    return type(op, operands, {});
}

Id Module::deduplicated(Op opcode, Id type, const Words& operands) {
    const Words key = joined({static_cast<uint32_t>(opcode), type}, operands);
    const auto found = known_.find(key);
    if (found != known_.end()) {
        return found->second;
    }
    return known_[key] = globalValue(opcode, type, operands);
}

Id Module::globalValue(Op opcode, Id type, const Words& operands) {
    const Id id = newId();
    appendInstruction(declarations_, opcode, joined({type, id}, operands));
    valueTypes_[id] = type;
    return id;
}

Words Module::literal(Id type, uint64_t bits) const {
    const TypeInfo& about = info(type);
    if (about.bits == 64) {
        return {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)};
    }
    const uint64_t mask = (uint64_t(1) << about.bits) - 1;
    bits &= mask;
    // A signed integer narrower than its word is sign-extended.
    if (about.isSigned && (bits >> (about.bits - 1)) != 0) {
        bits |= ~mask;
    }
    return {static_cast<uint32_t>(bits)};
}

Id Module::constant(Id type, uint64_t bits) {
    if (info(type).op == Op::TypeBool) {
        return boolean(bits != 0);
    }
    return deduplicated(Op::Constant, type, literal(type, bits));
}

Id Module::boolean(bool value) {
    return deduplicated(value ? Op::ConstantTrue : Op::ConstantFalse, boolType(), {});
}

Id Module::null(Id type) {
    return deduplicated(Op::ConstantNull, type, {});
}

Id Module::undef(Id type) {
    return deduplicated(Op::Undef, type, {});
}

Id Module::composite(Id type, const Ids& members) {
    return deduplicated(Op::ConstantComposite, type, members);
}

Id Module::splat(Id type, uint64_t bits) {
    const TypeInfo about = info(type);
    if (about.op != Op::TypeVector) {
        return constant(type, bits);
    }
    return composite(type, Ids(about.count, constant(about.element, bits)));
}

Id Module::specConstant(Id type, uint32_t specId, uint64_t bits) {
    Id id = 0;
    if (info(type).op == Op::TypeBool) {
        id = globalValue(bits != 0 ? Op::SpecConstantTrue : Op::SpecConstantFalse, type, {});
    } else {
        id = globalValue(Op::SpecConstant, type, literal(type, bits));
    }
    decorate(id, Decoration::SpecId, {specId});
    return id;
}

Id Module::specComposite(Id type, const Ids& members) {
    return globalValue(Op::SpecConstantComposite, type, members);
}

Id Module::specOp(Op opcode, Id type, const Words& operands) {
    return globalValue(Op::SpecConstantOp, type, joined({static_cast<uint32_t>(opcode)}, operands));
}

void Module::decorate(Id target, Decoration decoration, const Words& literals) {
    appendInstruction(decorations_, Op::Decorate, joined({target, static_cast<uint32_t>(decoration)}, literals));
}

void Module::memberDecorate(Id type, uint32_t member, Decoration decoration, const Words& literals) {
    appendInstruction(decorations_, Op::MemberDecorate,
                      joined({type, member, static_cast<uint32_t>(decoration)}, literals));
}

void Module::name(Id target, const std::string& name) {
    Words operands = {target};
    appendString(operands, name);
    appendInstruction(names_, Op::Name, operands);
}

Id Module::globalVariable(Id pointer, Id initialiser) {
    Words operands = {static_cast<uint32_t>(info(pointer).storage)};
    if (initialiser != 0) {
        operands.push_back(initialiser);
    }
    const Id id = globalValue(Op::Variable, pointer, operands);
    globals_.insert(id);
    return id;
}

Id Module::builtIn(BuiltIn which, Id type) {
    Id& id = builtIns_[static_cast<uint32_t>(which)];
    if (id == 0) {
        id = globalVariable(pointerType(Storage::Input, type));
        decorate(id, Decoration::BuiltIn, {static_cast<uint32_t>(which)});
        if (flavour_ == Flavour::Kernel) {
            decorate(id, Decoration::Constant);
        }
    }
    return id;
}

Id Module::beginFunction(Id result, const Ids& parameterTypes) {
    const Id signature = functionType(result, parameterTypes);
    Function function;
    function.id = newId();
    appendInstruction(function.head, Op::Function, {result, function.id, 0, signature});
    parameters_.clear();
    for (Id type : parameterTypes) {
        const Id parameter = newId();
        appendInstruction(function.head, Op::FunctionParameter, {type, parameter});
        valueTypes_[parameter] = type;
        parameters_.push_back(parameter);
    }
    block_ = newId();
    appendInstruction(function.head, Op::Label, {block_});
    functions_.push_back(std::move(function));
    return functions_.back().id;
}

void Module::endFunction() {
    appendInstruction(functions_.back().body, Op::FunctionEnd, {});
}

void Module::label(Id id) {
    block_ = id;
    appendInstruction(functions_.back().body, Op::Label, {id});
}

Id Module::localVariable(Id pointee, Id initialiser) {
    const Id type = pointerType(Storage::Function, pointee);
    const Id id = newId();
    Words operands = {type, id, static_cast<uint32_t>(Storage::Function)};
    if (initialiser != 0) {
        operands.push_back(initialiser);
    }
    appendInstruction(functions_.back().variables, Op::Variable, operands);
    valueTypes_[id] = type;
    return id;
}

Id Module::value(Op opcode, Id type, const Words& operands) {
    const Id id = newId();
    op(opcode, joined({type, id}, operands));
    valueTypes_[id] = type;
    return id;
}

void Module::op(Op opcode, const Words& operands) {
    Function& function = functions_.back();
    appendInstruction(function.body, opcode, operands);
    // A literal that looks like a variable's id lists that variable in an interface too many, which is allowed.
    for (uint32_t word : operands) {
        if (globals_.count(word) != 0) {
            function.globals.insert(word);
        }
    }
    if (opcode == Op::FunctionCall) {
        function.calls.insert(operands[2]);
    }
}

Id Module::extended(const std::string& set, uint32_t instruction, Id type, const Words& operands) {
    return value(Op::ExtInst, type, joined({importSet(set), instruction}, operands));
}

Id Module::openCl(OpenCl instruction, Id type, const Words& operands) {
    return extended("OpenCL.std", static_cast<uint32_t>(instruction), type, operands);
}

Id Module::glsl(Glsl instruction, Id type, const Words& operands) {
    return extended("GLSL.std.450", static_cast<uint32_t>(instruction), type, operands);
}

void Module::entryPoint(Id function, const std::string& name) {
    entries_.push_back({function, name});
}

void Module::executionMode(Id function, Mode mode, const Words& literals) {
    appendInstruction(modes_, Op::ExecutionMode, joined({function, static_cast<uint32_t>(mode)}, literals));
}

void Module::executionModeId(Id function, Mode mode, const Words& ids) {
    appendInstruction(modes_, Op::ExecutionModeId, joined({function, static_cast<uint32_t>(mode)}, ids));
}

std::set<Id> Module::globalsOf(Id function) const {
    std::set<Id> globals, seen;
    Ids pending = {function};
    while (!pending.empty()) {
        const Id id = pending.back();
        pending.pop_back();
        const auto found =
            std::find_if(functions_.begin(), functions_.end(), [id](const Function& f) { return f.id == id; });
        if (found == functions_.end() || !seen.insert(id).second) {
            continue;
        }
        globals.insert(found->globals.begin(), found->globals.end());
        pending.insert(pending.end(), found->calls.begin(), found->calls.end());
    }
    return globals;
}

Words Module::entryPoints() const {
    Words all;
    for (const Entry& entry : entries_) {
        Words operands = {flavour_ == Flavour::Kernel ? 6u : 5u, entry.function};
        appendString(operands, entry.name);
        for (Id global : globalsOf(entry.function)) {
            // Before 1.4 the interface is of Input and Output variables alone.
            if (version_ >= 0x00010400 || info(valueTypes_.at(global)).storage == Storage::Input) {
                operands.push_back(global);
            }
        }
        appendInstruction(all, Op::EntryPoint, operands);
    }
    return all;
}

Words Module::words() const {
    Words all = {kMagic, version_, 0, next_, 0};
    for (uint32_t capability : capabilities_) {
        appendInstruction(all, Op::Capability, {capability});
    }
    for (const std::string& extension : extensions_) {
        Words operands;
        appendString(operands, extension);
        appendInstruction(all, Op::Extension, operands);
    }
    for (const auto& [name, id] : sets_) {
        Words operands = {id};
        appendString(operands, name);
        appendInstruction(all, Op::ExtInstImport, operands);
    }
    const bool physicalBuffers =
        capabilities_.count(static_cast<uint32_t>(Capability::PhysicalStorageBufferAddresses)) != 0;
    const Words kernelModel = {2, 2};                             // Physical64, OpenCL
    const Words computeModel = {physicalBuffers ? 5348u : 0u, 3}; // PhysicalStorageBuffer64 or Logical, Vulkan
    appendInstruction(all, Op::MemoryModel, flavour_ == Flavour::Kernel ? kernelModel : computeModel);
    append(all, entryPoints());
    append(all, modes_);
    append(all, names_);
    append(all, decorations_);
    append(all, declarations_);
    for (const Function& function : functions_) {
        append(all, function.head);
        append(all, function.variables);
        append(all, function.body);
    }
    return all;
}

} // namespace halyard::spirvtest
