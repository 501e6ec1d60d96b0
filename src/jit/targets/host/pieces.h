// The code between two cuts, as one start block and everything reachable from it without passing a cut.
#pragma once

#include "jit/targets/host/cuts.h"
#include "jit/targets/host/slots.h"

#include <vector>

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/SetVector.h>

namespace halyard::jit::host {

struct Piece {
    llvm::BasicBlock* start = nullptr;
    std::vector<llvm::BasicBlock*> blocks;
    llvm::SmallSetVector<llvm::BasicBlock*, 4> exits; // cut blocks
};

// The piece that starts at `start`; when that is a cut itself, the piece has no block and that cut as its one exit.
Piece collectPiece(llvm::BasicBlock* start, const CutList& cuts);

// All pieces, in the order in which the group reaches their starts.
std::vector<Piece> collectPieces(llvm::Function& kernel, const CutList& cuts);

// Whether running the piece changes nothing but where the work-items are.
bool doesNothing(const Piece& piece);

// Slots that the piece writes and that something behind it may read.
llvm::BitVector liveOut(const Piece& piece, const Slots& slots);

} // namespace halyard::jit::host
