// The real backend behind the faulty one.
#pragma once

#include "fault.h"

#include <string>

namespace halyard::faulty {

struct Target {
    const HyBackendInterface* interface = nullptr;
    Tables tables{};   // the real slots, but for what names the backend
    std::string fault; // why there is no interface, or empty
};

// Opens `path`, or libhalyard_cpu.so beside this library when it is null; only the first call does that.
const Target& openTarget(const char* path, uint32_t hostAbi, const HyHostServices* host);

// The right slots: what a fault falls back to.
const Tables& real();

// The device that a live stream was created on.
HyBackendDevice deviceOf(HyBackendStream stream);

} // namespace halyard::faulty
