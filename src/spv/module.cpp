#include "spv/module.h"
#include "spv/opcodes.h"
#include "spv/source_line.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace halyard::spv {

std::string_view literalString(const uint32_t* words, const uint32_t* end) {
    static_assert(std::endian::native == std::endian::little, "SPIR-V packs strings in little-endian words");
    if (words >= end)
        return {};
    const auto* text = reinterpret_cast<const char*>(words);
    const size_t limit = static_cast<size_t>(end - words) * sizeof(uint32_t);
    return {text, ::strnlen(text, limit)};
}

const Instruction* Module::definition(Id id) const {
    uint32_t index = 0;
    if (id < definitionIndex_.size()) {
        index = definitionIndex_[id];
    } else if (auto it = sparseDefinitions_.find(id); it != sparseDefinitions_.end()) {
        index = it->second;
    }
    return index != 0 ? &instructions_[index - 1] : nullptr;
}

std::span<const Decoration> Module::decorations(Id id) const {
    auto it = decorations_.find(id);
    return it != decorations_.end() ? std::span<const Decoration>(it->second) : std::span<const Decoration>();
}

const Decoration* Module::findDecoration(Id id, ::spv::Decoration kind, uint32_t member) const {
    const std::span<const Decoration> all = decorations(id);
    auto it = std::lower_bound(all.begin(), all.end(), member,
                               [](const Decoration& decoration, uint32_t value) { return decoration.member < value; });
    for (; it != all.end() && it->member == member; ++it) {
        if (it->kind == kind)
            return &*it;
    }
    return nullptr;
}

std::string_view Module::name(Id id) const {
    auto it = names_.find(id);
    return it != names_.end() ? it->second : std::string_view();
}

std::string_view Module::memberName(Id type, uint32_t member) const {
    auto it = memberNames_.find(static_cast<uint64_t>(type) << 32 | member);
    return it != memberNames_.end() ? it->second : std::string_view();
}

const Function* Module::findFunction(Id id) const {
    // Functions stand in the order of their OpFunction, so the definition's place orders them.
    const Instruction* definition = this->definition(id);
    if (definition == nullptr)
        return nullptr;
    const auto index = static_cast<uint32_t>(definition - instructions_.data());
    auto it = std::lower_bound(functions_.begin(), functions_.end(), index,
                               [](const Function& function, uint32_t value) { return function.instruction < value; });
    return it != functions_.end() && it->instruction == index ? &*it : nullptr;
}

const EntryPoint* Module::findEntryPoint(std::string_view name) const {
    for (const EntryPoint& entry : entryPoints_) {
        if (entry.name == name)
            return &entry;
    }
    return nullptr;
}

std::string Module::describe(const Instruction& instruction) const {
    std::string text = opcodeName(instruction.opcode);
    if (instruction.result != 0)
        text += fmt::format(" (%{})", instruction.result);
    text += fmt::format(" at word {}", instruction.offset);

    // A line holds until the next one, one that ends it, or the end of the block.
    auto it = std::lower_bound(instructions_.begin(), instructions_.end(), instruction.offset,
                               [](const Instruction& other, uint32_t value) { return other.offset < value; });
    while (it != instructions_.begin()) {
        --it;
        if (isTerminator(it->opcode))
            break;
        const LineMark mark = lineMark(*this, *it);
        if (mark.kind == LineMark::Kind::Begin)
            return text + fmt::format(" ({}:{})", mark.line.file, mark.line.line);
        if (mark.kind == LineMark::Kind::End)
            break;
    }
    return text;
}

} // namespace halyard::spv
