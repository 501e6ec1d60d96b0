#include "status_page.h"

#include "report_json.h"
#include "text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace halyard::cts {
namespace {

constexpr const char* kInPart = " in part";

std::string cellOf(const Feature& feature, const Run& run) {
    const FeatureCounts counts = countFeature(feature, run);
    if (counts.failed > 0) {
        return "FAILED";
    }
    if (counts.total() == 0) {
        return "not run";
    }
    if (counts.passed == 0 || !claims(run, feature)) {
        return "–";
    }
    return run.level + (counts.passed == counts.total() ? "" : kInPart);
}

void requireWhole(const std::vector<Feature>& features, const std::vector<Run>& runs) {
    std::set<std::string> backends;
    std::set<std::string> tests;
    for (const Run& run : runs) {
        if (run.filter != "*" || !run.stoppedBy.empty() || run.profile != runs.front().profile ||
            run.suiteDigest != runs.front().suiteDigest) {
            throw std::runtime_error(
                fmt::format("the report of {} is of profile {}, filter {}, suite {}: the table wants whole runs of one "
                            "profile and one suite",
                            run.subject.backend, run.profile, run.filter, run.suiteDigest));
        }
        if (!backends.insert(run.subject.backend).second) {
            throw std::runtime_error(fmt::format("two reports are of the backend {}", run.subject.backend));
        }
        for (const TestResult& test : run.tests) {
            tests.insert(test.name);
        }
    }
    for (const Feature& feature : features) {
        if (std::none_of(tests.begin(), tests.end(), [&](const std::string& test) { return proves(feature, test); })) {
            throw std::runtime_error(fmt::format("no test of any report is of the feature '{}'", feature.title));
        }
    }
    for (const std::string& test : tests) {
        if (std::none_of(features.begin(), features.end(), [&](const Feature& f) { return proves(f, test); })) {
            throw std::runtime_error(fmt::format("{} is of no feature: features.txt wants a line for it", test));
        }
    }
}

size_t findOnce(const std::string& page, const std::string& marker) {
    const size_t place = page.find(marker);
    if (place == std::string::npos || page.find(marker, place + 1) != std::string::npos) {
        throw std::runtime_error(fmt::format("the page does not have the line {} once", marker));
    }
    return place;
}

std::string contentOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return text.str();
}

// The lines that only one of two texts has, a line each with "page: " or "runs: ".
std::string differences(const std::string& page, const std::string& wanted) {
    const auto linesOf = [](const std::string& text) {
        std::set<std::string> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) {
            lines.insert(line);
        }
        return lines;
    };
    const std::set<std::string> ours = linesOf(page), theirs = linesOf(wanted);
    std::string text;
    for (const std::string& line : ours) {
        text += theirs.count(line) == 0 ? "page: " + line + "\n" : "";
    }
    for (const std::string& line : theirs) {
        text += ours.count(line) == 0 ? "runs: " + line + "\n" : "";
    }
    return text;
}

int update(const std::string& path, const std::string& table, bool check) {
    const std::string page = contentOf(path);
    const std::string wanted = withTable(page, table);
    if (check ? agrees(page, wanted) : page == wanted) {
        return 0;
    }
    if (check) {
        fmt::print("{} does not say what the runs found; write it anew with\n"
                   "  halyard-cts status --page={} REPORT...\n{}",
                   path, path, differences(page, wanted));
        return 1;
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << wanted;
    file.close();
    if (!file) {
        throw std::runtime_error("cannot write " + path);
    }
    return 0;
}

std::string without(std::string text, const std::string& words) {
    for (size_t place = text.find(words); place != std::string::npos; place = text.find(words, place)) {
        text.erase(place, words.size());
    }
    return text;
}

} // namespace

bool agrees(const std::string& page, const std::string& wanted) {
    return without(page, kInPart) == without(wanted, kInPart);
}

std::string statusTable(const std::vector<Feature>& features, const std::vector<Run>& runs) {
    requireWhole(features, runs);
    std::string table = "| Feature |";
    std::string rule = "|---|";
    for (const Run& run : runs) {
        table += fmt::format(" {} |", escapeCell(run.subject.backend));
        rule += "---|";
    }
    table += "\n" + rule + "\n";
    for (const Feature& feature : features) {
        table += fmt::format("| {} |", escapeCell(feature.title));
        for (const Run& run : runs) {
            table += fmt::format(" {} |", cellOf(feature, run));
        }
        table += "\n";
    }
    return table;
}

std::string withTable(const std::string& page, const std::string& table) {
    const size_t begin = findOnce(page, kTableBegin) + std::string(kTableBegin).size();
    const size_t end = findOnce(page, kTableEnd);
    if (end < begin) {
        throw std::runtime_error(fmt::format("{} stands before {}", kTableEnd, kTableBegin));
    }
    return page.substr(0, begin) + "\n" + table + page.substr(end);
}

int statusMain(int argc, char** argv) {
    CLI::App app("Makes the table 'feature by backend' of reports of halyard-cts.", "halyard-cts status");
    std::vector<std::string> reports;
    std::string page;
    bool check = false;
    app.add_option("reports", reports, "reports (--report), one for each backend, in the order of the columns")
        ->required();
    auto* pageOption = app.add_option("--page", page, "write the table into this Markdown file, between its markers");
    app.add_flag("--check", check, "compare with the page instead of writing it")->needs(pageOption);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        std::vector<Run> runs;
        for (const std::string& path : reports) {
            runs.push_back(readReport(path));
        }
        const std::string table = statusTable(parseFeatures(featuresText(), "features.txt"), runs);
        if (page.empty()) {
            fmt::print("{}", table);
            return 0;
        }
        return update(page, table, check);
    } catch (const std::exception& error) {
        fmt::print(stderr, "halyard-cts status: {}\n", error.what());
        return 2;
    }
}

} // namespace halyard::cts
