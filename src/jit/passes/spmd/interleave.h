// Accesses of the lanes to the same few fields of neighbouring records (p[i].x, p[i].y; a[3 * i]): together they are
// consecutive memory, read or written as whole vectors and shuffled, where a gather would touch it lane by lane.
#pragma once

#include "jit/passes/spmd/shapes.h"

#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/IRBuilder.h>

namespace halyard::jit::spmd {

// Loads, or stores, of one block to places that differ by constants, with nothing in between that would make a
// difference if all were done at once.
struct Records {
    struct Field {
        const llvm::Instruction* access;
        unsigned offset; // from the lowest, in elements
    };
    std::vector<Field> fields;
    const llvm::Instruction* where; // loads: the first; stores: the last. All are done there.
    llvm::Type* element;
    unsigned period;    // from one lane's record to the next one's, in elements
    unsigned span;      // from the lowest field to behind the highest, in elements; at most `period`
    unsigned ownOffset; // the field of `where`, in elements
};

class Interleaved {
public:
    Interleaved(const llvm::Function& function, const Shapes& shapes);
    // Those that the access belongs to; or null.
    const Records* of(const llvm::Instruction* access) const;

private:
    std::vector<Records> records_;
    llvm::DenseMap<const llvm::Instruction*, size_t> index_;
};

// The fields, by their offsets (null where there is none), of the records of `lanes` lanes, of which lane 0's begins at
// `first`. Reads nothing of lanes that are not in `mask` (null: all), and nothing behind the last field.
std::vector<llvm::Value*> loadRecords(llvm::IRBuilder<>& at, const Records& records, llvm::Value* first,
                                      llvm::Align align, llvm::Value* mask, unsigned lanes);
// Writes `fields`, by their offsets; null for what stays as it is.
void storeRecords(llvm::IRBuilder<>& at, const Records& records, llvm::ArrayRef<llvm::Value*> fields,
                  llvm::Value* first, llvm::Align align, llvm::Value* mask, unsigned lanes);

} // namespace halyard::jit::spmd
