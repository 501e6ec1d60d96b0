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

bool findAlu(const std::string& opcode, std::span<const std::string> modifiers, Alu& out) {
    // A dot inside a word would let it pass for two.
    std::string form = opcode;
    if (form.find('.') != std::string::npos)
        return false;
    for (const std::string& modifier : modifiers) {
        if (modifier.find('.') != std::string::npos)
            return false;
        form += '.';
        form += modifier;
    }
    const Alu* const found = aluTable().find(form);
    if (!found)
        return false;
    out = *found;
    return true;
}

} // namespace halyard::softcuda::ptx
