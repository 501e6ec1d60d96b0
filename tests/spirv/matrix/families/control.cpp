// Control flow: every shape of selections, loops, switches, calls and phis, structured and not. Each shape computes an
// integer from two, on the device and in C++.
#include "matrix/families.h"

namespace halyard::spirvtest {

namespace {

// Writes one shape. Values of `x` and `y` are u32.
class Writer {
public:
    Writer(Module& module, Id x, Id y) : m(module), x(x), y(y), u32(module.intType(32)), truth(module.boolType()) {}

    Id number(uint32_t value) { return m.u32(value); }
    Id binary(Op op, Id a, Id b) { return m.value(op, u32, {a, b}); }
    Id compare(Op op, Id a, Id b) { return m.value(op, truth, {a, b}); }
    Id odd(Id value) { return compare(Op::INotEqual, binary(Op::BitwiseAnd, value, number(1)), number(0)); }
    Id below(Id value, uint32_t limit) { return compare(Op::ULessThan, value, number(limit)); }
    Id newLabel() { return m.newId(); }
    void jump(Id label) { m.op(Op::Branch, {label}); }
    void branch(Id condition, Id yes, Id no) { m.op(Op::BranchConditional, {condition, yes, no}); }
    // Merge instructions are of shaders; kernels may have them and need not.
    void selectionMerge(Id label) {
        if (structured()) {
            m.op(Op::SelectionMerge, {label, 0});
        }
    }
    void loopMerge(Id merge, Id next) {
        if (structured()) {
            m.op(Op::LoopMerge, {merge, next, 0});
        }
    }
    void label(Id id) { m.label(id); }
    Id phi(const Words& pairs) { return m.value(Op::Phi, u32, pairs); }
    Id variable(Id initial) {
        const Id id = m.localVariable(u32);
        m.op(Op::Store, {id, initial});
        return id;
    }
    Id load(Id pointer) { return m.value(Op::Load, u32, {pointer}); }
    void store(Id pointer, Id value) { m.op(Op::Store, {pointer, value}); }
    void addTo(Id pointer, Id value) { store(pointer, binary(Op::IAdd, load(pointer), value)); }
    bool structured() const { return m.flavour() == Flavour::GLCompute; }

