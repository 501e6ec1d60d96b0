#include "decoder.h"

#include "cfg.h"
#include "types.h"

#include <algorithm>

namespace halyard::softcuda::ptx {

std::string shown(const Instruction& instruction) {
    std::string text = instruction.opcode;
    for (const std::string& modifier : instruction.modifiers)
        text += "." + modifier;
    return text;
}

bool hasModifier(const Instruction& instruction, std::string_view modifier) {
    return std::find(instruction.modifiers.begin(), instruction.modifiers.end(), modifier) !=
           instruction.modifiers.end();
}

void FunctionDecoder::fail(const Instruction& in, const std::string& words) {
    throw PtxError(in.line, words + " in '" + shown(in) + "'");
}

void FunctionDecoder::badModifier(const Instruction& in, const std::string& modifier) {
    fail(in, "unknown modifier '." + modifier + "'");
}

void FunctionDecoder::operandCount(const Instruction& in, size_t least, size_t most) {
    if (in.operands.size() < least || in.operands.size() > most)
        fail(in, std::to_string(in.operands.size()) + " operands");
}

FunctionDecoder::Decode FunctionDecoder::find(const Instruction& in) {
    using D = FunctionDecoder;
    static const std::unordered_map<std::string_view, Decode> kByOpcode = {
        {"bra", &D::branch},
        {"brx", &D::branchTable},
        {"call", &D::call},
        {"ret", &D::end},
        {"exit", &D::end},
        {"trap", &D::end},
        {"brkpt", &D::hint},
        {"pmevent", &D::hint},
        {"prefetch", &D::hint},
        {"prefetchu", &D::hint},
        {"discard", &D::hint},
        {"applypriority", &D::hint},
        {"griddepcontrol", &D::hint},
        {"nanosleep", &D::yield},
        {"membar", &D::fence},
        {"fence", &D::fence},
        {"barrier", &D::barrier},
        {"elect", &D::elect},
        {"activemask", &D::activeMask},
        {"ld", &D::load},
        {"ldu", &D::load},
        {"st", &D::store},
        {"atom", &D::atomic},
        {"red", &D::atomic},
        {"cp", &D::copyAsync},
        {"ldmatrix", &D::loadRows},
        {"mov", &D::move},
        {"cvta", &D::convertAddress},
        {"isspacep", &D::isSpace},
    };
    if (in.opcode == "bar")
        return hasModifier(in, "warp") ? &D::warpBarrier : &D::barrier;
    if (in.opcode == "wmma" && !in.modifiers.empty() && (in.modifiers[0] == "load" || in.modifiers[0] == "store"))
        return &D::matrixTransfer;
    const auto found = kByOpcode.find(in.opcode);
    return found != kByOpcode.end() ? found->second : &D::alu;
}

void FunctionDecoder::decode() {
    code_.function = &function_;
    code_.registers = static_cast<uint32_t>(function_.registers.size());
    meetings_ = findMeetings(function_);
    std::vector<bool> meets(function_.body.size() + 1, false);
    for (const int32_t at : meetings_)
        if (at >= 0)
            meets[static_cast<size_t>(at)] = true;
    std::vector<uint32_t> begins;
    for (at_ = 0; at_ < function_.body.size(); ++at_) {
        const Instruction& in = function_.body[at_];
        begins.push_back(static_cast<uint32_t>(code_.ops.size()));
        if (meets[at_]) {
            static const Instruction kMeet;
            emit(kMeet, handlers::meet, {}, {}).control = true;
        }
        const Decode decodeOne = find(in);
        specials_ = decodeOne == &FunctionDecoder::alu || decodeOne == &FunctionDecoder::move;
        (this->*decodeOne)(in);
    }
    begins.push_back(static_cast<uint32_t>(code_.ops.size()));
    Op last; // a function may end without a word
    last.run = handlers::ret;
    last.instruction = at_ - (at_ != 0);
    code_.ops.push_back(last);
    for (Op& op : code_.ops) {
        if (op.run == handlers::branch)
            op.target = begins[op.target];
        if (op.reconverge >= 0)
            op.reconverge = static_cast<int32_t>(begins[static_cast<size_t>(op.reconverge)]);
    }
    for (auto& table : code_.tables)
        for (uint32_t& target : table)
            target = begins[target];
}

Op& FunctionDecoder::emit(const Instruction& in, Handler run, const std::vector<Slot>& destinations,
                          const std::vector<Slot>& sources) {
    if (destinations.size() + sources.size() > 60)
        fail(in, "too many operands");
    Op op;
    op.run = run;
    op.guard = in.guard;
    op.guardNegated = in.guardNegated;
    op.instruction = at_;
    op.slots = static_cast<uint32_t>(code_.slots.size());
    op.destinations = static_cast<uint8_t>(destinations.size());
    op.sources = static_cast<uint8_t>(sources.size());
    code_.slots.insert(code_.slots.end(), destinations.begin(), destinations.end());
    code_.slots.insert(code_.slots.end(), sources.begin(), sources.end());
    code_.ops.push_back(op);
    return code_.ops.back();
}

} // namespace halyard::softcuda::ptx
