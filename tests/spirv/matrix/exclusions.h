// Cases that are known to fail, as data: expected_failures.txt. An entry without a failing case is stale, and a failure
// itself.
#pragma once

#include "matrix/engine.h"

#include <string>
#include <vector>

namespace halyard::spirvtest {

struct Exclusion {
    std::string device;
    std::string pattern; // of case names; * stands for anything
    Verdict verdict = Verdict::Refused;
    std::string reason;
    int line = 0;
    bool used = false;  // some case failed as it says
    bool stale = false; // some case that it names did not
};

class Exclusions {
public:
    // Reads the file. Lines: "<device> | <pattern> | refused or wrong | <reason>"; # begins a comment. Throws
    // std::runtime_error with the line's number for anything else.
    explicit Exclusions(const std::string& path);

    // Whether this verdict on this device is expected; notes the entries that are in use. `Right` is expected unless an
    // entry names the case.
    bool expects(const std::string& device, const std::string& name, Verdict verdict);
    // What is stale after the cases of all families ran, one line an entry.
    std::vector<std::string> stale() const;

private:
    std::vector<Exclusion> entries_;
};

// Whether `name` matches `pattern`, in which * stands for any characters.
bool matches(const std::string& pattern, const std::string& name);

} // namespace halyard::spirvtest
