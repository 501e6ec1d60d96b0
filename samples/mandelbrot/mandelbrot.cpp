// The Mandelbrot set: divergent loops, checked pixel by pixel against the host to the last iteration, and written as a
// PNG image.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <png.h>

#include "../common/sample.h"
#include "mandelbrot_cl.spv.h"

namespace {

constexpr std::uint32_t kLimit = 300;
constexpr float kLeft = -2.0f;
constexpr float kWidth = 2.6f;

struct Image {
    std::uint32_t width, height;
    float step, top;
};

// The kernel's arithmetic, statement by statement. This file is compiled without contraction, as the kernel is.
std::uint32_t hostPixel(const Image& image, std::uint32_t px, std::uint32_t py) {
    const float cx = kLeft + static_cast<float>(px) * image.step;
    const float cy = image.top - static_cast<float>(py) * image.step;
    float x = 0;
    float y = 0;
    std::uint32_t count = 0;
    while (count < kLimit) {
        const float x2 = x * x;
        const float y2 = y * y;
        if (x2 + y2 > 4.0f) {
            break;
        }
        y = 2.0f * x * y + cy;
        x = x2 - y2 + cx;
        ++count;
    }
    return count;
}

void writePng(const std::string& path, const Image& image, const std::vector<std::uint32_t>& iterations) {
    std::vector<png_byte> pixels;
    pixels.reserve(iterations.size() * 3);
    for (const std::uint32_t count : iterations) {
        const double shade = count == kLimit ? 0.0 : std::sqrt(static_cast<double>(count) / kLimit);
        pixels.push_back(static_cast<png_byte>(255 * shade * shade));
        pixels.push_back(static_cast<png_byte>(255 * shade));
        pixels.push_back(static_cast<png_byte>(255 * (count == kLimit ? 0.0 : 0.3 + 0.7 * shade)));
    }
    png_image header;
    std::memset(&header, 0, sizeof header);
    header.version = PNG_IMAGE_VERSION;
    header.width = image.width;
    header.height = image.height;
    header.format = PNG_FORMAT_RGB;
    if (png_image_write_to_file(&header, path.c_str(), 0, pixels.data(), 0, nullptr) == 0) {
        throw std::runtime_error("cannot write " + path + ": " + header.message);
    }
}

bool body(const sample::Run& run, const std::string& output) {
    const auto width = static_cast<std::uint32_t>(run.size);
    const Image image{width, width * 3 / 4 + 1, kWidth / static_cast<float>(width), kWidth * 3 / 8};
    const std::size_t count = std::size_t{image.width} * image.height;

    halyard::Kernel kernel(halyard::Module(run.device, mandelbrot_cl_spv, mandelbrot_cl_spv_size), "mandelbrot");
    halyard::Stream stream(run.device);
    halyard::Buffer<std::uint32_t> iterations(run.device, count);
    iterations.fill(stream, 0xffffffffu);
    const double time = sample::medianSeconds(run, stream, [&] {
        kernel.launch(stream, halyard::groups(image.width, image.height, 16, 16), {16, 16, 1}, iterations, image.width,
                      image.height, kLeft, image.top, image.step, kLimit);
    });
    std::vector<std::uint32_t> result(count);
    iterations.download(stream, result);
    stream.synchronize();

    double total = 0;
    const bool right = sample::matches(
        "iterations", count, [&](std::size_t i) { return result[i]; },
        [&](std::size_t i) {
            const std::uint32_t want = hostPixel(image, static_cast<std::uint32_t>(i % image.width),
                                                 static_cast<std::uint32_t>(i / image.width));
            total += want;
            return want;
        },
        [](std::size_t) { return 0.0; });
    // Ten operations an iteration.
    sample::report("mandelbrot", time, 10.0 * total / time / 1e9, "GFLOP/s", right);
    if (!output.empty()) {
        writePng(output, image, result);
        sample::note("wrote " + output);
    }
    return right;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "mandelbrot";
    config.description = "The Mandelbrot set, every pixel checked, written as a PNG image.";
    config.sizeMeaning = "width of the image in pixels";
    config.size = 640;
    config.quickSize = 150;
    config.maxSize = 16384;
    sample::Program program(config);
    std::string output;
    program.options().add_option("--output", output, "PNG file to write; the last device's image stays. Default: none");
    return program.run(argc, argv, [&](const sample::Run& run) { return body(run, output); });
}
