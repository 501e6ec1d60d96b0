#include "fault.h"

#include <algorithm>

namespace halyard::faulty {

std::vector<Fault> allFaults() {
    std::vector<Fault> all;
    for (const auto group : {codeFaults(), copyFaults(), deviceFaults(), eventFaults(), fillFaults(), graphFaults(),
                             hostFunctionFaults(), memoryFaults(), moduleFaults(), semaphoreFaults(), streamFaults()})
        all.insert(all.end(), group.begin(), group.end());
    return all;
}

const Fault* findFault(std::string_view name) {
    static const std::vector<Fault> all = allFaults();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Fault& fault) { return name == fault.name; });
    return found != all.end() ? &*found : nullptr;
}

} // namespace halyard::faulty
