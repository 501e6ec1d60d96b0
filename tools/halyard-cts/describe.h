// What a run ran on.
#pragma once

#include "results.h"

namespace halyard::cts {

// From /etc/os-release, uname(2), /proc/cpuinfo and sysconf(3); what cannot be learned stays empty or 0. No name of the
// machine and nothing that identifies it: reports are published.
Machine describeMachine();

// The device that `selector` names ("cuda:1"), through an instance of its own, which obeys HALYARD_ADD_BACKEND_FILES
// and its like. False: there is no such device or no runtime; `why` says so, with what became of the backends.
bool describeSubject(const std::string& selector, Subject& subject, std::string& why);

// "0.1.0", of the library that this process has loaded, and the backend ABI that it was built with.
std::string runtimeVersion();

} // namespace halyard::cts
