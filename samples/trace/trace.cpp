// Where the time went: a pipeline on two streams under the layer `trace`, and what its file says, drawn as text. The
// same file opens in https://ui.perfetto.dev.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "halyard/halyard.hpp"
#include "stages_cl.spv.h"

namespace {

constexpr std::uint32_t kWorkgroup = 256;
constexpr std::uint32_t kChunks = 6;
// What the program submits for each chunk: a copy and a kernel on one stream, a kernel on the other.
constexpr std::size_t kCommandsPerChunk = 3;
constexpr std::size_t kColumns = 64;

std::uint32_t scatter(std::uint32_t value) {
    for (std::uint32_t round = 0; round < 8; ++round) {
        value = (value ^ (value >> 15)) * 0x2c1b3c6du + round;
    }
    return value;
}

// Fills, sums and checks. Everything it makes is gone before the instance, which then writes the trace.
bool runPipeline(std::uint32_t perChunk) {
    auto desc = halyard::detail::sized<HyInstanceDesc>();
    desc.layers = "trace";
    const halyard::Instance instance(desc);
    const halyard::Device device = instance.device("cpu");
    const halyard::Module module(device, stages_cl_spv, stages_cl_spv_size);
    const halyard::Kernel scatterKernel(module, "scatter");
    const halyard::Kernel foldKernel(module, "fold");
    const halyard::Stream produce(device, 0, "produce");
    const halyard::Stream consume(device, 0, "consume");

    std::vector<std::uint32_t> input(perChunk);
    for (std::uint32_t i = 0; i < perChunk; ++i) {
        input[i] = i;
    }
    halyard::Buffer<std::uint32_t> sums(device, perChunk);
    sums.fill(consume, 0u);
    std::vector<halyard::Buffer<std::uint32_t>> chunks;
    for (std::uint32_t i = 0; i < kChunks; ++i) {
        chunks.emplace_back(device, perChunk);
    }
    for (auto& chunk : chunks) {
        chunk.upload(produce, input);
        scatterKernel.launch(produce, halyard::groups(perChunk, kWorkgroup), {kWorkgroup, 1, 1}, chunk, perChunk);
        halyard::Event ready(device);
        ready.record(produce);
        consume.wait(ready);
        foldKernel.launch(consume, halyard::groups(perChunk, kWorkgroup), {kWorkgroup, 1, 1}, chunk, sums, perChunk);
    }
    std::vector<std::uint32_t> result(perChunk);
    sums.download(consume, result);
    consume.synchronize();
    for (std::uint32_t i = 0; i < perChunk; ++i) {
        if (result[i] != kChunks * scatter(i)) {
            std::fprintf(stderr, "element %u is wrong\n", i);
            return false;
        }
    }
    return true;
}

struct Work {
    std::string name;
    double begin, end; // microseconds
};

// Draws the tracks of the devices and prints the sums by name. False when the trace lacks what the program did.
bool drawTrace(const std::string& path) {
    std::ifstream file(path);
    const nlohmann::json trace = nlohmann::json::parse(file);
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> names;
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Work>> tracks;
    std::size_t begins = 0, arrivals = 0;
    for (const auto& event : trace.at("traceEvents")) {
        const std::string phase = event.at("ph");
        const std::pair<std::int64_t, std::int64_t> track(event.at("pid"), event.at("tid"));
        if (phase == "M" && event.at("name") == "thread_name") {
            names[track] = event.at("args").at("name");
        } else if (phase == "X" && event.at("cat") == "device") {
            const double begin = event.at("ts");
            tracks[track].push_back({event.at("name"), begin, begin + event.at("dur").get<double>()});
        }
        begins += phase == "s" ? 1 : 0;
        arrivals += phase == "f" ? 1 : 0;
    }
    double first = 0, last = 0;
    std::size_t pieces = 0;
    for (const auto& [track, all] : tracks) {
        for (const Work& work : all) {
            first = pieces == 0 ? work.begin : std::min(first, work.begin);
            last = std::max(last, work.end);
            ++pieces;
        }
    }
    std::map<std::string, std::pair<std::size_t, double>> sums;
    std::printf("%.0f us of device time; c copy, f fill and fold, s scatter\n", last - first);
    for (const auto& [track, all] : tracks) {
        std::string line(kColumns, '.');
        for (const Work& work : all) {
            const auto column = [&](double time) {
                return std::min(kColumns - 1, static_cast<std::size_t>((time - first) / (last - first) * kColumns));
            };
            std::fill(line.begin() + static_cast<std::ptrdiff_t>(column(work.begin)),
                      line.begin() + static_cast<std::ptrdiff_t>(column(work.end)) + 1, work.name[0]);
            auto& [count, time] = sums[work.name];
            ++count;
            time += work.end - work.begin;
        }
        std::printf("  %-10s %s\n", names[track].c_str(), line.c_str());
    }
    for (const auto& [name, sum] : sums) {
        std::printf("  %-10s %2zu times, %8.1f us\n", name.c_str(), sum.first, sum.second);
    }
    std::printf("%zu pieces of work, %zu arrows from the calls that submitted them\n", pieces, arrivals);
    // One fill before the chunks, and one copy of the sums after them.
    std::vector<std::string> drawn;
    for (const auto& [track, all] : tracks) {
        drawn.push_back(names[track]);
    }
    std::sort(drawn.begin(), drawn.end());
    return drawn == std::vector<std::string>{"consume", "produce"} && pieces == kChunks * kCommandsPerChunk + 2 &&
           begins == pieces && arrivals == pieces && sums["scatter"].first == kChunks && sums["fold"].first == kChunks;
}

} // namespace

int main(int argc, char** argv) {
    std::uint32_t perChunk = 1u << 20;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0) {
            perChunk = 1u << 16;
        } else if (std::strncmp(argv[i], "--require=", 10) != 0) { // what all samples take; this one needs the cpu
            std::fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
            return 2;
        }
    }
    setenv("HALYARD_TRACE_FILE", "halyard-sample-trace.json", 0);
    const std::string path = std::getenv("HALYARD_TRACE_FILE");
    try {
        if (!runPipeline(perChunk)) {
            return 1;
        }
        if (!drawTrace(path)) {
            std::fprintf(stderr, "%s does not show all that the program did\n", path.c_str());
            return 1;
        }
        std::printf("right; open %s in https://ui.perfetto.dev\n", path.c_str());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
