#include "status.h"

#include <cstdio>

namespace halyard::null {

HyResult Host::fail(HyResult code, const std::string& message, const char* hint) const noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = code;
    error.message = message.c_str();
    error.hint = hint;
    services_->setError(services_->context, &error);
    return code;
}

HyResult Host::unsupported(const char* what) const noexcept {
    // A fixed buffer: a failure must be reportable when memory has run out, and nothing here may throw.
    char message[128];
    std::snprintf(message, sizeof message, "the null device cannot %s", what);
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = HY_ERROR_UNSUPPORTED;
    error.message = message;
    error.hint = "it is a template that runs nothing: choose another device";
    services_->setError(services_->context, &error);
    return HY_ERROR_UNSUPPORTED;
}

void Host::log(HyLogLevel level, const std::string& message) const noexcept {
    services_->log(services_->context, level, message.c_str());
}

const char* Host::getEnv(const char* name) const noexcept {
    return services_->getEnv(services_->context, name);
}

} // namespace halyard::null
