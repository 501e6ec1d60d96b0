#include "jit/targets/nvptx/meeting_points.h"

#include "jit/targets/nvptx/warp.h"

#include <map>

#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::AllocaInst;
using llvm::BasicBlock;
using llvm::Value;

struct Meeting {
    BasicBlock* block = nullptr;
    AllocaInst* comes = nullptr; // i1
    llvm::SwitchInst* leaves = nullptr;
};

// Puts what passes from block to block into variables, so that blocks can be put in between.
void demote(llvm::Function& kernel) {
    llvm::SmallVector<llvm::PHINode*, 16> phis;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
            phis.push_back(phi);
        }
    }
    for (llvm::PHINode* phi : phis) {
        llvm::DemotePHIToStack(phi);
    }
    llvm::SmallVector<llvm::Instruction*, 16> escaping;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        const bool isVariable = llvm::isa<AllocaInst>(instruction);
        if (!isVariable && llvm::any_of(instruction.users(), [&](const llvm::User* user) {
                return llvm::cast<llvm::Instruction>(user)->getParent() != instruction.getParent();
            })) {
            escaping.push_back(&instruction);
        }
    }
    for (llvm::Instruction* instruction : escaping) {
        llvm::DemoteRegToStack(*instruction);
    }
}

void promote(llvm::Function& kernel) {
    std::vector<AllocaInst*> variables;
    for (llvm::Instruction& instruction : kernel.getEntryBlock()) {
        auto* variable = llvm::dyn_cast<AllocaInst>(&instruction);
        if (variable != nullptr && llvm::isAllocaPromotable(variable)) {
            variables.push_back(variable);
        }
    }
    llvm::DominatorTree dominators(kernel);
    llvm::PromoteMemToReg(variables, dominators);
}

} // namespace

void leadThroughVotes(llvm::Function& kernel, const std::vector<VotedEdge>& edges, const std::vector<Vote>& votes) {
    std::vector<BasicBlock*> ways;
    for (const VotedEdge& edge : edges) {
        ways.push_back(llvm::SplitEdge(edge.from, edge.to));
    }
    BasicBlock& entry = kernel.getEntryBlock();
    llvm::IRBuilder<> top(&entry, entry.begin());
    AllocaInst* route = top.CreateAlloca(top.getInt32Ty());
    std::map<BasicBlock*, Meeting> meetings;
    std::vector<Value*> results;
    for (const Vote& vote : votes) {
        Meeting& meeting = meetings[vote.block];
        meeting.comes = top.CreateAlloca(top.getInt1Ty());
        AllocaInst* result = top.CreateAlloca(top.getInt32Ty());
        meeting.block = BasicBlock::Create(kernel.getContext(), "meeting", &kernel, vote.block);
        llvm::IRBuilder<> at(meeting.block);
        Value* comes = at.CreateLoad(at.getInt1Ty(), meeting.comes);
        at.CreateStore(Warp(at, {vote.mask, WarpMask::Kind::Any}).ballot(comes), result);
        BasicBlock* nowhere = BasicBlock::Create(kernel.getContext(), "nowhere", &kernel);
        llvm::IRBuilder<>(nowhere).CreateUnreachable();
        meeting.leaves = at.CreateSwitch(at.CreateLoad(at.getInt32Ty(), route), nowhere);
        at.SetInsertPoint(vote.result);
        results.push_back(at.CreateLoad(at.getInt32Ty(), result));
    }
    // Only now: one vote's mask may be another's result.
    for (size_t i = 0; i < votes.size(); ++i) {
        votes[i].result->replaceAllUsesWith(results[i]);
        votes[i].result->eraseFromParent();
    }
    demote(kernel);
    for (uint32_t number = 0; number < edges.size(); ++number) {
        BasicBlock* way = ways[number];
        BasicBlock* to = way->getSingleSuccessor();
        llvm::IRBuilder<> at(way->getTerminator());
        at.CreateStore(at.getInt32(number), route);
        const std::vector<BasicBlock*>& passed = edges[number].votes;
        for (size_t i = 0; i < passed.size(); ++i) {
            const Meeting& meeting = meetings.at(passed[i]);
            at.CreateStore(at.getInt1(passed[i] == edges[number].to), meeting.comes);
            BasicBlock* next = i + 1 < passed.size() ? meetings.at(passed[i + 1]).block : to;
            meeting.leaves->addCase(at.getInt32(number), next);
        }
        way->getTerminator()->replaceSuccessorWith(to, meetings.at(passed.front()).block);
    }
    promote(kernel);
}

} // namespace halyard::jit::nvptx
