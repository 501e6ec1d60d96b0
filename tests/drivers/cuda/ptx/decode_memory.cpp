#include "decoder.h"
#include "types.h"
#include "words.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

constexpr std::string_view kScopes[] = {"cta", "cluster", "gpu", "sys"};
constexpr std::string_view kOperations[] = {"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"};
constexpr std::string_view kFirstLevel[] = {"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first",
                                            "L1::evict_last", "L1::no_allocate"};

} // namespace

// All accesses are as strong as the strongest of them, but for the order of fences: the words are checked, and what is
// kept is whether there are any. False: words that do not go together.
bool FunctionDecoder::order(Words& words, const Instruction& in, Access& access) {
    if (in.opcode == "ldu")
        return words.atEnd() || words.peek() == "global" || !parseSpace(words.peek());
    const bool atomic = in.opcode == "atom", reduction = in.opcode == "red";
    access.strength = atomic              ? words.accept({"relaxed", "acquire", "release", "acq_rel"})
                      : reduction         ? words.accept({"relaxed", "release"})
                      : in.opcode == "ld" ? words.accept({"weak", "volatile", "relaxed", "acquire", "mmio"})
                                          : words.accept({"weak", "volatile", "relaxed", "release", "mmio"});
    if (access.strength == "mmio")
        return !words.accept({"relaxed"}).empty() && !words.accept({"sys"}).empty();
    if (atomic || reduction)
        return !words.accept(kScopes).empty() || access.strength.empty();
    return !access.isOrdered() || access.strength == "volatile" || !words.accept(kScopes).empty();
}

// {order}{space}{cache}{vector}.type, with an operation behind the space for an atomic.
FunctionDecoder::Access FunctionDecoder::access(const Instruction& in, bool withOperation) {
    Access result;
    Words words(in);
    if (!order(words, in, result))
        fail(in, in.opcode == "ldu" ? "a space that it does not load from" : "an order without its scope");
    if (const auto space = parseSpace(words.peek())) {
        result.space = *space;
        words.next();
    }
    const bool device = result.space == Space::Generic || result.space == Space::Global;
    if (result.isOrdered() && !device && result.space != Space::Shared)
        fail(in, "an order of memory that no other thread sees");
    bool noftz = false;
    if (withOperation) {
        result.operation = words.accept(kOperations);
        noftz = result.operation == "add" && !words.accept({"noftz"}).empty();
    } else if (in.opcode != "ldu") {
        cache(words, in, result);
    }
    if (in.opcode != "ldu" && device && result.strength != "volatile")
        result.hint = !words.accept({"L2::cache_hint"}).empty();
    if (in.opcode == "ld" && device)
        words.accept({"L2::64B", "L2::128B", "L2::256B"});
    if (const std::string_view vector = words.accept({"v2", "v4", "v8"}); !vector.empty())
        result.elements = static_cast<uint8_t>(vector[1] - '0');
    const auto type = parseType(words.peek());
    if (!type && words.atEnd())
        fail(in, "no type");
    const bool narrowFloat = type && (type->kind == Kind::BFloat || (type->kind == Kind::Float && type->bits == 16) ||
                                      (type->lanes == 2 && type->kind == Kind::Float));
    if (!type || type->kind == Kind::Predicate || type->kind == Kind::TF32 || narrowFloat != noftz)
        badModifier(in, std::string(words.peek()));
    result.type = *type;
    words.next();
    if (!words.atEnd())
        badModifier(in, std::string(words.peek()));
    if (result.elements * result.type.bits > 256 || (result.elements == 8 && result.type.bits != 32))
        fail(in, "a vector of more than 256 bits");
    if (result.elements * result.type.bits > 128 && result.space != Space::Global)
        fail(in, "a vector of more than 128 bits of memory that is not .global");
    return result;
}

// Which cache keeps the data; nothing here has caches.
void FunctionDecoder::cache(Words& words, const Instruction& in, const Access& access) {
    if (access.strength == "volatile" || access.strength == "mmio")
        return;
    const bool load = in.opcode == "ld", device = access.space == Space::Generic || access.space == Space::Global;
    std::string_view operation;
    if (!access.isOrdered())
        operation = load ? words.accept({"ca", "cg", "cs", "lu", "cv"}) : words.accept({"wb", "cg", "cs", "wt"});
    if (load && access.strength.empty() && access.space == Space::Global && operation != "cv" && operation != "lu")
        words.accept({"nc"});
    if (operation.empty() && device)
        words.accept(kFirstLevel);
}

