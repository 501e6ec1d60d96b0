// Threads of ours never run signal handlers of the application. Header only, so that backends use it too.
#pragma once

#include <csignal>

namespace halyard {

// Blocks every signal on this thread while it lives. Threads inherit the mask, so that the application's signal
// handlers never run on threads made meanwhile.
class BlockSignals {
public:
    BlockSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockSignals(const BlockSignals&) = delete;
    BlockSignals& operator=(const BlockSignals&) = delete;

private:
    sigset_t before_{};
};

} // namespace halyard
