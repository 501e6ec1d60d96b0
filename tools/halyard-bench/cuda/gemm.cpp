#include "cuda/gemm.h"

#include "cuda/cublas.h"
#include "cuda/gemm_module.h"
#include "spv/cooperative_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>

#include <fmt/format.h>

namespace halyard::bench::cuda {
namespace {

constexpr uint32_t kChecked = 4096; // elements of C that are compared, at most
constexpr double kShortest = 2e7;   // nanoseconds: a measurement takes at least that long

float floatOf(uint16_t bfloat) {
    return std::bit_cast<float>(uint32_t{bfloat} << 16);
}

std::vector<uint16_t> randomBfloats(size_t count, uint32_t seed) {
    std::minstd_rand engine(seed);
    std::vector<uint16_t> values(count);
    // Sign, an exponent of 2^-4 to 2^-1, 7 bits.
    std::generate(values.begin(), values.end(), [&] {
        const auto bits = static_cast<uint32_t>(engine() >> 8);
        return static_cast<uint16_t>((bits & 1) << 15 | (123 + (bits >> 1 & 3)) << 7 | (bits >> 3 & 127));
    });
    return values;
}

class Product {
public:
    Product(const Device& device, const Stream& stream, uint32_t n)
        : stream_(stream), n_(n), words_(gemmModule()),
          module_(device, words_.data(), words_.size() * sizeof(uint32_t)), kernel_(module_, "gemm"),
          hostA_(randomBfloats(size_t{n} * n, 1)), hostB_(randomBfloats(size_t{n} * n, 2)), a_(device, hostA_.size()),
          b_(device, hostB_.size()), c_(device, hostA_.size()) {
        a_.upload(stream, hostA_.data(), hostA_.size());
        b_.upload(stream, hostB_.data(), hostB_.size());
        stream.synchronize();
    }
    HyDevicePtr a() const { return a_.address(); }
    HyDevicePtr b() const { return b_.address(); }
    HyDevicePtr c() const { return c_.address(); }
    void launch() {
        HyDevicePtr addresses[] = {a(), b(), c()};
        void* arguments[] = {&addresses[0], &addresses[1], &addresses[2], &n_};
        const uint32_t tiles = n_ / kGemmTile;
        halyard::check(
            hyLaunchKernel(stream_.get(), kernel_.get(), {tiles * tiles, 1, 1}, {kGemmGroup, 1, 1}, 0, arguments, 4));
    }
    void forget() {
        constexpr uint32_t kNan = 0x7FC00000;
        halyard::check(hyMemFillAsync(stream_.get(), c(), &kNan, sizeof kNan, hostA_.size()));
        stream_.synchronize();
    }
    // Throws unless C is the product, within what spv/cooperative_matrix.h allows each of the n / 16 steps of a sum.
    void verify(const std::string& whose) const {
        std::vector<float> result(hostA_.size());
        c_.download(stream_, result.data(), result.size());
        stream_.synchronize();
        std::minstd_rand engine(3);
        const uint64_t total = uint64_t{n_} * n_;
        const uint64_t count = std::min<uint64_t>(total, kChecked);
        for (uint64_t i = 0; i < count; ++i) {
            const uint64_t index = count == total ? i : (uint64_t{engine()} << 20 ^ engine()) % total;
            const uint64_t row = index / n_, column = index % n_;
            double sum = 0;
            double magnitude = 0;
            for (uint64_t k = 0; k < n_; ++k) {
                const double part = double{floatOf(hostA_[row * n_ + k])} * floatOf(hostB_[k * n_ + column]);
                sum += part;
                magnitude += std::fabs(part);
            }
            const double bound = n_ / kGemmFragment * spv::matrixSumError(kGemmFragment) * magnitude;
            if (!(std::fabs(result[index] - sum) <= bound)) {
                throw std::runtime_error(fmt::format("gemm, {}: row {} column {} is {}, and should be {} within {}",
                                                     whose, row, column, result[index], sum, bound));
            }
        }
    }

private:
    const Stream& stream_;
    uint32_t n_;
    std::vector<uint32_t> words_;
    halyard::Module module_;
    Kernel kernel_;
    std::vector<uint16_t> hostA_, hostB_;
    Buffer<uint16_t> a_, b_;
    Buffer<float> c_;
};

double timeOf(const Stream& stream, unsigned count, const std::function<void()>& launch) {
    const double total = nanoseconds([&] {
        for (unsigned i = 0; i < count; ++i) {
            launch();
        }
        stream.synchronize();
    });
    return total / count;
}

} // namespace

void measureGemm(const Device& device, const Stream& stream, void* nativeStream, uint32_t n, bool withCublas,
                 unsigned repetitions, Results& results) {
    Product product(device, stream, n);
    const auto ours = [&] { product.launch(); };
    product.forget();
    timeOf(stream, 1, ours);
    product.verify("Halyard");
    const double once = timeOf(stream, 1, ours);
    const auto count = static_cast<unsigned>(std::clamp(kShortest / once, 1.0, 1000.0));

    std::unique_ptr<Cublas> cublas;
    if (withCublas) {
        cublas = std::make_unique<Cublas>(nativeStream);
    }
    const std::string problem = cublas != nullptr ? cublas->problem() : "left out";
    const bool isCompared = problem.empty();
    const auto theirs = [&] { cublas->multiply(product.a(), product.b(), product.c(), n); };
    if (isCompared) {
        product.forget();
        timeOf(stream, 1, theirs);
        product.verify("cuBLAS");
    }
    std::vector<double> oursTimes, theirsTimes;
    for (unsigned i = 0; i < repetitions; ++i) {
        oursTimes.push_back(timeOf(stream, count, ours));
        if (isCompared) {
            theirsTimes.push_back(timeOf(stream, count, theirs));
        }
    }
    const double work = 2.0 * n * n * n;
    const auto row = [&](const char* name, double time) {
        results.push_back({name, work / time / 1e3, "TFLOP/s",
                           fmt::format("{:.1f} us, {} x {} x {}, bfloat16", time / 1e3, n, n, n)});
    };
    const double oursTime = median(oursTimes);
    row("gemm.halyard", oursTime);
    if (!isCompared) {
        results.push_back({"gemm.cublas", std::numeric_limits<double>::quiet_NaN(), "", "not measured: " + problem});
        return;
    }
    const double theirsTime = median(theirsTimes);
    row("gemm.cublas", theirsTime);
    results.push_back({"gemm.ratio", theirsTime / oursTime, "x", "Halyard's speed in terms of cuBLAS's"});
}

} // namespace halyard::bench::cuda
