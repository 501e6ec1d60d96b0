// The other process of the tests of sharing.
//
// Opens the memory that it is told of, checks that it holds what the first process wrote, adds 1 to each value:
//     --peer memory fd <descriptor> <bytes>
//     --peer memory ipc <handle in hexadecimal>
// Prints the handle of memory that goes with this process:
//     --peer memory make
// Adds 1 to each value in turns with the first process, by the semaphore's odd and even values:
//     --peer memory relay <descriptor> <handle of memory> <rounds>
// Signals a semaphore:
//     --peer memory signal <descriptor> <value>
// Lets a stream wait for a value, and signals 1 when it does:
//     --peer memory park <descriptor> <value>
// Waits for an event that is not reached until the semaphore, which it sets to 1 when it waits, goes on:
//     --peer memory event-wait <descriptor> <handle of an event>
// Records an event behind value 2 of the semaphore, which it sets to 1 then, and stays until 3:
//     --peer memory event-record <descriptor> <handle of an event>
#include "halyard/halyard.hpp"

#include "memory_cl.spv.h"
#include "peer.h"
#include "peer_handle.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using halyard::conformance::fromHex;
using halyard::conformance::toHex;

namespace {

constexpr std::uint32_t kStep = 7; // values[i] == i * kStep, as the first process wrote them

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

constexpr std::uint64_t kLimitNs = 60'000'000'000;

int relay(halyard::Device device, const halyard::Semaphore& semaphore, const std::string& handle,
          std::uint64_t rounds) {
    const halyard::OpenedMemory memory(device, fromHex(handle));
    const halyard::Stream stream(device);
    const halyard::Module module(device, memory_cl_spv, memory_cl_spv_size);
    const halyard::Kernel increment(module, "increment");
    for (std::uint64_t round = 0; round < rounds; ++round) {
        stream.wait(semaphore, 2 * round + 1);
        increment.launch(stream, halyard::groups(256, 64), {64, 1, 1}, memory, std::uint32_t{256});
        stream.signal(semaphore, 2 * round + 2);
    }
    stream.synchronize(kLimitNs);
    return 0;
}

int park(halyard::Device device, const halyard::Semaphore& semaphore, std::uint64_t value) {
    const halyard::Stream stream(device);
    stream.wait(semaphore, value);
    semaphore.signal(1);
    stream.synchronize(kLimitNs);
    return semaphore.value() >= value ? 0 : 4;
}

int waitForEvent(halyard::Device device, const halyard::Semaphore& semaphore, const halyard::Event& event) {
    const halyard::Stream stream(device);
    if (event.query())
        return 4;
    stream.wait(event);
    const bool done = stream.query();
    semaphore.signal(1);
    if (done)
        return 5;
    stream.synchronize(kLimitNs);
    event.synchronize(kLimitNs);
    return event.query() ? 0 : 6;
}

int recordEvent(halyard::Device device, const halyard::Semaphore& semaphore, halyard::Event event) {
    const halyard::Stream stream(device);
    stream.wait(semaphore, 2);
    event.record(stream);
    semaphore.signal(1);
    semaphore.wait(3, kLimitNs);
    return event.query() ? 0 : 4;
}

int synchronize(halyard::Device device, const std::string& mode, int argc, char** argv) {
    const auto semaphore = halyard::Semaphore::imported(device, static_cast<int>(std::strtol(argv[2], nullptr, 10)));
    if (mode == "relay" && argc == 5)
        return relay(device, semaphore, argv[3], std::strtoull(argv[4], nullptr, 10));
    if (mode == "park")
        return park(device, semaphore, std::strtoull(argv[3], nullptr, 10));
    if (mode == "event-wait")
        return waitForEvent(device, semaphore, halyard::Event::opened(device, fromHex(argv[3])));
    if (mode == "event-record")
        return recordEvent(device, semaphore, halyard::Event::opened(device, fromHex(argv[3])));
    semaphore.signal(std::strtoull(argv[3], nullptr, 10));
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
    if (argc >= 4)
        return synchronize(device, mode, argc, argv);
    std::fprintf(stderr, "usage: see the beginning of %s\n", __FILE__);
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

const halyard::conformance::RegisteredPeer registered("memory", peer);

} // namespace
