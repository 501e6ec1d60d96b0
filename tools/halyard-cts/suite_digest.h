// Which suite a report is of.
#pragma once

namespace halyard::cts {

// SHA-256, 64 hexadecimal digits, of the names and contents of the suite's sources and kernels when this was built: two
// reports with one digest ran the same tests. Exclusions and the program around the suite do not count.
const char* suiteDigest();

} // namespace halyard::cts
