#include <cmath>
#include <map>

#include <fmt/format.h>

#include "bench.h"

namespace halyard::bench {
namespace {

constexpr const char* kTimes[] = {"halyard", "pocl", "openmp", "openmp_fast", "wide", "roof"};
constexpr const char* kRatios[] = {"vs_pocl", "vs_openmp", "vs_openmp_fast", "vs_wide"};

std::string number(const std::map<std::string, double>& row, const std::string& name) {
    const auto found = row.find(name);
    return found == row.end() ? fmt::format("{:>15}", "-") : fmt::format("{:>15.3f}", found->second);
}

} // namespace

std::string cpuTable(const Results& results) {
    std::string about;
    std::vector<std::string> order;
    std::map<std::string, std::map<std::string, double>> rows;
    std::map<std::string, std::string> sizes;
    for (const Result& result : results) {
        const size_t dot = result.name.find('.');
        const std::string kernel = result.name.substr(0, dot);
        const std::string column = result.name.substr(dot + 1);
        if (kernel == "about" || kernel == "roof" || column == "right") {
            about += std::isnan(result.value)
                         ? fmt::format("{}: {}\n", column, result.note)
                         : fmt::format("{}: {:.1f} {} ({})\n", result.name, result.value, result.unit, result.note);
            continue;
        }
        if (rows.find(kernel) == rows.end()) {
            order.push_back(kernel);
            sizes[kernel] = result.note;
        }
        rows[kernel][column] = result.value;
    }
    if (order.empty()) {
        return about;
    }
    std::string table = fmt::format("{}\n{:<13}", about, "ms");
    for (const char* column : kTimes) {
        table += fmt::format("{:>15}", column);
    }
    for (const char* column : kRatios) {
        table += fmt::format("{:>15}", column);
    }
    table += fmt::format("{:>15}  {}\n", "spread %", "sizes");
    for (const std::string& kernel : order) {
        const auto& row = rows[kernel];
        table += fmt::format("{:<13}", kernel);
        for (const char* column : kTimes) {
            table += number(row, column);
        }
        for (const char* column : kRatios) {
            table += number(row, column);
        }
        table += number(row, "halyard.spread") + "  " + sizes[kernel] + "\n";
    }
    for (const char* column : kRatios) {
        double logarithms = 0;
        unsigned count = 0;
        for (const std::string& kernel : order) {
            if (const auto found = rows[kernel].find(column); found != rows[kernel].end()) {
                logarithms += std::log(found->second);
                ++count;
            }
        }
        if (count != 0) {
            table += fmt::format("geometric mean of {}: {:.2f} over {} kernels\n", column, std::exp(logarithms / count),
                                 count);
        }
    }
    return table;
}

} // namespace halyard::bench
