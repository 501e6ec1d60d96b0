// A recording as a file in the Trace Event Format, as JSON, which Perfetto and chrome://tracing load.
#pragma once

#include "layers/trace/recorder.h"

#include <cstdio>
#include <map>
#include <string>

namespace halyard::layers {

struct TraceContents {
    const Recorder& recorder;
    uint64_t originNs;                       // time 0 of the file
    std::map<uint64_t, std::string> devices; // names by handle
    std::map<uint64_t, std::string> streams; // names by handle
};

// False, with errno set, when the file takes no more. Throws std::bad_alloc.
bool writeTrace(std::FILE* file, const TraceContents& contents);

} // namespace halyard::layers