// The cache policy that .L2::cache_hint asks for.
void FunctionDecoder::policy(const Instruction& in, const Access& access, size_t operand) {
    operandCount(in, operand + access.hint, operand + access.hint);
    if (access.hint)
        source(in, in.operands[operand], {Kind::Unsigned, 64});
}

FunctionDecoder::Base FunctionDecoder::address(const Instruction& in, const Operand& operand, Space space) {
    const auto* given = std::get_if<Address>(&operand);
    if (!given || given->isValue)
        fail(in, "an operand that is no address");
    Base base{0, given->offset, space, false};
    if (const auto* pointer = std::get_if<Register>(&given->base)) {
        if (pointer->type.bits != 64 &&
            !(pointer->type.bits == 32 && (space == Space::Shared || space == Space::Local)))
            fail(in, "an address in a register of " + std::to_string(pointer->type.bits) + " bits");
        if (space == Space::Param && !function_.entry)
            fail(in, "an address of .param in a register of a .func");
        base.slot = static_cast<Slot>(pointer->index);
        return base;
    }
    if (const auto* immediate = std::get_if<Immediate>(&given->base)) {
        base.slot = constant(immediate->bits);
        return base;
    }
    const std::string& name = std::get<Symbol>(given->base).name;
    const Place& where = place(in, name);
    const bool generic = space == Space::Generic && where.kind == Place::Kind::Device;
    if (!generic && where.space != space)
        fail(in, "'" + name + "' is in another space");
    if (where.kind == Place::Kind::Area) {
        base.space = Space::Register;
        base.offset += static_cast<int64_t>(where.address);
        base.slot = constant(0);
    } else if (where.kind == Place::Kind::KernelParameter) {
        base.kernelParameter = true;
        base.offset += static_cast<int64_t>(where.address);
        base.slot = constant(0);
    } else {
        base.slot = symbol(in, name, 0);
    }
    return base;
}

void FunctionDecoder::load(const Instruction& in) {
    const Access what = access(in, false);
    policy(in, what, 2);
    if (std::holds_alternative<Discard>(in.operands[0]))
        fail(in, "a load of nothing");
    const std::vector<Operand> results = flatten(in.operands[0]);
    if (results.size() != what.elements)
        fail(in, std::to_string(results.size()) + " results");
    const Base base = address(in, in.operands[1], what.space);
    std::vector<Slot> destinations;
    uint8_t width = 64;
    for (const Operand& operand : results) {
        destinations.push_back(destination(in, operand, what.type, true));
        if (const auto* to = std::get_if<Register>(&operand))
            width = to->type.bits;
    }
    const bool isSigned = what.type.kind == Kind::Signed && what.type.bits < 64;
    const auto bytes = static_cast<uint8_t>(what.type.bits / 8);
    const bool direct = base.kernelParameter && base.offset >= 0 && base.offset % (bytes * what.elements) == 0 &&
                        base.offset + bytes * what.elements <= int64_t(function_.parameterBytes);
    if (base.kernelParameter && !direct)
        fail(in, "an access outside the parameters or not aligned");
    Op& op = direct ? emit(in, handlers::loadParameter, destinations, {})
                    : emit(in, handlers::load(bytes, isSigned), destinations, {base.slot});
    op.space = base.space;
    op.offset = base.offset;
    op.elements = what.elements;
    op.bytes = bytes;
    op.extendTo = isSigned ? width : 64;
    op.observes = what.isOrdered();
}

void FunctionDecoder::store(const Instruction& in) {
    const Access what = access(in, false);
    policy(in, what, 2);
    if (what.space == Space::Const)
        fail(in, "a store to .const");
    const Base base = address(in, in.operands[0], what.space);
    if (base.space == Space::Param)
        fail(in, "a store to a parameter of the kernel");
    std::vector<Slot> sources{base.slot};
    const std::vector<Operand> values = flatten(in.operands[1]);
    if (values.size() != what.elements)
        fail(in, std::to_string(values.size()) + " values");
    for (const Operand& operand : values)
        sources.push_back(source(in, operand, what.type, true));
    Op& op = emit(in, handlers::store(what.type.bits / 8u), {}, sources);
    op.space = base.space;
    op.offset = base.offset;
    op.elements = what.elements;
}

