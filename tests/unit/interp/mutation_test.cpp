// Damaged modules that the parser lets through neither crash nor hang the interpreter.
#include "fixture.h"

#include "blocks_comp.spv.h"
#include "checks_cl.spv.h"
#include "compute_cl.spv.h"
#include "groups_comp.spv.h"

#include <random>

namespace halyard::interp::test {
namespace {

struct Sample {
    const char* name;
    Words words;
};

void runAll(DeviceMemory& memory, Words words) {
    spv::Result<spv::Module> parsed = spv::Module::parse(words);
    if (!parsed)
        return;
    spv::Result<spv::Reflection> reflection = spv::reflect(*parsed);
    if (!reflection)
        return;
    auto module = std::make_shared<const spv::Module>(std::move(*parsed));
    Settings settings;
    settings.stepLimit = 2000;
    settings.launchStepLimit = 20000;
    for (const spv::KernelInfo& kernel : reflection->kernels) {
        if (kernel.argumentBytes > 4096)
            continue;
        auto program = Program::prepare(module, kernel, settings);
        if (!program) {
            EXPECT_FALSE(program.error().message.empty());
            continue;
        }
        std::vector<uint8_t> block(kernel.argumentBytes + 8);
        for (const spv::Parameter& parameter : kernel.parameters) {
            uint64_t value = 16;
            if (parameter.kind == spv::ParameterKind::GlobalPointer)
                value = *memory.allocate(256);
            std::memcpy(block.data() + parameter.offset, &value, std::min<size_t>(parameter.size, 8));
        }
        Launch launch;
        launch.workgroups = {2, 1, 1};
        launch.workgroupSize = kernel.requiredWorkgroupSize[0] != 0 ? kernel.requiredWorkgroupSize : Size{4, 1, 1};
        if (uint64_t{launch.workgroupSize[0]} * launch.workgroupSize[1] * launch.workgroupSize[2] > 64)
            continue;
        launch.arguments = block.data();
        launch.argumentBytes = block.size();
        const spv::Status status = (*program)->run(memory, launch);
        if (!status) {
            EXPECT_FALSE(status.error().message.empty());
        }
    }
}

class MutationTest : public ::testing::TestWithParam<Sample> {};

TEST_P(MutationTest, DamagedWordsAreSurvived) {
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        DeviceMemory memory(1 << 24);
        std::vector<uint32_t> words(GetParam().words.begin(), GetParam().words.end());
        const int damage = 1 + static_cast<int>(random() % 3);
        for (int i = 0; i < damage; ++i) {
            uint32_t& word = words[5 + random() % (words.size() - 5)];
            switch (random() % 4) {
            case 0:
                word = random();
                break;
            case 1:
                word ^= 1u << (random() % 32);
                break;
            case 2:
                word = words[5 + random() % (words.size() - 5)];
                break;
            default:
                word = random() % words[3];
                break;
            }
        }
        runAll(memory, words);
    }
}

INSTANTIATE_TEST_SUITE_P(Samples, MutationTest,
                         ::testing::Values(Sample{"compute", compute_cl_spv}, Sample{"checks", checks_cl_spv},
                                           Sample{"groups", groups_comp_spv}, Sample{"blocks", blocks_comp_spv}),
                         [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace halyard::interp::test
