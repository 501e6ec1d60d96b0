// Whether what a device computed for a case is right.
#pragma once

#include "matrix/case.h"

namespace halyard::spirvtest {

// The case itself tells right from wrong. Else only another device can.
bool judgedAlone(const Case& item);
// The first invocations that are wrong, in words; empty when all are right. got[n]: the result of invocation n.
// REQUIRES: judgedAlone(item).
std::string wrongAlone(const Case& item, const std::vector<Value>& got);
// Where `got` differs from what another device, called `source` in the words, computed from the same operands. Where
// the result is not defined they may differ, and always in cases with Comparison::Kind::Accept, which are not for here.
std::string wrongBeside(const Case& item, const std::vector<Value>& got, const std::vector<Value>& other,
                        const std::string& source);

} // namespace halyard::spirvtest
