// What the measurements share. Each takes the options, measures, and gives results; main prints them.
#ifndef HALYARD_TOOLS_BENCH_BENCH_H
#define HALYARD_TOOLS_BENCH_BENCH_H

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "halyard/halyard.hpp"

namespace halyard::bench {

struct Result {
    std::string name; // "launch", stable: programs compare it between runs
    double value;     // NaN where nothing was measured, which the note explains
    std::string unit; // "ns", "GB/s", "instructions"
    std::string note;
};
using Results = std::vector<Result>;

struct Options {
    std::string device; // selector; empty: the first device
    bool nullWork = false;
    uint64_t count = 0;
    unsigned repetitions = 0;
    uint32_t size = 0;      // of measureCuda: rows and columns of the matrix product; 0: the default
    bool oursAlone = false; // of measureCuda: nothing of nvcc's and the driver's
    std::string kernel;     // of measureCpu and measureVulkan: the only one; empty: all
    bool checkOnly = false; // of measureCpu and measureVulkan: small sizes, results and no times
};

// Middle value of at least one.
double median(std::vector<double> values);

// Nanoseconds that `work` takes.
double nanoseconds(const std::function<void()>& work);

// The device to measure; says which on stderr. Throws when there is none.
Device chooseDevice(const Instance& instance, const Options& options);

// Makes instances that are created from now on see the null-work device alone. Throws when its library is not beside
// this program.
void useNullWorkBackend();

// Host time of hyLaunchKernel with three arguments, launches queued in batches.
Results measureLaunch(const Options& options);
// Allocation and free in stream order: one thread, many sizes, and 8 threads against one.
Results measureAlloc(const Options& options);
// The pairs alone, for callgrind.
Results measureAllocPairs(const Options& options);
// Instructions of one hyMemAllocAsync and one hyMemFreeAsync, counted by valgrind's callgrind on the null-work device
// unless another one is asked for.
Results countAllocInstructions(const Options& options);
// Time to submit, to submit and wait, and per launch of 1000 in a row.
Results measureLatency(const Options& options);
// Adds round trips of one and more workgroups on the cpu device in turns with PoCL, where that is installed.
void addLatencyBesidePocl(Results& results, const Options& options, const Device& device);
// A chain of small kernels by stream launches and as a captured graph.
Results measureGraph(const Options& options);
// Instance, module and kernel creation with an empty and with a filled cache.
Results measureStartup(const Options& options);
// SPIR-V of a tiled sgemm to a kernel, with a worker that runs: with an empty and with a filled cache.
Results measureJit(const Options& options);
// Processor time of parsing, reflection and import of modules of 50 kB to 10 MB, in this process.
Results measureImport(const Options& options);
// What the layers add to a launch.
Results measureLayers(const Options& options);
// Launches by several instances, threads and streams at once against the same in turns.
Results measureOversubscription(const Options& options);
// y = a * x + y over 64 MiB arrays against an OpenMP loop.
Results measureSaxpy(const Options& options);
// Kernels, launches and copies on an NVIDIA device beside the same work done with nvcc and the driver alone. A count of
// 1: small sizes, to look at the results only.
Results measureCuda(const Options& options);
// Launches and kernels on a Vulkan device beside Vulkan written by hand, after a check of each result.
Results measureVulkan(const Options& options);

// Kernels on the cpu device beside PoCL, OpenMP and AVX-512 by hand, after a check of each result.
Results measureCpu(const Options& options);
// The results of measureCpu as a table, a row a kernel.
std::string cpuTable(const Results& results);
// The ratios in them as an SVG picture. Throws when there is none.
std::string cpuPlot(const Results& results);

} // namespace halyard::bench

#endif // HALYARD_TOOLS_BENCH_BENCH_H
