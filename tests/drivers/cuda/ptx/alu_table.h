// All forms of instructions that the interpreter computes, under the text that PTX has for them.
#pragma once

#include "alu.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace halyard::softcuda::ptx {

// Since a form is listed with all its modifiers, no modifier can go unnoticed.
class AluTable {
public:
    // `form` is "fma.rn.f32". One that is there already is counted as a duplicate and dropped.
    void add(std::string_view form, const Alu& alu);
    const Alu* find(const std::string& form) const;

    std::vector<std::string> forms() const; // sorted
    uint32_t duplicates() const { return duplicates_; }

private:
    std::unordered_map<std::string, Alu> forms_;
    uint32_t duplicates_ = 0;
};

// The table of everything below; built on first use, never changed after. Thread-safe.
const AluTable& aluTable();

void addIntegers(AluTable& table);
void addCarries(AluTable& table);
void addIntegerDots(AluTable& table);
void addBits(AluTable& table);
void addFloats(AluTable& table);
void addApproximations(AluTable& table);
void addHalves(AluTable& table);
void addConversions(AluTable& table);
void addNarrowConversions(AluTable& table);
void addComparisons(AluTable& table);
void addSelections(AluTable& table);
void addLanes(AluTable& table);
void addMatrices(AluTable& table);

} // namespace halyard::softcuda::ptx
