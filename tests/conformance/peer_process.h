// The other process of the tests of sharing, which is memory_peer.cpp.
#pragma once

#include "peer.h"
#include "peer_handle.h"

#include <gtest/gtest.h>

#include <csignal>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace halyard::conformance {

class Peer {
public:
    // Starts it, with this process's `descriptor` as its 100 unless it is -1.
    explicit Peer(std::vector<std::string> arguments, int descriptor = -1) {
        std::string program = peerProgram();
        arguments.insert(arguments.begin(), {"--peer", "memory"});
        std::vector<char*> argv = {program.data()};
        for (std::string& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        if (descriptor >= 0)
            posix_spawn_file_actions_adddup2(&actions, descriptor, 100);
        EXPECT_EQ(posix_spawn(&child_, program.c_str(), &actions, nullptr, argv.data(), environ), 0);
        posix_spawn_file_actions_destroy(&actions);
    }
    ~Peer() { kill(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    // Its exit status once it ended by itself; -1 when a signal ended it.
    int wait() {
        int status = -1;
        EXPECT_EQ(waitpid(child_, &status, 0), child_);
        child_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void kill() {
        if (child_ == 0)
            return;
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        child_ = 0;
    }

private:
    pid_t child_ = 0;
};

} // namespace halyard::conformance
