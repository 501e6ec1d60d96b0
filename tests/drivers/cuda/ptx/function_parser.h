// The body of a function.
#pragma once

#include "module.h"
#include "token_stream.h"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace halyard::softcuda::ptx {

class FunctionParser {
public:
    // `module` is what was declared before.
    FunctionParser(TokenStream& in, const Module& module, Function& function)
        : in_(in), module_(module), function_(function) {}
    // From behind the '{' to behind its '}'.
    void parse();

private:
    struct Range { // .reg .b32 %r<10>
        uint32_t first = 0, count = 0;
        Type type;
    };
    struct Scope {
        int32_t parent = -1;
        std::unordered_map<std::string, Register> registers;
        std::unordered_map<std::string, Range> ranges;
        std::unordered_map<std::string, uint32_t> labels;
        std::unordered_map<std::string, std::vector<std::string>> tables; // .branchtargets
        std::unordered_map<std::string, std::string> symbols;             // to the name that is unique in the function
    };
    struct LabelUse {
        uint32_t instruction = 0, operand = 0, scope = 0, line = 0;
        std::string name;
    };

    void statement();
    void directive();
    void registers();
    void variables(Space space);
    void label();
    void skipPrototype();
    void instruction();
    void guard(Instruction& instruction);
    void control(Instruction& instruction);
    void call(Instruction& instruction);
    void resolveLabels();
    uint32_t findLabel(const LabelUse& use, uint32_t scope) const;

    Operand operand();
    Operand positive();
    Operand named();
    Operand vector();
    Operand address();
    Operand immediate(bool negative);
    Operand inverted();
    int64_t offset();
    std::optional<Register> findRegister(std::string_view name) const;
    std::optional<std::string> findSymbol(std::string_view name) const;

    TokenStream& in_;
    const Module& module_;
    Function& function_;
    std::vector<Scope> scopes_;
    uint32_t scope_ = 0;
    std::vector<LabelUse> labelUses_;
    uint32_t depth_ = 0;
};

} // namespace halyard::softcuda::ptx
