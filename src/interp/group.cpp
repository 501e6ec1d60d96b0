// What the invocations of a group do together. `members` are indices in the workgroup, in order, all at one step.
#include "interp/run.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

constexpr uint32_t kReduce = 0, kInclusive = 1, kExclusive = 2;
constexpr Cell kUndefined{0, true};
using Ballot = std::array<uint32_t, 4>;

bool bitOf(const Cell* ballot, uint32_t lane) {
    return lane < 128 && (ballot[lane / 32].bits >> (lane % 32) & 1) != 0;
}

} // namespace

Cell* Run::result(const Step& step, uint32_t index) {
    Cell* bases[3];
    this->bases(group_->invocations[index], bases);
    return bases[0] + step.result;
}

const Cell* Run::operand(const Step& step, uint32_t operand, uint32_t index) {
    Cell* bases[3];
    this->bases(group_->invocations[index], bases);
    return at(bases, code_.operands[step.operands + operand]);
}

bool Run::collective(Workgroup& group, const std::vector<uint32_t>& members) {
    group_ = &group;
    invocation_ = &group.invocations[members.front()];
    const Step& step = code_.steps[invocation_->pc];
    const CollectiveCode& code = code_.collectives[step.payload];
    switch (code.op) {
    case GroupOp::Barrier: {
        // Orders the members as a release and an acquire by each would.
        KnowledgePtr known;
        for (const uint32_t member : members) {
            ThreadClock& clock = group.invocations[member].clock;
            known = join(join(known, clock.snapshot()), clock.pending);
            clock.pending.reset();
        }
        for (const uint32_t member : members) {
            ThreadClock& clock = group.invocations[member].clock;
            clock.known = known;
            clock.synced = true;
            ++clock.now;
        }
        return true;
    }
    case GroupOp::AsyncCopy:
        return asyncCopy(code, step, members);
    case GroupOp::WaitEvents:
        return true; // copies are done when they are asked for
    case GroupOp::BlockRead:
    case GroupOp::BlockWrite:
        return blockAccess(code, step, members);
    case GroupOp::MatrixLoad:
    case GroupOp::MatrixStore:
        return matrixAccess(code, step, members);
    case GroupOp::MatrixMulAdd:
        return matrixMulAdd(code, step, members);
    case GroupOp::Combine:
        return combine(code, step, members);
    case GroupOp::Elect:
    case GroupOp::All:
    case GroupOp::Any:
    case GroupOp::AllEqual:
    case GroupOp::Ballot:
    case GroupOp::InverseBallot:
    case GroupOp::BallotBitExtract:
    case GroupOp::BallotBitCount:
    case GroupOp::BallotFindLsb:
    case GroupOp::BallotFindMsb:
    case GroupOp::QuadAll:
    case GroupOp::QuadAny:
        return ballots(code, step, members);
    default:
        return lanes(code, step, members);
    }
}

// ---- Reductions and scans

bool Run::combine(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    const Type& scalar = code.type->scalar();
    const uint32_t cells = code.type->cells;
    const uint32_t cluster = code.clusterSize != 0 ? code.clusterSize : UINT32_MAX;
    for (size_t begin = 0; begin < members.size();) {
        size_t end = begin;
        const uint32_t number = group_->invocations[members[begin]].lane / cluster;
        while (end < members.size() && (code.workgroup || group_->invocations[members[end]].lane / cluster == number))
            ++end;
        for (uint32_t cell = 0; cell < cells; ++cell) {
            // Results overwrite registers that may be operands of nobody else: each member reads its own first.
            std::vector<Cell> inclusive(end - begin);
            Cell sum = code.identity;
            for (size_t i = begin; i < end; ++i) {
                const Cell value = operand(step, 0, members[i])[cell];
                const bool undefined = sum.undefined || value.undefined;
                sum = i == begin ? value : code.combine(scalar, sum, value);
                sum.undefined = undefined;
                sum.partial = 0;
                inclusive[i - begin] = sum;
            }
            for (size_t i = begin; i < end; ++i) {
                Cell& out = result(step, members[i])[cell];
                switch (code.variant) {
                case kInclusive:
                    out = inclusive[i - begin];
                    break;
                case kExclusive:
                    out = i == begin ? code.identity : inclusive[i - begin - 1];
                    break;
                default:
                    out = sum;
                    break;
                }
            }
        }
        begin = end;
    }
    return true;
}

// ---- Votes and ballots

