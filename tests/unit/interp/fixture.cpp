#include "fixture.h"

#include <fmt/format.h>
#include <spirv-tools/libspirv.hpp>

namespace halyard::interp::test {
namespace {

struct Loaded {
    std::shared_ptr<const spv::Module> module;
    spv::KernelInfo kernel;
};

spv::Result<Loaded> load(Words words, std::string_view kernel) {
    spv::Result<spv::Module> module = spv::Module::parse(words);
    if (!module)
        return module.error();
    spv::Result<spv::Reflection> reflection = spv::reflect(*module);
    if (!reflection)
        return reflection.error();
    Loaded loaded;
    for (const spv::KernelInfo& info : reflection->kernels)
        if (info.name == kernel)
            loaded.kernel = info;
    if (loaded.kernel.function == 0)
        return spv::Error{HY_ERROR_NOT_FOUND, fmt::format("no kernel '{}'", kernel), {}};
    loaded.module = std::make_shared<const spv::Module>(std::move(*module));
    return loaded;
}

} // namespace

std::vector<uint32_t> assemble(std::string_view text, uint32_t minor) {
    static constexpr spv_target_env kEnvironments[] = {
        SPV_ENV_UNIVERSAL_1_0, SPV_ENV_UNIVERSAL_1_1, SPV_ENV_UNIVERSAL_1_2, SPV_ENV_UNIVERSAL_1_3,
        SPV_ENV_UNIVERSAL_1_4, SPV_ENV_UNIVERSAL_1_5, SPV_ENV_UNIVERSAL_1_6,
    };
    spvtools::SpirvTools tools(kEnvironments[minor]);
    std::string message;
    tools.SetMessageConsumer([&](spv_message_level_t, const char*, const spv_position_t& where, const char* what) {
        message += fmt::format("line {}: {}\n", where.line + 1, what);
    });
    std::vector<uint32_t> words;
    EXPECT_TRUE(tools.Assemble(text.data(), text.size(), &words, SPV_TEXT_TO_BINARY_OPTION_PRESERVE_NUMERIC_IDS))
        << message << text;
    return words;
}

spv::Result<std::unique_ptr<Program>> prepare(Words words, std::string_view kernel, const Settings& settings) {
    spv::Result<Loaded> loaded = load(words, kernel);
    if (!loaded)
        return loaded.error();
    return Program::prepare(loaded->module, loaded->kernel, settings);
}

uint64_t InterpTest::allocate(uint64_t bytes) {
    spv::Result<uint64_t> address = memory.allocate(bytes);
    EXPECT_TRUE(address) << address.error().message;
    return address ? *address : 0;
}

spv::Status InterpTest::launch(const Program& program, const spv::KernelInfo& info,
                               const std::vector<Argument>& arguments, Size workgroups, Size workgroupSize) {
    std::vector<uint8_t> block(info.argumentBytes);
    EXPECT_GE(arguments.size(), info.parameters.size()); // a buffer that nothing uses is no parameter
    for (size_t i = 0; i < std::min(arguments.size(), info.parameters.size()); ++i) {
        const auto& bytes = arguments[i].bytes();
        EXPECT_EQ(bytes.size(),
                  info.parameters[i].kind == spv::ParameterKind::LocalPointer ? 8 : info.parameters[i].size);
        std::memcpy(block.data() + info.parameters[i].offset, bytes.data(),
                    std::min<size_t>(bytes.size(), block.size() - info.parameters[i].offset));
    }
    Launch launch;
    launch.workgroups = workgroups;
    launch.workgroupSize = workgroupSize;
    launch.arguments = block.data();
    launch.argumentBytes = block.size();
    return program.run(memory, launch);
}

std::string InterpTest::run(Words words, std::string_view kernel, const std::vector<Argument>& arguments,
                            Size workgroups, Size workgroupSize) {
    spv::Result<Loaded> loaded = load(words, kernel);
    if (!loaded) {
        code = loaded.error().code;
        return loaded.error().message;
    }
    spv::Result<std::unique_ptr<Program>> program = Program::prepare(loaded->module, loaded->kernel, settings);
    if (!program) {
        code = program.error().code;
        return program.error().message;
    }
    const spv::Status status = launch(**program, loaded->kernel, arguments, workgroups, workgroupSize);
    code = status ? HY_SUCCESS : status.error().code;
    return status ? std::string() : status.error().message;
}

} // namespace halyard::interp::test
