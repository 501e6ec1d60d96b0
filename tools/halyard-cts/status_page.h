// The table "feature by backend" of docs/status.md, from reports.
#pragma once

#include "feature_table.h"

namespace halyard::cts {

// Where the table stands in the page.
constexpr const char* kTableBegin = "<!-- cts:begin -->";
constexpr const char* kTableEnd = "<!-- cts:end -->";

// A Markdown table with a row for each feature and a column for each run, named by its backend. A cell is the run's
// level when all of the feature's tests passed; "T4 in part" when some passed and the rest were skipped, ruled out or
// are expected to fail; "–" when none passed, or the device does not claim the feature and refuses it as it should;
// "FAILED" when one failed. Throws std::runtime_error when a feature has no test in any run, a test has no feature, or
// two runs are of one backend: then the table would not say what people think it does.
std::string statusTable(const std::vector<Feature>& features, const std::vector<Run>& runs);

// `page` with `table` between the markers. Throws std::runtime_error where they are not there, each once and in order.
std::string withTable(const std::string& page, const std::string& table);

// Whether the page is what was wanted but for "in part": a machine with less memory, say, skips tests that another
// runs.
bool agrees(const std::string& page, const std::string& wanted);

// The subcommand "status REPORT... [--page FILE [--check]]": prints the table, or writes it into the page, or compares;
// 0, 1 when --check finds a difference (printed), 2 for wrong arguments or files.
int statusMain(int argc, char** argv);

} // namespace halyard::cts
