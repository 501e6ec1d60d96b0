#include <algorithm>
#include <atomic>
#include <ctime>
#include <thread>

#include <fmt/format.h>

#include "bench.h"

namespace halyard::bench {
namespace {

constexpr unsigned kThreads = 8;
constexpr uint64_t kBytes = 4096;

double threadNanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// The C calls, with nothing of this program's in between.
void pairs(HyStream stream, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        HyDevicePtr ptr = 0;
        check(hyMemAllocAsync(stream, kBytes, &ptr));
        check(hyMemFreeAsync(stream, ptr));
    }
}

// Allocations of many sizes that live side by side, as in one step of a training loop.
void mixed(HyStream stream, uint64_t count) {
    constexpr uint64_t kLive = 64;
    HyDevicePtr live[kLive] = {};
    for (uint64_t i = 0; i < count; ++i) {
        const uint64_t which = i % kLive;
        HyDevicePtr& ptr = live[which];
        check(hyMemFreeAsync(stream, ptr));
        check(hyMemAllocAsync(stream, 100 + which * which * 700, &ptr));
    }
    for (const HyDevicePtr ptr : live) {
        check(hyMemFreeAsync(stream, ptr));
    }
}

// Processor time of one pair, the mean over `threads` threads that each have a stream.
double pairInThreads(Device device, unsigned threads, uint64_t count) {
    std::vector<Stream> streams;
    for (unsigned i = 0; i < threads; ++i) {
        streams.emplace_back(device);
    }
    std::vector<double> times(threads);
    std::vector<std::thread> running;
    std::atomic<unsigned> ready{0};
    for (unsigned i = 0; i < threads; ++i) {
        running.emplace_back([&, i] {
            pairs(streams[i].get(), 1000); // the first ones come from the pool
            ready.fetch_add(1);
            while (ready.load() < threads) {
                std::this_thread::yield();
            }
            const double before = threadNanoseconds();
            pairs(streams[i].get(), count);
            times[i] = threadNanoseconds() - before;
        });
    }
    for (std::thread& thread : running) {
        thread.join();
    }
    double sum = 0;
    for (const double time : times) {
        sum += time;
    }
    return sum / threads / static_cast<double>(count);
}

} // namespace

Results measureAlloc(const Options& options) {
    if (options.nullWork) {
        useNullWorkBackend();
    }
    const Instance instance;
    const Device device = chooseDevice(instance, options);
    const Stream stream(device);
    const auto count = static_cast<double>(options.count);
    std::vector<double> wall;
    std::vector<double> processor;
    std::vector<double> many;
    std::vector<double> one;
    std::vector<double> eight;
    pairs(stream.get(), 1000);
    mixed(stream.get(), 1000);
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        const double before = threadNanoseconds();
        wall.push_back(nanoseconds([&] { pairs(stream.get(), options.count); }) / count);
        const double between = threadNanoseconds();
        processor.push_back((between - before) / count);
        mixed(stream.get(), options.count);
        many.push_back((threadNanoseconds() - between) / count);
        one.push_back(pairInThreads(device, 1, options.count));
        eight.push_back(pairInThreads(device, kThreads, options.count));
    }
    const std::string threads =
        fmt::format("processor time of a pair in each of {} threads on streams of their own; {} cores", kThreads,
                    std::thread::hardware_concurrency());
    return {{"alloc.pair", median(wall), "ns", "hyMemAllocAsync and hyMemFreeAsync of 4 KiB, time that passed"},
            {"alloc.pair.cpu", median(processor), "ns", "the same, processor time"},
            {"alloc.mixed.cpu", median(many), "ns", "a pair of 64 live sizes up to 2.8 MB, processor time"},
            {"alloc.thread1.cpu", median(one), "ns", "processor time of a pair in one thread"},
            {"alloc.thread8.cpu", median(eight), "ns", threads},
            {"alloc.thread8.ratio", median(eight) / median(one), "", "of the two above; 1 is perfect"}};
}

Results measureAllocPairs(const Options& options) {
    if (options.nullWork) {
        useNullWorkBackend();
    }
    const Instance instance;
    const Stream stream(chooseDevice(instance, options));
    const double time = nanoseconds([&] { pairs(stream.get(), options.count); });
    return {{"alloc.pair", time / static_cast<double>(options.count), "ns", "pairs alone"}};
}

} // namespace halyard::bench
