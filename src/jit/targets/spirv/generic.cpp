// Accesses through generic pointers: one function of the module for each kind, which looks at the pointer's tag.
#include "jit/targets/spirv/emitter.h"

#include <fmt/format.h>

namespace halyard::jit::spirv {

using ::spv::Op;

Id Emitter::genericFunction(bool isStore, uint32_t bits, uint32_t alignment) {
    const auto [at, added] =
        helpers_.try_emplace(fmt::format("{}{}.{}", isStore ? "store" : "load", bits, alignment), 0);
    if (!added) {
        return at->second;
    }
    const Id function = module_.newId();
    at->second = function;
    Words outer = std::move(code_);
    code_.clear();
    const Id value = module_.intType(bits);
    const Id result = isStore ? module_.voidType() : value;
    const Id type =
        isStore ? module_.functionType({result, uint64Type(), value}) : module_.functionType({result, uint64Type()});
    emitVoid(Op::OpFunction, {result, function, static_cast<uint32_t>(::spv::FunctionControlMask::MaskNone), type});
    const Id pointer = emit(Op::OpFunctionParameter, uint64Type(), {});
    const Id stored = isStore ? emit(Op::OpFunctionParameter, value, {}) : 0;
    const Id start = newLabel();
    const Id global = newLabel();
    const Id workgroup = newLabel();
    const Id own = newLabel();
    const Id merge = newLabel();
    label(start);
    const Id tag = resizeInteger(emit(Op::OpShiftRightLogical, uint64Type(), {pointer, u64(62)}), 64, 32, false);
    emitVoid(Op::OpSelectionMerge, {merge, 0});
    emitVoid(Op::OpSwitch, {tag, global, 1, workgroup, 2, own});
    Words loaded;
    const auto arm = [&](Id begin, Space space, bool exists) {
        label(begin);
        const Id place = fromGeneric(pointer, space);
        if (!exists) { // there is no such memory in this kernel, so there is no such pointer
            loaded.insert(loaded.end(), {module_.constant(bits, 0), begin});
        } else if (isStore) {
            space == Space::Global ? storeGlobal(place, stored, bits, 1, alignment, false)
                                   : storeArena(space, place, stored, bits);
        } else {
            loaded.push_back(space == Space::Global ? loadGlobal(place, bits, 1, alignment, false)
                                                    : loadArena(space, place, bits));
            loaded.push_back(begin);
        }
        branch(merge);
    };
    arm(global, Space::Global, true);
    arm(workgroup, Space::Workgroup, workgroupArena_ != 0);
    arm(own, Space::Private, privateArena_ != 0);
    label(merge);
    if (isStore) {
        emitVoid(Op::OpReturn, {});
    } else {
        emitVoid(Op::OpReturnValue, {emit(Op::OpPhi, value, loaded)});
    }
    emitVoid(Op::OpFunctionEnd, {});
    module_.function(std::move(code_));
    code_ = std::move(outer);
    return function;
}

} // namespace halyard::jit::spirv
