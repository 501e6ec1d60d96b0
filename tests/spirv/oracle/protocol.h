// What goes between a test and an implementation that is not ours, which runs in a process of its own: it may crash,
// and two copies of LLVM in one process do not get along.
#pragma once

#include "builder/runner.h"

#include <cstdint>
#include <string>

namespace halyard::spirvtest::oracle {

// The request: a module and a launch. parseRequest: false for damaged bytes.
std::string formatRequest(const Words& words, const Launch& launch);
bool parseRequest(const std::string& bytes, Words* words, Launch* launch);

// The answer: an outcome, and the buffers of the launch when it went well.
std::string formatAnswer(const Outcome& outcome, const Launch& launch);
bool parseAnswer(const std::string& bytes, Outcome* outcome, Launch* launch);

// The main() of such a process: a request from stdin, `run` on it, the answer to stdout.
using Run = Outcome (*)(const Words& words, Launch& launch);
int serve(Run run);

} // namespace halyard::spirvtest::oracle