    Module& m;
    Id x, y, u32, truth;
};

struct Shape {
    const char* instruction;
    const char* name;
    bool kernelOnly; // it has no structured form
    Id (*write)(Writer&);
    uint32_t (*host)(uint32_t x, uint32_t y);
};

// if (odd(x)) r = x + 1; else r = y * 3;
Id ifElse(Writer& w) {
    const Id yes = w.newLabel(), no = w.newLabel(), end = w.newLabel();
    const Id condition = w.odd(w.x);
    w.selectionMerge(end);
    w.branch(condition, yes, no);
    w.label(yes);
    const Id a = w.binary(Op::IAdd, w.x, w.number(1));
    w.jump(end);
    w.label(no);
    const Id b = w.binary(Op::IMul, w.y, w.number(3));
    w.jump(end);
    w.label(end);
    return w.phi({a, yes, b, no});
}

// Two phis that exchange their values at each turn: both are read before either is written.
Id swapping(Writer& w) {
    const Id entry = w.m.block(), head = w.newLabel(), body = w.newLabel(), next = w.newLabel(), end = w.newLabel();
    const Id a = w.m.newId(), b = w.m.newId(), i = w.m.newId(), step = w.m.newId();
    const Id turns = w.binary(Op::BitwiseAnd, w.y, w.number(7));
    w.jump(head);
    w.label(head);
    w.m.op(Op::Phi, {w.u32, a, w.x, entry, b, next});
    w.m.op(Op::Phi, {w.u32, b, w.y, entry, a, next});
    w.m.op(Op::Phi, {w.u32, i, w.number(0), entry, step, next});
    const Id more = w.compare(Op::ULessThan, i, turns);
    w.loopMerge(end, next);
    w.branch(more, body, end);
    w.label(body);
    w.jump(next);
    w.label(next);
    w.m.op(Op::IAdd, {w.u32, step, i, w.number(1)});
    w.jump(head);
    w.label(end);
    return w.binary(Op::ISub, a, b);
}

// for (i = 0; i < 20; ++i) { if (i == (x & 15)) continue; if (i == (y & 31)) break; sum += i; }
Id breakContinue(Writer& w) {
    const Id sum = w.variable(w.number(0)), i = w.variable(w.number(0));
    const Id head = w.newLabel(), test = w.newLabel(), body = w.newLabel(), second = w.newLabel(), add = w.newLabel(),
             next = w.newLabel(), end = w.newLabel(), inner = w.newLabel();
    const Id skip = w.binary(Op::BitwiseAnd, w.x, w.number(15)), stop = w.binary(Op::BitwiseAnd, w.y, w.number(31));
    w.jump(head);
    w.label(head);
    w.loopMerge(end, next);
    w.jump(test);
    w.label(test);
    w.branch(w.below(w.load(i), 20), body, end);
    w.label(body);
    const Id skips = w.compare(Op::IEqual, w.load(i), skip);
    w.selectionMerge(second);
    w.branch(skips, inner, second);
    w.label(inner);
    w.jump(next);
    w.label(second);
    const Id stops = w.compare(Op::IEqual, w.load(i), stop);
    w.selectionMerge(add);
    w.branch(stops, end, add);
    w.label(add);
    w.addTo(sum, w.load(i));
    w.jump(next);
    w.label(next);
    w.addTo(i, w.number(1));
    w.jump(head);
    w.label(end);
    return w.load(sum);
}
uint32_t breakContinueHost(uint32_t x, uint32_t y) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 20; ++i) {
        if (i == (x & 15)) {
            continue;
        }
        if (i == (y & 31)) {
            break;
        }
        sum += i;
    }
    return sum;
}

// do { r = r * 3 + 1; } while (++i < (x & 7));
Id doWhile(Writer& w) {
    const Id r = w.variable(w.y), i = w.variable(w.number(0));
    const Id head = w.newLabel(), body = w.newLabel(), next = w.newLabel(), end = w.newLabel();
    const Id limit = w.binary(Op::BitwiseAnd, w.x, w.number(7));
    w.jump(head);
    w.label(head);
    w.loopMerge(end, next);
    w.jump(body);
    w.label(body);
    w.store(r, w.binary(Op::IAdd, w.binary(Op::IMul, w.load(r), w.number(3)), w.number(1)));
    w.jump(next);
    w.label(next);
    w.addTo(i, w.number(1));
    w.branch(w.compare(Op::ULessThan, w.load(i), limit), head, end);
    w.label(end);
    return w.load(r);
}
uint32_t doWhileHost(uint32_t x, uint32_t y) {
    uint32_t r = y, i = 0;
    do {
        r = r * 3 + 1;
    } while (++i < (x & 7));
    return r;
}

