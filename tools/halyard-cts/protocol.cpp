#include "protocol.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace halyard::cts {

namespace {

using Json = nlohmann::json;

constexpr const char* kKinds[] = {"begin", "failure", "early", "end", "done", "subject", "absent"};

// The members of Subject by name.
constexpr std::pair<const char*, std::string Subject::*> kFields[] = {
    {"selector", &Subject::selector},
    {"deviceName", &Subject::deviceName},
    {"deviceUuid", &Subject::deviceUuid},
    {"backend", &Subject::backend},
    {"backendLibrary", &Subject::backendLibrary},
    {"backendBuildId", &Subject::backendBuildId},
    {"backendAbi", &Subject::backendAbi},
    {"driverName", &Subject::driverName},
    {"driverVersion", &Subject::driverVersion},
    {"capabilities", &Subject::capabilities},
};

} // namespace

std::string toLine(const Message& message) {
    Json json = {{"kind", kKinds[static_cast<size_t>(message.kind)]}};
    if (!message.test.empty())
        json["test"] = message.test;
    if (!message.text.empty())
        json["text"] = message.text;
    if (message.kind == Message::Kind::End) {
        json["status"] = static_cast<int>(message.status);
        json["seconds"] = message.seconds;
    }
    if (message.kind == Message::Kind::Subject) {
        for (const auto& [name, field] : kFields)
            json["subject"][name] = message.subject.*field;
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Message> fromLine(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object())
        return std::nullopt;
    try {
        Message message;
        const auto kind = std::find(std::begin(kKinds), std::end(kKinds), json.at("kind").get<std::string>());
        if (kind == std::end(kKinds))
            return std::nullopt;
        message.kind = static_cast<Message::Kind>(kind - std::begin(kKinds));
        message.test = json.value("test", "");
        message.text = json.value("text", "");
        if (message.kind == Message::Kind::End) {
            message.status = static_cast<Status>(json.at("status").get<int>());
            message.seconds = json.at("seconds").get<double>();
            if (message.status != Status::Passed && message.status != Status::Failed &&
                message.status != Status::Skipped)
                return std::nullopt;
        }
        if (message.kind == Message::Kind::Subject) {
            for (const auto& [name, field] : kFields)
                message.subject.*field = json.at("subject").at(name).get<std::string>();
        }
        return message;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

} // namespace halyard::cts
