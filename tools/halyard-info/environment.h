// The environment variables that Halyard reads. docs/environment.md is the manual; a test compares the two lists.
#ifndef HALYARD_TOOLS_INFO_ENVIRONMENT_H
#define HALYARD_TOOLS_INFO_ENVIRONMENT_H

#include <string>
#include <vector>

namespace halyard::info {

struct Variable {
    std::string name;
    std::string value;
    std::string effect; // what it does; for a name that Halyard does not know, that it does nothing
    bool known;
};

// Every HALYARD_ variable that is set, in the order of their names.
std::vector<Variable> environmentVariables();

// Whether this process runs with elevated rights, so that Halyard ignores all of them.
bool environmentIgnored();

// The names that Halyard reads.
std::vector<std::string> knownVariables();

} // namespace halyard::info

#endif // HALYARD_TOOLS_INFO_ENVIRONMENT_H
