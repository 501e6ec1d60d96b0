// What halyard-info prints.
#ifndef HALYARD_TOOLS_INFO_REPORT_H
#define HALYARD_TOOLS_INFO_REPORT_H

#include <string>
#include <vector>

#include "halyard/halyard.hpp"

namespace halyard::info {

// What was found; the strings of `backends` belong to the instance.
struct Findings {
    std::vector<HyDeviceProperties> devices;
    std::vector<HyBackendInfo> backends;
    HyCounters counters;
};

Findings collect(const Instance& instance);

// One line a device, under a heading; or a line that says there is none and what to do.
std::string deviceTable(const Findings& findings);
// Every property of every device.
std::string deviceDetails(const Findings& findings, bool showUuid);
// Every backend that was considered and what became of it, and the environment variables that are set.
std::string explanation(const Findings& findings);
// Everything, for programs. Ends with a newline.
std::string json(const Findings& findings, bool showUuid);

} // namespace halyard::info

#endif // HALYARD_TOOLS_INFO_REPORT_H
