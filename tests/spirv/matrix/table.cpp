#include "matrix/table.h"

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

} // namespace

std::string page(const std::string& introduction, const std::vector<std::string>& devices,
                 const std::vector<std::pair<std::string, const std::vector<Report>*>>& families) {
    std::string text = introduction;
    for (const auto& [name, reports] : families) {
        std::vector<std::string> order;
        std::map<std::string, std::vector<Count>> counts;
        std::map<std::string, std::set<std::string>> flavours, types;
        for (const Report& report : *reports) {
            const std::string& instruction = report.item->instruction;
            if (counts.count(instruction) == 0) {
                order.push_back(instruction);
                counts[instruction].resize(devices.size());
            }
            flavours[instruction].insert(report.item->flavour == Flavour::Kernel ? "K" : "G");
            types[instruction].insert(scalarName(report.item->result.scalar));
            for (size_t d = 0; d < devices.size(); ++d) {
                Count& count = counts[instruction][d];
                const Verdict verdict = report.findings[d].verdict;
                ++(verdict == Verdict::Right ? count.right : verdict == Verdict::Wrong ? count.wrong : count.refused);
            }
        }
        text += "\n## " + name + "\n\n| instruction | flavours | results |";
        for (const std::string& device : devices) {
            text += " " + device + " |";
        }
        text += "\n|---|---|---|";
        for (size_t d = 0; d < devices.size(); ++d) {
            text += "---|";
        }
        text += "\n";
        for (const std::string& instruction : order) {
            text +=
                "| " + instruction + " | " + joined(flavours[instruction]) + " | " + joined(types[instruction]) + " |";
            for (const Count& count : counts[instruction]) {
                text += " " + words(count) + " |";
            }
            text += "\n";
        }
    }
    return text;
}

} // namespace halyard::spirvtest
