#include "report_json.h"

#include "text.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace halyard::cts {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormatKey = "halyardConformanceReport";
constexpr uint64_t kFormat = 1;
constexpr Status kStatuses[] = {Status::Passed,  Status::Failed,      Status::Crashed,         Status::TimedOut,
                                Status::Skipped, Status::Unsupported, Status::ExpectedFailure, Status::UnexpectedPass};

// ---- writing

Json textJson(const std::string& text) {
    if (isUtf8(text)) {
        return text;
    }
    std::string latin;
    for (const char c : text) {
        const auto byte = static_cast<uint8_t>(c);
        if (byte < 0x80) {
            latin += c;
        } else {
            latin += static_cast<char>(0xc0 | byte >> 6);
            latin += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return {{"bytes", latin}};
}

Json testJson(const TestResult& test) {
    Json json = {{"name", textJson(test.name)},
                 {"file", textJson(test.file)},
                 {"status", statusName(test.status)},
                 {"seconds", test.seconds}};
    // Most tests pass and have none of these.
    for (const auto& [key, text] :
         {std::pair("reason", &test.reason), {"issue", &test.issue}, {"output", &test.output}}) {
        if (!text->empty()) {
            json[key] = textJson(*text);
        }
    }
    return json;
}

Json exclusionJson(const Exclusion& exclusion) {
    return {{"kind", exclusion.kind == Exclusion::Kind::Unsupported ? "unsupported" : "fails"},
            {"pattern", textJson(exclusion.pattern)},
            {"reason", textJson(exclusion.reason)},
            {"issue", textJson(exclusion.issue)},
            {"place", textJson(exclusion.place)},
            {"matched", exclusion.matched}};
}

Json subjectJson(const Subject& subject) {
    return {{"selector", textJson(subject.selector)},
            {"deviceName", textJson(subject.deviceName)},
            {"deviceUuid", textJson(subject.deviceUuid)},
            {"backend", textJson(subject.backend)},
            {"backendLibrary", textJson(subject.backendLibrary)},
            {"backendBuildId", textJson(subject.backendBuildId)},
            {"backendAbi", textJson(subject.backendAbi)},
            {"driverName", textJson(subject.driverName)},
            {"driverVersion", textJson(subject.driverVersion)},
            {"capabilities", textJson(subject.capabilities)}};
}

Json machineJson(const Machine& machine) {
    return {{"system", textJson(machine.system)},
            {"kernel", textJson(machine.kernel)},
            {"processor", textJson(machine.processor)},
            {"processors", machine.processors},
            {"memoryBytes", machine.memoryBytes}};
}

Json textsJson(const std::vector<std::string>& texts) {
    Json json = Json::array();
    for (const std::string& text : texts) {
        json.push_back(textJson(text));
    }
    return json;
}

// ---- reading

// A value and the words for its place.
class Reader {
public:
    Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

    [[noreturn]] void refuse(const std::string& what) const {
        throw std::runtime_error(fmt::format("{}: {}", where_.empty() ? "the report" : where_, what));
    }
    bool has(const char* key) const {
        requireObject();
        return json_.contains(key);
    }
    Reader at(const char* key) const {
        const std::string where = where_.empty() ? key : fmt::format("{}.{}", where_, key);
        if (!has(key)) {
            Reader(json_, where).refuse("missing");
        }
        return {json_.at(key), where};
    }
    std::string text() const {
        if (json_.is_string()) {
            return json_.get<std::string>();
        }
        if (json_.is_object() && json_.size() == 1 && json_.contains("bytes") && json_.at("bytes").is_string()) {
            return bytes(json_.at("bytes").get_ref<const std::string&>());
        }
        refuse("a text was expected");
    }
    std::string textOr(const char* key) const { return has(key) ? at(key).text() : std::string(); }
    double seconds() const {
        if (!json_.is_number()) {
            refuse("a number of seconds was expected");
        }
        return json_.get<double>();
    }
    uint64_t number(uint64_t largest = UINT64_MAX) const {
        if (!json_.is_number_unsigned() || json_.get<uint64_t>() > largest) {
            refuse(fmt::format("a whole number from 0 to {} was expected", largest));
        }
        return json_.get<uint64_t>();
    }
    template <typename Take> void each(Take&& take) const {
        if (!json_.is_array()) {
            refuse("a list was expected");
        }
        for (size_t i = 0; i < json_.size(); ++i) {
            take(Reader(json_[i], fmt::format("{}[{}]", where_, i)));
        }
    }

private:
    void requireObject() const {
        if (!json_.is_object()) {
            refuse("an object was expected");
        }
    }
    std::string bytes(std::string_view latin) const {
        std::string text;
        while (!latin.empty()) {
            const uint32_t point = takeCodePoint(latin);
            if (point > 0xff) {
                refuse("the bytes of a text are characters up to U+00FF");
            }
            text += static_cast<char>(point);
        }
        return text;
    }

    const Json& json_;
    const std::string where_;
};

Status readStatus(const Reader& reader) {
    const std::string name = reader.text();
    for (const Status status : kStatuses) {
        if (name == statusName(status)) {
            return status;
        }
    }
    reader.refuse(fmt::format("'{}' is no status of a test", name));
}

TestResult readTest(const Reader& reader) {
    TestResult test;
    test.name = reader.at("name").text();
    test.file = reader.at("file").text();
    test.status = readStatus(reader.at("status"));
    test.seconds = reader.at("seconds").seconds();
    test.reason = reader.textOr("reason");
    test.issue = reader.textOr("issue");
    test.output = reader.textOr("output");
    return test;
}

Exclusion readExclusion(const Reader& reader) {
    Exclusion exclusion;
    const std::string kind = reader.at("kind").text();
    if (kind != "unsupported" && kind != "fails") {
        reader.at("kind").refuse(fmt::format("'{}' is neither 'unsupported' nor 'fails'", kind));
    }
    exclusion.kind = kind == "fails" ? Exclusion::Kind::ExpectedFailure : Exclusion::Kind::Unsupported;
    exclusion.pattern = reader.at("pattern").text();
    exclusion.reason = reader.at("reason").text();
    exclusion.issue = reader.at("issue").text();
    exclusion.place = reader.at("place").text();
    exclusion.matched = static_cast<uint32_t>(reader.at("matched").number(UINT32_MAX));
    return exclusion;
}

Subject readSubject(const Reader& reader) {
    return {reader.at("selector").text(),    reader.at("deviceName").text(),     reader.at("deviceUuid").text(),
            reader.at("backend").text(),     reader.at("backendLibrary").text(), reader.at("backendBuildId").text(),
            reader.at("backendAbi").text(),  reader.at("driverName").text(),     reader.at("driverVersion").text(),
            reader.at("capabilities").text()};
}

Machine readMachine(const Reader& reader) {
    return {reader.at("system").text(), reader.at("kernel").text(), reader.at("processor").text(),
            static_cast<uint32_t>(reader.at("processors").number(UINT32_MAX)), reader.at("memoryBytes").number()};
}

void requireFormat(const Reader& root) {
    if (!root.has(kFormatKey)) {
        root.refuse(fmt::format("this is JSON, but no report of halyard-cts: it has no \"{}\"", kFormatKey));
    }
    const uint64_t format = root.at(kFormatKey).number();
    if (format != kFormat) {
        root.refuse(fmt::format("its format is {}, and this program reads {}: use the halyard-cts of a version that "
                                "writes it",
                                format, kFormat));
    }
}

} // namespace

std::string toJson(const Run& run) {
    Json root = {{kFormatKey, kFormat},
                 {"suiteVersion", textJson(run.suiteVersion)},
                 {"suiteDigest", textJson(run.suiteDigest)},
                 {"runtimeVersion", textJson(run.runtimeVersion)},
                 {"runtimeAbi", textJson(run.runtimeAbi)},
                 {"started", textJson(run.started)},
                 {"seconds", run.seconds},
                 {"profile", textJson(run.profile)},
                 {"filter", textJson(run.filter)},
                 {"seed", run.seed},
                 {"level", textJson(run.level)},
                 {"arguments", textsJson(run.arguments)},
                 {"succeeded", run.succeeded()},
                 {"machine", machineJson(run.machine)},
                 {"subject", subjectJson(run.subject)}};
    root["exclusions"] = Json::array();
    for (const Exclusion& exclusion : run.exclusions) {
        root["exclusions"].push_back(exclusionJson(exclusion));
    }
    root["staleExclusions"] = textsJson(run.staleExclusions);
    root["stoppedBy"] = textJson(run.stoppedBy);
    root["tests"] = Json::array();
    for (const TestResult& test : run.tests) {
        root["tests"].push_back(testJson(test));
    }
    return root.dump(1) + "\n";
}

Run fromJson(const std::string& text) {
    Json json;
    try {
        json = Json::parse(text);
    } catch (const Json::exception& error) {
        throw std::runtime_error(fmt::format("this is no JSON, or a report that was cut off: {}", error.what()));
    }
    const Reader root(json, "");
    requireFormat(root);
    Run run;
    run.suiteVersion = root.at("suiteVersion").text();
    run.suiteDigest = root.at("suiteDigest").text();
    run.runtimeVersion = root.at("runtimeVersion").text();
    run.runtimeAbi = root.at("runtimeAbi").text();
    run.started = root.at("started").text();
    run.seconds = root.at("seconds").seconds();
    run.profile = root.at("profile").text();
    run.filter = root.at("filter").text();
    run.seed = root.at("seed").number();
    run.level = root.at("level").text();
    root.at("arguments").each([&](const Reader& argument) { run.arguments.push_back(argument.text()); });
    run.machine = readMachine(root.at("machine"));
    run.subject = readSubject(root.at("subject"));
    root.at("exclusions").each([&](const Reader& exclusion) { run.exclusions.push_back(readExclusion(exclusion)); });
    root.at("staleExclusions").each([&](const Reader& stale) { run.staleExclusions.push_back(stale.text()); });
    run.stoppedBy = root.at("stoppedBy").text();
    root.at("tests").each([&](const Reader& test) { run.tests.push_back(readTest(test)); });
    return run;
}

Run readReport(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || std::filesystem::is_directory(path)) {
        throw std::runtime_error(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    }
    try {
        return fromJson(text.str());
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(fmt::format("{}: {}", path, error.what()));
    }
}

} // namespace halyard::cts
