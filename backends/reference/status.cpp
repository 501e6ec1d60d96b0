#include "status.h"

#include <cstddef>

namespace halyard::reference {

HyResult Host::fail(const Failure& failure, const char* argument) const noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = failure.code;
    error.argument = argument;
    error.message = failure.message.c_str();
    error.hint = failure.hint.c_str();
    services_->setError(services_->context, &error);
    return failure.code;
}

void Host::log(HyLogLevel level, const std::string& message) const noexcept {
    services_->log(services_->context, level, message.c_str());
}

const char* Host::getEnv(const char* name) const noexcept {
    return services_->getEnv(services_->context, name);
}

void Host::print(std::string_view text) const noexcept {
    constexpr size_t kSince11 = offsetof(HyHostServices, print) + sizeof services_->print;
    if (services_->structSize >= kSince11 && services_->print != nullptr)
        services_->print(services_->context, text.data(), text.size());
    else
        services_->log(services_->context, HY_LOG_WARNING,
                       "a kernel prints, but this runtime is too old to pass it on");
}

uint64_t Host::correlation() const noexcept {
    constexpr size_t kSince12 = offsetof(HyHostServices, getCorrelation) + sizeof services_->getCorrelation;
    return services_->structSize >= kSince12 ? services_->getCorrelation(services_->context) : 0;
}

} // namespace halyard::reference
