// The softmax of each row of a matrix: reductions in workgroup memory, from OpenCL C and from GLSL.
#include <algorithm>

#include "../common/sample.h"
#include "softmax_cl.spv.h"
#include "softmax_comp.spv.h"

namespace {

constexpr std::uint32_t kWorkgroup = 256;
constexpr std::uint32_t kColumns = 1000; // not a multiple of the workgroup
constexpr float kRange = 10;             // the values are in -10 to 10

// exp may be off by 3 units (OpenCL) or 3 + 2 |x| units (Vulkan) of its last place, |x| is at most 20 here and the
// rounding of x itself adds |x| half-units; the sum and the division add a few more. A unit is two half-units.
constexpr double kTolerance = (2 * (3 + 2 * 2 * kRange) + 2 * kRange + 64) * sample::kFloatRounding;

std::vector<double> expected(const std::vector<float>& in, std::size_t rows) {
    std::vector<double> out(in.size());
    for (std::size_t row = 0; row < rows; ++row) {
        const float* values = in.data() + row * kColumns;
        const double largest = *std::max_element(values, values + kColumns);
        double sum = 0;
        for (std::size_t i = 0; i < kColumns; ++i) {
            sum += out[row * kColumns + i] = std::exp(values[i] - largest);
        }
        for (std::size_t i = 0; i < kColumns; ++i) {
            out[row * kColumns + i] /= sum;
        }
    }
    return out;
}

bool body(const sample::Run& run) {
    const auto rows = static_cast<std::uint32_t>(run.size);
    const std::vector<float> host = sample::randomFloats(std::size_t{rows} * kColumns, -kRange, kRange, 1);
    const std::vector<double> want = expected(host, rows);

    halyard::Stream stream(run.device);
    halyard::Buffer<float> in(run.device, host.size());
    halyard::Buffer<float> out(run.device, host.size());
    in.upload(stream, host);

    const auto measure = [&](const std::string& what, const std::function<void()>& submit) {
        out.fill(stream, -1.0f);
        const double time = sample::medianSeconds(run, stream, submit);
        std::vector<float> result(host.size());
        out.download(stream, result);
        stream.synchronize();
        const bool right = sample::matches(
            what, result.size(), [&](std::size_t i) { return result[i]; }, [&](std::size_t i) { return want[i]; },
            [&](std::size_t i) { return kTolerance * want[i]; });
        // One array read, one written: what the result needs, not what the three passes move.
        sample::report(what, time, 2.0 * static_cast<double>(in.bytes()) / time / 1e9, "GB/s", right);
        return right;
    };

    halyard::Kernel kernel(halyard::Module(run.device, softmax_cl_spv, softmax_cl_spv_size), "softmax");
    const halyard::LocalMemory scratch{kWorkgroup * sizeof(float)};
    bool right = measure("softmax.cl", [&] {
        kernel.launch(stream, {rows, 1, 1}, {kWorkgroup, 1, 1}, in, out, scratch, kColumns);
    });

    if ((run.properties.capabilities & HY_CAP_SPIRV_GLCOMPUTE) == 0) {
        sample::reportNotRun("softmax.comp", "the device does not take Vulkan-flavoured SPIR-V");
        return right;
    }
    halyard::Kernel glsl(halyard::Module(run.device, softmax_comp_spv, softmax_comp_spv_size), "main");
    right = measure("softmax.comp",
                    [&] {
                        glsl.launch(stream, {rows, 1, 1}, {kWorkgroup, 1, 1}, in, out, kColumns);
                    }) &&
            right;
    return right;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "softmax";
    config.description = "Softmax of each row of a matrix with 1000 columns.";
    config.sizeMeaning = "rows";
    config.size = 2000;
    config.quickSize = 50;
    config.maxSize = 65535;
    return sample::Program(config).run(argc, argv, body);
}
