#include "environment.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/auxv.h>
#include <unistd.h>

namespace halyard::info {
namespace {

struct Known {
    const char* name;
    const char* effect;
};

constexpr Known kKnown[] = {
    {"HALYARD_ADD_BACKEND_FILES", "adds these backend libraries or manifests to those that are found"},
    {"HALYARD_BACKEND_FILES", "replaces the backends: only these libraries or manifests are considered"},
    {"HALYARD_CACHE_DIR", "keeps compiled kernels in this folder"},
    {"HALYARD_CACHE_SIZE_MB", "bounds the size of the cache"},
    {"HALYARD_CPU_CODE_DIR", "keeps the cpu backend's code as files in this folder, for debuggers and profilers"},
    {"HALYARD_CPU_ISA", "the instruction set that the cpu backend compiles for"},
    {"HALYARD_CPU_SPECIALISE", "whether the cpu backend recompiles kernels for the workgroup size in use"},
    {"HALYARD_CPU_DEVICES", "how many devices the cpu backend splits the processor into"},
    {"HALYARD_CPU_LANES", "the work-items that the cpu backend's code does at once in vectors"},
    {"HALYARD_CPU_SUBGROUP_SIZE", "the invocations of a subgroup on the cpu backend"},
    {"HALYARD_CPU_THREADS", "the number of threads of the cpu backend"},
    {"HALYARD_DEVICES", "filters and orders the devices"},
    {"HALYARD_DUMP_DIR", "writes modules and generated code into this folder"},
    {"HALYARD_JIT", "where the compiler runs: in worker processes, in this process, or not at all"},
    {"HALYARD_JIT_FAULT", "makes compiler workers fail on purpose, for tests"},
    {"HALYARD_JIT_MEMORY_MB", "bounds the memory of a compiler worker"},
    {"HALYARD_JIT_PATH", "the compiler worker's program"},
    {"HALYARD_JIT_TIMEOUT_MS", "the time limit of one compilation"},
    {"HALYARD_JIT_WORKERS", "the number of compiler workers"},
    {"HALYARD_LAYERS", "the layers between programs and the runtime"},
    {"HALYARD_LAYER_PATH", "folders to look for layers in"},
    {"HALYARD_LOG", "what is logged to stderr"},
    {"HALYARD_LOG_LAYER_FILE", "where the layer \"log\" writes"},
    {"HALYARD_NULL_DEVICE", "gives the null backend a device that runs nothing"},
    {"HALYARD_PACK", "a folder of compiled kernels, for machines without the compiler"},
    {"HALYARD_PACK_RECORD", "a folder that every compiled kernel is also written to"},
    {"HALYARD_REFERENCE_CHECKS", "which of the costly checks the reference backend makes"},
    {"HALYARD_REFERENCE_MEMORY", "the memory of the reference device"},
    {"HALYARD_REFERENCE_STEP_LIMIT", "how many instructions make an invocation of the reference backend endless"},
    {"HALYARD_REFERENCE_DEVICES", "how many devices the reference backend has"},
    {"HALYARD_REFERENCE_SUBGROUP_SIZE", "the invocations of a subgroup on the reference backend"},
    {"HALYARD_SHUTDOWN_TIMEOUT_MS", "how long destroying an instance waits for work"},
    {"HALYARD_TRACE_EVENTS", "how many events the layer \"trace\" keeps"},
    {"HALYARD_TRACE_FILE", "where the layer \"trace\" writes"},
    {"HALYARD_VALIDATE_RACES", "how the layer \"validate\" looks for races between streams"},
    {"HALYARD_VULKAN_SOFTWARE", "lists Vulkan drivers that run on the processor, such as lavapipe"},
    {"HALYARD_VULKAN_STAGING", "copies as if the host saw no memory of Vulkan devices, for tests"},
    {"HALYARD_VULKAN_VALIDATION", "turns every message of the Vulkan validation layer into an error"},
};

} // namespace

std::vector<Variable> environmentVariables() {
    constexpr std::string_view kPrefix = "HALYARD_";
    std::vector<Variable> variables;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const size_t equals = text.find('=');
        if (text.substr(0, kPrefix.size()) != kPrefix || equals == std::string_view::npos) {
            continue;
        }
        const std::string name(text.substr(0, equals));
        const auto* known =
            std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return name == k.name; });
        const bool isKnown = known != std::end(kKnown);
        variables.push_back({name, std::string(text.substr(equals + 1)),
                             isKnown ? known->effect : "not a variable that Halyard reads: is it misspelt?", isKnown});
    }
    std::sort(variables.begin(), variables.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return variables;
}

bool environmentIgnored() {
    return getauxval(AT_SECURE) != 0;
}

std::vector<std::string> knownVariables() {
    std::vector<std::string> names;
    for (const Known& known : kKnown) {
        names.emplace_back(known.name);
    }
    return names;
}

} // namespace halyard::info
