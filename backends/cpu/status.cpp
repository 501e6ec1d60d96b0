#include "status.h"

#include <cstddef>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <vector>

namespace halyard::cpu {

std::string format(const char* pattern, ...) {
    va_list args;
    va_start(args, pattern);
    va_list again;
    va_copy(again, args);
    const int length = std::vsnprintf(nullptr, 0, pattern, args);
    va_end(args);
    std::vector<char> text(length > 0 ? static_cast<size_t>(length) + 1 : 1);
    std::vsnprintf(text.data(), text.size(), pattern, again);
    va_end(again);
    return {text.data(), text.size() - 1};
}

HyResult Host::fail(const Failure& failure) const noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = failure.code;
    error.argument = failure.argument;
    error.message = failure.message.c_str();
    error.hint = failure.hint;
    error.nativeName = "";
    services_->setError(services_->context, &error);
    return failure.code;
}

HyResult Host::failSystem(HyResult code, const std::string& message, int error) const noexcept {
    const char* name = strerrorname_np(error);
    HyBackendError record{};
    record.structSize = sizeof record;
    record.code = code;
    record.message = message.c_str();
    record.nativeName = name != nullptr ? name : "";
    record.nativeCode = error;
    services_->setError(services_->context, &record);
    return code;
}

void Host::log(HyLogLevel level, const std::string& message) const noexcept {
    services_->log(services_->context, level, message.c_str());
}

const char* Host::getEnv(const char* name) const noexcept {
    return services_->getEnv(services_->context, name);
}

bool Host::print(const std::string& text) const noexcept {
    constexpr size_t kNeeded =
        offsetof(HyHostServices, print) + sizeof(services_->print); // a runtime before 1.1 has none
    if (services_->structSize < kNeeded) {
        return false;
    }
    services_->print(services_->context, text.data(), text.size());
    return true;
}

uint64_t Host::correlation() const noexcept {
    constexpr size_t kNeeded = offsetof(HyHostServices, getCorrelation) + sizeof(services_->getCorrelation);
    return services_->structSize < kNeeded ? 0 : services_->getCorrelation(services_->context);
}

HyResult Host::jitCompile(const HyJitRequest& request, HyJitArtifact& outArtifact) const noexcept {
    return services_->jitCompile(services_->context, &request, &outArtifact);
}

void Host::jitRelease(HyJitArtifact& artifact) const noexcept {
    services_->jitRelease(services_->context, &artifact);
}

} // namespace halyard::cpu
