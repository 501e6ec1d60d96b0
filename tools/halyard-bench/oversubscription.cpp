// halyard-bench oversubscription: what launches cost when more threads want processors than there are. Times at once by
// times in turns: about 1 where processors are shared well, far above where threads spin in each other's way.
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "bench.h"
#include "openmp_saxpy.h"
#include "saxpy_cl.spv.h"

namespace halyard::bench {
namespace {

constexpr uint32_t kCount = 1u << 16; // floats: some ten microseconds of work in 64 groups
constexpr uint32_t kWorkgroup = 1024;
constexpr unsigned kThreads = 4;

// One stream's launches, each waited for.
class Load {
public:
    explicit Load(const Device& device)
        : stream_(device), x_(device, kCount), y_(device, kCount),
          kernel_(Module(device, saxpy_cl_spv, saxpy_cl_spv_size), "saxpy") {
        x_.fill(stream_, 1.0f);
        y_.fill(stream_, 1.0f);
        run(100); // code for the workgroup size is made meanwhile
    }
    void run(uint64_t launches) {
        for (uint64_t i = 0; i < launches; ++i) {
            launch();
            stream_.synchronize();
        }
    }
    void launch() { kernel_.launch(stream_, groups(kCount, kWorkgroup), {kWorkgroup, 1, 1}, 0.5f, x_, y_, kCount); }
    void wait() { stream_.synchronize(); }

private:
    Stream stream_;
    Buffer<float> x_;
    Buffer<float> y_;
    Kernel kernel_;
};

using Loads = std::vector<std::unique_ptr<Load>>;

double inTurns(const Loads& loads, uint64_t launches) {
    return nanoseconds([&] {
        for (const auto& load : loads) {
            load->run(launches);
        }
    });
}

// A thread for each; their start is not measured.
double atOnce(const Loads& loads, uint64_t launches) {
    std::atomic<size_t> ready{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (const auto& load : loads) {
        threads.emplace_back([&ready, &go, &load, launches] {
            ready.fetch_add(1);
            while (!go.load()) {
                std::this_thread::yield();
            }
            load->run(launches);
        });
    }
    while (ready.load() < loads.size()) {
        std::this_thread::yield();
    }
    return nanoseconds([&] {
        go.store(true);
        for (std::thread& thread : threads) {
            thread.join();
        }
    });
}

// The same number of launches from one thread, that many of them on the way at a time.
double manyStreams(const Loads& loads, uint64_t launches) {
    return nanoseconds([&] {
        for (uint64_t i = 0; i < launches; ++i) {
            for (const auto& load : loads) {
                load->launch();
            }
            for (const auto& load : loads) {
                load->wait();
            }
        }
    });
}

// From the threads of an OpenMP region.
double insideOpenMp(const Loads& loads, uint64_t launches) {
    return nanoseconds([&] {
#pragma omp parallel for schedule(static, 1) num_threads(kThreads)
        for (size_t i = 0; i < loads.size(); ++i) {
            loads[i]->run(launches);
        }
    });
}

// Behind a region that has just ended, whose threads may spin for a while.
double afterOpenMp(Load& load, uint64_t launches) {
    constexpr uint64_t kBetween = 10; // launches
    double total = 0;
    for (uint64_t done = 0; done < launches; done += kBetween) {
        std::atomic<unsigned> seen{0};
#pragma omp parallel
        seen.fetch_add(1, std::memory_order_relaxed);
        total += nanoseconds([&] { load.run(kBetween); });
    }
    return total;
}

} // namespace

Results measureOversubscription(const Options& options) {
    const Instance instance;
    const Instance second;
    const Device device = chooseDevice(instance, options);
    const Device other = chooseDevice(second, options);
    Loads instances;
    instances.push_back(std::make_unique<Load>(device));
    instances.push_back(std::make_unique<Load>(other));
    Loads streams;
    for (unsigned i = 0; i < kThreads; ++i) {
        streams.push_back(std::make_unique<Load>(device));
    }
    std::vector<double> alone, twoInstances, threads, openmp, queued, after;
    const auto launches = static_cast<double>(options.count);
    for (unsigned repetition = 0; repetition <= options.repetitions; ++repetition) {
        if (repetition == 1) { // the first one was the warm-up
            for (auto* times : {&alone, &twoInstances, &threads, &openmp, &queued, &after}) {
                times->clear();
            }
        }
        alone.push_back(nanoseconds([&] { streams[0]->run(options.count); }) / launches);
        twoInstances.push_back(atOnce(instances, options.count) / inTurns(instances, options.count));
        const double turns = inTurns(streams, options.count);
        threads.push_back(atOnce(streams, options.count) / turns);
        openmp.push_back(insideOpenMp(streams, options.count) / turns);
        queued.push_back(manyStreams(streams, options.count) / turns);
        after.push_back(afterOpenMp(*streams[0], options.count) / launches / alone.back());
    }
    const std::string each = fmt::format("{} launches of 64 groups each, each waited for", options.count);
    return {{"oversubscription.alone", median(alone), "ns", "one launch of 64 groups and its wait"},
            {"oversubscription.two_instances", median(twoInstances), "x", "two instances at once by in turns; " + each},
            {"oversubscription.threads", median(threads), "x", "4 threads with a stream each at once by in turns"},
            {"oversubscription.in_openmp", median(openmp), "x", "the same from the threads of an OpenMP region"},
            {"oversubscription.streams", median(queued), "x", "one thread that launches on 4 streams before it waits"},
            {"oversubscription.after_openmp", median(after), "x",
             fmt::format("after a region of {} OpenMP threads, by without one", openmpThreads())}};
}

} // namespace halyard::bench
