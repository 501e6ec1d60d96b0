#include "matrix/table.h"

#include <algorithm>
#include <map>
#include <set>

namespace halyard::spirvtest {

namespace {

struct Count {
    size_t right = 0, wrong = 0, refused = 0;
};

std::string words(const Count& count) {
    const size_t all = count.right + count.wrong + count.refused;
    if (count.right == all) {
        return "yes";
    }
    if (count.refused == all) {
        return "no";
    }
    std::string text = "in part: ";
    if (count.refused != 0) {
        text += std::to_string(count.refused) + " of " + std::to_string(all) + " refused";
    }
    if (count.wrong != 0) {
        text +=
            (count.refused != 0 ? ", " : "") + std::to_string(count.wrong) + " of " + std::to_string(all) + " wrong";
    }
    return text;
}

// What an instruction does not say about its rows: flavours and component types.
std::string joined(const std::set<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : " ") + part;
    }
    return text;
}

struct Line {
    std::set<std::string> flavours, types;
    std::vector<Count> counts; // by device
};

// Lines in the order in which their first case comes.
class Lines {
public:
    explicit Lines(size_t devices) : devices_(devices) {}

    void add(const std::string& name, const Report& report) {
        if (lines_.count(name) == 0) {
            order_.push_back(name);
            lines_[name].counts.resize(devices_);
        }
        Line& line = lines_[name];
        line.flavours.insert(report.item->flavour == Flavour::Kernel ? "K" : "G");
        line.types.insert(scalarName(report.item->result.scalar));
        for (size_t d = 0; d < devices_; ++d) {
            Count& count = line.counts[d];
            const Verdict verdict = report.findings[d].verdict;
            ++(verdict == Verdict::Right ? count.right : verdict == Verdict::Wrong ? count.wrong : count.refused);
        }
    }

    std::string table(const std::string& heading, const std::vector<std::string>& devices, bool types) const {
        std::string text = "| " + heading + " | flavours |" + (types ? " results |" : "");
        std::string rule = types ? "|---|---|---|" : "|---|---|";
        for (const std::string& device : devices) {
            text += " " + device + " |";
            rule += "---|";
        }
        text += "\n" + rule + "\n";
        for (const std::string& name : order_) {
            const Line& line = lines_.at(name);
            text += "| " + name + " | " + joined(line.flavours) + " |" + (types ? " " + joined(line.types) + " |" : "");
            for (const Count& count : line.counts) {
                text += " " + words(count) + " |";
            }
            text += "\n";
        }
        return text;
    }

private:
    size_t devices_;
    std::vector<std::string> order_;
    std::map<std::string, Line> lines_;
};

std::vector<Capability> capabilitiesOf(const Case& item) {
    std::vector<Capability> all = item.capabilities;
    std::vector<Type> types = item.operands;
    types.push_back(item.result);
    for (const Type& type : types) {
        static constexpr Capability none = Capability::Shader;
        static constexpr Capability scalars[] = {none, Capability::Int8,   Capability::Int16,
                                                 none, Capability::Int64,  Capability::Float16,
                                                 none, Capability::Float64};
        const Capability needed = scalars[static_cast<size_t>(type.scalar)];
        if (needed != none) {
            all.push_back(needed);
        }
        if (type.width > 4) {
            all.push_back(Capability::Vector16);
        }
        if (type.columns != 0) {
            all.push_back(Capability::Matrix);
        }
    }
    all.push_back(item.flavour == Flavour::Kernel ? Capability::Kernel : Capability::Shader);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

} // namespace

std::string page(const std::string& introduction, const std::vector<std::string>& devices,
                 const std::vector<std::pair<std::string, const std::vector<Report>*>>& families) {
    std::string text = introduction + "\n## Capabilities\n\n";
    std::map<Capability, std::vector<const Report*>> users;
    for (const auto& [name, reports] : families) {
        for (const Report& report : *reports) {
            for (Capability capability : capabilitiesOf(*report.item)) {
                users[capability].push_back(&report);
            }
        }
    }
    Lines capabilities(devices.size());
    for (const auto& [capability, reports] : users) {
        for (const Report* report : reports) {
            capabilities.add(capabilityName(capability), *report);
        }
    }
    text += capabilities.table("capability", devices, false);
    for (const auto& [name, reports] : families) {
        Lines instructions(devices.size());
        for (const Report& report : *reports) {
            instructions.add(report.item->instruction, report);
        }
        text += "\n## " + name + "\n\n" + instructions.table("instruction", devices, true);
    }
    return text;
}

} // namespace halyard::spirvtest