void FunctionDecoder::atomic(const Instruction& in) {
    const Access what = access(in, true);
    const bool reduction = in.opcode == "red";
    const bool compares = what.operation == "cas";
    const Handler run = handlers::atomic(what.operation, what.type, what.space);
    if (!run || what.elements != 1 || (reduction && (compares || what.operation == "exch")))
        throw PtxError(in.line, "unknown instruction '" + shown(in) + "'");
    if (what.space != Space::Generic && what.space != Space::Global && what.space != Space::Shared)
        fail(in, "an atomic in a space that has none");
    const size_t first = reduction ? 0 : 1, count = first + (compares ? 3 : 2);
    policy(in, what, count);
    std::vector<Slot> destinations;
    if (!reduction)
        destinations.push_back(destination(in, in.operands[0], what.type));
    const Base base = address(in, in.operands[first], what.space);
    std::vector<Slot> sources{base.slot};
    const bool narrowFloat = hasModifier(in, "noftz");
    for (size_t i = first + 1; i < count; ++i) {
        if (narrowFloat && !std::holds_alternative<Register>(in.operands[i]))
            fail(in, "a value that is no register");
        sources.push_back(source(in, in.operands[i], what.type));
    }
    Op& op = emit(in, run, destinations, sources);
    op.space = base.space;
    op.offset = base.offset;
    op.observes = !reduction;
}

// cp.async.ca.shared.global [to], [from], bytes{, bytes that are read | ignore}; and its groups.
void FunctionDecoder::copyAsync(const Instruction& in) {
    const auto unknown = [&] { throw PtxError(in.line, "unknown instruction '" + shown(in) + "'"); };
    if (in.modifiers.size() < 2 || in.modifiers[0] != "async")
        unknown();
    const std::string& kind = in.modifiers[1];
    if (kind == "commit_group" || kind == "wait_all" || kind == "wait_group") {
        operandCount(in, kind == "wait_group", kind == "wait_group");
        if (in.modifiers.size() != 2)
            badModifier(in, in.modifiers[2]);
        const auto* count = in.operands.empty() ? nullptr : std::get_if<Immediate>(&in.operands[0]);
        if (kind == "wait_group" && (!count || count->kind == Kind::Float))
            fail(in, "a count of groups that is no number");
        emit(in, handlers::nothing, {}, {});
        return;
    }
    if (kind != "ca" && kind != "cg")
        unknown();
    if (in.modifiers.size() < 4 || (in.modifiers[2] != "shared" && in.modifiers[2] != "shared::cta") ||
        in.modifiers[3] != "global")
        fail(in, "unknown spaces");
    Words words(in);
    for (int i = 0; i < 4; ++i)
        words.next();
    const bool hint = !words.accept({"L2::cache_hint"}).empty();
    words.accept({"L2::64B", "L2::128B", "L2::256B"});
    if (!words.atEnd())
        badModifier(in, std::string(words.peek()));
    operandCount(in, 3 + hint, 4 + hint);
    if (hint)
        source(in, in.operands.back(), {Kind::Unsigned, 64});
    const auto* size = std::get_if<Immediate>(&in.operands[2]);
    const uint64_t bytes = size ? size->bits : 0;
    if (bytes != 16 && (kind == "cg" || (bytes != 4 && bytes != 8)))
        fail(in, "a copy of no 4, 8 or 16 bytes");
    const Base to = address(in, in.operands[0], Space::Shared);
    const Base from = address(in, in.operands[1], Space::Global);
    if (in.operands.size() - hint == 4) {
        const auto* ignored = std::get_if<Register>(&in.operands[3]);
        if (ignored && ignored->type.kind == Kind::Predicate)
            fail(in, "the form with a predicate is not supported");
        const auto* read = std::get_if<Immediate>(&in.operands[3]);
        if (read && read->bits > bytes)
            fail(in, "more bytes read than are copied");
    }
    const Slot used =
        in.operands.size() - hint == 4 ? source(in, in.operands[3], {Kind::Unsigned, 32}) : constant(bytes);
    const Slot offset = constant(static_cast<uint64_t>(from.offset));
    Op& op = emit(in, handlers::copyAsync, {}, {to.slot, from.slot, used, offset});
    op.bytes = static_cast<uint8_t>(bytes);
    op.offset = to.offset;
}

