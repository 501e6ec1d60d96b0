#include "processor.h"

#include "arena.h"
#include "cgroup.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sched.h>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace halyard::cpu {

namespace {

constexpr uint64_t kSpinNs = 30'000;
constexpr uint32_t kMaxSubgroupSize = 64; // of the compiler

std::string readFile(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The value of the first "key : value" line of /proc/cpuinfo.
std::string cpuinfoField(const std::string& cpuinfo, std::string_view key) {
    size_t begin = 0;
    while (begin < cpuinfo.size()) {
        const size_t end = std::min(cpuinfo.find('\n', begin), cpuinfo.size());
        const std::string_view line(cpuinfo.data() + begin, end - begin);
        const size_t colon = line.find(':');
        if (line.substr(0, key.size()) == key && colon != std::string_view::npos &&
            line.find_first_not_of(" \t", key.size()) == colon) {
            const size_t value = line.find_first_not_of(" \t", colon + 1);
            return value == std::string_view::npos ? std::string() : std::string(line.substr(value));
        }
        begin = end + 1;
    }
    return {};
}

// Processors that this thread may use. The set grows until the kernel's fits: a machine may have more than CPU_SETSIZE.
uint32_t affinityCount() {
    for (int cpus = CPU_SETSIZE; cpus <= (1 << 20); cpus *= 2) {
        std::vector<cpu_set_t> set(CPU_ALLOC_SIZE(cpus) / sizeof(cpu_set_t));
        const size_t bytes = set.size() * sizeof(cpu_set_t);
        if (sched_getaffinity(0, bytes, set.data()) == 0) {
            return static_cast<uint32_t>(std::max(1, CPU_COUNT_S(bytes, set.data())));
        }
    }
    return static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

std::optional<uint32_t> parseNumber(std::string_view text) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

uint32_t readThreads(const Host& host, uint32_t byDefault) {
    const char* text = host.getEnv("HALYARD_CPU_THREADS");
    if (text == nullptr) {
        return byDefault;
    }
    const std::optional<uint32_t> value = parseNumber(text);
    if (!value || *value == 0 || *value > kMaxThreads) {
        host.log(HY_LOG_WARNING, format("HALYARD_CPU_THREADS=%s is not a number from 1 to %u: using %u threads", text,
                                        kMaxThreads, byDefault));
        return byDefault;
    }
    return *value;
}

constexpr std::array<const char*, 4> kIsaLevels{"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};

size_t machineIsaLevel() {
#if defined(__x86_64__)
    __builtin_cpu_init();
#if defined(__clang__) && __clang_major__ < 18
    // This compiler cannot ask for a level, and not for all of its features; no processor has these without the rest.
    const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    const bool v3 =
        v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
    const bool v4 = v3 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    const bool v2 = __builtin_cpu_supports("x86-64-v2");
    const bool v3 = __builtin_cpu_supports("x86-64-v3");
    const bool v4 = __builtin_cpu_supports("x86-64-v4");
#endif
    if (v4) {
        return 3;
    }
    if (v3) {
        return 2;
    }
    if (v2) {
        return 1;
    }
#endif
    return 0;
}

std::string readIsa(const Host& host) {
    const size_t machine = machineIsaLevel();
    const char* text = host.getEnv("HALYARD_CPU_ISA");
    if (text == nullptr) {
        return kIsaLevels[machine];
    }
    const auto found = std::find_if(kIsaLevels.begin(), kIsaLevels.end(),
                                    [&](const char* level) { return std::strcmp(level, text) == 0; });
    const auto asked = static_cast<size_t>(found - kIsaLevels.begin());
    if (asked > machine) {
        host.log(HY_LOG_WARNING, format("HALYARD_CPU_ISA=%s is %s: using %s", text,
                                        found == kIsaLevels.end() ? "not one of x86-64, x86-64-v2, x86-64-v3, x86-64-v4"
                                                                  : "more than this processor has",
                                        kIsaLevels[machine]));
        return kIsaLevels[machine];
    }
    return kIsaLevels[asked];
}

Specialise readSpecialise(const Host& host) {
    const char* text = host.getEnv("HALYARD_CPU_SPECIALISE");
    if (text == nullptr || std::strcmp(text, "1") == 0) {
        return Specialise::Background;
    }
    if (std::strcmp(text, "0") == 0) {
        return Specialise::Off;
    }
    if (std::strcmp(text, "sync") == 0) {
        return Specialise::AtLaunch;
    }
    host.log(HY_LOG_WARNING, format("HALYARD_CPU_SPECIALISE=%s is not 0, 1 or sync: using 1", text));
    return Specialise::Background;
}

uint32_t readDevices(const Host& host) {
    const char* text = host.getEnv("HALYARD_CPU_DEVICES");
    if (text == nullptr) {
        return 1;
    }
    uint32_t devices = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, fault] = std::from_chars(text, end, devices);
    if (fault == std::errc{} && stop == end && devices >= 1 && devices <= kMaxDevices) {
        return devices;
    }
    host.log(HY_LOG_WARNING, format("HALYARD_CPU_DEVICES=%s is not a number from 1 to %u: using 1", text, kMaxDevices));
    return 1;
}

uint32_t readLanes(const Host& host) {
    const char* text = host.getEnv("HALYARD_CPU_LANES");
    if (text == nullptr) {
        return 0;
    }
    for (const uint32_t lanes : {1U, 4U, 8U, 16U, 32U}) {
        if (std::to_string(lanes) == text) {
            return lanes;
        }
    }
    host.log(HY_LOG_WARNING, format("HALYARD_CPU_LANES=%s is not 1, 4, 8, 16 or 32: ignored", text));
    return 0;
}

uint32_t readSubgroupSize(const Host& host) {
    const char* text = host.getEnv("HALYARD_CPU_SUBGROUP_SIZE");
    if (text == nullptr) {
        return 0;
    }
    uint32_t size = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, fault] = std::from_chars(text, end, size);
    if (fault == std::errc{} && stop == end && std::has_single_bit(size) && size <= kMaxSubgroupSize) {
        return size;
    }
    host.log(HY_LOG_WARNING, format("HALYARD_CPU_SUBGROUP_SIZE=%s is not a power of two from 1 to %u: ignored", text,
                                    kMaxSubgroupSize));
    return 0;
}

uint32_t highestClockMHz(const std::string& cpuinfo) {
    const std::string highest = readFile("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    uint32_t kHz = 0;
    if (std::from_chars(highest.data(), highest.data() + highest.size(), kHz).ec == std::errc{}) {
        return kHz / 1000;
    }
    const std::string now = cpuinfoField(cpuinfo, "cpu MHz");
    uint32_t mhz = 0;
    std::from_chars(now.data(), now.data() + now.size(), mhz);
    return mhz;
}

const char* vendorName(const std::string& id) {
    if (id == "GenuineIntel") {
        return "Intel";
    }
    return id == "AuthenticAMD" ? "AMD" : id.c_str();
}

template <size_t N> void assign(char (&field)[N], std::string_view text) {
    const size_t length = std::min(text.size(), N - 1);
    std::memcpy(field, text.data(), length);
    field[length] = '\0';
}

// A one-way function of the machine id: the id itself is confidential (machine-id(5)). FNV-1a, twice with different
// seeds.
void makeUuid(uint32_t ordinal, uint8_t (&uuid)[16]) {
    std::string machine = readFile("/etc/machine-id");
    if (machine.empty()) {
        machine = readFile("/proc/sys/kernel/random/boot_id");
    }
    const std::string text = "halyard cpu:" + std::to_string(ordinal) + " " + machine;
    constexpr uint64_t kPrime = 0x100000001b3;
    for (size_t half = 0; half < 2; ++half) {
        uint64_t hash = half == 0 ? 0xcbf29ce484222325 : 0x84222325cbf29ce4;
        for (int round = 0; round < 2; ++round) {
            for (const char c : text) {
                hash = (hash ^ static_cast<uint8_t>(c)) * kPrime;
            }
        }
        std::memcpy(uuid + half * 8, &hash, 8);
    }
    uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0f) | 0x80); // version 8, RFC 9562: made by a rule of our own
    uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3f) | 0x80);
}

} // namespace