// A loop in a loop, whose bounds differ from invocation to invocation.
Id nested(Writer& w) {
    const Id sum = w.variable(w.number(1)), i = w.variable(w.number(0)), j = w.variable(w.number(0));
    const Id head = w.newLabel(), test = w.newLabel(), before = w.newLabel(), inHead = w.newLabel(),
             inTest = w.newLabel(), inBody = w.newLabel(), inNext = w.newLabel(), inEnd = w.newLabel(),
             next = w.newLabel(), end = w.newLabel();
    const Id outer = w.binary(Op::BitwiseAnd, w.x, w.number(3)), inner = w.binary(Op::BitwiseAnd, w.y, w.number(3));
    w.jump(head);
    w.label(head);
    w.loopMerge(end, next);
    w.jump(test);
    w.label(test);
    w.branch(w.compare(Op::ULessThan, w.load(i), outer), before, end);
    w.label(before);
    w.store(j, w.number(0));
    w.jump(inHead);
    w.label(inHead);
    w.loopMerge(inEnd, inNext);
    w.jump(inTest);
    w.label(inTest);
    w.branch(w.compare(Op::ULessThanEqual, w.load(j), inner), inBody, inEnd);
    w.label(inBody);
    w.store(sum, w.binary(Op::IAdd, w.binary(Op::IMul, w.load(sum), w.number(5)), w.load(j)));
    w.jump(inNext);
    w.label(inNext);
    w.addTo(j, w.number(1));
    w.jump(inHead);
    w.label(inEnd);
    w.jump(next);
    w.label(next);
    w.addTo(i, w.number(1));
    w.jump(head);
    w.label(end);
    return w.load(sum);
}
uint32_t nestedHost(uint32_t x, uint32_t y) {
    uint32_t sum = 1;
    for (uint32_t i = 0; i < (x & 3); ++i) {
        for (uint32_t j = 0; j <= (y & 3); ++j) {
            sum = sum * 5 + j;
        }
    }
    return sum;
}

// switch (x & 7) { case 1: r += 10; (falls) case 2: r += 20; break; case 3: case 4: r += 30; break; default: r += 40; }
Id fallThrough(Writer& w) {
    const Id r = w.variable(w.y);
    const Id one = w.newLabel(), two = w.newLabel(), three = w.newLabel(), other = w.newLabel(), end = w.newLabel();
    const Id selector = w.binary(Op::BitwiseAnd, w.x, w.number(7));
    w.selectionMerge(end);
    w.m.op(Op::Switch, {selector, other, 1, one, 2, two, 3, three, 4, three});
    w.label(one);
    w.addTo(r, w.number(10));
    w.jump(two);
    w.label(two);
    w.addTo(r, w.number(20));
    w.jump(end);
    w.label(three);
    w.addTo(r, w.number(30));
    w.jump(end);
    w.label(other);
    w.addTo(r, w.number(40));
    w.jump(end);
    w.label(end);
    return w.load(r);
}
uint32_t fallThroughHost(uint32_t x, uint32_t y) {
    const uint32_t s = x & 7;
    return y + (s == 1 ? 30 : s == 2 ? 20 : s == 3 || s == 4 ? 30 : 40);
}

// A selector of 64 bits, whose cases differ in the upper half alone.
Id wideSwitch(Writer& w) {
    const Id u64 = w.m.intType(64);
    const Id high = w.m.value(Op::UConvert, u64, {w.binary(Op::BitwiseAnd, w.x, w.number(3))});
    const Id selector = w.m.value(Op::BitwiseOr, u64,
                                  {w.m.value(Op::ShiftLeftLogical, u64, {high, w.number(32)}), w.m.constant(u64, 5)});
    const Id a = w.newLabel(), b = w.newLabel(), other = w.newLabel(), end = w.newLabel();
    w.selectionMerge(end);
    w.m.op(Op::Switch, {selector, other, 5, 1, a, 5, 2, b});
    w.label(a);
    w.jump(end);
    w.label(b);
    w.jump(end);
    w.label(other);
    w.jump(end);
    w.label(end);
    return w.phi({w.number(100), a, w.number(200), b, w.y, other});
}
uint32_t wideSwitchHost(uint32_t x, uint32_t y) {
    return (x & 3) == 1 ? 100 : (x & 3) == 2 ? 200 : y;
}

