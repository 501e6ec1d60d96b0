// Lists the devices, and shows that each of them can hold memory: a pattern is filled in on the device, copied within
// it, and compared on the host.
#include <cstdio>

#include "../common/sample.h"

namespace {

bool holdsMemory(const sample::Run& run) {
    const auto count = static_cast<std::size_t>(run.size);
    halyard::Stream stream(run.device);
    halyard::Buffer<std::uint32_t> first(run.device, count);
    halyard::Buffer<std::uint32_t> second(run.device, count);
    constexpr std::uint32_t kPattern = 0x600df00d;
    std::vector<std::uint32_t> host(count);

    const double time = sample::medianSeconds(run, stream, [&] {
        first.fill(stream, kPattern);
        stream.copy(second.address(), first.address(), first.bytes());
        second.download(stream, host);
    });
    const bool right = sample::matches(
        "fill and copy", count, [&](std::size_t i) { return host[i]; }, [](std::size_t) { return kPattern; },
        [](std::size_t) { return 0.0; });
    // Written, read and written, read: four times the bytes.
    sample::report("fill, copy, download", time, 4.0 * static_cast<double>(first.bytes()) / time / 1e9, "GB/s", right);
    return right;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "devices";
    config.description = "Lists the devices and moves memory on each of them.";
    config.sizeMeaning = "32-bit words";
    config.size = 4u << 20;
    config.quickSize = 64u << 10;
    config.needs = 0;
    sample::Program program(config);
    return program.run(argc, argv, [](const sample::Run& run) {
        const HyDeviceProperties& device = run.properties;
        const auto [free, total] = run.device.memoryInfo();
        std::printf("  vendor %s, driver %s, code for %s\n", device.vendor, device.driver, device.isa);
        std::printf("  %u compute units, %u MHz, subgroups of %u to %u\n", device.computeUnits, device.clockMHz,
                    device.subgroupSizeMin, device.subgroupSizeMax);
        std::printf("  %.1f GB of memory, %.1f GB free; %.0f kB of workgroup memory; %u invocations a workgroup\n",
                    static_cast<double>(total) / 1e9, static_cast<double>(free) / 1e9, device.maxLocalBytes / 1e3,
                    device.maxWorkgroupInvocations);
        return holdsMemory(run);
    });
}
