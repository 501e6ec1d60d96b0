#include "matrix/batch.h"

#include "matrix/generate.h"

#include <cstring>
#include <utility>

namespace halyard::spirvtest {

namespace {

constexpr size_t kInvocations = 512;

Id loaded(Module& module, Kernel& kernel, uint32_t buffer, Id index, const Type& type) {
    const Id value = kernel.load(buffer, index);
    if (type.scalar != Scalar::Bool) {
        return value;
    }
    return module.value(Op::INotEqual, type.id(module), {value, module.null(type.storedId(module))});
}

Id storable(Module& module, Id value, const Type& type) {
    if (type.scalar != Scalar::Bool) {
        return value;
    }
    const Id stored = type.storedId(module);
    return module.value(Op::Select, stored, {value, module.splat(stored, 1), module.null(stored)});
}

uint32_t bytesOf(const Type& type, Flavour flavour) {
    return type.scalar == Scalar::Bool ? (flavour == Flavour::Kernel ? 1 : 4) : bitsOf(type.scalar) / 8;
}

} // namespace

size_t invocationsOf(uint32_t workgroupSize) {
    return (kInvocations + workgroupSize - 1) / workgroupSize * workgroupSize;
}

Batch::Batch(std::vector<const Case*> cases)
    : cases_(std::move(cases)), count_(invocationsOf(cases_.front()->workgroupSize)) {
    Module module(cases_.front()->flavour, cases_.front()->version);
    for (const Case* item : cases_) {
        rows_.push_back(rowsOf(*item, count_));
        std::vector<Slot> slots;
        for (const Type& type : item->operands) {
            slots.push_back(place(inputs_, module, type));
        }
        operandSlots_.push_back(slots);
        resultSlots_.push_back(place(outputs_, module, item->result));
    }
    write(module);
}

Batch::Slot Batch::place(std::vector<Buffer>& buffers, Module& module, const Type& type) {
    const Id element = type.storedId(module);
    for (size_t i = 0; i < buffers.size(); ++i) {
        if (buffers[i].element == element) {
            return {i, buffers[i].slots++};
        }
    }
    buffers.push_back({element, type, storageBytes(module, element), 1});
    return {buffers.size() - 1, 0};
}

void Batch::write(Module& module) {
    Ids elements;
    for (const auto* buffers : {&inputs_, &outputs_}) {
        for (const Buffer& buffer : *buffers) {
            elements.push_back(buffer.element);
        }
    }
    for (const Case* item : cases_) {
        for (Capability capability : item->capabilities) {
            module.capability(capability);
        }
        for (const std::string& extension : item->extensions) {
            module.extension(extension);
        }
    }
    std::vector<Ids> functions;
    for (const Case* item : cases_) {
        functions.push_back(item->functions ? item->functions(module) : Ids{});
    }
    Kernel kernel(module, "cases", elements, {cases_.front()->workgroupSize, 1, 1});
    const Id self = kernel.globalId();
    const auto at = [&](const Slot& slot) {
        return module.value(Op::IAdd, kernel.indexType(), {self, kernel.indexConstant(slot.index * count_)});
    };
    for (size_t i = 0; i < cases_.size(); ++i) {
        const Case& item = *cases_[i];
        Ids operands;
        for (size_t o = 0; o < item.operands.size(); ++o) {
            const Slot& slot = operandSlots_[i][o];
            const auto buffer = static_cast<uint32_t>(slot.buffer);
            operands.push_back(item.byPointer ? kernel.pointer(buffer, at(slot))
                                              : loaded(module, kernel, buffer, at(slot), item.operands[o]));
        }
        const Id value =
            item.emitWith ? item.emitWith(module, kernel, operands, functions[i]) : item.emit(module, kernel, operands);
        const Id result = storable(module, value, item.result);
        const Slot& slot = resultSlots_[i];
        kernel.store(static_cast<uint32_t>(inputs_.size() + slot.buffer), at(slot), result);
    }
    kernel.finish();
    words_ = module.words();
}

void Batch::put(Bytes& bytes, const Buffer& buffer, const Slot& slot, size_t n, const Value& value) const {
    const uint32_t size = bytesOf(buffer.type, cases_.front()->flavour);
    const uint32_t columns = buffer.type.columns == 0 ? 1 : buffer.type.columns;
    uint8_t* at = bytes.data() + (slot.index * count_ + n) * buffer.stride;
    for (size_t c = 0; c < value.size(); ++c) {
        const size_t column = c / buffer.type.width, row = c % buffer.type.width;
        std::memcpy(at + column * (buffer.stride / columns) + row * size, &value[c], size);
    }
}

Value Batch::get(const Bytes& bytes, const Buffer& buffer, const Slot& slot, size_t n, const Type& type) const {
    const uint32_t size = bytesOf(buffer.type, cases_.front()->flavour);
    const uint32_t columns = type.columns == 0 ? 1 : type.columns;
    const uint8_t* at = bytes.data() + (slot.index * count_ + n) * buffer.stride;
    Value value(type.components());
    for (size_t c = 0; c < value.size(); ++c) {
        std::memcpy(&value[c], at + c / type.width * (buffer.stride / columns) + c % type.width * size, size);
    }
    return value;
}

Outcome Batch::run(TestDevice& device, std::vector<std::vector<Value>>* results) const {
    const uint32_t size = cases_.front()->workgroupSize;
    Launch launch{"cases", {static_cast<uint32_t>(count_ / size), 1, 1}, {size, 1, 1}, {}};
    for (const Buffer& buffer : inputs_) {
        launch.arguments.push_back(Argument::buffer(Bytes(buffer.slots * count_ * buffer.stride)));
    }
    for (size_t i = 0; i < cases_.size(); ++i) {
        for (size_t o = 0; o < operandSlots_[i].size(); ++o) {
            const Slot& slot = operandSlots_[i][o];
            for (size_t n = 0; n < count_; ++n) {
                put(launch.arguments[slot.buffer].bytes, inputs_[slot.buffer], slot, n, rows_[i][n][o]);
            }
        }
    }
    for (const Buffer& buffer : outputs_) {
        launch.arguments.push_back(Argument::output(buffer.slots * count_ * buffer.stride));
    }
    const std::vector<Argument>& extra = cases_.front()->arguments;
    launch.arguments.insert(launch.arguments.end(), extra.begin(), extra.end());
    const Outcome outcome = device.run(words_, launch, cases_.front()->constants);
    if (!outcome.ok()) {
        return outcome;
    }
    results->clear();
    for (size_t i = 0; i < cases_.size(); ++i) {
        const Slot& slot = resultSlots_[i];
        const Bytes& bytes = launch.arguments[inputs_.size() + slot.buffer].bytes;
        std::vector<Value> values(count_);
        for (size_t n = 0; n < count_; ++n) {
            values[n] = get(bytes, outputs_[slot.buffer], slot, n, cases_[i]->result);
        }
        results->push_back(std::move(values));
    }
    return outcome;
}

} // namespace halyard::spirvtest
