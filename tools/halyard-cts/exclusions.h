// Files of exclusions: what a device is not asked, and what it is known to fail.
//
//     unsupported | <pattern> | <reason>             not run; the reason is for good
//     fails       | <pattern> | <reason> | <issue>   run and expected to fail; an entry of which nothing fails makes
//     the run fail # a comment
#pragma once

#include "results.h"

#include <string>
#include <vector>

namespace halyard::cts {

// Appends the entries of `text`. `name` is the file's in places and messages. Throws std::runtime_error naming the
// file, the line and what is wrong with it.
void parseExclusions(const std::string& name, const std::string& text, std::vector<Exclusion>& exclusions);

// The first entry of that kind that matches; null without one.
Exclusion* findExclusion(std::vector<Exclusion>& exclusions, Exclusion::Kind kind, const std::string& test);

} // namespace halyard::cts
