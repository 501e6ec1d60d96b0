// Values of constants, with specialisation constants at their defaults or at given values. Shared by reflection
// (workgroup sizes, array lengths) and by specialisation. Private to src/spv.
#pragma once

#include "spv/module.h"

#include <optional>

namespace halyard::spv {

struct ScalarType {
    enum class Kind : uint8_t { Bool, Int, Float } kind = Kind::Int;
    uint32_t width = 32; // bits; 1 for a boolean
    bool isSigned = false;
};

// The type when `id` is a boolean, an 8, 16, 32 or 64-bit integer or an IEEE 16, 32 or 64-bit float.
std::optional<ScalarType> scalarType(const Module& module, Id id);

struct SpecConstant {
    Id id = 0;
    uint32_t specId = 0;
    uint32_t size = 0; // bytes; 1 for a boolean
    uint64_t defaultValue = 0;
};

// Every scalar constant that a SpecId names, in module order. A specId may name several constants.
std::vector<SpecConstant> specConstants(const Module& module);

struct Constant {
    enum class Kind : uint8_t { Opaque, Null, Scalar, Composite } kind = Kind::Opaque;
    Id type = 0;
    uint64_t bits = 0;            // Scalar: zero-extended from the type's width
    std::span<const Id> elements; // Composite: ids that lookup() knows
};

// Folds every OpSpecConstantOp of a module once, in order, in time linear in what it produces. What cannot be
// folded (an address, a type that scalarType() refuses) stays Opaque. The module must outlive the folder.
class ConstantFolder {
public:
    // `values` replaces the defaults of the constants it names.
    explicit ConstantFolder(const Module& module, std::unordered_map<Id, uint64_t> values = {});

    // The value of a constant of the module or of one that folding created; Opaque for anything else.
    Constant lookup(Id id) const;
    // The value of a scalar constant, a null one included.
    std::optional<uint64_t> scalar(Id id) const;
    std::optional<uint32_t> scalar32(Id id) const; // also empty when the value needs more than 32 bits

    // The constants that folding the instruction `index` created, in the order to define them before it.
    std::span<const Id> createdFor(uint32_t index) const;
    Id nextId() const { return nextId_; }
    // Whether folding stopped because its output would be out of proportion to the module or ran out of ids.
    bool overflowed() const { return overflowed_; }

private:
    struct Folded {
        Constant constant;
        std::vector<Id> elements;
    };
    struct Lanes {
        ScalarType type;
        bool isVector = false;
        std::vector<uint64_t> bits;
    };

    void fold(const Instruction& instruction, uint32_t index);
    bool foldComposite(const Instruction& instruction, uint32_t index);
    bool foldExtract(const Instruction& instruction);
    bool foldInsert(const Instruction& instruction, uint32_t index);
    bool foldShuffle(const Instruction& instruction, uint32_t index);
    bool foldLanes(const Instruction& instruction, uint32_t index);
    bool foldBitcast(const Instruction& instruction, uint32_t index);
    bool lanes(Id id, Lanes& out) const;
    bool vectorShape(Id type, Id& component, uint32_t& count) const;
    // The type and number of a composite type's elements; `index` picks a structure's member.
    bool elementShape(Id type, uint32_t index, Id& element, uint64_t& count) const;
    bool elementIds(const Constant& composite, uint32_t index, std::vector<Id>& out);
    Id create(uint32_t index);
    bool store(const Instruction& instruction, uint32_t index, const std::vector<uint64_t>& bits);
    void storeScalar(Id id, Id type, uint64_t bits);
    void storeNull(Id id, Id type);
    void storeComposite(Id id, Id type, std::vector<Id> elements);
    bool storeAlias(Id id, const Constant& value);
    bool spend(size_t items);

    const Module& module_;
    std::unordered_map<Id, uint64_t> values_;
    std::unordered_map<Id, Folded> folded_;
    std::vector<Id> created_;
    std::unordered_map<uint32_t, std::pair<size_t, size_t>> createdRange_; // instruction -> [first, end) of created_
    Id nextId_ = 0;
    size_t budget_ = 0;
    bool overflowed_ = false;
};

} // namespace halyard::spv
