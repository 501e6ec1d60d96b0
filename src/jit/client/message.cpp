#include "jit/client/message.h"

#include "jit/client/request.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace halyard::jit {
namespace {

using nlohmann::json;

// The string of that name; empty when it is missing or of another type.
std::string text(const json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<int64_t> number(const json& document, const char* name) {
    const auto found = document.find(name);
    if (found == document.end() || !found->is_number_integer())
        return std::nullopt;
    return found->get<int64_t>();
}

} // namespace

std::optional<Message> parseMessage(std::string_view source, uint64_t id, std::string& problem) {
    const json document = json::parse(source.begin(), source.end(), nullptr, /*allow_exceptions=*/false);
    if (!document.is_object()) {
        problem = "a message that is not a JSON object";
        return std::nullopt;
    }
    if (number(document, "id") != static_cast<int64_t>(id)) {
        problem = fmt::format("a message without id {}", id);
        return std::nullopt;
    }
    Message out;
    if (document.contains("progress")) {
        out.progress = true;
        out.stage = text(document, "progress");
        return out;
    }
    const std::optional<int64_t> status = number(document, "status");
    if (!status) {
        problem = "a reply without a status";
        return std::nullopt;
    }
    // A code that we do not know is still a failure.
    out.status = *status == 0                                           ? HY_SUCCESS
                 : *status < 0 && *status >= int64_t{HY_ERROR_INTERNAL} ? static_cast<HyResult>(*status)
                                                                        : HY_ERROR_COMPILE_FAILED;
    out.stage = text(document, "stage");
    out.message = text(document, "message");
    out.hint = text(document, "hint");
    out.buildId = text(document, "buildId");
    return out;
}

std::string helloJson(uint64_t id) {
    return json({{"op", "hello"}, {"id", id}}).dump();
}

std::string checkHello(const Message& hello) {
    if (hello.status != HY_SUCCESS)
        return fmt::format("refused to start: {}", hello.message);
    if (hello.buildId != buildId())
        return fmt::format("is of build {}, and this runtime needs build {}", hello.buildId, buildId());
    return {};
}

} // namespace halyard::jit
