// Where the symbols of each function are, and the code of all.
#include "decoder.h"

#include <algorithm>
#include <set>

namespace halyard::softcuda::ptx {
namespace {

uint64_t alignUp(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

void namesIn(const Operand& operand, std::set<std::string>& names) {
    if (const auto* symbol = std::get_if<Symbol>(&operand))
        names.insert(symbol->name);
    if (const auto* address = std::get_if<Address>(&operand))
        if (const auto* symbol = std::get_if<Symbol>(&address->base))
            names.insert(symbol->name);
    if (const auto* vector = std::get_if<Vector>(&operand))
        for (const Operand& element : vector->elements)
            namesIn(element, names);
}

std::set<std::string> namesIn(const Function& function) {
    std::set<std::string> names;
    for (const Instruction& instruction : function.body)
        for (const Operand& operand : instruction.operands)
            namesIn(operand, names);
    return names;
}

// Shared variables of one function behind those that lie at `end` already.
class SharedLayout {
public:
    explicit SharedLayout(uint64_t reserved) : reserved_(reserved), end_(reserved) {}

    void add(const Variable& variable, Places& places) {
        if (variable.external) { // the dynamic part, behind all
            places.insert_or_assign(variable.name, Place{Place::Kind::DynamicShared, 0, Space::Shared});
            return;
        }
        end_ = alignUp(end_, variable.alignment);
        places.insert_or_assign(variable.name, Place{Place::Kind::Shared, end_, Space::Shared});
        end_ += variable.bytes;
        if (end_ - reserved_ > (uint64_t(1) << 20))
            throw PtxError(0, "more than 1 MiB of .shared variables");
    }
    uint32_t bytes() const { return static_cast<uint32_t>(end_ - reserved_); }

private:
    uint64_t reserved_, end_;
};

void addShared(const Module& module, const Function& function, SharedLayout& layout, Places& places) {
    const std::set<std::string> used = namesIn(function);
    for (const auto* list : {&module.variables, &function.locals})
        for (const Variable& variable : *list)
            if (variable.space == Space::Shared && used.count(variable.name) != 0 && places.count(variable.name) == 0)
                layout.add(variable, places);
}

void addLocals(const Function& function, Code& code, Places& places) {
    uint64_t local = 0, area = 0;
    const auto inArea = [&](const std::string& name, uint64_t bytes) {
        area = alignUp(area, 16);
        places.insert_or_assign(name, Place{Place::Kind::Area, area, Space::Param});
        const auto at = static_cast<uint32_t>(area);
        area += bytes;
        return at;
    };
    for (const Parameter& parameter : function.parameters) {
        if (function.entry)
            places.insert_or_assign(parameter.name,
                                    Place{Place::Kind::KernelParameter, parameter.offset, Space::Param});
        else
            code.parameterOffsets.push_back(inArea(parameter.name, parameter.bytes));
    }
    for (const Parameter& result : function.results)
        code.resultOffsets.push_back(inArea(result.name, result.bytes));
    for (const Variable& variable : function.locals) {
        if (variable.space == Space::Param) {
            inArea(variable.name, variable.bytes);
        } else if (variable.space == Space::Local) {
            local = alignUp(local, std::max<uint64_t>(variable.alignment, 1));
            places.insert_or_assign(variable.name, Place{Place::Kind::Local, local, Space::Local});
            local += variable.bytes;
        }
        if (local > (1u << 19) || area > (1u << 19))
            throw PtxError(0, "more than 512 KiB of local memory in '" + function.name + "'");
    }
    code.localBytes = static_cast<uint32_t>(alignUp(local, 16));
    code.areaBytes = static_cast<uint32_t>(alignUp(area, 16));
}

Places modulePlaces(const ProgramData& program) {
    Places places;
    for (const Variable& variable : program.module.variables)
        if (variable.space != Space::Shared)
            places.emplace(variable.name,
                           Place{Place::Kind::Device, program.addresses.at(variable.name), variable.space});
    for (const auto& [name, index] : program.functionIndex)
        places.emplace(name, Place{Place::Kind::Function, kFunctionWindow + index, Space::Generic});
    return places;
}

uint64_t stackOf(const ProgramData& program, uint32_t function, std::vector<bool>& open) {
    constexpr uint64_t kRecursion = 16384;
    const Code& code = program.codes[function];
    uint64_t deepest = 0;
    open[function] = true;
    for (const Code::Call& call : code.calls) {
        if (call.callee == Code::kIndirect || open[call.callee])
            deepest = std::max(deepest, kRecursion);
        else
            deepest = std::max(deepest, stackOf(program, call.callee, open));
    }
    open[function] = false;
    return alignUp(code.localBytes, 16) + deepest;
}

} // namespace

uint32_t stackBytes(const ProgramData& program, uint32_t function) {
    std::vector<bool> open(program.codes.size(), false);
    return static_cast<uint32_t>(std::min<uint64_t>(stackOf(program, function, open), 1u << 19));
}

void decodeProgram(ProgramData& program) {
    const Module& module = program.module;
    const Places shared = modulePlaces(program);
    // What a .func uses is at one place for all kernels; each kernel's own is behind it.
    Places common = shared;
    SharedLayout commonLayout(program.reservedShared());
    for (const Function& function : module.functions)
        if (!function.entry && function.defined)
            addShared(module, function, commonLayout, common);
    for (const Function& function : module.functions) {
        Code& code = program.codes.emplace_back();
        code.function = &function;
        if (!function.defined)
            continue;
        Places places = common;
        SharedLayout layout = commonLayout;
        if (function.entry)
            addShared(module, function, layout, places);
        code.staticSharedBytes = layout.bytes();
        addLocals(function, code, places);
        FunctionDecoder(program, function, places, code).decode();
    }
}

} // namespace halyard::softcuda::ptx
