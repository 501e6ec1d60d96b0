#include "matrix/judge.h"

#include "matrix/generate.h"

#include <cstdio>

namespace halyard::spirvtest {

namespace {

constexpr size_t kShownRows = 2;

std::string text(const Value& value) {
    std::string all;
    for (uint64_t bits : value) {
        char buffer[24];
        std::snprintf(buffer, sizeof buffer, "%s%llx", all.empty() ? "" : ",", static_cast<unsigned long long>(bits));
        all += buffer;
    }
    return all;
}

std::string text(const Row& row) {
    std::string all;
    for (const Value& value : row) {
        all += (all.empty() ? "(" : ") (") + text(value);
    }
    return all.empty() ? "no operands" : all + ")";
}

bool agree(const Case& item, const Row& row, uint64_t got, uint64_t want, size_t component, double ulps) {
    const Scalar scalar = item.result.scalar;
    if (item.comparison.eitherZero && isZero(scalar, got) && isZero(scalar, want)) {
        return true;
    }
    switch (item.comparison.kind) {
    case Comparison::Kind::Exact:
        return got == want;
    case Comparison::Kind::NanEquivalent:
        return got == want || (isFloat(scalar) && isNan(scalar, got) && isNan(scalar, want));
    case Comparison::Kind::Ulp:
        // The last half is the rounding of the expected value.
        return ulpDistance(scalar, got, want) <= ulps + 0.5;
    case Comparison::Kind::Accept:
        return item.comparison.accept(row, got, component);
    }
    return false;
}

// The differences in words, empty when all results agree.
std::string differences(const Case& item, const std::vector<Row>& rows, const std::vector<Value>& got,
                        const std::function<Value(size_t)>& wanted, double ulps, const std::string& source) {
    std::string all;
    size_t wrong = 0;
    for (size_t n = 0; n < got.size(); ++n) {
        const Value want = wanted(n);
        bool right = true;
        for (size_t c = 0; right && c < want.size(); ++c) {
            right = agree(item, rows[n], got[n][c], want[c], c, ulps);
        }
        if (!right && wrong++ < kShownRows) {
            all += "\n    invocation " + std::to_string(n) + ": " + text(rows[n]) + " gave " + text(got[n]) + ", " +
                   source + " " + text(want);
        }
    }
    return wrong == 0 ? "" : std::to_string(wrong) + " of " + std::to_string(got.size()) + " wrong" + all;
}

} // namespace

bool judgedAlone(const Case& item) {
    return item.expected || item.comparison.kind == Comparison::Kind::Accept;
}

std::string wrongAlone(const Case& item, const std::vector<Value>& got) {
    const std::vector<Row> rows = rowsOf(item, got.size());
    const bool accepting = item.comparison.kind == Comparison::Kind::Accept;
    return differences(
        item, rows, got, [&](size_t n) { return accepting ? got[n] : item.expected(rows, n); }, item.comparison.ulps,
        accepting ? "not allowed:" : "expected");
}

std::string wrongBeside(const Case& item, const std::vector<Value>& got, const std::vector<Value>& other,
                        const std::string& source) {
    const std::vector<Row> rows = rowsOf(item, got.size());
    return differences(
        item, rows, got,
        [&](size_t n) {
            const bool defined = !item.expected || !item.expected(rows, n).empty();
            return defined ? other[n] : Value();
        },
        2 * item.comparison.ulps, source);
}

} // namespace halyard::spirvtest
