#include "jit/devlib/devlib.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <string>
#include <vector>

extern "C" {
// Defined by devlib_data.S with .incbin.
extern const char halyardDevlibBegin[];
extern const char halyardDevlibEnd[];
}

namespace halyard::jit {
namespace {

constexpr llvm::StringLiteral kPrefix = "hy.math.";

std::string typeName(const llvm::Type& type) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    type.print(stream);
    return text;
}

spv::Error unsupported(std::string message, std::string hint) {
    return {HY_ERROR_UNSUPPORTED_SPIRV, std::move(message), std::move(hint)};
}

// The declared functions that the library must define.
std::vector<llvm::Function*> wantedFunctions(llvm::Module& module) {
    std::vector<llvm::Function*> wanted;
    for (llvm::Function& function : llvm::make_early_inc_range(module)) {
        if (!function.isDeclaration() || !function.getName().starts_with(kPrefix)) {
            continue;
        }
        if (function.use_empty()) {
            function.eraseFromParent();
        } else {
            wanted.push_back(&function);
        }
    }
    return wanted;
}

spv::Status checkDeclaration(const llvm::Function& wanted, const llvm::Module& library) {
    const llvm::StringRef name = wanted.getName();
    const llvm::Function* found = library.getFunction(name);
    if (found == nullptr || found->isDeclaration()) {
        return unsupported("the device maths library has no function " + name.str(),
                           "the module uses an extended instruction that is not supported yet");
    }
    if (found->getFunctionType() != wanted.getFunctionType()) {
        return unsupported("the device maths library defines " + name.str() + " as " +
                               typeName(*found->getFunctionType()) + ", the module declares " +
                               typeName(*wanted.getFunctionType()),
                           "the instruction's operand types are not those of its extended instruction set");
    }
    return spv::Unit{};
}

// What clang wrote for its own target (features, stack protector, float ABI) would stop inlining, or be wrong,
// elsewhere.
void adopt(llvm::Function& function) {
    function.setAttributes({});
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setVisibility(llvm::GlobalValue::DefaultVisibility);
    function.setDSOLocal(true);
    function.setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    function.setComdat(nullptr);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr(llvm::Attribute::WillReturn);
    function.setDoesNotAccessMemory();
    // The attributes of call sites name groups of the library, as those of the declarations did.
    for (llvm::BasicBlock& block : function) {
        for (llvm::Instruction& instruction : block) {
            if (auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
                call->setAttributes({});
            }
        }
    }
}

} // namespace

spv::Status linkDevlib(llvm::Module& module) {
    const std::vector<llvm::Function*> wanted = wantedFunctions(module);
    if (wanted.empty()) {
        return spv::Unit{};
    }
    const llvm::StringRef bytes(halyardDevlibBegin, static_cast<size_t>(halyardDevlibEnd - halyardDevlibBegin));
    auto library = llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(bytes, "devlib"), module.getContext());
    if (!library) {
        return spv::Error{HY_ERROR_INTERNAL,
                          "the embedded device maths library cannot be read: " + llvm::toString(library.takeError()),
                          "libhalyard_jit is damaged: install it again"};
    }
    for (const llvm::Function* function : wanted) {
        if (spv::Status status = checkDeclaration(*function, **library); !status) {
            return status;
        }
    }
    if (llvm::Error error = (*library)->materializeMetadata()) {
        return spv::Error{HY_ERROR_INTERNAL,
                          "the embedded device maths library cannot be read: " + llvm::toString(std::move(error)),
                          "libhalyard_jit is damaged: install it again"};
    }
    // Flags and identification of the library's own build must not reach, or clash with, those of the kernel.
    while (!(*library)->named_metadata_empty()) {
        (*library)->eraseNamedMetadata(&*(*library)->named_metadata_begin());
    }
    (*library)->setTargetTriple(module.getTargetTriple());
    (*library)->setDataLayout(module.getDataLayout());

    std::vector<std::string> defined;
    for (const llvm::Function& function : module) {
        if (!function.isDeclaration() && function.getName().starts_with(kPrefix)) {
            defined.push_back(function.getName().str());
        }
    }
    if (llvm::Linker::linkModules(module, std::move(*library), llvm::Linker::LinkOnlyNeeded)) {
        return spv::Error{HY_ERROR_INTERNAL,
                          "linking the device maths library into module " + module.getModuleIdentifier() + " failed",
                          ""};
    }
    for (llvm::Function& function : module) {
        if (!function.isDeclaration() && function.getName().starts_with(kPrefix) &&
            !llvm::is_contained(defined, function.getName())) {
            adopt(function);
        }
    }
    return spv::Unit{};
}

} // namespace halyard::jit
