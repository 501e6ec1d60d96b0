// An application that has started a worker: prints the worker's process id and waits to be killed.
#include "jit/client/compiler.h"

#include <cstdio>
#include <unistd.h>

int main() {
    halyard::Log log;
    halyard::Counters counters;
    halyard::Cache cache(log, counters);
    halyard::Compiler compiler(cache, log, counters);
    const uint32_t words[5] = {0x07230203, 0x00010000, 0, 1, 0};
    const uint8_t digest[32] = {1};
    HyJitRequest request = {};
    request.structSize = sizeof request;
    request.spirv = words;
    request.spirvBytes = sizeof words;
    request.spirvDigest = digest;
    request.kernel = "pid";
    request.target = "host";
    request.cpu = "any";
    HyJitArtifact artifact = {};
    artifact.structSize = sizeof artifact;
    if (compiler.compile(request, &artifact) != HY_SUCCESS)
        return 1;
    std::printf("%.*s\n", static_cast<int>(artifact.bytes), static_cast<const char*>(artifact.data));
    std::fflush(stdout);
    pause();
}
