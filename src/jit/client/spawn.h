// Starting a worker without disturbing the host: no fork handler, signal handler or descriptor of the host is touched
// or inherited.
#pragma once

#include "cache/file_descriptor.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace halyard::jit {

// Our ends. All are close-on-exec and above the standard descriptors.
struct SpawnedProcess {
    pid_t pid = -1;
    FileDescriptor process; // a pidfd; invalid on kernels before 5.3
    FileDescriptor channel; // stream socket: requests out, replies in
    FileDescriptor errors;  // non-blocking read end of its standard error
};

// False with `problem` set. The process starts in "/", in a process group of its own (an interrupt from the terminal is
// the host's), with default signal handling, the host's environment, and descriptors 0 to 4 only.
bool spawn(const std::filesystem::path& program, uint64_t memoryMegabytes, SpawnedProcess& out, std::string& problem);

} // namespace halyard::jit
