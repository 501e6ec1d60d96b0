// Copies and kernels at the same time. The data is cut into chunks; one stream copies, another computes, and events
// pass each chunk from one to the other and back. Printed beside the time of the same work on one stream.
#include <algorithm>
#include <cstdio>

#include "../common/sample.h"
#include "mix_cl.spv.h"

namespace {

constexpr std::uint32_t kWorkgroup = 256;
constexpr std::size_t kChunks = 8;
constexpr std::uint32_t kRounds = 12;

std::uint32_t mix(std::uint32_t value) {
    for (std::uint32_t round = 0; round < kRounds; ++round) {
        value ^= value >> 16;
        value *= 0x7feb352du;
        value ^= value >> 15;
        value *= 0x846ca68bu;
        value ^= value >> 16;
        value += round;
    }
    return value;
}

struct Chunk {
    halyard::Buffer<std::uint32_t> values;
    halyard::Event uploaded;
    halyard::Event computed;
};

class Pipeline {
public:
    Pipeline(const sample::Run& run, std::vector<std::uint32_t>& data)
        : data_(data), perChunk_(data.size() / kChunks),
          kernel_(halyard::Module(run.device, mix_cl_spv, mix_cl_spv_size), "mix"), copies_(run.device),
          computes_(run.device) {
        for (std::size_t i = 0; i < kChunks; ++i) {
            chunks_.push_back({halyard::Buffer<std::uint32_t>(run.device, perChunk_), halyard::Event(run.device),
                               halyard::Event(run.device)});
        }
    }

    void upload(std::size_t i) { chunks_[i].values.upload(copies_, &data_[i * perChunk_], perChunk_); }
    void download(std::size_t i) { chunks_[i].values.download(copies_, &data_[i * perChunk_], perChunk_); }
    void compute(std::size_t i, const halyard::Stream& stream) {
        const auto n = static_cast<std::uint32_t>(perChunk_);
        kernel_.launch(stream, halyard::groups(n, kWorkgroup), {kWorkgroup, 1, 1}, chunks_[i].values, n, kRounds);
    }

    // Everything in order on the copies' stream.
    void serial() {
        for (std::size_t i = 0; i < kChunks; ++i) {
            upload(i);
            compute(i, copies_);
            download(i);
        }
        copies_.synchronize();
    }

    // While chunk i is computed, chunk i + 1 is uploaded and chunk i - 1 downloaded.
    void overlapped() {
        for (std::size_t i = 0; i <= kChunks; ++i) {
            if (i < kChunks) {
                upload(i);
                chunks_[i].uploaded.record(copies_);
                computes_.wait(chunks_[i].uploaded);
                compute(i, computes_);
                chunks_[i].computed.record(computes_);
            }
            if (i > 0) {
                copies_.wait(chunks_[i - 1].computed);
                download(i - 1);
            }
        }
        copies_.synchronize();
    }

    void computeOnly() {
        for (std::size_t i = 0; i < kChunks; ++i) {
            compute(i, computes_);
        }
        computes_.synchronize();
    }

private:
    std::vector<std::uint32_t>& data_;
    std::size_t perChunk_;
    halyard::Kernel kernel_;
    halyard::Stream copies_;
    halyard::Stream computes_;
    std::vector<Chunk> chunks_;
};

bool body(const sample::Run& run) {
    const std::size_t count = std::max<std::size_t>(run.size / kChunks, 1) * kChunks;
    std::vector<std::uint32_t> initial(count);
    std::vector<std::uint32_t> want(count);
    for (std::size_t i = 0; i < count; ++i) {
        initial[i] = static_cast<std::uint32_t>(i * 2654435761u);
        want[i] = mix(initial[i]);
    }
    std::vector<std::uint32_t> data = initial;
    Pipeline pipeline(run, data);

    bool right = true;
    const auto check = [&](const std::string& what) {
        const bool same = sample::matches(
            what, count, [&](std::size_t i) { return data[i]; }, [&](std::size_t i) { return want[i]; },
            [](std::size_t) { return 0.0; });
        right = right && same;
        return same;
    };
    // The first turn of each is the warm-up. The ways take turns, so that a change of clock or load meets all of them.
    std::vector<double> serial;
    std::vector<double> overlapped;
    std::vector<double> compute;
    bool serialRight = true;
    bool overlappedRight = true;
    for (unsigned i = 0; i <= run.runs; ++i) {
        data = initial;
        serial.push_back(sample::seconds([&] { pipeline.serial(); }));
        serialRight = check("one stream") && serialRight;
        data = initial;
        overlapped.push_back(sample::seconds([&] { pipeline.overlapped(); }));
        overlappedRight = check("two streams") && overlappedRight;
        compute.push_back(sample::seconds([&] { pipeline.computeOnly(); }));
    }
    for (auto* times : {&serial, &overlapped, &compute}) {
        times->erase(times->begin());
    }
    const double serialTime = sample::median(serial);
    const double overlappedTime = sample::median(overlapped);
    const double computeTime = sample::median(compute);
    const double bytes = 2.0 * static_cast<double>(count) * sizeof(std::uint32_t);
    sample::report("one stream", serialTime, bytes / serialTime / 1e9, "GB/s", serialRight);
    sample::report("two streams", overlappedTime, bytes / overlappedTime / 1e9, "GB/s", overlappedRight);

    // At best the shorter of copying and computing disappears behind the longer.
    const double hideable = std::min(computeTime, std::max(serialTime - computeTime, 0.0));
    char line[200];
    std::snprintf(
        line, sizeof line, "kernels alone take %.3f ms; overlap saves %.3f ms of the %.3f ms that could be hidden%s",
        computeTime * 1e3, (serialTime - overlappedTime) * 1e3, hideable * 1e3,
        (run.properties.capabilities & HY_CAP_CONCURRENT_STREAMS) != 0 ? ""
                                                                       : " (this device runs one stream at a time)");
    sample::note(line);
    return right;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "streams";
    config.description = "Overlaps copies and kernels with two streams and events.";
    config.sizeMeaning = "32-bit words, rounded down to a multiple of 8";
    config.size = 1u << 20;
    config.quickSize = 80000;
    return sample::Program(config).run(argc, argv, body);
}
