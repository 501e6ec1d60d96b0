#include "random/compare.h"

#include <cstring>
#include <random>
#include <spirv-tools/libspirv.hpp>

namespace halyard::spirvtest::random {
namespace {

Bytes bytesOf(const std::vector<uint32_t>& words) {
    Bytes bytes(words.size() * 4);
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
}

Launch launchOf(const Program& program) {
    std::mt19937 numbers(static_cast<uint32_t>(program.seed));
    std::vector<uint32_t> input(kInputs);
    for (uint32_t& word : input)
        word = (numbers() & 3) == 0 ? numbers() : numbers() % 9;
    const std::vector<uint32_t> atomics{0, 0, ~0u, 0, 0, 0x7fffffff};
    static_assert(kAtomicCells == 6);
    Launch launch;
    launch.kernel = "k";
    launch.workgroups = {program.workgroups[0], program.workgroups[1], program.workgroups[2]};
    launch.workgroupSize = {program.workgroupSize[0], program.workgroupSize[1], program.workgroupSize[2]};
    launch.arguments = {Argument::buffer(bytesOf(input)),
                        Argument::buffer(Bytes(size_t{4} * kOutputs * program.invocations(), 0)),
                        Argument::buffer(bytesOf(atomics))};
    return launch;
}

std::string firstDifference(const Bytes& a, const Bytes& b, uint32_t perInvocation) {
    for (size_t i = 0; i + 4 <= a.size(); i += 4) {
        uint32_t left = 0, right = 0;
        std::memcpy(&left, a.data() + i, 4);
        std::memcpy(&right, b.data() + i, 4);
        if (left != right) {
            char text[128];
            std::snprintf(text, sizeof text, "element %zu (invocation %zu, slot %zu): 0x%08x against 0x%08x", i / 4,
                          i / 4 / perInvocation, i / 4 % perInvocation, left, right);
            return text;
        }
    }
    return {};
}

} // namespace

std::string disagreement(const Program& program, std::span<oracle::Oracle* const> devices) {
    const Words words = render(program);
    std::vector<Launch> launches;
    std::vector<Outcome> outcomes;
    for (oracle::Oracle* device : devices) {
        launches.push_back(launchOf(program));
        outcomes.push_back(device->run(words, launches.back()));
    }
    for (size_t i = 0; i < devices.size(); ++i) {
        if (!outcomes[i].ok())
            return devices[i]->selector() + ": " + outcomes[i].text();
        for (size_t buffer = 0; i > 0 && buffer < launches[0].arguments.size(); ++buffer) {
            const std::string difference = firstDifference(
                launches[0].arguments[buffer].bytes, launches[i].arguments[buffer].bytes, buffer == 1 ? kOutputs : 1);
            if (!difference.empty())
                return devices[0]->selector() + " and " + devices[i]->selector() + " differ in buffer " +
                       std::to_string(buffer) + ", " + difference;
        }
    }
    return {};
}

std::string disassemble(const Words& words) {
    std::string text;
    spvtools::SpirvTools tools(SPV_ENV_UNIVERSAL_1_6);
    tools.Disassemble(words, &text, SPV_BINARY_TO_TEXT_OPTION_INDENT | SPV_BINARY_TO_TEXT_OPTION_FRIENDLY_NAMES);
    return text;
}

} // namespace halyard::spirvtest::random
