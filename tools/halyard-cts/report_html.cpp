#include "report_html.h"

#include "feature_table.h"
#include "text.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace halyard::cts {
namespace {

constexpr size_t kSlowest = 15;

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; margin: .5em 0 1.5em; }
th, td { border: 1px solid #8886; padding: .25em .6em; text-align: left; vertical-align: top; }
pre { white-space: pre-wrap; background: #8881; padding: .6em; max-height: 30em; overflow: auto; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: #2a8a3a; } .bad { color: #d33; font-weight: bold; } .dim { opacity: .7; }
)";

std::string text(const std::string& words) {
    return escapeMarkup(words, Place::Text);
}

class Page {
public:
    explicit Page(const Run& run) : run_(run) {}

    std::string write() {
        const bool good = run_.succeeded();
        const std::string title =
            fmt::format("{} on {}, profile {}", good ? "Passed" : "FAILED", run_.subject.selector, run_.profile);
        out_ = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>" + text(title) +
               "</title>\n<style>" + kStyle + "</style></head><body>\n";
        out_ += fmt::format("<h1 class=\"{}\">{}</h1>\n", good ? "good" : "bad", text(title));
        counts();
        subject();
        failures();
        features();
        expectedFailures();
        reasons(Status::Skipped, "Skipped, by reason");
        reasons(Status::Unsupported, "Ruled out for good, by reason");
        exclusions();
        slowest();
        return out_ + "</body></html>\n";
    }

private:
    void heading(const char* words) { out_ += fmt::format("<h2>{}</h2>\n", words); }
    void row(const std::string& name, const std::string& value) {
        if (!value.empty()) {
            out_ += "<tr><th>" + text(name) + "</th><td>" + text(value) + "</td></tr>\n";
        }
    }

    void counts() {
        std::map<Status, size_t> counts;
        for (const TestResult& test : run_.tests) {
            ++counts[test.status];
        }
        out_ += fmt::format("<table><tr><th>tests</th><td class=\"number\">{}</td></tr>\n", run_.tests.size());
        for (const auto& [status, count] : counts) {
            out_ += fmt::format("<tr><th>{}</th><td class=\"number {}\">{}</td></tr>\n", statusName(status),
                                isFailure(status) ? "bad" : "", count);
        }
        out_ += "</table>\n";
    }

    void subject() {
        const Subject& subject = run_.subject;
        const Machine& machine = run_.machine;
        heading("What ran on what");
        out_ += "<table>\n";
        row("device", fmt::format("{}: {}", subject.selector, subject.deviceName));
        row("backend", fmt::format("{} {} (ABI {})", subject.backend, subject.backendBuildId, subject.backendAbi));
        row("library", subject.backendLibrary);
        row("driver", subject.driverName + " " + subject.driverVersion);
        row("capabilities", subject.capabilities);
        row("level", run_.level);
        row("suite", fmt::format("Halyard {}, digest {}", run_.suiteVersion, run_.suiteDigest));
        row("runtime", fmt::format("{} (API {})", run_.runtimeVersion, run_.runtimeAbi));
        row("profile, filter, seed", fmt::format("{}, {}, {}", run_.profile, run_.filter, run_.seed));
        row("started", fmt::format("{}, took {:.1f} s", run_.started, run_.seconds));
        row("machine",
            fmt::format("{}, {}, {}, {} logical processors, {:.1f} GiB", machine.system, machine.kernel,
                        machine.processor, machine.processors, static_cast<double>(machine.memoryBytes) / (1u << 30)));
        row("command", fmt::format("{}", fmt::join(run_.arguments, " ")));
        out_ += "</table>\n";
    }

    void failures() {
        heading("Failures");
        if (run_.succeeded()) {
            out_ += "<p class=\"good\">none</p>\n";
        }
        if (run_.tests.empty()) {
            out_ += "<p class=\"bad\">nothing ran</p>\n";
        }
        if (!run_.stoppedBy.empty()) {
            out_ += "<p class=\"bad\">the run was stopped by " + text(run_.stoppedBy) + "</p>\n";
        }
        for (const std::string& sentence : run_.staleExclusions) {
            out_ += "<p class=\"bad\">out of date: " + text(sentence) + "</p>\n";
        }
        for (const TestResult& test : run_.tests) {
            if (isFailure(test.status)) {
                out_ +=
                    fmt::format("<h3>{} <span class=\"bad\">{}</span></h3>\n<p class=\"dim\">{}{}</p>\n<pre>{}</pre>\n",
                                text(test.name), statusName(test.status), text(test.file),
                                test.reason.empty() ? "" : ": " + text(test.reason), text(test.output));
            }
        }
    }

    void features() {
        heading("Features");
        out_ += "<table><tr><th>feature</th><th>passed</th><th>failed</th><th>expected to fail</th><th>skipped</th>"
                "<th>ruled out</th><th>of the first that did not pass</th></tr>\n";
        for (const Feature& feature : parseFeatures(featuresText(), "features.txt")) {
            const FeatureCounts counts = countFeature(feature, run_);
            out_ += fmt::format("<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number {}\">{}</td>"
                                "<td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
                                "<td>{}</td></tr>\n",
                                text(feature.title), counts.passed, counts.failed > 0 ? "bad" : "", counts.failed,
                                counts.expected, counts.skipped, counts.unsupported,
                                text(counts.total() == 0      ? "not run"
                                     : !claims(run_, feature) ? "not claimed, and refused: " + feature.capability
                                                              : counts.reason));
        }
        out_ += "</table>\n";
    }

    void expectedFailures() {
        std::string rows;
        for (const TestResult& test : run_.tests) {
            if (test.status == Status::ExpectedFailure) {
                rows += "<tr><td>" + text(test.name) + "</td><td>" + text(test.issue) + "</td><td>" +
                        text(test.reason) + "</td></tr>\n";
            }
        }
        if (!rows.empty()) {
            heading("Expected failures");
            out_ += "<table><tr><th>test</th><th>issue</th><th>reason</th></tr>\n" + rows + "</table>\n";
        }
    }

    void reasons(Status status, const char* title) {
        std::map<std::string, std::vector<std::string>> tests;
        for (const TestResult& test : run_.tests) {
            if (test.status == status) {
                tests[test.reason].push_back(test.name);
            }
        }
        if (tests.empty()) {
            return;
        }
        heading(title);
        for (const auto& [reason, names] : tests) {
            out_ += fmt::format("<details><summary>{} ({})</summary><p>{}</p></details>\n", text(reason), names.size(),
                                text(fmt::format("{}", fmt::join(names, ", "))));
        }
    }

    void exclusions() {
        if (run_.exclusions.empty()) {
            return;
        }
        heading("Exclusions");
        out_ += "<table><tr><th>entry</th><th>kind</th><th>pattern</th><th>tests</th><th>reason</th></tr>\n";
        for (const Exclusion& exclusion : run_.exclusions) {
            out_ += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td><td>{}{}</td></tr>\n",
                                text(exclusion.place),
                                exclusion.kind == Exclusion::Kind::Unsupported ? "unsupported" : "fails",
                                text(exclusion.pattern), exclusion.matched, text(exclusion.reason),
                                exclusion.issue.empty() ? "" : " (" + text(exclusion.issue) + ")");
        }
        out_ += "</table>\n";
    }

    void slowest() {
        std::vector<const TestResult*> tests;
        for (const TestResult& test : run_.tests) {
            tests.push_back(&test);
        }
        std::stable_sort(tests.begin(), tests.end(),
                         [](const TestResult* a, const TestResult* b) { return a->seconds > b->seconds; });
        tests.resize(std::min(tests.size(), kSlowest));
        heading("Slowest tests");
        out_ += "<table><tr><th>test</th><th>seconds</th></tr>\n";
        for (const TestResult* test : tests) {
            out_ +=
                fmt::format("<tr><td>{}</td><td class=\"number\">{:.2f}</td></tr>\n", text(test->name), test->seconds);
        }
        out_ += "</table>\n";
    }

    const Run& run_;
    std::string out_;
};

} // namespace

std::string toHtml(const Run& run) {
    return Page(run).write();
}

} // namespace halyard::cts
