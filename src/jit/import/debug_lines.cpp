#include "jit/import/debug_lines.h"

#include "spv/source_line.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Module.h>

namespace halyard::jit {

namespace sv = ::spv;

namespace {

constexpr unsigned kDwarfVersion = 5;

llvm::StringRef ref(std::string_view text) {
    return {text.data(), text.size()};
}

// A debugger reads expressions by it: C, except where the module names a language that DWARF has a number for.
unsigned languageOf(const spv::Module& source) {
    for (const spv::Instruction& instruction : source.instructions()) {
        if (instruction.op() == sv::Op::OpFunction) {
            break;
        }
        if (instruction.op() != sv::Op::OpSource || instruction.operandCount() == 0) {
            continue;
        }
        constexpr uint32_t kOpenClC = 3, kOpenClCpp = 4, kCppForOpenCl = 6, kSycl = 7;
        switch (instruction.operand(0)) {
        case kOpenClC:
            return llvm::dwarf::DW_LANG_OpenCL;
        case kOpenClCpp:
        case kCppForOpenCl:
        case kSycl:
            return llvm::dwarf::DW_LANG_C_plus_plus_14;
        default:
            return llvm::dwarf::DW_LANG_C11;
        }
    }
    return llvm::dwarf::DW_LANG_C11;
}

// The first line of the function: its own, where the producer gives it one, else that of its first instruction.
spv::SourceLine firstLine(const spv::Module& source, const spv::Function& function) {
    using Kind = spv::LineMark::Kind;
    if (function.instruction > 0) {
        const spv::LineMark own = spv::lineMark(source, source.instructions()[function.instruction - 1]);
        if (own.kind == Kind::Begin && own.line.line != 0) {
            return own.line;
        }
    }
    for (const spv::Block& block : function.blocks) {
        for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i) {
            const spv::LineMark mark = spv::lineMark(source, source.instructions()[i]);
            if (mark.kind == Kind::Begin && mark.line.line != 0) {
                return mark.line;
            }
        }
    }
    return {};
}

} // namespace

DebugLines::DebugLines(const spv::Module& source, llvm::Module& module) : source_(source), module_(module) {
    if (!spv::hasLines(source)) {
        return;
    }
    for (const spv::Instruction& instruction : source.instructions()) {
        if (spv::LineMark mark = spv::lineMark(source, instruction); mark.kind == spv::LineMark::Kind::Begin) {
            file_ = mark.line.file;
            break;
        }
    }
    module_.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
    module_.addModuleFlag(llvm::Module::Warning, "Dwarf Version", kDwarfVersion);
    builder_.emplace(module_);
    builder_->createCompileUnit(llvm::DISourceLanguageName(languageOf(source)), file(file_), "Halyard",
                                /*isOptimized=*/true, "", 0, "", llvm::DICompileUnit::LineTablesOnly);
}

llvm::DIFile* DebugLines::file(std::string_view name) {
    auto found = files_.find(name);
    if (found == files_.end()) {
        found = files_.emplace(std::string(name), builder_->createFile(ref(name), "")).first;
    }
    return found->second;
}

llvm::DIScope* DebugLines::scope(std::string_view fileName) {
    auto found = scopes_.find(fileName);
    if (found == scopes_.end()) {
        llvm::DIScope* scope = builder_->createLexicalBlockFile(subprogram_, file(fileName));
        found = scopes_.emplace(std::string(fileName), scope).first;
    }
    return found->second;
}

void DebugLines::enter(const spv::Function& function, std::string_view name, llvm::Function& code) {
    if (!active()) {
        return;
    }
    spv::SourceLine line = firstLine(source_, function);
    if (line.line == 0) {
        line.file = file_;
    }
    llvm::DISubroutineType* type = builder_->createSubroutineType(builder_->getOrCreateTypeArray({}));
    subprogram_ = builder_->createFunction(file(line.file), ref(name), "", file(line.file), line.line, type, line.line,
                                           llvm::DINode::FlagZero, llvm::DISubprogram::toSPFlags(false, true, true));
    code.setSubprogram(subprogram_);
    scopes_.clear();
    scopes_.emplace(std::string(line.file), subprogram_);
    unknown_ = llvm::DILocation::get(module_.getContext(), 0, 0, subprogram_);
    location_ = unknown_;
}

bool DebugLines::note(const spv::Instruction& instruction) {
    if (!active()) {
        return false;
    }
    const spv::LineMark mark = spv::lineMark(source_, instruction);
    if (mark.kind == spv::LineMark::Kind::None) {
        return false;
    }
    const bool known = mark.kind == spv::LineMark::Kind::Begin && mark.line.line != 0;
    location_ = known ? llvm::DebugLoc(llvm::DILocation::get(module_.getContext(), mark.line.line, mark.line.column,
                                                             scope(mark.line.file)))
                      : unknown_;
    return true;
}

void DebugLines::finish() {
    if (active()) {
        builder_->finalize();
    }
}

} // namespace halyard::jit
