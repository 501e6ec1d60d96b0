#include "jit/targets/host/debug_lines.h"

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

void takeLines(llvm::Function& kernel, llvm::Function& group) {
    llvm::DISubprogram* lines = kernel.getSubprogram();
    bool taken = lines == nullptr;
    for (const llvm::Function& function : *kernel.getParent()) {
        taken = taken || (&function != &kernel && function.getSubprogram() == lines);
    }
    if (taken) {
        llvm::stripDebugInfo(group);
    } else {
        group.setSubprogram(lines);
    }
}

void describeEntry(const llvm::Function& kernel, llvm::Function& run, llvm::IRBuilderBase& at) {
    const llvm::DISubprogram* lines = kernel.getSubprogram();
    if (lines == nullptr) {
        return;
    }
    llvm::DIBuilder builder(*run.getParent(), /*AllowUnresolved=*/true, lines->getUnit());
    llvm::DISubroutineType* type = builder.createSubroutineType(builder.getOrCreateTypeArray({}));
    llvm::DISubprogram* own =
        builder.createFunction(lines->getFile(), run.getName(), "", lines->getFile(), 0, type, 0,
                               llvm::DINode::FlagArtificial, llvm::DISubprogram::toSPFlags(false, true, true));
    builder.finalizeSubprogram(own);
    run.setSubprogram(own);
    at.SetCurrentDebugLocation(llvm::DILocation::get(run.getContext(), 0, 0, own));
}

} // namespace halyard::jit::host
