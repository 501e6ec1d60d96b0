#include "base/printer.h"

#include <cstdio>

namespace halyard {

void Printer::setCallback(HyPrintCallback callback, void* user) {
    const std::lock_guard lock(mutex_);
    callback_ = callback;
    user_ = user;
}

void Printer::write(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (callback_ != nullptr) {
        callback_(user_, text.data(), text.size());
        return;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

} // namespace halyard
