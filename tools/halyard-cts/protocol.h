// What a worker tells its parent: JSON objects, one a line, over a pipe that no test knows of.
#pragma once

#include "results.h"

#include <optional>
#include <string>

namespace halyard::cts {

struct Message {
    enum class Kind {
        Begin,   // `test` begins
        Failure, // `text`: a failed assertion of the test that runs, or of what follows the last one
        Early,   // `text`: a failed assertion of what a suite does before its first test
        End,     // `test` ended after `seconds` with `status` (Passed, Failed, Skipped), Skipped for the reason `text`
        Done,    // all tests that the worker was given have ended
        Subject, // `subject` is what the selector names
        Absent,  // the selector names nothing, for the reason `text`
    };
    Kind kind = Kind::Done;
    std::string test;
    std::string text;
    Status status = Status::Passed;
    double seconds = 0;
    Subject subject;
};

// Ends with a newline and has no other.
std::string toLine(const Message& message);
// Nothing for a line that is none.
std::optional<Message> fromLine(const std::string& line);

} // namespace halyard::cts
