// The ratios of `halyard-bench cpu` as a picture: a row a kernel, a bar a side, from 1 to the right where we are faster
// and to the left where we are slower, on a logarithmic axis.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "bench.h"

namespace halyard::bench {
namespace {

struct PlotSide {
    const char* column; // of the results
    const char* words;
    const char* colour; // told apart by people who see fewer colours, too
};
constexpr PlotSide kSides[] = {
    {"vs_pocl", "PoCL", "#4477aa"},
    {"vs_openmp", "OpenMP", "#ee6677"},
    {"vs_openmp_fast", "OpenMP, full width and vector maths", "#ccbb44"},
    {"vs_wide", "AVX-512 by hand", "#228833"},
};

constexpr double kLeft = 130, kRight = 60, kTop = 78, kBottom = 34, kAxis = 620; // pixels
constexpr double kBar = 9, kGap = 9;

struct Row {
    std::string kernel;
    std::map<std::string, double> ratios; // by column
};

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
    }
    return out;
}

std::vector<Row> rowsOf(const Results& results) {
    std::vector<Row> rows;
    for (const Result& result : results) {
        const size_t dot = result.name.find('.');
        const std::string column = dot == std::string::npos ? "" : result.name.substr(dot + 1);
        const bool wanted = std::any_of(std::begin(kSides), std::end(kSides),
                                        [&](const PlotSide& side) { return column == side.column; });
        if (!wanted || !(result.value > 0) || std::isinf(result.value)) {
            continue;
        }
        const std::string kernel = result.name.substr(0, dot);
        if (rows.empty() || rows.back().kernel != kernel) {
            rows.push_back({kernel, {}});
        }
        rows.back().ratios[column] = result.value;
    }
    return rows;
}

// Places on the axis, whose ends are steps of 1, 2 and 5 around all ratios.
class Axis {
public:
    explicit Axis(const std::vector<Row>& rows) {
        double least = 0.5;
        double most = 2;
        for (const Row& row : rows) {
            for (const auto& [column, ratio] : row.ratios) {
                least = std::min(least, ratio);
                most = std::max(most, ratio);
            }
        }
        constexpr double kSteps[] = {1, 2, 5};
        for (double decade = std::pow(10, std::floor(std::log10(least))); decade <= most * 10; decade *= 10) {
            for (const double step : kSteps) {
                const double tick = decade * step;
                if (tick <= least * 1.0001) {
                    ticks_.clear(); // the nearest one below is the first
                }
                if (ticks_.empty() || ticks_.back() < most) {
                    ticks_.push_back(tick);
                }
            }
        }
    }
    const std::vector<double>& ticks() const { return ticks_; }
    double at(double ratio) const {
        return kLeft + kAxis * std::log(ratio / ticks_.front()) / std::log(ticks_.back() / ticks_.front());
    }

private:
    std::vector<double> ticks_;
};

std::string barOf(const Axis& axis, const std::string& kernel, const PlotSide& side, double ratio, double y) {
    const double from = std::min(axis.at(ratio), axis.at(1));
    const double width = std::max(1.0, std::fabs(axis.at(ratio) - axis.at(1)));
    const bool faster = ratio >= 1;
    return fmt::format("<rect class=\"bar\" data-kernel=\"{}\" data-side=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" "
                       "width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n"
                       "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"9\" text-anchor=\"{}\">{:.2f}</text>\n",
                       escaped(kernel), side.column, from, y, width, kBar - 1, side.colour,
                       axis.at(ratio) + (faster ? 3 : -3), y + kBar - 1.5, faster ? "start" : "end", ratio);
}

} // namespace

std::string cpuPlot(const Results& results) {
    const std::vector<Row> rows = rowsOf(results);
    if (rows.empty()) {
        throw std::runtime_error("--plot: the results hold no ratio to draw");
    }
    const Axis axis(rows);
    std::string body;
    double y = kTop;
    for (const Row& row : rows) {
        const double height = static_cast<double>(row.ratios.size()) * kBar;
        body += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kLeft - 40,
                            y + height / 2 + 4, escaped(row.kernel));
        for (const PlotSide& side : kSides) {
            if (const auto found = row.ratios.find(side.column); found != row.ratios.end()) {
                body += barOf(axis, row.kernel, side, found->second, y);
                y += kBar;
            }
        }
        y += kGap;
    }
    std::string frame;
    for (const double tick : axis.ticks()) {
        const double x = axis.at(tick);
        frame += fmt::format("<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" stroke=\"{3}\"/>\n"
                             "<text x=\"{0:.1f}\" y=\"{4:.1f}\" text-anchor=\"middle\">{5:g}</text>\n",
                             x, kTop - 6, y, tick == 1 ? "#333333" : "#dddddd", y + 14, tick);
    }
    double x = kLeft;
    for (const PlotSide& side : kSides) {
        if (std::none_of(rows.begin(), rows.end(), [&](const Row& row) { return row.ratios.count(side.column) > 0; })) {
            continue;
        }
        frame += fmt::format("<rect class=\"key\" x=\"{0:.1f}\" y=\"44\" width=\"10\" height=\"10\" fill=\"{1}\"/>\n"
                             "<text x=\"{2:.1f}\" y=\"53\">{3}</text>\n",
                             x, side.colour, x + 14, side.words);
        x += 34 + 6.2 * static_cast<double>(std::string(side.words).size());
    }
    const double width = kLeft + kAxis + kRight;
    const double height = y + kBottom;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1:.0f}\" width=\"{0}\" height=\"{1:.0f}\" "
        "font-family=\"sans-serif\" font-size=\"11\" fill=\"#222222\">\n"
        "<title>Kernels on the processor: the time of others by ours</title>\n"
        "<rect x=\"0\" y=\"0\" width=\"{0}\" height=\"{1:.0f}\" fill=\"#ffffff\"/>\n"
        "<text x=\"{2}\" y=\"22\" font-size=\"15\">Time of others / time of ours (logarithmic; above 1 ours is "
        "faster)</text>\n{3}{4}</svg>\n",
        width, height, kLeft, frame, body);
}

} // namespace halyard::bench