void FunctionDecoder::matrixTransfer(const Instruction& in) {
    const bool isStore = in.modifiers[0] == "store";
    uint32_t count = 0, bits = 0;
    if (!wmmaFragment(in.modifiers, 0, &count, &bits))
        throw PtxError(in.line, "unknown instruction '" + shown(in) + "'");
    if (bits < 8)
        fail(in, "elements of less than a byte are not supported");
    Space space = Space::Generic;
    bool row = false, major = false;
    for (const std::string& modifier : in.modifiers) {
        if (const auto found = parseSpace(modifier))
            space = *found;
        major |= modifier == "row" || modifier == "col";
        row |= modifier == "row";
    }
    if (!major)
        fail(in, "no .row or .col");
    operandCount(in, 2, 3);
    const size_t addressAt = isStore ? 0 : 1, registersAt = isStore ? 1 : 0;
    const Base base = address(in, in.operands[addressAt], space);
    const uint32_t width = bits == 64 ? 64 : 32, needed = count * bits / width;
    const std::vector<Operand> operands = flatten(in.operands[registersAt]);
    if (operands.size() != needed)
        fail(in, std::to_string(operands.size()) + " registers where " + std::to_string(needed) + " are expected");
    Slot stride;
    if (in.operands.size() == 3) {
        stride = source(in, in.operands[2], {Kind::Unsigned, 32});
    } else { // rows or columns without a gap
        uint32_t most = 0;
        for (uint32_t lane = 0; lane < kWarp; ++lane) {
            const FragmentElement* fragment = wmmaFragment(in.modifiers, lane, &count, &bits);
            for (uint32_t i = 0; i < count; ++i)
                most = std::max<uint32_t>(most, row ? fragment[i].column : fragment[i].row);
        }
        stride = constant(most + 1);
    }
    std::vector<Slot> destinations, sources{base.slot, stride};
    for (const Operand& operand : operands) {
        if (isStore)
            sources.push_back(source(in, operand, {Kind::Bits, static_cast<uint8_t>(width)}));
        else
            destinations.push_back(destination(in, operand, {Kind::Bits, static_cast<uint8_t>(width)}));
    }
    Op& op = emit(in, handlers::lanes, destinations, sources);
    op.perform = isStore ? handlers::performMatrixStore : handlers::performMatrixLoad;
    op.space = base.space;
    op.address = base.offset;
    op.offset = -1; // all lanes
    op.bytes = static_cast<uint8_t>(width / 8);
    op.target = bits;
    op.extendTo = row;
}

// ldmatrix.sync.aligned.m8n8.x4{.trans}{.shared}.b16
void FunctionDecoder::loadRows(const Instruction& in) {
    Words words(in);
    const bool head =
        !words.accept({"sync"}).empty() && !words.accept({"aligned"}).empty() && !words.accept({"m8n8"}).empty();
    const std::string_view number = words.accept({"x1", "x2", "x4"});
    const uint32_t count = number.empty() ? 0 : static_cast<uint32_t>(number[1] - '0');
    const bool turned = !words.accept({"trans"}).empty();
    const bool shared = !words.accept({"shared", "shared::cta"}).empty();
    const Space space = shared ? Space::Shared : Space::Generic;
    const bool tail = !words.accept({"b16"}).empty() && words.atEnd();
    operandCount(in, 2, 2);
    const std::vector<Operand> operands = flatten(in.operands[0]);
    if (!head || !tail || count == 0 || operands.size() != count)
        fail(in, "no shape, or not its count of registers");
    const Base base = address(in, in.operands[1], space);
    std::vector<Slot> destinations;
    for (const Operand& operand : operands)
        destinations.push_back(destination(in, operand, {Kind::Bits, 32}));
    Op& op = emit(in, handlers::lanes, destinations, {base.slot});
    op.perform = handlers::performLoadRows;
    op.space = base.space;
    op.address = base.offset;
    op.offset = -1;
    op.target = turned;
}

} // namespace halyard::softcuda::ptx
