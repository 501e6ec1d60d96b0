#include "jit/client/outcome.h"

#include "base/error.h"

namespace halyard::jit {

Outcome Outcome::failure(HyResult code, std::string message, std::string hint) {
    Outcome out;
    out.code = code;
    out.message = std::move(message);
    out.hint = std::move(hint);
    return out;
}

HyResult report(const Outcome& outcome, const char* argument) {
    return setLastError({outcome.code, argument, outcome.message, outcome.hint, {}, {}, 0});
}

} // namespace halyard::jit
