// halyardc: the compiler at the command line, for looking at what becomes of a kernel.
#include "reflect.h"

#include "jit/jit.h"
#include "spv/spv.h"

#include <array>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace halyard::tools {
namespace {

using nlohmann::json;

struct Options {
    std::string input, output, kernel;
    std::string target = "host", cpu = "native", features, emit = "artifact";
    std::vector<uint32_t> workgroupSize;
    uint32_t subgroupSize = 0;
    uint32_t lanes = 0;
    std::vector<std::string> specs;
    bool fastMath = false, timings = false;
};

struct Answer {
    json reply;
    std::string blob;
};

int fail(const std::string& message, const std::string& hint = {}) {
    std::cerr << "halyardc: " << message << "\n" << (hint.empty() ? "" : "  hint: " + hint + "\n");
    return 1;
}

int fail(const spv::Error& error) {
    return fail(error.message, error.hint);
}

bool readFile(const std::string& path, std::vector<char>& bytes) {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    return static_cast<bool>(file) && !bytes.empty();
}

int writeOutput(const std::string& path, const std::string& bytes) {
    if (path.empty() || path == "-") {
        std::cout.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return std::cout.flush() ? 0 : fail("cannot write to the standard output");
    }
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file.flush() ? 0 : fail("cannot write '" + path + "'");
}

// "3=0x10": the constant with SpecId 3.
spv::Result<std::vector<spv::SpecValue>> parseSpecs(const std::vector<std::string>& texts,
                                                    const spv::Reflection& reflection) {
    std::vector<spv::SpecValue> values;
    for (const std::string& text : texts) {
        const size_t equals = text.find('=');
        char* endOfId = nullptr;
        char* endOfValue = nullptr;
        spv::SpecValue value;
        value.specId = static_cast<uint32_t>(std::strtoul(text.c_str(), &endOfId, 0));
        const char* number = equals == std::string::npos ? "" : text.c_str() + equals + 1;
        value.value = std::strtoull(number, &endOfValue, 0);
        if (equals == std::string::npos || *number == '\0' || endOfId != text.c_str() + equals || *endOfValue != '\0') {
            return spv::Error{HY_ERROR_INVALID_ARGUMENT, "'" + text + "' is not ID=VALUE", ""};
        }
        for (const auto& constant : reflection.specConstants) {
            value.size = constant.specId == value.specId ? constant.size : value.size;
        }
        values.push_back(value);
    }
    return values;
}

void collect(void* user, const HyJitMessage* message) {
    auto* answer = static_cast<Answer*>(user);
    json parsed = json::parse(message->json, message->json + message->jsonSize);
    if (parsed.contains("status")) {
        answer->reply = std::move(parsed);
        answer->blob.assign(reinterpret_cast<const char*>(message->blob), message->blobSize);
    }
}

Answer compile(const Options& options, const std::string& kernel, const std::vector<uint32_t>& words) {
    std::array<uint32_t, 3> size{};
    for (size_t i = 0; !options.workgroupSize.empty() && i < size.size(); ++i) {
        size[i] = i < options.workgroupSize.size() ? options.workgroupSize[i] : 1;
    }
    const json request{{"op", "compile"},       {"id", 1},
                       {"kernel", kernel},      {"target", options.target},
                       {"cpu", options.cpu},    {"features", options.features},
                       {"workgroupSize", size}, {"fastMath", options.fastMath},
                       {"emit", options.emit},  {"subgroupSize", options.subgroupSize},
                       {"lanes", options.lanes}};
    const std::string text = request.dump();
    const HyJitMessage message{text.data(), text.size(), reinterpret_cast<const uint8_t*>(words.data()),
                               words.size() * 4};
    Answer answer;
    hyJitHandle(&message, collect, &answer);
    return answer;
}

int run(const Options& options) {
    std::vector<char> bytes;
    if (!readFile(options.input, bytes)) {
        return fail("cannot read '" + options.input + "'");
    }
    if (spv::Status status = spv::validate(std::as_bytes(std::span(bytes))); !status) {
        return fail(status.error());
    }
    std::vector<uint32_t> words(bytes.size() / 4);
    std::memcpy(words.data(), bytes.data(), words.size() * 4);
    spv::Result<spv::Module> module = spv::Module::parse(words);
    if (!module) {
        return fail(module.error());
    }
    spv::Result<spv::Reflection> reflection = spv::reflect(*module);
    if (!reflection) {
        return fail(reflection.error());
    }
    if (options.emit == "reflect") {
        return writeOutput(options.output, describe(*reflection));
    }
    if (options.kernel.empty() && reflection->kernels.size() != 1) {
        std::string names;
        for (const auto& kernel : reflection->kernels) {
            names += " " + kernel.name;
        }
        return fail("the module has " + std::to_string(reflection->kernels.size()) + " kernels:" + names,
                    "choose one with --kernel");
    }
    spv::Result<std::vector<spv::SpecValue>> values = parseSpecs(options.specs, *reflection);
    if (!values) {
        return fail(values.error());
    }
    spv::Result<std::vector<uint32_t>> specialised = spv::specialise(*module, *values);
    if (!specialised) {
        return fail(specialised.error());
    }
    const Answer answer =
        compile(options, options.kernel.empty() ? reflection->kernels[0].name : options.kernel, *specialised);
    if (options.timings) {
        std::cerr << answer.reply.value("timings", json::object()).dump() << "\n";
    }
    if (answer.reply.value("status", HY_ERROR_INTERNAL) != HY_SUCCESS) {
        return fail(answer.reply.value("message", "no answer") + " (stage " + answer.reply.value("stage", "none") + ")",
                    answer.reply.value("hint", ""));
    }
    return writeOutput(options.output, answer.blob);
}

int mainFunction(int argc, char** argv) {
    Options options;
    CLI::App app("Compiles one kernel of a SPIR-V module, the way the runtime does.");
    app.add_option("module", options.input, "SPIR-V file")->required();
    app.add_option("-o,--output", options.output, "Output file (default: the standard output)");
    app.add_option("-k,--kernel", options.kernel, "Kernel (default: the only one)");
    app.add_option("--emit", options.emit,
                   "reflect: the interface as JSON; kir: after import; ir: after optimisation; asm; artifact")
        ->check(CLI::IsMember({"reflect", "kir", "ir", "asm", "artifact"}));
    app.add_option("--target", options.target,
                   "host, nvptx, vulkan, or spirv-kernel: SPIR-V for OpenCL and Level Zero (default: host)");
    app.add_option("--cpu", options.cpu, "Processor (default: native)");
    app.add_option("--features", options.features, "Processor features, as LLVM spells them: +a,-b");
    app.add_option("--workgroup-size", options.workgroupSize, "X[,Y[,Z]]: code for this size alone (default: for any)")
        ->delimiter(',')
        ->expected(1, 3);
    app.add_option("--subgroup-size", options.subgroupSize,
                   "For kernels that require none (default: the target's choice)");
    app.add_option("--lanes", options.lanes,
                   "Work-items at once in vectors on the host: 1, 4, 8, 16 or 32 (default: the target's choice)");
    app.add_option("--spec", options.specs, "ID=VALUE: specialisation constant, the value as an integer of its bits");
    app.add_flag("--fast-math", options.fastMath, "Relaxed floating point");
    app.add_flag("--timings", options.timings, "Milliseconds of each stage, on the standard error");
    CLI11_PARSE(app, argc, argv);
    return run(options);
}

} // namespace
} // namespace halyard::tools

int main(int argc, char** argv) {
    return halyard::tools::mainFunction(argc, argv);
}
