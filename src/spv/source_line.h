// Which source line an instruction of a module belongs to, as OpLine and NonSemantic.Shader.DebugInfo.100 tell it.
#pragma once

#include "spv/module.h"

namespace halyard::spv {

struct SourceLine {
    std::string_view file; // a view into the module
    uint32_t line = 0;     // from 1; 0 when the module does not know
    uint32_t column = 0;   // from 1; 0 when the module does not know
};

// What an instruction says of the lines of those that follow it in its block.
struct LineMark {
    enum class Kind : uint8_t {
        None,  // it says nothing
        Begin, // `line` holds from here on
        End,   // nothing is known from here on
    };
    Kind kind = Kind::None;
    SourceLine line;
};

// Safe on any module that parses: operands that are not what they should be make a mark that ends the line.
LineMark lineMark(const Module& module, const Instruction& instruction);

// Whether instructions of functions have lines, so that the code's line table depends on names and lines.
bool hasLines(const Module& module);

} // namespace halyard::spv
