// The request being handled: what a reply needs to know, also one that is written while the process is dying.
#pragma once

#include "jit/jit.h"
#include "jit/stages.h"
#include "spv/status.h"

#include <string>

#include <nlohmann/json.hpp>

namespace halyard::jit {

class Session {
public:
    Session(nlohmann::json id, HyJitSink sink, void* user);

    Stages& stages() { return stages_; }
    void succeed(nlohmann::json fields, const std::string& blob = {});
    void fail(const spv::Error& error);

private:
    void send(const nlohmann::json& json, const std::string& blob = {});

    nlohmann::json id_;
    HyJitSink sink_;
    void* user_;
    std::string stage_; // the last one announced
    Stages stages_;
};

// Makes LLVM's fatal errors and failed allocations answer the request in `session` and end the process with kFatalExit.
// For a worker only: installed once, on the "isolate" request. Thread-safe.
void installFatalHandlers();
// Names the request that a fatal error belongs to; null when there is none.
void setFatalSession(Session* session);
inline constexpr int kFatalExit = 70;

} // namespace halyard::jit
