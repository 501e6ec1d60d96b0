// The frame of a test kernel in either flavour: buffers of one element type each, ids of the invocation, loads and
// stores. What lies between is written with the Module itself.
//
//     Module module(flavour);
//     const Id f32 = module.floatType(32);
//     Kernel kernel(module, "twice", {f32, f32});
//     const Id i = kernel.globalId();
//     const Id x = kernel.load(0, i);
//     kernel.store(1, i, module.value(Op::FAdd, f32, {x, x}));
//     kernel.finish();
//
// As arguments of a launch the buffers come first, in order (kernel parameters, or bindings 0, 1, ... of set 0), then
// `extra` parameters (Kernel flavour).
#pragma once

#include "builder/module.h"

#include <array>

namespace halyard::spirvtest {

// Bytes from one element of an array of this type to the next in host memory, the same in both flavours: a vector of
// three takes the room of four; a matrix is its columns one after the other. For integers, floating-point numbers,
// vectors, matrices and arrays of them.
uint32_t storageBytes(const Module& module, Id type);

// A GLCompute buffer at (set, binding): a Block of one runtime array of `element`. The variable's id. storage:
// StorageBuffer, or Uniform for a uniform buffer, which then has `uniformCount` elements in a sized array.
Id bufferVariable(Module& module, Id element, uint32_t set, uint32_t binding, Storage storage = Storage::StorageBuffer,
                  uint32_t uniformCount = 0);

class Kernel {
public:
    using Size = std::array<uint32_t, 3>;

    // Opens a function called `name`. elements: types as storageBytes takes them; not booleans, which have no size.
    // localSize: the required workgroup size; GLCompute needs one, and Kernel takes {0, 0, 0} for any. extra: types of
    // further parameters, Kernel flavour only.
    Kernel(Module& module, std::string name, const Ids& elements, Size localSize, const Ids& extra = {});
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // What element numbers and ids are counted in: u64 in Kernel modules, u32 in GLCompute.
    Id indexType() const { return index_; }
    Id indexConstant(uint64_t value) { return module_.constant(index_, value); }
    // The global id, local id or workgroup id of this invocation, loaded anew at each call.
    Id globalId(uint32_t dimension = 0) { return component(BuiltIn::GlobalInvocationId, dimension); }
    Id localId(uint32_t dimension = 0) { return component(BuiltIn::LocalInvocationId, dimension); }
    Id workgroupId(uint32_t dimension = 0) { return component(BuiltIn::WorkgroupId, dimension); }
    // One component of a builtin that is a vector of three, in indexType().
    Id component(BuiltIn which, uint32_t dimension);
    // A builtin that is a u32 in both flavours, such as SubgroupSize.
    Id scalar(BuiltIn which);

    // The buffer's own id: the pointer parameter, or the variable.
    Id buffer(uint32_t number) const { return buffers_.at(number); }
    Id elementType(uint32_t number) const { return elements_.at(number); }
    // The storage class of element pointers: CrossWorkgroup or StorageBuffer.
    Storage bufferStorage() const;
    Id pointer(uint32_t number, Id index);
    Id load(uint32_t number, Id index);
    void store(uint32_t number, Id index, Id value);
    Id extra(uint32_t number) const { return extra_.at(number); }

    // The function, for decorations and execution modes.
    Id function() const { return function_; }
    // Ends the block with a return, and the function; makes it an entry point. The function's id.
    Id finish();

private:
    Module& module_;
    std::string name_;
    Ids elements_;
    Ids buffers_;
    Ids extra_;
    Size localSize_;
    Id index_ = 0;
    Id function_ = 0;
};

} // namespace halyard::spirvtest
