#include "feature_table.h"

#include "patterns.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace halyard::cts {
namespace {

std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(" \t\r");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

} // namespace

std::vector<Feature> parseFeatures(std::string_view text, const std::string& place) {
    std::vector<Feature> features;
    std::istringstream lines{std::string(text)};
    std::string line;
    for (size_t number = 1; std::getline(lines, line); ++number) {
        line = trimmed(line);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const size_t bar = line.find('|');
        Feature feature;
        if (bar != std::string::npos) {
            feature.title = trimmed(line.substr(0, bar));
            const size_t second = line.find('|', bar + 1);
            if (second != std::string::npos) {
                feature.capability = trimmed(line.substr(second + 1));
            }
            std::istringstream words(line.substr(bar + 1, second == std::string::npos ? second : second - bar - 1));
            for (std::string pattern; words >> pattern;) {
                feature.patterns.push_back(pattern);
            }
        }
        const auto fail = [&](const char* what) {
            throw std::runtime_error(fmt::format("{}:{}: {}: {}", place, number, what, line));
        };
        if (feature.title.empty() || feature.patterns.empty()) {
            fail("expected '<feature> | <pattern> [<pattern>...] [| <capability>]'");
        }
        if (std::any_of(features.begin(), features.end(), [&](const Feature& f) { return f.title == feature.title; })) {
            fail("a second line for one feature");
        }
        features.push_back(std::move(feature));
    }
    return features;
}

bool proves(const Feature& feature, const std::string& test) {
    return std::any_of(feature.patterns.begin(), feature.patterns.end(),
                       [&](const std::string& pattern) { return matches(pattern, test); });
}

bool claims(const Run& run, const Feature& feature) {
    std::istringstream words(run.subject.capabilities);
    return feature.capability.empty() || std::find(std::istream_iterator<std::string>(words), {}, feature.capability) !=
                                             std::istream_iterator<std::string>();
}

FeatureCounts countFeature(const Feature& feature, const Run& run) {
    FeatureCounts counts;
    for (const TestResult& test : run.tests) {
        if (!proves(feature, test.name)) {
            continue;
        }
        if (test.status == Status::Passed) {
            ++counts.passed;
            continue;
        }
        counts.failed += isFailure(test.status) ? 1 : 0;
        counts.expected += test.status == Status::ExpectedFailure ? 1 : 0;
        counts.skipped += test.status == Status::Skipped ? 1 : 0;
        counts.unsupported += test.status == Status::Unsupported ? 1 : 0;
        if (counts.reason.empty()) {
            counts.reason = test.reason;
        }
        if (counts.issue.empty()) {
            counts.issue = test.issue;
        }
    }
    return counts;
}

} // namespace halyard::cts
