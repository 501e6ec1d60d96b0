// Runs everything in src/spv on bytes that may be anything. Shared by the mutation test and the fuzzer.
#pragma once

#include "spv/spv.h"

#include <cstring>

namespace halyard::spv::test {

// What happened, so that a test can tell that its inputs reached each stage.
struct Outcome {
    bool valid = false;
    bool parsed = false;
    bool supported = false;
    bool reflected = false;
    bool specialised = false;
};

inline Outcome exercise(std::span<const std::byte> bytes) {
    Outcome outcome;
    outcome.valid = static_cast<bool>(validate(bytes));
    std::vector<uint32_t> words(bytes.size() / sizeof(uint32_t));
    if (!words.empty())
        std::memcpy(words.data(), bytes.data(), words.size() * sizeof(uint32_t));
    Result<Module> module = Module::parse(words);
    outcome.parsed = static_cast<bool>(module);
    if (!module)
        return outcome;
    for (const Instruction& instruction : module->instructions())
        (void)module->definition(instruction.resultType);
    if (!module->instructions().empty())
        (void)module->describe(module->instructions().back());
    // The rest must survive modules that the validator refuses.
    outcome.supported = static_cast<bool>(checkSupported(*module));
    (void)canonicalHash(*module);
    Result<Reflection> reflection = reflect(*module);
    outcome.reflected = static_cast<bool>(reflection);
    std::vector<SpecValue> values;
    if (reflection) {
        outcome.supported = outcome.supported && checkKernels(*module, *reflection);
        for (const Reflection::SpecConstant& constant : reflection->specConstants)
            values.push_back({constant.specId, constant.size, constant.defaultValue ^ 1});
    }
    const Result<std::vector<uint32_t>> special = specialise(*module, values);
    outcome.specialised = static_cast<bool>(special);
    if (special) {
        const Result<Module> again = Module::parse(*special);
        if (again)
            (void)reflect(*again);
    }
    return outcome;
}

} // namespace halyard::spv::test
