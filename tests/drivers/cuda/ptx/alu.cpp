#include "alu_table.h"

#include <algorithm>

namespace halyard::softcuda::ptx {

void AluTable::add(std::string_view form, const Alu& alu) {
    if (!forms_.emplace(form, alu).second)
        ++duplicates_;
}

const Alu* AluTable::find(const std::string& form) const {
    const auto found = forms_.find(form);
    return found == forms_.end() ? nullptr : &found->second;
}

std::vector<std::string> AluTable::forms() const {
    std::vector<std::string> names;
    for (const auto& entry : forms_)
        names.push_back(entry.first);
    std::sort(names.begin(), names.end());
    return names;
}

const AluTable& aluTable() {
    static const AluTable table = [] {
        AluTable all;
        addIntegers(all);
        addCarries(all);
        addIntegerDots(all);
        addBits(all);
        addFloats(all);
        addApproximations(all);
        addHalves(all);
        addConversions(all);
        addNarrowConversions(all);
        addComparisons(all);
        addSelections(all);
        addLanes(all);
        addMatrices(all);
        return all;
    }();
    return table;
}

namespace {

bool isFlag(const std::string& modifier) {
    return modifier == "ftz" || modifier == "sat" || modifier == "relu" || modifier == "satfinite" || modifier == "NaN";
}

const Alu* lookUp(const std::string& opcode, std::span<const std::string> modifiers) {
    std::string form = opcode;
    for (const std::string& modifier : modifiers) {
        form += '.';
        form += modifier;
    }
    return aluTable().find(form);
}

} // namespace

bool findAlu(const std::string& opcode, std::span<const std::string> modifiers, Alu& out) {
    // A dot inside a word would let it pass for two.
    const auto hasDot = [](const std::string& word) { return word.find('.') != std::string::npos; };
    if (hasDot(opcode) || std::any_of(modifiers.begin(), modifiers.end(), hasDot))
        return false;
    const Alu* found = lookUp(opcode, modifiers);
    // Compilers write ".sat.ftz" as well as the ISA's ".ftz.sat": two such words mean the same in either order.
    for (size_t i = 1; !found && i < modifiers.size(); ++i)
        if (isFlag(modifiers[i - 1]) && isFlag(modifiers[i])) {
            std::vector<std::string> swapped(modifiers.begin(), modifiers.end());
            std::swap(swapped[i - 1], swapped[i]);
            found = lookUp(opcode, swapped);
        }
    if (!found)
        return false;
    out = *found;
    return true;
}

} // namespace halyard::softcuda::ptx