// A selector of 16 bits with a negative case, as its literal's sign extension has it.
Id narrowSwitch(Writer& w) {
    const Id i16 = w.m.intType(16);
    const Id low =
        w.m.value(Op::UConvert, i16, {w.binary(Op::ISub, w.binary(Op::BitwiseAnd, w.x, w.number(3)), w.number(1))});
    const Id a = w.newLabel(), other = w.newLabel(), end = w.newLabel();
    w.selectionMerge(end);
    w.m.op(Op::Switch, {low, other, 0xffff, a});
    w.label(a);
    w.jump(end);
    w.label(other);
    w.jump(end);
    w.label(end);
    return w.phi({w.number(7), a, w.y, other});
}
uint32_t narrowSwitchHost(uint32_t x, uint32_t y) {
    return (x & 3) == 0 ? 7 : y;
}

// A switch in a loop: one case continues it, one leaves it.
Id switchInLoop(Writer& w) {
    const Id r = w.variable(w.number(0)), i = w.variable(w.number(0));
    const Id head = w.newLabel(), test = w.newLabel(), body = w.newLabel(), skip = w.newLabel(), add = w.newLabel(),
             other = w.newLabel(), merge = w.newLabel(), next = w.newLabel(), end = w.newLabel();
    w.jump(head);
    w.label(head);
    w.loopMerge(end, next);
    w.jump(test);
    w.label(test);
    w.branch(w.below(w.load(i), 9), body, end);
    w.label(body);
    const Id selector = w.binary(Op::BitwiseAnd, w.binary(Op::IAdd, w.x, w.load(i)), w.number(3));
    w.selectionMerge(merge);
    w.m.op(Op::Switch, {selector, other, 0, skip, 1, add});
    w.label(skip);
    w.jump(next);
    w.label(add);
    w.addTo(r, w.y);
    w.jump(merge);
    w.label(other);
    w.addTo(r, w.number(3));
    w.jump(merge);
    w.label(merge);
    w.store(r, w.binary(Op::BitwiseXor, w.load(r), w.load(i)));
    w.jump(next);
    w.label(next);
    w.addTo(i, w.number(1));
    w.jump(head);
    w.label(end);
    return w.load(r);
}
uint32_t switchInLoopHost(uint32_t x, uint32_t y) {
    uint32_t r = 0;
    for (uint32_t i = 0; i < 9; ++i) {
        const uint32_t s = (x + i) & 3;
        if (s == 0) {
            continue;
        }
        r += s == 1 ? y : 3;
        r ^= i;
    }
    return r;
}

// A chain of conditions with phis of phis.
Id phiChain(Writer& w) {
    const Id a = ifElse(w);
    const Id yes = w.newLabel(), end = w.newLabel(), before = w.m.block();
    const Id condition = w.odd(a);
    w.selectionMerge(end);
    w.branch(condition, yes, end);
    w.label(yes);
    const Id b = w.binary(Op::IAdd, a, w.y);
    w.jump(end);
    w.label(end);
    return w.phi({a, before, b, yes});
}
uint32_t phiChainHost(uint32_t x, uint32_t y) {
    const uint32_t a = (x & 1) != 0 ? x + 1 : y * 3;
    return (a & 1) != 0 ? a + y : a;
}

// A branch on a constant, and a block that nothing reaches.
Id constantBranch(Writer& w) {
    const Id yes = w.newLabel(), no = w.newLabel(), end = w.newLabel();
    w.selectionMerge(end);
    w.branch(w.m.boolean(true), yes, no);
    w.label(yes);
    w.jump(end);
    w.label(no);
    w.m.op(Op::Unreachable, {});
    w.label(end);
    return w.phi({w.x, yes});
}

// Both sides of a branch are one block.
Id sameTarget(Writer& w) {
    const Id end = w.newLabel();
    const Id condition = w.odd(w.x);
    w.branch(condition, end, end);
    w.label(end);
    return w.binary(Op::IAdd, w.x, w.y);
}

