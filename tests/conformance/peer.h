// The other process of tests that need one: the same program, started as `peerProgram() --peer NAME ARGUMENT...`.
#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace halyard::conformance {

using PeerMain = int (*)(int argc, char** argv); // the arguments from NAME on; gives the exit status

inline std::map<std::string, PeerMain>& peers() {
    static std::map<std::string, PeerMain> known;
    return known;
}

// A static object of this type adds a peer to the program.
struct RegisteredPeer {
    RegisteredPeer(const char* name, PeerMain run) { peers()[name] = run; }
};

// The absolute path of this program. Throws std::runtime_error where /proc does not tell it.
inline std::string peerProgram() {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0 || length == sizeof path)
        throw std::runtime_error("/proc/self/exe does not name this program, so it cannot be started a second time");
    return std::string(path, static_cast<size_t>(length));
}

// What main() does first: the exit status when the program was started as a peer.
inline std::optional<int> runAsPeer(int argc, char** argv) {
    if (argc < 3 || std::strcmp(argv[1], "--peer") != 0)
        return std::nullopt;
    const auto found = peers().find(argv[2]);
    return found == peers().end() ? 3 : found->second(argc - 2, argv + 2);
}

} // namespace halyard::conformance
