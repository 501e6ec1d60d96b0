// Source lines of KIR: what makes the line table of the compiled code. Nothing is made for a module without lines.
#pragma once

#include "spv/module.h"

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DebugLoc.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace halyard::jit {

class DebugLines {
public:
    // `source` and `module` outlive this. REQUIRES: finish() before the module is verified.
    DebugLines(const spv::Module& source, llvm::Module& module);

    // Whether locations are made. All other functions do nothing, or return no location, when not.
    bool active() const { return builder_.has_value(); }
    // Begins a function: gives it a subprogram called `name`.
    void enter(const spv::Function& function, std::string_view name, llvm::Function& code);
    // Notes what the instruction says of those behind it; true when it says anything.
    bool note(const spv::Instruction& instruction);
    // A new block begins: no line is known.
    void startBlock() { location_ = unknown_; }
    // Where code for the instruction that follows belongs. Line 0 of the function where the module does not know.
    llvm::DebugLoc location() const { return location_; }
    void finish();

private:
    llvm::DIFile* file(std::string_view name);
    llvm::DIScope* scope(std::string_view fileName);

    const spv::Module& source_;
    llvm::Module& module_;
    std::optional<llvm::DIBuilder> builder_; // engaged when the module has lines
    std::string_view file_;                  // of the module's first line
    llvm::DISubprogram* subprogram_ = nullptr;
    llvm::DebugLoc unknown_, location_;
    std::map<std::string, llvm::DIFile*, std::less<>> files_;
    std::map<std::string, llvm::DIScope*, std::less<>> scopes_; // of the current function, by file
};

} // namespace halyard::jit
