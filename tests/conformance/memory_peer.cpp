// The other process of the tests of sharing: opens the memory that it is told of, checks that it holds what the first
// process wrote, and adds 1 to each value by a kernel.
//
//     --peer memory fd <descriptor> <bytes>
//     --peer memory ipc <handle in hexadecimal>
//     --peer memory make               prints the handle of memory that goes with this process
#include "halyard/halyard.hpp"

#include "peer.h"

#include "memory_cl.spv.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr std::uint32_t kStep = 7; // values[i] == i * kStep, as the first process wrote them

std::string toHex(const HyIpcHandle& handle) {
    std::string text;
    for (const std::uint64_t word : handle.words) {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(word));
        text += digits;
    }
    return text;
}

HyIpcHandle fromHex(const std::string& text) {
    HyIpcHandle handle = {};
    for (std::size_t i = 0; i < std::size(handle.words); ++i)
        handle.words[i] = std::strtoull(text.substr(i * 16, 16).c_str(), nullptr, 16);
    return handle;
}

// 0 when the memory holds what it should.
int workOn(halyard::Device device, HyDevicePtr memory, std::uint64_t bytes) {
    const halyard::Stream stream(device);
    std::vector<std::uint32_t> values(bytes / 4);
    stream.copy(hyHostAddress(values.data()), memory, bytes);
    stream.synchronize();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] != i * kStep) {
            std::fprintf(stderr, "value %zu is %u, not %zu\n", i, values[i], i * kStep);
            return 2;
        }
    }
    const halyard::Module module(device, memory_cl_spv, memory_cl_spv_size);
    const halyard::Kernel increment(module, "increment");
    const auto count = static_cast<std::uint32_t>(values.size());
    increment.launch(stream, halyard::groups(count, 64), {64, 1, 1}, memory, count);
    stream.synchronize();
    return 0;
}

int run(const std::string& mode, int argc, char** argv) {
    const halyard::Instance instance;
    const char* name = std::getenv("HALYARD_TEST_DEVICE");
    const halyard::Device device = instance.device(name != nullptr ? name : "cpu");
    if (mode == "make") {
        HyDevicePtr memory = 0;
        HyIpcHandle handle = {};
        halyard::check(hyMemAllocShareable(device.get(), 8192, &memory));
        halyard::check(hyMemGetIpcHandle(device.get(), memory, &handle));
        std::puts(toHex(handle).c_str());
        return 0;
    }
    if (mode == "ipc" && argc == 3) {
        const HyIpcHandle handle = fromHex(argv[2]);
        HyDevicePtr memory = 0;
        halyard::check(hyMemOpenIpcHandle(device.get(), &handle, &memory));
        HyPointerInfo info = {};
        info.structSize = sizeof info;
        halyard::check(hyPointerGetInfo(instance.get(), memory, &info));
        return workOn(device, memory, info.bytes);
    }
    if (mode == "fd" && argc == 4) {
        const std::uint64_t bytes = std::strtoull(argv[3], nullptr, 10);
        HyPhysicalMemory memory = nullptr;
        halyard::check(hyPhysicalMemoryImport(device.get(), HY_SHARE_OPAQUE_FD, std::strtoll(argv[2], nullptr, 10),
                                              bytes, &memory));
        HyDevicePtr base = 0;
        halyard::check(hyVirtualReserve(device.get(), bytes, 0, &base));
        halyard::check(hyVirtualMap(device.get(), base, bytes, memory, 0));
        halyard::check(hyVirtualSetAccess(device.get(), base, bytes, HY_ACCESS_READ_WRITE));
        return workOn(device, base, bytes);
    }
    std::fprintf(stderr, "usage: --peer %s fd <descriptor> <bytes> | ipc <handle> | make\n", argv[0]);
    return 3;
}

int peer(int argc, char** argv) {
    try {
        return run(argc > 1 ? argv[1] : "", argc, argv);
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "%s\n", fault.what());
        return 1;
    }
}

const halyard::conformance::Peer registered("memory", peer);

} // namespace