// Two conditions that jump into one another's arms: if (odd x) goto A; else goto B; A: r += 1; if (odd y) goto B; goto
// end; ...
Id crossed(Writer& w) {
    const Id r = w.variable(w.number(0));
    const Id a = w.newLabel(), b = w.newLabel(), end = w.newLabel();
    w.branch(w.odd(w.x), a, b);
    w.label(a);
    w.addTo(r, w.number(1));
    w.branch(w.odd(w.y), b, end);
    w.label(b);
    w.addTo(r, w.number(10));
    w.jump(end);
    w.label(end);
    return w.load(r);
}
uint32_t crossedHost(uint32_t x, uint32_t y) {
    return (x & 1) == 0 ? 10 : (y & 1) != 0 ? 11 : 1;
}

// A loop with two entries: irreducible.
Id irreducible(Writer& w) {
    const Id r = w.variable(w.number(0)), i = w.variable(w.number(0));
    const Id a = w.newLabel(), b = w.newLabel(), end = w.newLabel();
    w.branch(w.odd(w.x), a, b);
    w.label(a);
    w.addTo(r, w.number(3));
    w.addTo(i, w.number(1));
    w.branch(w.below(w.load(i), 8), b, end);
    w.label(b);
    w.store(r, w.binary(Op::IMul, w.binary(Op::IAdd, w.load(r), w.number(1)), w.number(2)));
    w.addTo(i, w.number(2));
    w.branch(w.compare(Op::ULessThan, w.load(i), w.binary(Op::BitwiseAnd, w.y, w.number(15))), a, end);
    w.label(end);
    return w.load(r);
}
uint32_t irreducibleHost(uint32_t x, uint32_t y) {
    uint32_t r = 0, i = 0;
    bool inA = (x & 1) != 0;
    for (;;) {
        if (inA) {
            r += 3;
            i += 1;
            if (i >= 8) {
                return r;
            }
        } else {
            r = (r + 1) * 2;
            i += 2;
            if (i >= (y & 15)) {
                return r;
            }
        }
        inA = !inA;
    }
}

// Two loops that share a head, and an exit from the inner one past the outer.
Id sharedHead(Writer& w) {
    const Id r = w.variable(w.y), i = w.variable(w.number(0));
    const Id head = w.newLabel(), one = w.newLabel(), two = w.newLabel(), end = w.newLabel();
    w.jump(head);
    w.label(head);
    w.addTo(i, w.number(1));
    w.branch(w.odd(w.binary(Op::IAdd, w.load(i), w.x)), one, two);
    w.label(one);
    w.addTo(r, w.load(i));
    w.branch(w.below(w.load(i), 7), head, end);
    w.label(two);
    w.store(r, w.binary(Op::BitwiseXor, w.load(r), w.number(0x55)));
    w.branch(w.below(w.load(i), 12), head, end);
    w.label(end);
    return w.load(r);
}
uint32_t sharedHeadHost(uint32_t x, uint32_t y) {
    uint32_t r = y, i = 0;
    for (;;) {
        ++i;
        if (((i + x) & 1) != 0) {
            r += i;
            if (i >= 7) {
                return r;
            }
        } else {
            r ^= 0x55;
            if (i >= 12) {
                return r;
            }
        }
    }
}

const Shape kShapes[] = {
    {"OpBranchConditional", "if else", false, ifElse,
     [](uint32_t x, uint32_t y) { return (x & 1) != 0 ? x + 1 : y * 3; }},
    {"OpPhi", "exchange", false, swapping, [](uint32_t x, uint32_t y) { return (y & 1) != 0 ? y - x : x - y; }},
    {"OpPhi", "chain", false, phiChain, phiChainHost},
    {"OpLoopMerge", "break and continue", false, breakContinue, breakContinueHost},
    {"OpLoopMerge", "do while", false, doWhile, doWhileHost},
    {"OpLoopMerge", "nested", false, nested, nestedHost},
    {"OpSwitch", "fall through", false, fallThrough, fallThroughHost},
    {"OpSwitch", "64 bits", false, wideSwitch, wideSwitchHost},
    {"OpSwitch", "16 bits", false, narrowSwitch, narrowSwitchHost},
    {"OpSwitch", "in a loop", false, switchInLoop, switchInLoopHost},
    {"OpUnreachable", "constant branch", false, constantBranch, [](uint32_t x, uint32_t) { return x; }},
    {"OpBranchConditional", "one target", true, sameTarget, [](uint32_t x, uint32_t y) { return x + y; }},
    {"OpBranch", "crossed", true, crossed, crossedHost},
    {"OpBranch", "irreducible", true, irreducible, irreducibleHost},
    {"OpBranch", "shared head", true, sharedHead, sharedHeadHost},
};

