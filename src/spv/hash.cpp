#include "spv/spv.h"

#include "base/sha256.h"
#include "spv/source_line.h"

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

constexpr size_t kBatchWords = 1024;

// Feeds whole instructions to the hash a batch at a time, for a call per instruction costs more than its hash.
class Hasher {
public:
    void add(std::span<const uint32_t> words) {
        if (count_ + words.size() > kBatchWords)
            flush();
        if (words.size() > kBatchWords) {
            hash_.update(words.data(), words.size_bytes());
            return;
        }
        std::copy(words.begin(), words.end(), batch_.begin() + static_cast<std::ptrdiff_t>(count_));
        count_ += words.size();
    }
    Digest finish() {
        flush();
        return hash_.finish();
    }

private:
    void flush() {
        hash_.update(batch_.data(), count_ * sizeof(uint32_t));
        count_ = 0;
    }

    Sha256 hash_;
    std::array<uint32_t, kBatchWords> batch_{};
    size_t count_ = 0;
};

bool describesOnly(Op op) {
    switch (op) {
    case Op::OpName:
    case Op::OpMemberName:
    case Op::OpSource:
    case Op::OpSourceContinued:
    case Op::OpSourceExtension:
    case Op::OpLine:
    case Op::OpNoLine:
    case Op::OpModuleProcessed:
        return true;
    default:
        return false;
    }
}

// The strings that an extended instruction reads (debug information, a printf format) are part of the code.
std::vector<bool> usedStrings(const Module& module) {
    std::vector<bool> strings;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == Op::OpString)
            strings.resize(std::max<size_t>(strings.size(), instruction.result + size_t{1}));
    }
    std::vector<bool> used(strings.size());
    if (strings.empty())
        return used;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() != Op::OpExtInst)
            continue;
        for (uint32_t i = 2; i < instruction.operandCount(); ++i) {
            if (instruction.operand(i) < used.size())
                used[instruction.operand(i)] = true;
        }
    }
    return used;
}

} // namespace

Digest canonicalHash(const Module& module) {
    // With lines, names and lines are part of what is compiled: they stand in the code's line table.
    const bool everything = hasLines(module);
    const std::vector<bool> used = usedStrings(module);
    const std::span<const uint32_t> words = module.words();
    Hasher hasher;
    const std::array<uint32_t, 4> header{words[0], words[1], words[3], words[4]};
    hasher.add(header);
    for (const Instruction& instruction : module.instructions()) {
        const bool dropped =
            describesOnly(instruction.op()) || (instruction.op() == Op::OpString && !used[instruction.result]);
        if (dropped && !everything)
            continue;
        hasher.add(words.subspan(instruction.offset, instruction.wordCount));
    }
    return hasher.finish();
}

} // namespace halyard::spv
