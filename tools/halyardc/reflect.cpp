#include "reflect.h"

#include <nlohmann/json.hpp>

namespace halyard::tools {

using nlohmann::ordered_json;

namespace {

const char* nameOf(spv::ParameterKind kind) {
    switch (kind) {
    case spv::ParameterKind::Value:
        return "value";
    case spv::ParameterKind::GlobalPointer:
        return "global pointer";
    case spv::ParameterKind::LocalPointer:
        return "local pointer";
    case spv::ParameterKind::PushConstants:
        return "push constants";
    }
    return "unknown";
}

ordered_json describe(const spv::Parameter& parameter, bool buffers) {
    ordered_json json{{"name", parameter.name},
                      {"kind", nameOf(parameter.kind)},
                      {"size", parameter.size},
                      {"alignment", parameter.alignment},
                      {"offset", parameter.offset}};
    if (parameter.readOnly) {
        json["readOnly"] = true;
    }
    if (parameter.writeOnly) {
        json["writeOnly"] = true;
    }
    if (parameter.needsLength) {
        json["lengthOffset"] = parameter.lengthOffset;
    }
    if (buffers && parameter.kind == spv::ParameterKind::GlobalPointer) {
        json["set"] = parameter.set;
        json["binding"] = parameter.binding;
    }
    return json;
}

} // namespace

std::string describe(const spv::Reflection& reflection) {
    ordered_json kernels = ordered_json::array();
    for (const spv::KernelInfo& kernel : reflection.kernels) {
        ordered_json parameters = ordered_json::array();
        const bool compute = kernel.flavour == spv::Flavour::GLCompute;
        for (const spv::Parameter& parameter : kernel.parameters) {
            parameters.push_back(describe(parameter, compute));
        }
        kernels.push_back({{"name", kernel.name},
                           {"flavour", compute ? "GLCompute" : "Kernel"},
                           {"parameters", std::move(parameters)},
                           {"argumentBytes", kernel.argumentBytes},
                           {"requiredWorkgroupSize", kernel.requiredWorkgroupSize},
                           {"workgroupSizeHint", kernel.workgroupSizeHint},
                           {"requiredSubgroupSize", kernel.requiredSubgroupSize},
                           {"requiredSubgroups", kernel.requiredSubgroups},
                           {"staticLocalBytes", kernel.staticLocalBytes},
                           {"usesBarrier", kernel.usesBarrier}});
    }
    ordered_json constants = ordered_json::array();
    for (const spv::Reflection::SpecConstant& constant : reflection.specConstants) {
        constants.push_back({{"id", constant.specId},
                             {"name", constant.name},
                             {"size", constant.size},
                             {"default", constant.defaultValue}});
    }
    const ordered_json all{{"kernels", std::move(kernels)}, {"specConstants", std::move(constants)}};
    return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace halyard::tools
