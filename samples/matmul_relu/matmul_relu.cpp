// relu(A * B + bias) as two kernels and as one fused kernel: the same flops, but the fused one does not write the
// product to memory and read it back.
#include <algorithm>
#include <cstdio>

#include "../common/sample.h"
#include "matmul_relu_cl.spv.h"

namespace {

constexpr std::uint32_t kTile = 64; // of C, as in matmul_relu.cl
constexpr std::uint32_t kThreads = 16;
constexpr std::size_t kCheckedRows = 256;

struct Problem {
    std::uint32_t n;
    std::vector<float> a, b, bias;
    std::vector<std::size_t> checkedRows;
    std::vector<double> want, tolerance; // of the checked rows
};

// The host's sums are double. A sum of n float products, each step rounded once, is off by at most n half-units of the
// sum of the magnitudes; one more for the bias.
Problem makeProblem(std::uint32_t n) {
    Problem problem{n,
                    sample::randomFloats(std::size_t{n} * n, -1, 1, 1),
                    sample::randomFloats(std::size_t{n} * n, -1, 1, 2),
                    sample::randomFloats(n, -1, 1, 3),
                    {},
                    {},
                    {}};
    const std::size_t rows = std::min<std::size_t>(n, kCheckedRows);
    for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t row = r * n / rows;
        problem.checkedRows.push_back(row);
        std::vector<double> sum(problem.bias.begin(), problem.bias.end());
        std::vector<double> magnitude(n, 1.0);
        for (std::size_t k = 0; k < n; ++k) {
            const double a = problem.a[row * n + k];
            for (std::size_t column = 0; column < n; ++column) {
                const double product = a * problem.b[k * n + column];
                sum[column] += product;
                magnitude[column] += std::fabs(product);
            }
        }
        for (std::size_t column = 0; column < n; ++column) {
            problem.want.push_back(std::max(sum[column], 0.0));
            problem.tolerance.push_back((n + 1) * sample::kFloatRounding * magnitude[column]);
        }
    }
    return problem;
}

bool isRight(const Problem& problem, const std::string& what, const std::vector<float>& c) {
    const std::size_t n = problem.n;
    return sample::matches(
        what, problem.want.size(), [&](std::size_t i) { return c[problem.checkedRows[i / n] * n + i % n]; },
        [&](std::size_t i) { return problem.want[i]; }, [&](std::size_t i) { return problem.tolerance[i]; });
}

bool body(const sample::Run& run) {
    const auto n = static_cast<std::uint32_t>(run.size);
    const Problem problem = makeProblem(n);

    halyard::Module module(run.device, matmul_relu_cl_spv, matmul_relu_cl_spv_size);
    halyard::Kernel matmul(module, "matmul");
    halyard::Kernel biasRelu(module, "biasRelu");
    halyard::Kernel fused(module, "matmulBiasRelu");
    halyard::Stream stream(run.device);
    halyard::Buffer<float> a(run.device, problem.a.size());
    halyard::Buffer<float> b(run.device, problem.b.size());
    halyard::Buffer<float> bias(run.device, n);
    halyard::Buffer<float> c(run.device, problem.a.size());
    a.upload(stream, problem.a);
    b.upload(stream, problem.b);
    bias.upload(stream, problem.bias);

    const HyDim3 tiles = halyard::groups(n, n, kTile, kTile);
    const auto separately = [&] {
        matmul.launch(stream, tiles, {kThreads, kThreads, 1}, a, b, c, n, n, n);
        biasRelu.launch(stream, halyard::groups(n, n, kTile, 4), {kTile, 4, 1}, c, bias, n, n);
    };
    const auto together = [&] { fused.launch(stream, tiles, {kThreads, kThreads, 1}, a, b, bias, c, n, n, n); };

    std::vector<float> host(problem.a.size());
    const double flops = 2.0 * n * n * n;
    const auto measure = [&](const std::string& what, const std::function<void()>& submit, double& time) {
        c.fill(stream, -1.0f);
        time = sample::medianSeconds(run, stream, submit);
        c.download(stream, host);
        stream.synchronize();
        const bool right = isRight(problem, what, host);
        sample::report(what, time, flops / time / 1e9, "GFLOP/s", right);
        return right;
    };
    double separateTime = 0;
    double fusedTime = 0;
    bool right = measure("matmul, then bias + relu", separately, separateTime);
    right = measure("fused", together, fusedTime) && right;

    char line[160];
    std::snprintf(line, sizeof line,
                  "fusing saves %.2f MB of memory traffic and %.3f ms (%.1f %%); %zu of %u rows were checked",
                  2.0 * static_cast<double>(c.bytes()) / 1e6, (separateTime - fusedTime) * 1e3,
                  100 * (separateTime - fusedTime) / separateTime, problem.checkedRows.size(), n);
    sample::note(line);
    return right;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "matmul_relu";
    config.description = "relu(A * B + bias): separate kernels against one fused kernel.";
    config.sizeMeaning = "rows and columns of the square matrices";
    config.size = 512;
    config.quickSize = 100; // not a multiple of the tile: the edges are tested
    config.maxSize = 8192;
    return sample::Program(config).run(argc, argv, body);
}