bool Run::ballots(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    const auto& invocations = group_->invocations;
    const uint32_t size = std::min(code_.subgroupSize, 128u);
    const auto predicate = [&](uint32_t member) { return operand(step, 0, member); };
    switch (code.op) {
    case GroupOp::Elect:
        for (const uint32_t member : members)
            *result(step, member) = {member == members.front() ? 1u : 0u, false};
        return true;
    case GroupOp::All:
    case GroupOp::Any: {
        bool all = true, any = false;
        for (const uint32_t member : members) {
            invocation_ = &group_->invocations[member];
            if (predicate(member)->undefined && settings_.detectUninitialised)
                return reportUndefined("the operand of the group operation");
            all &= predicate(member)->bits != 0;
            any |= predicate(member)->bits != 0;
        }
        for (const uint32_t member : members)
            *result(step, member) = {(code.op == GroupOp::All ? all : any) ? 1u : 0u, false};
        return true;
    }
    case GroupOp::QuadAll:
    case GroupOp::QuadAny: {
        std::vector<Cell> results;
        for (const uint32_t member : members) {
            bool all = true, any = false;
            for (const uint32_t other : members)
                if (invocations[other].lane / 4 == invocations[member].lane / 4) {
                    all &= predicate(other)->bits != 0;
                    any |= predicate(other)->bits != 0;
                }
            results.push_back({(code.op == GroupOp::QuadAll ? all : any) ? 1u : 0u, false});
        }
        for (size_t i = 0; i < members.size(); ++i)
            *result(step, members[i]) = results[i];
        return true;
    }
    case GroupOp::AllEqual: {
        bool equal = true;
        const uint32_t cells = code.type->cells;
        const Type& scalar = code.type->scalar();
        for (const uint32_t member : members)
            for (uint32_t cell = 0; cell < cells; ++cell) {
                const Cell &a = predicate(members.front())[cell], &b = predicate(member)[cell];
                invocation_ = &group_->invocations[member];
                if (b.undefined && settings_.detectUninitialised)
                    return reportUndefined("the operand of the group operation");
                // Zeros of both signs are equal, and NaN equals nothing.
                bool same = a.bits == b.bits;
                if (scalar.kind == Kind::Float) {
                    const uint64_t sign = uint64_t{1} << (scalar.bits - 1);
                    const uint64_t infinity = scalar.format == FloatFormat::BFloat16 ? 0x7f80
                                              : scalar.bits == 16                    ? 0x7c00
                                              : scalar.bits == 32                    ? 0x7f800000
                                                                                     : uint64_t{0x7ff} << 52;
                    const bool zeros = ((a.bits | b.bits) & ~sign) == 0;
                    same = (same || zeros) && (a.bits & ~sign) <= infinity;
                }
                equal &= same;
            }
        for (const uint32_t member : members)
            *result(step, member) = {equal ? 1u : 0u, false};
        return true;
    }
    case GroupOp::Ballot: {
        Ballot bits{};
        for (const uint32_t member : members) {
            invocation_ = &group_->invocations[member];
            if (predicate(member)->undefined && settings_.detectUninitialised)
                return reportUndefined("the operand of the group operation");
            if (predicate(member)->bits != 0)
                bits[invocations[member].lane / 32] |= 1u << (invocations[member].lane % 32);
        }
        for (const uint32_t member : members)
            for (uint32_t i = 0; i < 4; ++i)
                result(step, member)[i] = {bits[i], false};
        return true;
    }
    default:
        break;
    }
    // Questions about a ballot, of each invocation on its own.
    for (const uint32_t member : members) {
        const Cell* ballot = operand(step, 0, member);
        const uint32_t lane = invocations[member].lane;
        bool undefined = false;
        for (uint32_t i = 0; i < (size + 31) / 32; ++i)
            undefined |= ballot[i].undefined;
        uint64_t value = 0;
        switch (code.op) {
        case GroupOp::InverseBallot:
            value = bitOf(ballot, lane) ? 1 : 0;
            break;
        case GroupOp::BallotBitExtract: {
            const Cell& index = *operand(step, 1, member);
            undefined |= index.undefined || index.bits >= size;
            value = !undefined && bitOf(ballot, static_cast<uint32_t>(index.bits)) ? 1 : 0;
            break;
        }
        case GroupOp::BallotBitCount: {
            const uint32_t end = code.variant == kInclusive ? lane + 1 : code.variant == kExclusive ? lane : size;
            for (uint32_t i = 0; i < end; ++i)
                value += bitOf(ballot, i) ? 1 : 0;
            break;
        }
        default: {
            uint32_t found = size;
            for (uint32_t i = 0; i < size; ++i)
                if (bitOf(ballot, i) && (found == size || code.op == GroupOp::BallotFindMsb))
                    found = i;
            undefined |= found == size; // of an empty ballot
            value = found == size ? 0 : found;
            break;
        }
        }
        *result(step, member) = {value, undefined};
    }
    return true;
}

// ---- Values of other lanes

