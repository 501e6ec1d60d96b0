#include "jit/targets/host/pieces.h"

#include <llvm/IR/CFG.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit::host {

using llvm::BasicBlock;

Piece collectPiece(BasicBlock* start, const CutList& cuts) {
    Piece piece;
    piece.start = start;
    llvm::SmallSetVector<BasicBlock*, 32> seen;
    if (cuts.find(start) != nullptr) {
        piece.exits.insert(start);
        return piece;
    }
    seen.insert(start);
    for (unsigned i = 0; i < seen.size(); ++i) {
        for (BasicBlock* successor : llvm::successors(seen[i])) {
            if (cuts.find(successor) != nullptr) {
                piece.exits.insert(successor);
            } else {
                seen.insert(successor);
            }
        }
    }
    piece.blocks.assign(seen.begin(), seen.end());
    return piece;
}

std::vector<Piece> collectPieces(llvm::Function& kernel, const CutList& cuts) {
    std::vector<Piece> pieces;
    llvm::SmallSetVector<BasicBlock*, 16> starts;
    starts.insert(&kernel.getEntryBlock());
    for (unsigned i = 0; i < starts.size(); ++i) {
        pieces.push_back(collectPiece(starts[i], cuts));
        for (BasicBlock* exit : pieces.back().exits) {
            for (BasicBlock* successor : llvm::successors(exit)) {
                starts.insert(successor);
            }
        }
    }
    return pieces;
}

bool doesNothing(const Piece& piece) {
    return piece.exits.size() == 1 && llvm::all_of(piece.blocks, [](const BasicBlock* block) {
               return block->sizeWithoutDebug() == 1 && block->getTerminator()->getNumSuccessors() == 1;
           });
}

llvm::BitVector liveOut(const Piece& piece, const Slots& slots) {
    llvm::BitVector live(static_cast<unsigned>(slots.all().size()));
    for (const BasicBlock* exit : piece.exits) {
        live |= slots.liveIn(exit);
    }
    llvm::BitVector written(live.size());
    for (const BasicBlock* block : piece.blocks) {
        written |= slots.writes(block);
    }
    live &= written;
    return live;
}

} // namespace halyard::jit::host
