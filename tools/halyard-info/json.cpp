#include <nlohmann/json.hpp>

#include "environment.h"
#include "layers.h"
#include "names.h"
#include "report.h"

namespace halyard::info {
namespace {

using Json = nlohmann::ordered_json;

Json deviceJson(const HyDeviceProperties& d, bool showUuid) {
    Json json = {{"selector", d.selector},
                 {"backend", d.backend},
                 {"ordinal", d.ordinal},
                 {"name", d.name},
                 {"type", deviceTypeName(d.type)},
                 {"vendor", d.vendor},
                 {"driver", d.driver},
                 {"isa", d.isa},
                 {"pci", pciText(d)},
                 {"computeUnits", d.computeUnits},
                 {"clockMHz", d.clockMHz},
                 {"totalMemory", d.totalMemory},
                 {"maxAllocation", d.maxAllocation},
                 {"memoryAlignment", d.memoryAlignment},
                 {"maxWorkgroupInvocations", d.maxWorkgroupInvocations},
                 {"maxWorkgroupSize", d.maxWorkgroupSize},
                 {"maxWorkgroups", d.maxWorkgroups},
                 {"subgroupSizeMin", d.subgroupSizeMin},
                 {"subgroupSizeMax", d.subgroupSizeMax},
                 {"maxLocalBytes", d.maxLocalBytes},
                 {"maxArgumentBytes", d.maxArgumentBytes},
                 {"capabilities", capabilityNames(d.capabilities)}};
    if (showUuid) {
        json["uuid"] = uuidText(d.uuid);
    }
    return json;
}

Json backendJson(const HyBackendInfo& backend) {
    return {{"name", backend.name},
            {"status", backendStatusName(backend.status)},
            {"reason", backend.reason},
            {"vendor", backend.vendor},
            {"manifest", backend.manifestPath},
            {"library", backend.libraryPath},
            {"buildId", backend.buildId},
            {"abiMajor", backend.abiMajor},
            {"abiMinor", backend.abiMinor},
            {"deviceCount", backend.deviceCount}};
}

} // namespace

std::string json(const Findings& findings, bool showUuid) {
    Json root = {{"version", versionText(hyGetVersion())}, {"headerVersion", versionText(HY_VERSION)}};
    root["devices"] = Json::array();
    for (const HyDeviceProperties& device : findings.devices) {
        root["devices"].push_back(deviceJson(device, showUuid));
    }
    root["backends"] = Json::array();
    for (const HyBackendInfo& backend : findings.backends) {
        root["backends"].push_back(backendJson(backend));
    }
    root["layers"] = Json::array();
    for (const LayerFile& layer : findLayers()) {
        root["layers"].push_back(
            {{"name", layer.name}, {"library", layer.library}, {"description", layer.description}});
    }
    const HyCounters& c = findings.counters;
    root["counters"] = {
        {"cacheHits", c.cacheHits},           {"cacheMisses", c.cacheMisses}, {"cacheCorrupt", c.cacheCorrupt},
        {"cacheWrites", c.cacheWrites},       {"compiles", c.compiles},       {"compileFailures", c.compileFailures},
        {"workersStarted", c.workersStarted}, {"workersLost", c.workersLost}};
    root["environmentIgnored"] = environmentIgnored();
    root["environment"] = Json::array();
    for (const Variable& variable : environmentVariables()) {
        root["environment"].push_back({{"name", variable.name},
                                       {"value", variable.value},
                                       {"known", variable.known},
                                       {"effect", variable.effect}});
    }
    // Driver strings are not always UTF-8; a replaced character is better than no answer.
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace halyard::info
