// Group and subgroup operations, with full and partial subgroups, in uniform and divergent control flow. Subgroups are
// of 16 invocations, in the order of local ids.
#include "matrix/families.h"

#include <algorithm>

namespace halyard::spirvtest {

namespace {

struct Reduction {
    const char* name;
    Op nonUniform, group;
    bool khr; // the group form is of an extension
    enum class On { Ints, Floats, Bools } on;
    uint64_t (*identity)(Scalar);
    uint64_t (*combine)(Scalar, uint64_t, uint64_t);
};

uint64_t leastInt(Scalar s) {
    return uint64_t(1) << (bitsOf(s) - 1);
}

const Reduction kReductions[] = {
    {"IAdd", Op::GroupNonUniformIAdd, Op::GroupIAdd, false, Reduction::On::Ints, [](Scalar) { return uint64_t(0); },
     [](Scalar, uint64_t a, uint64_t b) { return a + b; }},
    {"FAdd", Op::GroupNonUniformFAdd, Op::GroupFAdd, false, Reduction::On::Floats, [](Scalar) { return uint64_t(0); },
     [](Scalar s, uint64_t a, uint64_t b) { return fromQuad(s, toQuad(s, a) + toQuad(s, b)); }},
    {"IMul", Op::GroupNonUniformIMul, Op::GroupIMulKHR, true, Reduction::On::Ints, [](Scalar) { return uint64_t(1); },
     [](Scalar, uint64_t a, uint64_t b) { return a * b; }},
    {"FMul", Op::GroupNonUniformFMul, Op::GroupFMulKHR, true, Reduction::On::Floats,
     [](Scalar s) { return fromQuad(s, 1); },
     [](Scalar s, uint64_t a, uint64_t b) { return fromQuad(s, toQuad(s, a) * toQuad(s, b)); }},
    {"SMin", Op::GroupNonUniformSMin, Op::GroupSMin, false, Reduction::On::Ints,
     [](Scalar s) { return leastInt(s) - 1; },
     [](Scalar s, uint64_t a, uint64_t b) { return signedOf(s, a) < signedOf(s, b) ? a : b; }},
    {"UMin", Op::GroupNonUniformUMin, Op::GroupUMin, false, Reduction::On::Ints, [](Scalar s) { return maskOf(s); },
     [](Scalar, uint64_t a, uint64_t b) { return std::min(a, b); }},
    {"FMin", Op::GroupNonUniformFMin, Op::GroupFMin, false, Reduction::On::Floats,
     [](Scalar s) { return infinity(s, false); },
     [](Scalar s, uint64_t a, uint64_t b) { return toQuad(s, a) < toQuad(s, b) ? a : b; }},
    {"SMax", Op::GroupNonUniformSMax, Op::GroupSMax, false, Reduction::On::Ints, leastInt,
     [](Scalar s, uint64_t a, uint64_t b) { return signedOf(s, a) > signedOf(s, b) ? a : b; }},
    {"UMax", Op::GroupNonUniformUMax, Op::GroupUMax, false, Reduction::On::Ints, [](Scalar) { return uint64_t(0); },
     [](Scalar, uint64_t a, uint64_t b) { return std::max(a, b); }},
    {"FMax", Op::GroupNonUniformFMax, Op::GroupFMax, false, Reduction::On::Floats,
     [](Scalar s) { return infinity(s, true); },
     [](Scalar s, uint64_t a, uint64_t b) { return toQuad(s, a) > toQuad(s, b) ? a : b; }},
    {"BitwiseAnd", Op::GroupNonUniformBitwiseAnd, Op::GroupBitwiseAndKHR, true, Reduction::On::Ints,
     [](Scalar s) { return maskOf(s); }, [](Scalar, uint64_t a, uint64_t b) { return a & b; }},
    {"BitwiseOr", Op::GroupNonUniformBitwiseOr, Op::GroupBitwiseOrKHR, true, Reduction::On::Ints,
     [](Scalar) { return uint64_t(0); }, [](Scalar, uint64_t a, uint64_t b) { return a | b; }},
    {"BitwiseXor", Op::GroupNonUniformBitwiseXor, Op::GroupBitwiseXorKHR, true, Reduction::On::Ints,
     [](Scalar) { return uint64_t(0); }, [](Scalar, uint64_t a, uint64_t b) { return a ^ b; }},
    {"LogicalAnd", Op::GroupNonUniformLogicalAnd, Op::GroupLogicalAndKHR, true, Reduction::On::Bools,
     [](Scalar) { return uint64_t(1); }, [](Scalar, uint64_t a, uint64_t b) { return a & b; }},
    {"LogicalOr", Op::GroupNonUniformLogicalOr, Op::GroupLogicalOrKHR, true, Reduction::On::Bools,
     [](Scalar) { return uint64_t(0); }, [](Scalar, uint64_t a, uint64_t b) { return a | b; }},
    {"LogicalXor", Op::GroupNonUniformLogicalXor, Op::GroupLogicalXorKHR, true, Reduction::On::Bools,
     [](Scalar) { return uint64_t(0); }, [](Scalar, uint64_t a, uint64_t b) { return a ^ b; }},
};

std::vector<Scalar> scalarsOf(Reduction::On on) {
    switch (on) {
    case Reduction::On::Ints:
        return {Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64};
    case Reduction::On::Floats:
        return {Scalar::F16, Scalar::F32, Scalar::F64};
    case Reduction::On::Bools:
        break;
    }
    return {Scalar::Bool};
}

// Signs and small integers: sums and products of a workgroup's are exact in a half, in any order.
Generator operandsOf(const Reduction& each, Scalar scalar) {
    if (!isFloat(scalar)) {
        return each.on == Reduction::On::Bools ? Generator([](Random& r, Scalar) { return uint64_t(r() % 16 != 0); })
                                               : nullptr;
    }
    const bool product = std::string(each.name) == "FMul";
    return [product](Random& random, Scalar s) {
        return fromQuad(s, product ? (random() % 2 == 0 ? -1 : 1) : static_cast<int>(random() % 15) + 1);
    };
}

// The first invocation and the number of those whose values are combined with those of `n`.
struct Members {
    size_t first, count;
};
Members membersOf(size_t n, uint32_t workgroup, uint32_t group) {
    const size_t base = n / workgroup * workgroup, local = n % workgroup;
    const size_t first = local / group * group;
    return {base + first, std::min<size_t>(group, workgroup - first)};
}

const char* operationName(GroupOperation operation) {
    static constexpr const char* names[] = {"reduce", "inclusive", "exclusive", "clustered"};
    return names[static_cast<size_t>(operation)];
}

// `counted` says which invocations take part: null for all.
std::function<Value(const std::vector<Row>&, size_t)> reduced(const Reduction& each, Type type,
                                                              GroupOperation operation, uint32_t workgroup,
                                                              uint32_t group,
                                                              std::function<bool(const Row&)> counted = nullptr) {
    return [=](const std::vector<Row>& rows, size_t n) {
        Value result(type.components(), 0);
        if (counted && !counted(rows[n])) {
            return result;
        }
        const Members members = membersOf(n, workgroup, group);
        for (size_t c = 0; c < result.size(); ++c) {
            result[c] = each.identity(type.scalar);
            for (size_t i = members.first; i < members.first + members.count; ++i) {
                const bool before = operation == GroupOperation::InclusiveScan ? i <= n : i < n;
                const bool all = operation == GroupOperation::Reduce || operation == GroupOperation::ClusteredReduce;
                if ((all || before) && (!counted || counted(rows[i]))) {
                    result[c] = each.combine(type.scalar, result[c], rows[i][0][c]) & maskOf(type.scalar);
                }
            }
        }
        return result;
    };
}

// Wraps an emission in `if (operand `flag`)`; the result is zero where it did not run.
std::function<Id(Module&, Kernel&, const Ids&)> guarded(Type result, size_t flag,
                                                        std::function<Id(Module&, Kernel&, const Ids&)> inner) {
    return [=](Module& m, Kernel& k, const Ids& ids) {
        const Id yes = m.newId(), end = m.newId(), before = m.block();
        m.op(Op::SelectionMerge, {end, 0});
        m.op(Op::BranchConditional, {ids[flag], yes, end});
        m.label(yes);
        const Id value = inner(m, k, ids);
        const Id last = m.block();
        m.op(Op::Branch, {end});
        m.label(end);
        return m.value(Op::Phi, result.id(m), {m.null(result.id(m)), before, value, last});
    };
}

Case groupCase(Op op, Flavour flavour, std::vector<Type> operands, Type result, const std::string& suffix,
               uint32_t workgroup, std::vector<Capability> capabilities) {
    Case item = opCase(op, flavour, std::move(operands), result);
    item.name += "/" + suffix + "/" + std::to_string(workgroup);
    item.op = Op::Nop;
    item.workgroupSize = workgroup;
    item.capabilities = std::move(capabilities);
    item.weight = 8 * result.components();
    return item;
}

// Collective operations take long to compile: every type is tried in kernels with full subgroups, and the common ones
// everywhere.
bool tried(Scalar scalar, Flavour flavour, uint32_t workgroup) {
    const bool common = scalar == Scalar::I32 || scalar == Scalar::F32 || scalar == Scalar::Bool;
    return common || (flavour == Flavour::Kernel && workgroup == 32);
}

void addNonUniform(Cases& cases, Flavour flavour, uint32_t workgroup) {
    for (const Reduction& each : kReductions) {
        for (Scalar scalar : scalarsOf(each.on)) {
            if (!tried(scalar, flavour, workgroup)) {
                continue;
            }
            const uint32_t width = scalar == Scalar::I32 || scalar == Scalar::F32 ? 3 : 1;
            for (GroupOperation operation : {GroupOperation::Reduce, GroupOperation::InclusiveScan,
                                             GroupOperation::ExclusiveScan, GroupOperation::ClusteredReduce}) {
                const Type type{scalar, operation == GroupOperation::Reduce ? width : 1};
                const bool clustered = operation == GroupOperation::ClusteredReduce;
                const auto emit = [=, op = each.nonUniform](Module& m, Kernel&, const Ids& ids) {
                    Words operands = {m.scope(Scope::Subgroup), static_cast<uint32_t>(operation), ids[0]};
                    if (clustered) {
                        operands.push_back(m.u32(4));
                    }
                    return m.value(op, type.id(m), operands);
                };
                const uint32_t group = clustered ? 4 : subgroupSize();
                std::vector<Capability> capabilities = {Capability::GroupNonUniform,
                                                        clustered ? Capability::GroupNonUniformClustered
                                                                  : Capability::GroupNonUniformArithmetic};
                Case item = groupCase(each.nonUniform, flavour, {type}, type, operationName(operation), workgroup,
                                      capabilities);
                item.generators = {operandsOf(each, scalar)};
                item.emit = emit;
                item.expected = reduced(each, type, operation, workgroup, group);
                cases.push_back(item);
                if (scalar == Scalar::I32 || scalar == Scalar::F32 || scalar == Scalar::Bool) {
                    Case apart =
                        groupCase(each.nonUniform, flavour, {type, {Scalar::Bool}}, type,
                                  std::string("divergent ") + operationName(operation), workgroup, capabilities);
                    apart.generators = {operandsOf(each, scalar), nullptr};
                    apart.emit = guarded(type, 1, emit);
                    apart.expected =
                        reduced(each, type, operation, workgroup, group, [](const Row& row) { return row[1][0] != 0; });
                    cases.push_back(apart);
                }
            }
        }
    }
}

void addUniform(Cases& cases, uint32_t workgroup) {
    for (const Reduction& each : kReductions) {
        for (Scalar scalar : scalarsOf(each.on)) {
            if (!tried(scalar, Flavour::Kernel, workgroup)) {
                continue;
            }
            for (GroupOperation operation :
                 {GroupOperation::Reduce, GroupOperation::InclusiveScan, GroupOperation::ExclusiveScan}) {
                for (Scope scope : {Scope::Workgroup, Scope::Subgroup}) {
                    const Type type{scalar};
                    std::vector<Capability> capabilities = {Capability::Groups};
                    if (each.khr) {
                        capabilities.push_back(Capability::GroupUniformArithmeticKHR);
                    }
                    Case item = groupCase(each.group, Flavour::Kernel, {type}, type,
                                          std::string(scope == Scope::Workgroup ? "workgroup " : "subgroup ") +
                                              operationName(operation),
                                          workgroup, capabilities);
                    if (each.khr) {
                        item.extensions = {"SPV_KHR_uniform_group_instructions"};
                    }
                    item.generators = {operandsOf(each, scalar)};
                    item.emit = [=, op = each.group](Module& m, Kernel&, const Ids& ids) {
                        return m.value(op, type.id(m), {m.scope(scope), static_cast<uint32_t>(operation), ids[0]});
                    };
                    item.expected = reduced(each, type, operation, workgroup,
                                            scope == Scope::Workgroup ? workgroup : subgroupSize());
                    cases.push_back(item);
                }
            }
        }
    }
}

// Votes, broadcasts and shuffles: what another member has.
struct Exchange {
    Op op;
    const char* name;
    std::vector<Capability> capabilities;
    bool indexed; // takes a second operand, from 0 to 15
    // Which member of the subgroup, counted from its first, gives its value; beyond the subgroup the result is not
    // defined.
    size_t (*source)(size_t self, uint64_t index);
    bool constantIndex;
};
// Made when asked for, since programs register their tests from the cases before main begins.
const std::vector<Exchange>& exchanges() {
    static const std::vector<Exchange> all = {
        {Op::GroupNonUniformShuffle,
         "any",
         {Capability::GroupNonUniformShuffle},
         true,
         [](size_t, uint64_t i) { return size_t(i); },
         false},
        {Op::GroupNonUniformShuffleXor,
         "any",
         {Capability::GroupNonUniformShuffle},
         true,
         [](size_t self, uint64_t i) { return self ^ size_t(i); },
         false},
        {Op::GroupNonUniformShuffleUp,
         "any",
         {Capability::GroupNonUniformShuffleRelative},
         true,
         [](size_t self, uint64_t i) { return self - size_t(i); },
         false},
        {Op::GroupNonUniformShuffleDown,
         "any",
         {Capability::GroupNonUniformShuffleRelative},
         true,
         [](size_t self, uint64_t i) { return self + size_t(i); },
         false},
        {Op::GroupNonUniformBroadcast,
         "3",
         {Capability::GroupNonUniformBallot},
         true,
         [](size_t, uint64_t) { return size_t(3); },
         true},
        {Op::GroupNonUniformBroadcastFirst,
         "first",
         {Capability::GroupNonUniformBallot},
         false,
         [](size_t, uint64_t) { return size_t(0); },
         false},
        {Op::GroupNonUniformQuadBroadcast,
         "3",
         {Capability::GroupNonUniformQuad},
         true,
         [](size_t self, uint64_t) { return self / 4 * 4 + 3; },
         true},
        {Op::GroupNonUniformRotateKHR,
         "3",
         {Capability::GroupNonUniformRotateKHR},
         true,
         [](size_t self, uint64_t) { return (self + 3) % subgroupSize(); },
         true},
    };
    return all;
}

void addExchanges(Cases& cases, Flavour flavour, uint32_t workgroup) {
    for (const Exchange& each : exchanges()) {
        for (const Type& type :
             {Type{Scalar::I8}, Type{Scalar::I16}, Type{Scalar::I32}, Type{Scalar::I64}, Type{Scalar::F16},
              Type{Scalar::F32}, Type{Scalar::F64}, Type{Scalar::Bool}, Type{Scalar::F32, 4}}) {
            if (!tried(type.scalar, flavour, workgroup)) {
                continue;
            }
            std::vector<Capability> capabilities = each.capabilities;
            capabilities.push_back(Capability::GroupNonUniform);
            Case item = groupCase(each.op, flavour, {type, {Scalar::I32}}, type, each.name, workgroup, capabilities);
            if (each.op == Op::GroupNonUniformRotateKHR) {
                item.extensions = {"SPV_KHR_subgroup_rotate"};
            }
            item.generators = {nullptr, below(subgroupSize())};
            item.emit = [=](Module& m, Kernel&, const Ids& ids) {
                Words operands = {m.scope(Scope::Subgroup), ids[0]};
                if (each.indexed) {
                    operands.push_back(each.constantIndex ? m.u32(3) : ids[1]);
                }
                return m.value(each.op, type.id(m), operands);
            };
            // The source of each invocation must be active: others get their own value, on the host and by a second
            // operand.
            item.comparison.kind = Comparison::Kind::Exact;
            item.expected = [=](const std::vector<Row>& rows, size_t n) {
                const Members members = membersOf(n, workgroup, subgroupSize());
                const size_t source = each.source(n - members.first, rows[n][1][0]);
                return source < members.count ? rows[members.first + source][0] : Value();
            };
            cases.push_back(item);
        }
    }
    for (uint32_t direction : {0u, 1u, 2u}) {
        const Type type{Scalar::I32};
        Case swap = groupCase(Op::GroupNonUniformQuadSwap, flavour, {type}, type, std::to_string(direction), workgroup,
                              {Capability::GroupNonUniform, Capability::GroupNonUniformQuad});
        swap.emit = [=](Module& m, Kernel&, const Ids& ids) {
            return m.value(Op::GroupNonUniformQuadSwap, type.id(m),
                           {m.scope(Scope::Subgroup), ids[0], m.u32(direction)});
        };
        swap.expected = [direction](const std::vector<Row>& rows, size_t n) { return rows[n ^ (direction + 1)][0]; };
        cases.push_back(swap);
    }
}

void addVotes(Cases& cases, Flavour flavour, uint32_t workgroup) {
    const Type truth{Scalar::Bool}, word{Scalar::I32}, ballot{Scalar::I32, 4};
    // Mostly true, or mostly false, by workgroup: so both answers come.
    const auto mostly = [](Case& item) {
        item.adjust = [](Row& row) { row[0][0] = row[0][0] != 0; };
        item.generators = {[](Random& random, Scalar) { return uint64_t(random() % 24 != 0); }};
    };
    const auto count = [=](const std::vector<Row>& rows, size_t n) {
        const Members members = membersOf(n, workgroup, subgroupSize());
        uint64_t mask = 0;
        for (size_t i = 0; i < members.count; ++i) {
            mask |= uint64_t(rows[members.first + i][0][0] != 0) << i;
        }
        return std::make_pair(mask, members.count);
    };
    const std::vector<Capability> vote = {Capability::GroupNonUniform, Capability::GroupNonUniformVote};
    const std::vector<Capability> ballots = {Capability::GroupNonUniform, Capability::GroupNonUniformBallot};
    const auto add = [&](Op op, std::vector<Type> operands, Type result, const char* suffix,
                         const std::vector<Capability>& capabilities, std::function<Id(Module&, const Ids&)> emit,
                         std::function<Value(const std::vector<Row>&, size_t)> expected) {
        Case item = groupCase(op, flavour, std::move(operands), result, suffix, workgroup, capabilities);
        if (item.operands[0].scalar == Scalar::Bool) {
            mostly(item);
        }
        item.emit = [emit = std::move(emit)](Module& m, Kernel&, const Ids& ids) { return emit(m, ids); };
        item.expected = std::move(expected);
        cases.push_back(std::move(item));
    };
    add(
        Op::GroupNonUniformAll, {truth}, truth, "vote", vote,
        [](Module& m, const Ids& ids) {
            return m.value(Op::GroupNonUniformAll, m.boolType(), {m.scope(Scope::Subgroup), ids[0]});
        },
        [=](const std::vector<Row>& rows, size_t n) {
            const auto [mask, members] = count(rows, n);
            return Value{mask == maskOf(static_cast<uint32_t>(members))};
        });
    add(
        Op::GroupNonUniformAny, {truth}, truth, "vote", vote,
        [](Module& m, const Ids& ids) {
            const Id no = m.value(Op::LogicalNot, m.boolType(), {ids[0]});
            return m.value(Op::GroupNonUniformAny, m.boolType(), {m.scope(Scope::Subgroup), no});
        },
        [=](const std::vector<Row>& rows, size_t n) {
            const auto [mask, members] = count(rows, n);
            return Value{mask != maskOf(static_cast<uint32_t>(members))};
        });
    add(
        Op::GroupNonUniformAllEqual, {truth}, truth, "vote", vote,
        [](Module& m, const Ids& ids) {
            return m.value(Op::GroupNonUniformAllEqual, m.boolType(), {m.scope(Scope::Subgroup), ids[0]});
        },
        [=](const std::vector<Row>& rows, size_t n) {
            const auto [mask, members] = count(rows, n);
            return Value{mask == 0 || mask == maskOf(static_cast<uint32_t>(members))};
        });
    add(
        Op::GroupNonUniformElect, {word}, truth, "uniform", {Capability::GroupNonUniform},
        [](Module& m, const Ids&) {
            return m.value(Op::GroupNonUniformElect, m.boolType(), {m.scope(Scope::Subgroup)});
        },
        [=](const std::vector<Row>&, size_t n) { return Value{n == membersOf(n, workgroup, subgroupSize()).first}; });
    add(
        Op::GroupNonUniformBallot, {truth}, ballot, "mask", ballots,
        [=](Module& m, const Ids& ids) {
            return m.value(Op::GroupNonUniformBallot, ballot.id(m), {m.scope(Scope::Subgroup), ids[0]});
        },
        [=](const std::vector<Row>& rows, size_t n) {
            return Value{count(rows, n).first, 0, 0, 0};
        });
    const auto onBallot = [&](Op op, Type result, const char* suffix, Words before, Words after,
                              std::function<uint64_t(uint64_t mask, size_t self)> host) {
        add(
            op, {truth}, result, suffix, ballots,
            [=](Module& m, const Ids& ids) {
                // At least the first of each subgroup: a search of an empty ballot is not defined.
                const Id elected = m.value(Op::GroupNonUniformElect, m.boolType(), {m.scope(Scope::Subgroup)});
                const Id flag = m.value(Op::LogicalOr, m.boolType(), {ids[0], elected});
                const Id mask = m.value(Op::GroupNonUniformBallot, ballot.id(m), {m.scope(Scope::Subgroup), flag});
                Words operands = {m.scope(Scope::Subgroup)};
                operands.insert(operands.end(), before.begin(), before.end());
                operands.push_back(mask);
                for (uint32_t index : after) {
                    operands.push_back(m.u32(index));
                }
                return m.value(op, result.id(m), operands);
            },
            [=](const std::vector<Row>& rows, size_t n) {
                return Value{host(count(rows, n).first | 1, n - membersOf(n, workgroup, subgroupSize()).first)};
            });
    };
    const auto bitsBelow = [](uint64_t mask, size_t bit) {
        return static_cast<uint64_t>(__builtin_popcountll(mask & ((uint64_t(1) << bit) - 1)));
    };
    onBallot(Op::GroupNonUniformBallotBitCount, word, "reduce", {0}, {},
             [=](uint64_t mask, size_t) { return bitsBelow(mask, 63); });
    onBallot(Op::GroupNonUniformBallotBitCount, word, "inclusive", {1}, {},
             [=](uint64_t mask, size_t self) { return bitsBelow(mask, self + 1); });
    onBallot(Op::GroupNonUniformBallotBitCount, word, "exclusive", {2}, {},
             [=](uint64_t mask, size_t self) { return bitsBelow(mask, self); });
    onBallot(Op::GroupNonUniformBallotFindLSB, word, "bit", {}, {},
             [](uint64_t mask, size_t) { return static_cast<uint64_t>(__builtin_ctzll(mask)); });
    onBallot(Op::GroupNonUniformBallotFindMSB, word, "bit", {}, {},
             [](uint64_t mask, size_t) { return static_cast<uint64_t>(63 - __builtin_clzll(mask)); });
    onBallot(Op::GroupNonUniformInverseBallot, truth, "bit", {}, {},
             [](uint64_t mask, size_t self) { return mask >> self & 1; });
    onBallot(Op::GroupNonUniformBallotBitExtract, truth, "bit 5", {}, {5},
             [](uint64_t mask, size_t) { return mask >> 5 & 1; });
}

// The older forms: of kernels, of SPV_KHR_shader_ballot and subgroup_vote, and of SPV_INTEL_subgroups.
void addOlder(Cases& cases, uint32_t workgroup) {
    const Type truth{Scalar::Bool}, word{Scalar::I32};
    for (Scope scope : {Scope::Workgroup, Scope::Subgroup}) {
        const uint32_t group = scope == Scope::Workgroup ? workgroup : subgroupSize();
        const char* name = scope == Scope::Workgroup ? "workgroup" : "subgroup";
        for (Op op : {Op::GroupAll, Op::GroupAny}) {
            Case item = groupCase(op, Flavour::Kernel, {truth}, truth, name, workgroup, {Capability::Groups});
            const bool all = op == Op::GroupAll;
            item.generators = {[all](Random& random, Scalar) { return uint64_t((random() % 24 != 0) == all); }};
            item.emit = [=](Module& m, Kernel&, const Ids& ids) {
                return m.value(op, m.boolType(), {m.scope(scope), ids[0]});
            };
            item.expected = [=](const std::vector<Row>& rows, size_t n) {
                const Members members = membersOf(n, workgroup, group);
                size_t set = 0;
                for (size_t i = 0; i < members.count; ++i) {
                    set += rows[members.first + i][0][0];
                }
                return Value{all ? set == members.count : set != 0};
            };
            cases.push_back(item);
        }
        Case broadcast =
            groupCase(Op::GroupBroadcast, Flavour::Kernel, {word}, word, name, workgroup, {Capability::Groups});
        broadcast.emit = [=](Module& m, Kernel& k, const Ids& ids) {
            return m.value(Op::GroupBroadcast, m.intType(32), {m.scope(scope), ids[0], k.indexConstant(5)});
        };
        broadcast.expected = [=](const std::vector<Row>& rows, size_t n) {
            return rows[membersOf(n, workgroup, group).first + 5][0];
        };
        cases.push_back(broadcast);
    }
    const auto mask = [=](const std::vector<Row>& rows, size_t n) {
        const Members members = membersOf(n, workgroup, subgroupSize());
        uint64_t bits = 0;
        for (size_t i = 0; i < members.count; ++i) {
            bits |= uint64_t(rows[members.first + i][0][0] != 0) << i;
        }
        return std::make_pair(bits, maskOf(static_cast<uint32_t>(members.count)));
    };
    const auto ballotCase = [&](Op op, Type result, const char* extension, Capability capability) {
        Case item = groupCase(op, Flavour::GLCompute, {truth}, result, "khr", workgroup, {capability});
        item.extensions = {extension};
        item.generators = {[](Random& random, Scalar) { return uint64_t(random() % 24 != 0); }};
        item.emit = [=](Module& m, Kernel&, const Ids& ids) { return m.value(op, result.id(m), {ids[0]}); };
        return item;
    };
    Case ballot =
        ballotCase(Op::SubgroupBallotKHR, {Scalar::I32, 4}, "SPV_KHR_shader_ballot", Capability::SubgroupBallotKHR);
    ballot.expected = [=](const std::vector<Row>& rows, size_t n) { return Value{mask(rows, n).first, 0, 0, 0}; };
    cases.push_back(ballot);
    for (Op op : {Op::SubgroupAllKHR, Op::SubgroupAnyKHR, Op::SubgroupAllEqualKHR}) {
        Case vote = ballotCase(op, truth, "SPV_KHR_subgroup_vote", Capability::SubgroupVoteKHR);
        vote.expected = [=](const std::vector<Row>& rows, size_t n) {
            const auto [bits, all] = mask(rows, n);
            return Value{op == Op::SubgroupAllKHR   ? bits == all
                         : op == Op::SubgroupAnyKHR ? bits != 0
                                                    : bits == 0 || bits == all};
        };
        cases.push_back(vote);
    }
    const auto first = [=](const std::vector<Row>& rows, size_t n) {
        return rows[membersOf(n, workgroup, subgroupSize()).first][0];
    };
    Case firstOf = groupCase(Op::SubgroupFirstInvocationKHR, Flavour::GLCompute, {word}, word, "khr", workgroup,
                             {Capability::SubgroupBallotKHR});
    firstOf.extensions = {"SPV_KHR_shader_ballot"};
    firstOf.emit = [](Module& m, Kernel&, const Ids& ids) {
        return m.value(Op::SubgroupFirstInvocationKHR, m.intType(32), {ids[0]});
    };
    firstOf.expected = first;
    cases.push_back(firstOf);
    Case read = groupCase(Op::SubgroupReadInvocationKHR, Flavour::GLCompute, {word}, word, "khr", workgroup,
                          {Capability::SubgroupBallotKHR});
    read.extensions = {"SPV_KHR_shader_ballot"};
    read.emit = [](Module& m, Kernel&, const Ids& ids) {
        return m.value(Op::SubgroupReadInvocationKHR, m.intType(32), {ids[0], m.u32(0)});
    };
    read.expected = first;
    cases.push_back(read);
    for (Op op : {Op::SubgroupShuffleINTEL, Op::SubgroupShuffleXorINTEL}) {
        Case item =
            groupCase(op, Flavour::Kernel, {word}, word, "intel", workgroup, {Capability::SubgroupShuffleINTEL});
        item.extensions = {"SPV_INTEL_subgroups"};
        item.emit = [op](Module& m, Kernel&, const Ids& ids) { return m.value(op, m.intType(32), {ids[0], m.u32(1)}); };
        item.expected = [=](const std::vector<Row>& rows, size_t n) {
            const size_t base = membersOf(n, workgroup, subgroupSize()).first;
            return rows[op == Op::SubgroupShuffleINTEL ? base + 1 : base + ((n - base) ^ 1)][0];
        };
        cases.push_back(item);
    }
}

// Of SPV_INTEL_subgroups: shuffles over two values in a row, and blocks of a buffer.
void addIntel(Cases& cases, uint32_t workgroup) {
    const Type word{Scalar::I32};
    const auto intel = [&](Op op, std::vector<Type> operands, Capability capability) {
        Case item = groupCase(op, Flavour::Kernel, std::move(operands), word, "intel", workgroup, {capability});
        item.extensions = {"SPV_INTEL_subgroups"};
        return item;
    };
    for (Op op : {Op::SubgroupShuffleDownINTEL, Op::SubgroupShuffleUpINTEL}) {
        const bool down = op == Op::SubgroupShuffleDownINTEL;
        Case item = intel(op, {word, word}, Capability::SubgroupShuffleINTEL);
        item.emit = [op](Module& m, Kernel&, const Ids& ids) {
            return m.value(op, m.intType(32), {ids[0], ids[1], m.u32(3)});
        };
        // Down: (current, next). Up: (previous, current). Both count in whole subgroups, and what an invocation that is
        // not there would give is not defined.
        item.expected = [=](const std::vector<Row>& rows, size_t n) {
            const Members members = membersOf(n, workgroup, subgroupSize());
            const size_t self = n - members.first, at = down ? self + 3 : self + subgroupSize() - 3;
            const size_t source = at % subgroupSize(), operand = at / subgroupSize();
            return source < members.count ? rows[members.first + source][operand] : Value();
        };
        cases.push_back(item);
    }
    if (workgroup % subgroupSize() != 0) {
        return; // blocks are of full subgroups
    }
    const auto first = [](Module& m, Kernel& k) {
        const Id u64 = m.intType(64);
        return m.value(Op::BitwiseAnd, u64, {k.globalId(), m.constant(u64, ~uint64_t(subgroupSize() - 1))});
    };
    Case read = intel(Op::SubgroupBlockReadINTEL, {word}, Capability::SubgroupBufferBlockIOINTEL);
    read.alone = true; // the operand's buffer is number 0
    read.emit = [=](Module& m, Kernel& k, const Ids&) {
        return m.value(Op::SubgroupBlockReadINTEL, m.intType(32), {k.pointer(0, first(m, k))});
    };
    read.expected = [](const std::vector<Row>& rows, size_t n) { return rows[n][0]; };
    cases.push_back(read);
    Case write = intel(Op::SubgroupBlockWriteINTEL, {word}, Capability::SubgroupBufferBlockIOINTEL);
    write.alone = true;
    write.emit = [=](Module& m, Kernel& k, const Ids& ids) {
        const Id changed = m.value(Op::IAdd, m.intType(32), {ids[0], m.u32(1)});
        m.op(Op::SubgroupBlockWriteINTEL, {k.pointer(0, first(m, k)), changed});
        return k.load(0, k.globalId());
    };
    write.expected = [](const std::vector<Row>& rows, size_t n) { return Value{(rows[n][0][0] + 1) & 0xffffffff}; };
    cases.push_back(write);
}

void addBuiltIns(Cases& cases, Flavour flavour, uint32_t workgroup) {
    const Type word{Scalar::I32};
    struct Number {
        BuiltIn which;
        const char* name;
        uint64_t (*host)(size_t local, uint32_t workgroup);
    };
    const Number numbers[] = {
        {BuiltIn::SubgroupSize, "SubgroupSize",
         [](size_t local, uint32_t workgroup) { // of the invocation's own subgroup, in kernels
             return uint64_t(std::min<size_t>(subgroupSize(), workgroup - local / subgroupSize() * subgroupSize()));
         }},
        {BuiltIn::NumSubgroups, "NumSubgroups",
         [](size_t, uint32_t workgroup) { return uint64_t((workgroup + subgroupSize() - 1) / subgroupSize()); }},
        {BuiltIn::SubgroupId, "SubgroupId", [](size_t local, uint32_t) { return uint64_t(local / subgroupSize()); }},
        {BuiltIn::SubgroupLocalInvocationId, "SubgroupLocalInvocationId",
         [](size_t local, uint32_t) { return uint64_t(local % subgroupSize()); }},
    };
    for (const Number& each : numbers) {
        Case item = groupCase(Op::Load, flavour, {word}, word, each.name, workgroup, {});
        item.instruction = std::string("BuiltIn ") + each.name;
        item.capabilities = flavour == Flavour::Kernel ? std::vector<Capability>{Capability::SubgroupDispatch}
                                                       : std::vector<Capability>{Capability::GroupNonUniform};
        item.emit = [which = each.which](Module&, Kernel& k, const Ids&) { return k.scalar(which); };
        const bool whole = each.which == BuiltIn::SubgroupSize && flavour == Flavour::GLCompute;
        item.expected = [=, host = each.host](const std::vector<Row>&, size_t n) {
            return Value{whole ? subgroupSize() : host(n % workgroup, workgroup)};
        };
        cases.push_back(item);
    }
}

} // namespace

Cases groupCases() {
    Cases cases;
    for (uint32_t workgroup : {32u, 24u}) {
        for (Flavour flavour : kFlavours) {
            addNonUniform(cases, flavour, workgroup);
            addExchanges(cases, flavour, workgroup);
            addVotes(cases, flavour, workgroup);
            addBuiltIns(cases, flavour, workgroup);
        }
        addUniform(cases, workgroup);
        addOlder(cases, workgroup);
        addIntel(cases, workgroup);
    }
    return cases;
}

} // namespace halyard::spirvtest