Case shapeCase(const Shape& shape, Flavour flavour) {
    const Type number{Scalar::I32};
    Case item = opCase(Op::Branch, flavour, {number, number}, number, [host = shape.host](const uint64_t* v) {
        return uint64_t(host(static_cast<uint32_t>(v[0]), static_cast<uint32_t>(v[1])));
    });
    item.op = Op::Nop;
    item.name = std::string("control:") + shape.name + "/" + flavourName(flavour);
    item.instruction = shape.instruction;
    item.emit = [write = shape.write](Module& m, Kernel&, const Ids& ids) {
        Writer w(m, ids[0], ids[1]);
        return write(w);
    };
    item.weight = 12;
    return item;
}

// Calls. The module writes one function at a time, so the functions come from `Case::functions`, before the kernel.
struct CallShape {
    const char* name;
    Ids (*write)(Module&); // the functions' ids
    Id (*call)(Writer&, const Ids& functions);
    uint32_t (*host)(uint32_t x, uint32_t y);
};

// u32 f(u32 x, u32 y) { if (odd(x)) return y; loop { if (i > 5) return i + x; i += 2; } }
Ids earlyReturn(Module& m) {
    const Id u32 = m.intType(32), truth = m.boolType();
    const Id function = m.beginFunction(u32, {u32, u32});
    const Id x = m.parameters()[0], y = m.parameters()[1];
    const Id yes = m.newId(), rest = m.newId(), head = m.newId(), body = m.newId(), done = m.newId(), next = m.newId(),
             end = m.newId(), step = m.newId(), more = m.newId();
    const Id odd = m.value(Op::INotEqual, truth, {m.value(Op::BitwiseAnd, u32, {x, m.u32(1)}), m.u32(0)});
    m.op(Op::SelectionMerge, {rest, 0});
    m.op(Op::BranchConditional, {odd, yes, rest});
    m.label(yes);
    m.op(Op::ReturnValue, {y});
    m.label(rest);
    m.op(Op::Branch, {head});
    m.label(head);
    const Id i = m.value(Op::Phi, u32, {m.u32(0), rest, step, next});
    m.op(Op::LoopMerge, {end, next, 0});
    m.op(Op::Branch, {body});
    m.label(body);
    const Id late = m.value(Op::UGreaterThan, truth, {i, m.u32(5)});
    m.op(Op::SelectionMerge, {more, 0});
    m.op(Op::BranchConditional, {late, done, more});
    m.label(done);
    m.op(Op::ReturnValue, {m.value(Op::IAdd, u32, {i, x})});
    m.label(more);
    m.op(Op::Branch, {next});
    m.label(next);
    m.op(Op::IAdd, {u32, step, i, m.u32(2)});
    m.op(Op::Branch, {head});
    m.label(end);
    m.op(Op::Unreachable, {});
    m.endFunction();
    return {function};
}

