#include "jit/targets/spirv/module_writer.h"

#include <cstring>
#include <utility>

namespace halyard::jit::spirv {

void append(Words& words, ::spv::Op op, const Words& operands) {
    words.push_back(static_cast<uint32_t>((operands.size() + 1) << 16) | static_cast<uint32_t>(op));
    words.insert(words.end(), operands.begin(), operands.end());
}

void append(Words& words, ::spv::Op op, std::initializer_list<uint32_t> operands) {
    append(words, op, Words(operands));
}

void appendText(Words& operands, std::string_view text) {
    const size_t at = operands.size();
    operands.resize(at + text.size() / 4 + 1);
    std::memcpy(&operands[at], text.data(), text.size());
}

Id ModuleWriter::glsl() {
    if (glsl_ == 0) {
        glsl_ = newId();
    }
    return glsl_;
}

Id ModuleWriter::openCl() {
    if (openCl_ == 0) {
        openCl_ = newId();
    }
    return openCl_;
}

void ModuleWriter::memoryModel(::spv::AddressingModel addressing, ::spv::MemoryModel memory) {
    append(memoryModel_, ::spv::Op::OpMemoryModel, {static_cast<uint32_t>(addressing), static_cast<uint32_t>(memory)});
}

void ModuleWriter::entryPoint(::spv::ExecutionModel model, Id function, const std::string& name) {
    entry_ = {static_cast<uint32_t>(model), function};
    appendText(entry_, name);
}

void ModuleWriter::executionMode(Id function, ::spv::ExecutionMode mode, std::initializer_list<uint32_t> operands) {
    Words words{function, static_cast<uint32_t>(mode)};
    words.insert(words.end(), operands);
    append(modes_, ::spv::Op::OpExecutionMode, words);
}

void ModuleWriter::executionModeId(Id function, ::spv::ExecutionMode mode, std::initializer_list<uint32_t> operands) {
    Words words{function, static_cast<uint32_t>(mode)};
    words.insert(words.end(), operands);
    append(modes_, ::spv::Op::OpExecutionModeId, words);
}

void ModuleWriter::string(std::string_view text) {
    Words words{newId()};
    appendText(words, text);
    append(strings_, ::spv::Op::OpString, words);
}

void ModuleWriter::name(Id id, std::string_view text) {
    Words words{id};
    appendText(words, text);
    append(strings_, ::spv::Op::OpName, words);
}

void ModuleWriter::decorate(Id id, ::spv::Decoration decoration, std::initializer_list<uint32_t> operands) {
    Words words{id, static_cast<uint32_t>(decoration)};
    words.insert(words.end(), operands);
    append(decorations_, ::spv::Op::OpDecorate, words);
}

void ModuleWriter::decorateMember(Id type, uint32_t member, ::spv::Decoration decoration,
                                  std::initializer_list<uint32_t> operands) {
    Words words{type, member, static_cast<uint32_t>(decoration)};
    words.insert(words.end(), operands);
    append(decorations_, ::spv::Op::OpMemberDecorate, words);
}

Id ModuleWriter::intType(uint32_t bits) {
    if (bits != 32) {
        capability(bits == 8    ? ::spv::Capability::Int8
                   : bits == 16 ? ::spv::Capability::Int16
                                : ::spv::Capability::Int64);
    }
    return type(::spv::Op::OpTypeInt, {bits, 0});
}

Id ModuleWriter::floatType(uint32_t bits) {
    if (bits != 32) {
        capability(bits == 16 ? ::spv::Capability::Float16 : ::spv::Capability::Float64);
    }
    return type(::spv::Op::OpTypeFloat, {bits});
}

Id ModuleWriter::vectorType(Id element, uint32_t count) {
    if (count > 4) {
        capability(::spv::Capability::Vector16);
    }
    return type(::spv::Op::OpTypeVector, {element, count});
}

Id ModuleWriter::pointerType(::spv::StorageClass storage, Id pointee) {
    return type(::spv::Op::OpTypePointer, {static_cast<uint32_t>(storage), pointee});
}

Id ModuleWriter::structType(const Words& members) {
    Words words{newId()};
    words.insert(words.end(), members.begin(), members.end());
    append(globals_, ::spv::Op::OpTypeStruct, words);
    return words[0];
}

Id ModuleWriter::type(::spv::Op op, const Words& operands) {
    Words key{static_cast<uint32_t>(op)};
    key.insert(key.end(), operands.begin(), operands.end());
    const auto [at, added] = types_.try_emplace(std::move(key), 0);
    if (added) {
        at->second = newId();
        Words words{at->second};
        words.insert(words.end(), operands.begin(), operands.end());
        append(globals_, op, words);
    }
    return at->second;
}

Id ModuleWriter::global(::spv::Op op, Id type, const Words& operands) {
    Words key{static_cast<uint32_t>(op), type};
    key.insert(key.end(), operands.begin(), operands.end());
    const auto [at, added] = constants_.try_emplace(std::move(key), 0);
    if (added) {
        at->second = newId();
        Words words{type, at->second};
        words.insert(words.end(), operands.begin(), operands.end());
        append(globals_, op, words);
    }
    return at->second;
}

Id ModuleWriter::constantBool(bool value) {
    return global(value ? ::spv::Op::OpConstantTrue : ::spv::Op::OpConstantFalse, boolType(), {});
}

Id ModuleWriter::constant(uint32_t bits, uint64_t value) {
    const uint64_t kept = bits == 64 ? value : value & ((uint64_t{1} << bits) - 1);
    Words operands{static_cast<uint32_t>(kept)};
    if (bits == 64) {
        operands.push_back(static_cast<uint32_t>(kept >> 32));
    }
    return global(::spv::Op::OpConstant, intType(bits), operands);
}

Id ModuleWriter::constantFloat(uint32_t bits, uint64_t pattern) {
    Words operands{static_cast<uint32_t>(pattern)};
    if (bits == 64) {
        operands.push_back(static_cast<uint32_t>(pattern >> 32));
    }
    return global(::spv::Op::OpConstant, floatType(bits), operands);
}

Id ModuleWriter::specConstant(uint32_t specId, uint32_t value) {
    const Id type = intType(32);
    const Id id = newId();
    append(globals_, ::spv::Op::OpSpecConstant, {type, id, value});
    decorate(id, ::spv::Decoration::SpecId, {specId});
    return id;
}

Id ModuleWriter::specConstantOperation(Id type, ::spv::Op op, std::initializer_list<uint32_t> operands) {
    const Id id = newId();
    Words words{type, id, static_cast<uint32_t>(op)};
    words.insert(words.end(), operands);
    append(globals_, ::spv::Op::OpSpecConstantOp, words);
    return id;
}

Id ModuleWriter::variable(::spv::StorageClass storage, Id pointee) {
    const Id type = pointerType(storage, pointee);
    const Id id = newId();
    append(globals_, ::spv::Op::OpVariable, {type, id, static_cast<uint32_t>(storage)});
    interface_.push_back(id);
    return id;
}

Id ModuleWriter::data(::spv::StorageClass storage, Id pointee, Id initial) {
    const Id type = pointerType(storage, pointee);
    const Id id = newId();
    Words words{type, id, static_cast<uint32_t>(storage)};
    if (initial != 0) {
        words.push_back(initial);
    }
    append(globals_, ::spv::Op::OpVariable, words);
    return id;
}

Id ModuleWriter::builtin(::spv::BuiltIn builtin, Id type) {
    const auto [at, added] = builtins_.try_emplace(static_cast<uint32_t>(builtin), 0);
    if (added) {
        at->second = variable(::spv::StorageClass::Input, type);
        decorate(at->second, ::spv::Decoration::BuiltIn, {static_cast<uint32_t>(builtin)});
    }
    return at->second;
}

Words ModuleWriter::finish() {
    Words module{::spv::MagicNumber, version_, 0, lastId_ + 1, 0};
    for (const uint32_t capability : capabilities_) {
        append(module, ::spv::Op::OpCapability, {capability});
    }
    for (const std::string& extension : extensions_) {
        Words words;
        appendText(words, extension);
        append(module, ::spv::Op::OpExtension, words);
    }
    for (const auto& [id, name] : {std::pair(glsl_, "GLSL.std.450"), std::pair(openCl_, "OpenCL.std")}) {
        if (id != 0) {
            Words words{id};
            appendText(words, name);
            append(module, ::spv::Op::OpExtInstImport, words);
        }
    }
    module.insert(module.end(), memoryModel_.begin(), memoryModel_.end());
    Words entry = std::move(entry_);
    entry.insert(entry.end(), interface_.begin(), interface_.end());
    append(module, ::spv::Op::OpEntryPoint, entry);
    for (const Words* section : {&modes_, &strings_, &decorations_, &globals_, &functions_}) {
        module.insert(module.end(), section->begin(), section->end());
    }
    return module;
}

} // namespace halyard::jit::spirv
