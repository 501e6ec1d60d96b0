// Where the text that kernels print goes: the application's callback, or stdout. Thread-safe; pieces of text are
// delivered one at a time.
#pragma once

#include "halyard/halyard.h"

#include <mutex>
#include <string_view>

namespace halyard {

class Printer {
public:
    // Replaces the sink; null means stdout. When it returns, the old callback neither runs nor will run.
    void setCallback(HyPrintCallback callback, void* user);
    // `text` is the output of one printf call.
    void write(std::string_view text);

private:
    std::mutex mutex_; // guards the two below and serialises delivery
    HyPrintCallback callback_ = nullptr;
    void* user_ = nullptr;
};

} // namespace halyard
