// The forward pass of attention with a tiled, online softmax, with and without the causal mask, compared with the
// textbook's way on the host.
#include <algorithm>

#include "../common/sample.h"
#include "flash_attention_cl.spv.h"

namespace {

constexpr std::uint32_t kHeads = 4;
constexpr std::uint32_t kHeadDim = 64; // as in flash_attention.cl
constexpr std::uint32_t kQueries = 64; // a workgroup
constexpr float kScale = 0.125f;       // 1 / sqrt(kHeadDim)

// An output is a mean of values of magnitude at most 1, weighted with exponentials. A score is a sum of 64 products in
// -1/8 to 1/8, so its error is at most 64 * 8 half-units of 1, as is a weight's relative error, to which exp adds 6
// half-units and each rescaling (one a tile) 8; numerator and denominator both have it. Real errors are far smaller; a
// wrong weight is far larger.
double tolerance(std::uint32_t length) {
    return 2 * (64 * 8 + 8 + length / 32 * 8) * sample::kFloatRounding;
}

std::vector<double> naiveAttention(const std::vector<float>& q, const std::vector<float>& k,
                                   const std::vector<float>& v, std::size_t length, bool causal) {
    std::vector<double> out(q.size(), 0.0);
    std::vector<double> weights(length);
    for (std::size_t head = 0; head < kHeads; ++head) {
        const std::size_t base = head * length * kHeadDim;
        for (std::size_t query = 0; query < length; ++query) {
            const float* row = &q[base + query * kHeadDim];
            const std::size_t visible = causal ? query + 1 : length;
            double largest = -INFINITY;
            for (std::size_t key = 0; key < visible; ++key) {
                double dot = 0;
                for (std::size_t d = 0; d < kHeadDim; ++d) {
                    dot += static_cast<double>(row[d]) * k[base + key * kHeadDim + d];
                }
                weights[key] = dot * kScale;
                largest = std::max(largest, weights[key]);
            }
            double sum = 0;
            double* result = &out[base + query * kHeadDim];
            for (std::size_t key = 0; key < visible; ++key) {
                const double weight = std::exp(weights[key] - largest);
                sum += weight;
                for (std::size_t d = 0; d < kHeadDim; ++d) {
                    result[d] += weight * v[base + key * kHeadDim + d];
                }
            }
            std::for_each(result, result + kHeadDim, [&](double& value) { value /= sum; });
        }
    }
    return out;
}

bool body(const sample::Run& run) {
    const auto length = static_cast<std::uint32_t>(run.size);
    const std::size_t count = std::size_t{kHeads} * length * kHeadDim;
    const std::vector<float> hostQ = sample::randomFloats(count, -1, 1, 1);
    const std::vector<float> hostK = sample::randomFloats(count, -1, 1, 2);
    const std::vector<float> hostV = sample::randomFloats(count, -1, 1, 3);

    halyard::Kernel kernel(halyard::Module(run.device, flash_attention_cl_spv, flash_attention_cl_spv_size),
                           "flashAttention");
    halyard::Stream stream(run.device);
    halyard::Buffer<float> q(run.device, count);
    halyard::Buffer<float> k(run.device, count);
    halyard::Buffer<float> v(run.device, count);
    halyard::Buffer<float> o(run.device, count);
    q.upload(stream, hostQ);
    k.upload(stream, hostK);
    v.upload(stream, hostV);

    bool allRight = true;
    for (const std::uint32_t causal : {0u, 1u}) {
        const std::string what = causal != 0 ? "causal" : "full";
        o.fill(stream, -2.0f);
        const double time = sample::medianSeconds(run, stream, [&] {
            kernel.launch(stream, {halyard::groups(length, kQueries).x, kHeads, 1}, {kQueries, 1, 1}, q, k, v, o,
                          length, kScale, causal);
        });
        std::vector<float> result(count);
        o.download(stream, result);
        stream.synchronize();
        const std::vector<double> want = naiveAttention(hostQ, hostK, hostV, length, causal != 0);
        const bool right = sample::matches(
            what, count, [&](std::size_t i) { return result[i]; }, [&](std::size_t i) { return want[i]; },
            [&](std::size_t) { return tolerance(length); });
        // Two products of length x length x dim a head; the mask halves them.
        const double flops = 4.0 * kHeads * length * length * kHeadDim * (causal != 0 ? 0.5 : 1.0);
        sample::report(what, time, flops / time / 1e9, "GFLOP/s", right);
        allRight = allRight && right;
    }
    return allRight;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "flash_attention";
    config.description = "Attention (4 heads of 64) without storing the scores, compared with the direct computation.";
    config.sizeMeaning = "length of the sequence";
    config.size = 512;
    config.quickSize = 75; // not a multiple of either tile
    config.maxSize = 65536;
    return sample::Program(config).run(argc, argv, body);
}
