#include "knobs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <set>
#include <unistd.h>

namespace halyard::softcuda {
namespace {

std::optional<uint64_t> number(std::string_view text) {
    uint64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// What lies before `separator`, which is taken off `rest` with it.
std::string_view next(std::string_view& rest, char separator) {
    size_t at = rest.find(separator);
    std::string_view part = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    return part;
}

bool setNumber(std::string_view text, uint64_t smallest, uint64_t largest, auto& out) {
    std::optional<uint64_t> value = number(text);
    if (!value || *value < smallest || *value > largest)
        return false;
    out = static_cast<std::remove_reference_t<decltype(out)>>(*value);
    return true;
}

// Compute capabilities that there are, from 5.0 on.
bool isProcessor(uint32_t number) {
    static constexpr std::array kKnown{50u, 52u, 53u, 60u, 61u,  62u,  70u,  72u,  75u,  80u, 86u,
                                       87u, 88u, 89u, 90u, 100u, 101u, 103u, 110u, 120u, 121u};
    return std::find(kKnown.begin(), kKnown.end(), number) != kKnown.end();
}

bool setFail(std::string_view text, const KnownNames& known, Knobs& knobs) {
    FailOrder order;
    order.function = next(text, '@');
    std::string_view call = next(text, ':');
    if (!known.isFunction(order.function) || !setNumber(call, 0, UINT64_MAX, order.call) ||
        !setNumber(text, 1, 999, order.code) || !known.isResult(order.code))
        return false;
    knobs.fail.push_back(order);
    return true;
}

bool setLost(std::string_view text, const KnownNames& known, Knobs& knobs) {
    bool hasCode = text.find(':') != std::string_view::npos;
    std::string_view launch = next(text, ':');
    return setNumber(launch, 1, UINT64_MAX, knobs.lostAt) &&
           (!hasCode || (setNumber(text, 1, 999, knobs.lostCode) && known.isResult(knobs.lostCode)));
}

bool setMissing(std::string_view text, const KnownNames& known, Knobs& knobs) {
    bool all = !text.empty();
    while (!text.empty()) {
        knobs.missing.emplace_back(next(text, ':'));
        all &= known.isFunction(knobs.missing.back());
    }
    return all;
}

// A log that cannot be written is no log.
bool setLog(std::string_view path, Knobs& knobs) {
    knobs.log = path;
    int file = ::open(knobs.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file >= 0)
        ::close(file);
    return file >= 0;
}

bool set(std::string_view key, std::string_view value, const KnownNames& known, Knobs& knobs) {
    if (key == "sm")
        return setNumber(value, 50, 130, knobs.processor) && isProcessor(knobs.processor);
    if (key == "driver")
        return setNumber(value, 11000, 19990, knobs.driver) && knobs.driver % 10 == 0;
    if (key == "memory")
        return setNumber(value, 1 << 20, uint64_t{1} << 40, knobs.memory);
    if (key == "devices")
        return setNumber(value, 0, 8, knobs.devices);
    if (key == "timeout")
        return setNumber(value, 1, 3600000, knobs.timeoutMs);
    if (key == "slow")
        return setNumber(value, 1, 60000, knobs.slowMs);
    if (key == "fail")
        return setFail(value, known, knobs);
    if (key == "lost")
        return setLost(value, known, knobs);
    if (key == "missing")
        return setMissing(value, known, knobs);
    if (key == "log")
        return setLog(value, knobs);
    if (key == "hang") {
        knobs.hang = value;
        return !value.empty();
    }
    if (key == "pageable") {
        knobs.pageableAsync = true;
        return value == "async";
    }
    return false;
}

} // namespace

Knobs parseKnobs(std::string_view text, const KnownNames& known) {
    Knobs result;
    std::set<std::string_view> seen;
    while (!text.empty()) {
        std::string_view item = next(text, ',');
        std::string_view value = item;
        std::string_view key = next(value, '=');
        if (item.empty())
            continue;
        bool again = !seen.insert(key).second && key != "fail" && key != "missing";
        if (again || !set(key, value, known, result))
            result.problem += "HALYARD_SOFTWARE_CUDA: \"" + std::string(item) + "\" " +
                              (again ? "sets a key again\n" : "is not understood\n");
    }
    return result;
}

const Knobs& knobs() {
    static const Knobs& result = *[] {
        const char* text = std::getenv("HALYARD_SOFTWARE_CUDA");
        return new Knobs(parseKnobs(text ? text : "", driverNames()));
    }();
    return result;
}

uint32_t ptxVersionOf(int driver) {
    struct Row {
        int driver;
        uint32_t ptx;
    };
    static constexpr std::array kRows{
        Row{11000, 70}, Row{11010, 71}, Row{11020, 72}, Row{11030, 73}, Row{11040, 74}, Row{11050, 75}, Row{11060, 76},
        Row{11070, 77}, Row{11080, 78}, Row{12000, 80}, Row{12010, 81}, Row{12020, 82}, Row{12030, 83}, Row{12040, 84},
        Row{12050, 85}, Row{12070, 86}, Row{12080, 87}, Row{12090, 88}, Row{13000, 90},
    };
    auto above = std::upper_bound(kRows.begin(), kRows.end(), driver,
                                  [](int value, const Row& row) { return value < row.driver; });
    return above == kRows.begin() ? kRows.front().ptx : (above - 1)->ptx;
}

void note(std::string_view words) {
    if (knobs().log.empty())
        return;
    std::string line(words);
    if (!line.ends_with('\n'))
        line += '\n';
    int file = ::open(knobs().log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0)
        return;
    // One write, so that lines of several threads and processes do not mix; there is nobody to tell when it fails.
    [[maybe_unused]] ssize_t written = ::write(file, line.data(), line.size());
    ::close(file);
}

} // namespace halyard::softcuda
