// Specialisation constants, and OpSpecConstantOp with every opcode that it takes: the cases of other families again,
// with constants for operands.
#include "matrix/families.h"

#include <algorithm>

namespace halyard::spirvtest {

namespace {

constexpr size_t kRowsTried = 3;

bool folds(const Case& item) {
    const bool kernel = item.flavour == Flavour::Kernel;
    switch (item.op) {
    case Op::SConvert:
    case Op::UConvert:
    case Op::FConvert:
    case Op::SNegate:
    case Op::Not:
    case Op::IAdd:
    case Op::ISub:
    case Op::IMul:
    case Op::UDiv:
    case Op::SDiv:
    case Op::UMod:
    case Op::SRem:
    case Op::SMod:
    case Op::ShiftRightLogical:
    case Op::ShiftRightArithmetic:
    case Op::ShiftLeftLogical:
    case Op::BitwiseOr:
    case Op::BitwiseXor:
    case Op::BitwiseAnd:
    case Op::LogicalOr:
    case Op::LogicalAnd:
    case Op::LogicalNot:
    case Op::LogicalEqual:
    case Op::LogicalNotEqual:
    case Op::Select:
    case Op::IEqual:
    case Op::INotEqual:
    case Op::ULessThan:
    case Op::SLessThan:
    case Op::UGreaterThan:
    case Op::SGreaterThan:
    case Op::ULessThanEqual:
    case Op::SLessThanEqual:
    case Op::UGreaterThanEqual:
    case Op::SGreaterThanEqual:
        return true;
    case Op::ConvertFToS:
    case Op::ConvertSToF:
    case Op::ConvertFToU:
    case Op::ConvertUToF:
    case Op::FNegate:
    case Op::FAdd:
    case Op::FSub:
    case Op::FMul:
    case Op::FDiv:
    case Op::FRem:
    case Op::FMod:
    case Op::Bitcast:
        return kernel;
    default:
        return false;
    }
}

// A value as a specialisation constant, component by component. The numbers of SpecIds are counted in *next.
Id specValue(Module& m, const Type& type, const Value& value, uint32_t* next) {
    Ids parts;
    for (uint64_t bits : value) {
        parts.push_back(m.specConstant(type.element().id(m), (*next)++, bits));
    }
    return type.components() == 1 ? parts[0] : m.specComposite(type.id(m), parts);
}

Case folded(const Case& original, size_t row) {
    Case item = original;
    const std::vector<Row> rows = rowsOf(original, row + 1);
    item.name = "SpecConstantOp:" + original.name + "/" + std::to_string(row);
    item.instruction = "OpSpecConstantOp " + original.instruction;
    item.operands.clear();
    item.generators.clear();
    item.adjust = nullptr;
    item.op = Op::Nop;
    item.emit = [op = original.op, result = original.result, types = original.operands,
                 values = rows[row]](Module& m, Kernel&, const Ids&) {
        // SpecIds need not be told apart by anyone here, but must differ in the module.
        uint32_t next = 1000 + m.newId() * 64;
        Words operands;
        for (size_t i = 0; i < types.size(); ++i) {
            operands.push_back(specValue(m, types[i], values[i], &next));
        }
        return m.specOp(op, result.id(m), operands);
    };
    item.expected = [value = original.expected(rows, row)](const std::vector<Row>&, size_t) { return value; };
    return item;
}

} // namespace

Cases constantCases() {
    Cases cases;
    for (const auto& family : {arithmeticCases, bitCases, logicCases, conversionCases}) {
        for (const Case& item : family()) {
            const bool decorated = std::count(item.name.begin(), item.name.end(), '/') > 2;
            if (!folds(item) || decorated || !item.expected || (item.result.width != 1 && item.result.width != 4)) {
                continue;
            }
            for (size_t row = 0; row < kRowsTried; ++row) {
                cases.push_back(folded(item, 7 + 41 * row));
            }
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
