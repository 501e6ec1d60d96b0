#include "builder/kernel.h"

#include <cstddef>
#include <utility>

namespace halyard::spirvtest {

namespace {

// The component type that decides what storage capability a buffer needs.
const TypeInfo& leaf(const Module& module, Id type) {
    const TypeInfo* about = &module.info(type);
    while (about->element != 0) {
        about = &module.info(about->element);
    }
    return *about;
}

} // namespace

uint32_t storageBytes(const Module& module, Id type) {
    const TypeInfo& about = module.info(type);
    if (about.op == Op::TypeVector) {
        return storageBytes(module, about.element) * (about.count == 3 ? 4 : about.count);
    }
    if (about.op == Op::TypePointer) {
        return 8;
    }
    if (about.element != 0) {
        return storageBytes(module, about.element) * about.count;
    }
    return about.bits / 8;
}

Id bufferVariable(Module& module, Id element, uint32_t set, uint32_t binding, Storage storage, uint32_t uniformCount) {
    const TypeInfo component = leaf(module, element);
    const bool uniform = storage == Storage::Uniform;
    if (component.bits == 8) {
        module.capability(uniform ? Capability::UniformAndStorageBuffer8BitAccess
                                  : Capability::StorageBuffer8BitAccess);
    } else if (component.bits == 16) {
        module.capability(uniform ? Capability::UniformAndStorageBuffer16BitAccess
                                  : Capability::StorageBuffer16BitAccess);
    }
    const uint32_t stride = storageBytes(module, element);
    const Id array =
        uniform ? module.arrayType(element, uniformCount, stride) : module.runtimeArrayType(element, stride);
    const Id block = module.structType({array});
    module.decorate(block, Decoration::Block);
    module.memberDecorate(block, 0, Decoration::Offset, {0});
    Id inner = element;
    while (module.info(inner).op == Op::TypeArray) {
        inner = module.info(inner).element;
    }
    if (module.info(inner).op == Op::TypeMatrix) {
        module.memberDecorate(block, 0, Decoration::ColMajor);
        module.memberDecorate(block, 0, Decoration::MatrixStride, {storageBytes(module, module.info(inner).element)});
    }
    const Id variable = module.globalVariable(module.pointerType(storage, block));
    module.decorate(variable, Decoration::DescriptorSet, {set});
    module.decorate(variable, Decoration::Binding, {binding});
    return variable;
}

Kernel::Kernel(Module& module, std::string name, const Ids& elements, Size localSize, const Ids& extra)
    : module_(module), name_(std::move(name)), elements_(elements), localSize_(localSize) {
    const bool compute = module.flavour() == Flavour::GLCompute;
    index_ = module.intType(compute ? 32 : 64);
    Ids parameterTypes;
    for (uint32_t i = 0; i < elements.size(); ++i) {
        if (compute) {
            buffers_.push_back(bufferVariable(module, elements[i], 0, i));
        } else {
            parameterTypes.push_back(module.pointerType(Storage::CrossWorkgroup, elements[i]));
        }
    }
    parameterTypes.insert(parameterTypes.end(), extra.begin(), extra.end());
    function_ = module.beginFunction(module.voidType(), parameterTypes);
    const Ids& parameters = module.parameters();
    if (!compute) {
        const auto split = parameters.begin() + static_cast<std::ptrdiff_t>(elements.size());
        buffers_.assign(parameters.begin(), split);
        extra_.assign(split, parameters.end());
    }
}

Id Kernel::component(BuiltIn which, uint32_t dimension) {
    const Id vector = module_.vectorType(index_, 3);
    const Id all = module_.value(Op::Load, vector, {module_.builtIn(which, vector)});
    return module_.value(Op::CompositeExtract, index_, {all, dimension});
}

Id Kernel::scalar(BuiltIn which) {
    const Id type = module_.intType(32);
    return module_.value(Op::Load, type, {module_.builtIn(which, type)});
}

Storage Kernel::bufferStorage() const {
    return module_.flavour() == Flavour::GLCompute ? Storage::StorageBuffer : Storage::CrossWorkgroup;
}

Id Kernel::pointer(uint32_t number, Id index) {
    const Id type = module_.pointerType(bufferStorage(), elements_.at(number));
    if (module_.flavour() == Flavour::GLCompute) {
        return module_.value(Op::AccessChain, type, {buffers_.at(number), module_.u32(0), index});
    }
    return module_.value(Op::InBoundsPtrAccessChain, type, {buffers_.at(number), index});
}

Id Kernel::load(uint32_t number, Id index) {
    const Id from = pointer(number, index);
    return module_.value(Op::Load, elements_.at(number), {from});
}

void Kernel::store(uint32_t number, Id index, Id value) {
    const Id to = pointer(number, index);
    module_.op(Op::Store, {to, value});
}

Id Kernel::finish() {
    module_.op(Op::Return, {});
    module_.endFunction();
    module_.entryPoint(function_, name_);
    if (localSize_[0] != 0) {
        module_.executionMode(function_, Mode::LocalSize, {localSize_[0], localSize_[1], localSize_[2]});
    }
    return function_;
}

} // namespace halyard::spirvtest