Settings readSettings(const Host& host) {
    const CgroupLimits limits = readCgroupLimits(readFile("/proc/self/cgroup"), "/sys/fs/cgroup");
    const uint32_t cpus = std::max(1U, std::min({affinityCount(), limits.cpus, kMaxThreads}));
    Settings settings;
    settings.devices = readDevices(host);
    settings.threads = std::max(1U, readThreads(host, cpus) / settings.devices);
    // On one processor the thread that polls keeps the one it waits for from running.
    settings.spinNs = cpus > 1 ? kSpinNs : 0;
    const uint64_t physical =
        static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    settings.totalMemory = std::min({physical, limits.memoryBytes, reservableBytes()}) / settings.devices;
    settings.specialise = readSpecialise(host);
    settings.subgroupSize = readSubgroupSize(host);
    settings.lanes = readLanes(host);
    settings.isa = readIsa(host);
    return settings;
}

HyDeviceProperties describeProcessor(const Settings& settings, uint32_t ordinal) {
    const std::string cpuinfo = readFile("/proc/cpuinfo");
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    properties.type = HY_DEVICE_TYPE_CPU;
    const std::string model = cpuinfoField(cpuinfo, "model name");
    assign(properties.name, model.empty() ? "CPU" : model);
    assign(properties.backend, "cpu");
    const std::string vendor = cpuinfoField(cpuinfo, "vendor_id");
    assign(properties.vendor, vendorName(vendor));
    assign(properties.driver, HALYARD_BACKEND_BUILD_ID);
    assign(properties.isa, settings.isa);
    makeUuid(ordinal, properties.uuid);
    properties.pciDomain = properties.pciBus = properties.pciDevice = properties.pciFunction = ~0U;
    properties.computeUnits = settings.threads;
    properties.clockMHz = highestClockMHz(cpuinfo);
    properties.maxWorkgroupInvocations = kMaxWorkgroupInvocations;
    for (int i = 0; i < 3; ++i) {
        properties.maxWorkgroupSize[i] = kMaxWorkgroupInvocations;
        properties.maxWorkgroups[i] = INT32_MAX;
    }
    // The compiler chooses per kernel (HyHostKernelInfo::subgroupSize); these are the bounds of its choice.
    properties.subgroupSizeMin = 1;
    properties.subgroupSizeMax = kMaxSubgroupSize;
    properties.maxLocalBytes = kMaxLocalBytes;
    properties.maxArgumentBytes = kMaxArgumentBytes;
    properties.memoryAlignment = static_cast<uint32_t>(sysconf(_SC_PAGESIZE));
    properties.totalMemory = settings.totalMemory;
    properties.maxAllocation = settings.totalMemory;
    properties.capabilities =
        HY_CAP_GRAPHS | HY_CAP_HOST_FUNCTIONS | HY_CAP_TIMELINE_SEMAPHORES | HY_CAP_DEVICE_WAITS | HY_CAP_KERNELS |
        HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE | HY_CAP_FLOAT16 | HY_CAP_FLOAT64 | HY_CAP_INT64 |
        HY_CAP_INT64_ATOMICS | HY_CAP_FLOAT32_ATOMIC_ADD | HY_CAP_TIMING | HY_CAP_HOST_REGISTRATION |
        HY_CAP_HOST_ACCESS | HY_CAP_COOPERATIVE_LAUNCH | HY_CAP_OCCUPANCY | HY_CAP_SUBGROUP_SIZE_CONTROL |
        HY_CAP_DEVICE_RESET | HY_CAP_COOPERATIVE_MATRIX | HY_CAP_MANAGED_MEMORY | HY_CAP_PREFETCH |
        HY_CAP_VIRTUAL_MEMORY | HY_CAP_SHARE_OPAQUE_FD | HY_CAP_IPC | HY_CAP_SHARE_SEMAPHORES | HY_CAP_IPC_EVENTS;
    if (settings.threads > 1) {
        properties.capabilities |= HY_CAP_CONCURRENT_STREAMS;
    }
    return properties;
}

} // namespace halyard::cpu