bool Run::lanes(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    const uint32_t cells = code.type->cells;
    const uint32_t size = code_.subgroupSize;
    std::array<uint32_t, 128> memberOf;
    memberOf.fill(kNone);
    if (!code.workgroup)
        for (const uint32_t member : members)
            memberOf[group_->invocations[member].lane] = member;
    std::vector<Cell> results(members.size() * cells, kUndefined);
    for (size_t i = 0; i < members.size(); ++i) {
        const uint32_t member = members[i];
        const int64_t lane = group_->invocations[member].lane;
        const bool pair = code.op == GroupOp::ShuffleUpPair || code.op == GroupOp::ShuffleDownPair;
        const uint32_t indexOperand = pair ? 2 : 1;
        const Cell* index = code.op == GroupOp::BroadcastFirst ? nullptr : operand(step, indexOperand, member);
        const bool vectorIndex = code.workgroup && index != nullptr;
        if (index != nullptr && index->undefined && settings_.detectUninitialised) {
            invocation_ = &group_->invocations[member];
            return reportUndefined("the index of the group operation");
        }
        const auto number = index != nullptr ? static_cast<int64_t>(std::min<uint64_t>(index->bits, 1u << 20)) : 0;
        uint32_t from = kNone;
        uint32_t operandNumber = 0;
        int64_t source = -1;
        switch (code.op) {
        case GroupOp::BroadcastFirst:
            from = members.front();
            break;
        case GroupOp::Broadcast:
            if (vectorIndex) {
                const Type& type = code_.declarations->typeOf(
                    instructions_[code_.steps[group_->invocations[member].pc].instruction].operand(2));
                uint64_t linear = 0, stride = 1;
                bool inside = true;
                for (uint32_t d = 0; d < std::min(type.cells, 3u); ++d) {
                    inside &= index[d].bits < launch_.workgroupSize[d];
                    linear += index[d].bits * stride;
                    stride *= launch_.workgroupSize[d];
                }
                from = inside ? static_cast<uint32_t>(linear) : kNone;
            } else {
                source = number;
            }
            break;
        case GroupOp::Shuffle:
            source = number;
            break;
        case GroupOp::ShuffleXor:
            source = lane ^ number;
            break;
        case GroupOp::ShuffleUp:
            source = lane - number;
            break;
        case GroupOp::ShuffleDown:
            source = lane + number;
            break;
        case GroupOp::ShuffleUpPair: // previous, current
            source = lane - number;
            operandNumber = source < 0 ? 0 : 1;
            source = source < 0 ? source + size : source;
            break;
        case GroupOp::ShuffleDownPair: // current, next
            source = lane + number;
            operandNumber = source >= size ? 1 : 0;
            source = source >= size ? source - size : source;
            break;
        case GroupOp::Rotate: {
            const int64_t cluster = code.clusterSize != 0 ? std::min(code.clusterSize, size) : size;
            source =
                lane / cluster * cluster + static_cast<int64_t>((static_cast<uint64_t>(lane % cluster) + index->bits) %
                                                                static_cast<uint64_t>(cluster));
            break;
        }
        case GroupOp::QuadBroadcast:
            source = number < 4 ? lane / 4 * 4 + number : -1;
            break;
        default: // QuadSwap: horizontal, vertical, diagonal
            source = number < 3 ? lane ^ (number + 1) : -1;
            break;
        }
        if (source >= 0 && source < size)
            from = memberOf[static_cast<size_t>(source)];
        if (from != kNone)
            std::copy_n(operand(step, operandNumber, from), cells, results.begin() + static_cast<ptrdiff_t>(i * cells));
    }
    for (size_t i = 0; i < members.size(); ++i)
        std::copy_n(results.begin() + static_cast<ptrdiff_t>(i * cells), cells, result(step, members[i]));
    return true;
}

// ---- Memory

// Component c of lane l lies at element c * size + l.
bool Run::blockAccess(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    const bool reads = code.op == GroupOp::BlockRead;
    const uint32_t bytes = code.elementBytes;
    for (const uint32_t member : members) {
        invocation_ = &group_->invocations[member];
        const Cell address = *operand(step, 0, member);
        if (address.undefined && settings_.detectUninitialised)
            return reportUndefined("the address");
        for (uint32_t i = 0; i < code.type->cells; ++i) {
            const uint64_t at = address.bits + (uint64_t{i} * code_.subgroupSize + invocation_->lane) * bytes;
            if (reads ? !read(at, bytes, result(step, member)[i]) : !write(at, bytes, operand(step, 1, member)[i]))
                return false;
        }
    }
    return true;
}

// Done at once, by the first invocation; who reads before the wait is not told apart from who reads after it.
bool Run::asyncCopy(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    const uint32_t first = members.front();
    const Cell target = *operand(step, 0, first), source = *operand(step, 1, first);
    const Cell count = *operand(step, 2, first), stride = *operand(step, 3, first);
    if (settings_.detectUninitialised && (target.undefined || source.undefined || count.undefined || stride.undefined))
        return reportUndefined("an operand of the group copy");
    const uint64_t size = code.elementBytes;
    const bool toGlobal = code.layout == 1;
    for (uint64_t i = 0; i < count.bits; ++i) {
        const uint64_t to = target.bits + i * size * (toGlobal ? stride.bits : 1);
        const uint64_t from = source.bits + i * size * (toGlobal ? 1 : stride.bits);
        Target out, in;
        if (!this->target(from, size, Touch::Read, 1, in) || !this->target(to, size, Touch::Write, 1, out))
            return false;
        in.races = out.races = nullptr;
        if (!move(out, 0, in, 0, size, false))
            return false;
        if (i % 4096 == 0 && launch_.cancel != nullptr && launch_.cancel->load(std::memory_order_relaxed))
            return report("cancelled", HY_ERROR_TIMEOUT, {});
    }
    for (const uint32_t member : members)
        *result(step, member) = {1, false};
    return true;
}

} // namespace halyard::interp
