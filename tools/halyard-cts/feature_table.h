// The features of the table that people read: each with the tests that prove it.
#pragma once

#include "results.h"

#include <string_view>

namespace halyard::cts {

struct Feature {
    std::string title;
    std::vector<std::string> patterns; // of test names
    std::string capability;            // which a device must claim to have it; "" for what every device has
};

// Reads lines "<title> | <pattern> [<pattern>...] [| <capability>]"; empty lines and those that begin with # say
// nothing. Throws std::runtime_error with `place` and the line's number.
std::vector<Feature> parseFeatures(std::string_view text, const std::string& place);
// tests/conformance/features.txt, as it was when this was built.
std::string_view featuresText();

// The tests of one run that prove a feature, by what became of them.
struct FeatureCounts {
    size_t passed = 0;
    size_t failed = 0; // whatever makes a run fail
    size_t expected = 0;
    size_t skipped = 0;
    size_t unsupported = 0;
    std::string reason; // of the first one that did not pass
    std::string issue;

    size_t total() const { return passed + failed + expected + skipped + unsupported; }
};
FeatureCounts countFeature(const Feature& feature, const Run& run);
bool proves(const Feature& feature, const std::string& test);
// Whether the device of this run says that it has the feature. Where it does not, the tests show that it refuses it.
bool claims(const Run& run, const Feature& feature);

} // namespace halyard::cts