// void f(u32* p, u32 v) { *p = *p * 2 + v; }, and a second one that calls it twice.
Ids byReference(Module& m) {
    const Id u32 = m.intType(32), pointer = m.pointerType(Storage::Function, u32), none = m.voidType();
    const Id leaf = m.beginFunction(none, {pointer, u32});
    Id p = m.parameters()[0], v = m.parameters()[1];
    const Id twice = m.value(Op::IMul, u32, {m.value(Op::Load, u32, {p}), m.u32(2)});
    m.op(Op::Store, {p, m.value(Op::IAdd, u32, {twice, v})});
    m.op(Op::Return, {});
    m.endFunction();
    const Id middle = m.beginFunction(none, {pointer, u32});
    p = m.parameters()[0];
    v = m.parameters()[1];
    m.value(Op::FunctionCall, none, {leaf, p, v});
    m.value(Op::FunctionCall, none, {leaf, p, m.u32(9)});
    m.op(Op::Return, {});
    m.endFunction();
    return {middle};
}

// struct { u32; u32[2] } f(u32 x, u32 y): an aggregate by value, both ways.
Ids aggregate(Module& m) {
    const Id u32 = m.intType(32), array = m.arrayType(u32, 2), type = m.structType({u32, array});
    const Id make = m.beginFunction(type, {u32, u32});
    Id x = m.parameters()[0], y = m.parameters()[1];
    const Id pair = m.value(Op::CompositeConstruct, array, {y, x});
    m.op(Op::ReturnValue, {m.value(Op::CompositeConstruct, type, {x, pair})});
    m.endFunction();
    const Id use = m.beginFunction(u32, {type});
    const Id first = m.value(Op::CompositeExtract, u32, {m.parameters()[0], 0});
    const Id second = m.value(Op::CompositeExtract, u32, {m.parameters()[0], 1, 0});
    m.op(Op::ReturnValue, {m.value(Op::ISub, u32, {first, second})});
    m.endFunction();
    const Id both = m.beginFunction(u32, {u32, u32});
    x = m.parameters()[0];
    y = m.parameters()[1];
    const Id made = m.value(Op::FunctionCall, type, {make, x, y});
    m.op(Op::ReturnValue, {m.value(Op::FunctionCall, u32, {use, made})});
    m.endFunction();
    return {both};
}

const CallShape kCalls[] = {
    {"early return", earlyReturn,
     [](Writer& w, const Ids& f) {
         return w.m.value(Op::FunctionCall, w.u32, {f[0], w.x, w.y});
     },
     [](uint32_t x, uint32_t y) { return (x & 1) != 0 ? y : x + 6; }},
    {"by reference", byReference,
     [](Writer& w, const Ids& f) {
         const Id variable = w.variable(w.x);
         w.m.value(Op::FunctionCall, w.m.voidType(), {f[0], variable, w.y});
         return w.load(variable);
     },
     [](uint32_t x, uint32_t y) { return (x * 2 + y) * 2 + 9; }},
    {"aggregates", aggregate,
     [](Writer& w, const Ids& f) {
         return w.m.value(Op::FunctionCall, w.u32, {f[0], w.x, w.y});
     },
     [](uint32_t x, uint32_t y) { return x - y; }},
};

Case callCase(const CallShape& shape, Flavour flavour) {
    const Type number{Scalar::I32};
    Case item = opCase(Op::FunctionCall, flavour, {number, number}, number, [host = shape.host](const uint64_t* v) {
        return uint64_t(host(static_cast<uint32_t>(v[0]), static_cast<uint32_t>(v[1])));
    });
    item.op = Op::Nop;
    item.name = std::string("control:call ") + shape.name + "/" + flavourName(flavour);
    item.functions = shape.write;
    item.emitWith = [call = shape.call](Module& m, Kernel&, const Ids& ids, const Ids& functions) {
        Writer w(m, ids[0], ids[1]);
        return call(w, functions);
    };
    item.weight = 12;
    return item;
}

} // namespace

Cases controlCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (const Shape& shape : kShapes) {
            if (!shape.kernelOnly || flavour == Flavour::Kernel) {
                cases.push_back(shapeCase(shape, flavour));
            }
        }
        for (const CallShape& shape : kCalls) {
            cases.push_back(callCase(shape, flavour));
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
