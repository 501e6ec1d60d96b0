#include "mutation.h"

#include <set>

namespace halyard::softcuda::ptx::test {
namespace {

const std::vector<std::string>& words() {
    static const std::vector<std::string> kWords = {"u8",
                                                    "u16",
                                                    "s16",
                                                    "b16",
                                                    "u32",
                                                    "s32",
                                                    "b32",
                                                    "u64",
                                                    "s64",
                                                    "b64",
                                                    "b128",
                                                    "f16",
                                                    "f16x2",
                                                    "bf16",
                                                    "f32",
                                                    "f64",
                                                    "pred",
                                                    "v2",
                                                    "v4",
                                                    "v8",
                                                    "global",
                                                    "shared",
                                                    "shared::cta",
                                                    "shared::cluster",
                                                    "local",
                                                    "const",
                                                    "param",
                                                    "param::entry",
                                                    "weak",
                                                    "volatile",
                                                    "relaxed",
                                                    "acquire",
                                                    "release",
                                                    "acq_rel",
                                                    "sc",
                                                    "mmio",
                                                    "cta",
                                                    "cluster",
                                                    "gpu",
                                                    "sys",
                                                    "gl",
                                                    "ca",
                                                    "cg",
                                                    "cs",
                                                    "lu",
                                                    "cv",
                                                    "wb",
                                                    "wt",
                                                    "nc",
                                                    "unified",
                                                    "noftz",
                                                    "L1::evict_last",
                                                    "L1::no_allocate",
                                                    "L1::evict_first",
                                                    "L2::cache_hint",
                                                    "L2::64B",
                                                    "L2::128B",
                                                    "L2::256B",
                                                    "L2::evict_last",
                                                    "L2",
                                                    "L1",
                                                    "add",
                                                    "min",
                                                    "max",
                                                    "and",
                                                    "or",
                                                    "xor",
                                                    "exch",
                                                    "cas",
                                                    "inc",
                                                    "dec",
                                                    "popc",
                                                    "sync",
                                                    "arrive",
                                                    "red",
                                                    "warp",
                                                    "aligned",
                                                    "to",
                                                    "uni",
                                                    "idx",
                                                    "async",
                                                    "commit_group",
                                                    "wait_group",
                                                    "wait_all",
                                                    "bulk",
                                                    "tensormap",
                                                    "x1",
                                                    "x2",
                                                    "x4",
                                                    "m8n8",
                                                    "trans",
                                                    "launch_dependents",
                                                    "wait",
                                                    "bogus"};
    return kWords;
}

const std::vector<std::string>& operands() {
    static const std::vector<std::string> kOperands = {"%p1",
                                                       "%h1",
                                                       "%r1",
                                                       "%d1",
                                                       "%f1",
                                                       "%e1",
                                                       "_",
                                                       "7",
                                                       "-1",
                                                       "0f3F800000",
                                                       "0d3FF0000000000000",
                                                       "[%d1]",
                                                       "[%r1]",
                                                       "[buffer]",
                                                       "[%d1+4]",
                                                       "{%r1, %r2}",
                                                       "{%d1, %d2}",
                                                       "{%r1, %r2, %r3, %r4}",
                                                       "%r1|%p1",
                                                       "buffer",
                                                       "%tid.x",
                                                       "%clock64",
                                                       "!%p1"};
    return kOperands;
}

struct Parts {
    std::string opcode;
    std::vector<std::string> modifiers, operands;

