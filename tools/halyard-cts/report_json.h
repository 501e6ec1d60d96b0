// Reports as files: JSON that programs read.
#pragma once

#include "results.h"

namespace halyard::cts {

// The whole run, ending with a newline. A string that is not UTF-8 (output of a crashed process) is written as
// {"bytes": "..."}, each character a byte, so that fromJson() gives back exactly what was there.
std::string toJson(const Run& run);
// Throws std::runtime_error that says what is wrong and where ("tests[3].status: ..."): no JSON, no report of
// halyard-cts, one of a later format, or a damaged one.
Run fromJson(const std::string& text);

// fromJson() of a file's content. Throws std::runtime_error that names the file.
Run readReport(const std::string& path);

} // namespace halyard::cts