    std::string text() const {
        std::string out = opcode;
        for (const std::string& modifier : modifiers)
            out += "." + modifier;
        for (size_t i = 0; i < operands.size(); ++i)
            out += (i == 0 ? " " : ", ") + operands[i];
        return out + ";";
    }
};

// "ld.global.v2.u32 {%r1, %r2}, [%d1];"
Parts split(const std::string& instruction) {
    Parts parts;
    const size_t end = instruction.find_first_of(" ;");
    std::string head = instruction.substr(0, end);
    for (size_t dot = 0; dot != std::string::npos;) {
        const size_t next = head.find('.', dot);
        const std::string word = head.substr(dot, next == std::string::npos ? next : next - dot);
        if (dot == 0)
            parts.opcode = word;
        else
            parts.modifiers.push_back(word);
        dot = next == std::string::npos ? next : next + 1;
    }
    int depth = 0;
    std::string operand;
    for (size_t i = end; i < instruction.size(); ++i) {
        const char c = instruction[i];
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if ((c == ',' && depth == 0) || c == ';') {
            if (!operand.empty())
                parts.operands.push_back(operand);
            operand.clear();
        } else if (c != ' ' || depth != 0) {
            operand += c;
        }
    }
    return parts;
}

} // namespace

const std::vector<std::string>& goodInstructions() {
    static const std::vector<std::string> kGood = {
        "ld.global.u32 %r1, [%d1];",
        "ld.global.nc.v4.f32 {%f1, %f2, %f3, %f4}, [%d1];",
        "ld.relaxed.gpu.global.u64 %d2, [%d1];",
        "ld.acquire.sys.b32 %r1, [%d1];",
        "ld.volatile.shared.u16 %h1, [buffer];",
        "ld.weak.global.ca.s8 %r1, [%d1];",
        "ld.global.L1::evict_last.L2::128B.u32 %r1, [%d1];",
        "ld.global.L2::cache_hint.u32 %r1, [%d1], %d2;",
        "ld.local.f64 %e1, [stack];",
        "ld.const.u32 %r1, [%d1];",
        "ld.param.u64 %d1, [k_0];",
        "ldu.global.u32 %r1, [%d1];",
        "st.global.u32 [%d1], %r1;",
        "st.release.gpu.global.b64 [%d1], %d2;",
        "st.volatile.shared.v2.u32 [buffer], {%r1, %r2};",
        "st.weak.global.wt.u8 [%d1], %r1;",
        "st.relaxed.sys.f32 [%d1], %f1;",
        "atom.global.add.u32 %r1, [%d1], %r2;",
        "atom.acq_rel.gpu.global.cas.b64 %d2, [%d1], %d3, %d4;",
        "atom.relaxed.cta.shared.exch.b32 %r1, [buffer], %r2;",
        "atom.global.add.noftz.f16x2 %r1, [%d1], %r2;",
        "atom.add.f32 %f1, [%d1], %f2;",
        "red.release.sys.global.or.b32 [%d1], %r1;",
        "red.shared.max.s32 [buffer], %r1;",
        "cp.async.ca.shared.global [buffer], [%d1], 4;",
        "cp.async.cg.shared.global.L2::128B [buffer], [%d1], 16, %r1;",
        "cp.async.wait_group 1;",
        "cp.async.commit_group;",
        "ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r1, %r2}, [buffer];",
        "wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, [%d1], %r9;",
        "wmma.store.d.sync.aligned.col.m16n16k16.shared.f16 [buffer], {%r1, %r2, %r3, %r4}, %r9;",
        "bar.sync 0;",
        "bar.red.popc.u32 %r1, 0, %p1;",
        "bar.warp.sync %r1;",
        "barrier.sync.aligned 1, 64;",
        "barrier.cta.red.and.pred %p1, 0, %p2;",
        "bar.arrive 0, 64;",
        "fence.acq_rel.gpu;",
        "fence.sc.sys;",
        "membar.gl;",
        "elect.sync %r1|%p1, %r2;",
        "activemask.b32 %r1;",
        "nanosleep.u32 %r1;",
        "prefetch.global.L2 [%d1];",
        "prefetch.global.L2::evict_last [%d1];",
        "prefetchu.L1 [%d1];",
        "discard.global.L2 [%d1], 128;",
        "applypriority.global.L2::evict_normal [%d1], 128;",
        "griddepcontrol.wait;",
        "griddepcontrol.launch_dependents;",
        "pmevent 3;",
        "brkpt;",
        "trap;",
        "exit;",
        "ret.uni;",
        "mov.b32 %r1, {%h1, %h2};",
        "mov.b64 {%r1, %r2}, %d1;",
        "mov.u64 %d1, buffer;",
        "mov.u32 %r1, %tid.x;",
        "mov.pred %p1, %p2;",
        "cvta.to.global.u64 %d1, %d2;",
        "cvta.shared.u64 %d1, %d2;",
        "isspacep.shared %p1, %d1;",
    };
    return kGood;
}

std::vector<std::string> variantsOf(const std::string& instruction) {
    const Parts good = split(instruction);
    std::set<std::string> out{good.text()};
    for (size_t i = 0; i <= good.modifiers.size(); ++i) {
        for (const std::string& word : words()) {
            Parts more = good;
            more.modifiers.insert(more.modifiers.begin() + static_cast<std::ptrdiff_t>(i), word);
            out.insert(more.text());
            if (i < good.modifiers.size()) {
                Parts other = good;
                other.modifiers[i] = word;
                out.insert(other.text());
            }
        }
        if (i == good.modifiers.size())
            break;
        Parts less = good, swapped = good;
        less.modifiers.erase(less.modifiers.begin() + static_cast<std::ptrdiff_t>(i));
        out.insert(less.text());
        if (i + 1 < good.modifiers.size())
            std::swap(swapped.modifiers[i], swapped.modifiers[i + 1]);
        out.insert(swapped.text());
    }
    for (size_t i = 0; i <= good.operands.size(); ++i) {
        for (const std::string& word : operands()) {
            Parts more = good;
            more.operands.insert(more.operands.begin() + static_cast<std::ptrdiff_t>(i), word);
            out.insert(more.text());
            if (i < good.operands.size()) {
                Parts other = good;
                other.operands[i] = word;
                out.insert(other.text());
            }
        }
        if (i == good.operands.size())
            break;
        Parts less = good;
        less.operands.erase(less.operands.begin() + static_cast<std::ptrdiff_t>(i));
        out.insert(less.text());
    }
    return {out.begin(), out.end()};
}

} // namespace halyard::softcuda::ptx::test
