/* y = a * x + y with the C interface alone, from OpenCL C and from GLSL: one program, two flavours of SPIR-V, the same
 * bits. The other samples use halyard.hpp and are shorter. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "halyard/halyard.h"

#include "saxpy_cl.spv.h"
#include "saxpy_comp.spv.h"

enum { kWorkgroup = 256, kMaxRuns = 1000, kMaxNames = 16 };

typedef struct Options {
    const char* devices[kMaxNames];
    int deviceCount;
    const char* required[kMaxNames];
    int requiredCount;
    uint32_t size;
    int runs;
} Options;

static const char kUsage[] = "y = a * x + y, from OpenCL C and from GLSL\n"
                             "Usage: sample-saxpy [options]\n"
                             "  --device=NAME   device to run on, as halyard-info names it; repeatable (default: every "
                             "device that is no emulator)\n"
                             "  --require=NAME  fail unless the sample ran on this backend; repeatable\n"
                             "  --size=N        elements of each array (default 4194304)\n"
                             "  --runs=N        timed repetitions, of which the median is printed (default 7)\n"
                             "  --quick         65536 elements and 2 repetitions, where they are not given\n"
                             "  --help          this text\n";

/* Prints the last error of this thread and gives 0, so that a caller can write `return failed();`. */
static int failed(void) {
    HyErrorInfo error = {.structSize = sizeof error};
    hyGetLastError(&error);
    fprintf(stderr, "  FAILED: %s: %s: %s%s%s %s\n", error.call, hyResultName(error.code), error.message,
            error.nativeName[0] != '\0' ? "; driver: " : "", error.nativeName, error.hint);
    return 0;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compareDoubles(const void* left, const void* right) {
    const double a = *(const double*)left;
    const double b = *(const double*)right;
    return (a > b) - (a < b);
}

/* Arguments of the GLSL kernel beyond its buffers: its push-constant block. */
typedef struct PushConstants {
    float a;
    uint32_t n;
} PushConstants;

/* One device and what lives on it. */
typedef struct Setup {
    HyDevice device;
    HyStream stream;
    HyDevicePtr x;
    HyDevicePtr y;
} Setup;

/* Runs one flavour, leaves its result in hostY and prints a line. */
static int runFlavour(const Setup* setup, const Options* options, const char* label, const void* spirv,
                      size_t spirvBytes, const char* kernelName, int isGlsl, const float* initialY, float* hostY) {
    const float a = 2.5f;
    const uint32_t n = options->size;
    const uint64_t bytes = (uint64_t)n * sizeof(float);
    const PushConstants push = {a, n};
    const void* const kernelArgs[] = {&a, &setup->x, &setup->y, &n};
    const void* const glslArgs[] = {&setup->x, &setup->y, &push};
    const void* const* args = isGlsl ? glslArgs : kernelArgs;
    const uint32_t argCount = isGlsl ? 3 : 4;
    const HyDim3 workgroups = {(n + kWorkgroup - 1) / kWorkgroup, 1, 1};
    const HyDim3 workgroupSize = {kWorkgroup, 1, 1};

    HyModule module = NULL;
    HyKernel kernel = NULL;
    int ok = 0;
    HyModuleDesc desc = {.structSize = sizeof desc, .data = spirv, .dataBytes = spirvBytes};
    if (hyModuleLoad(setup->device, &desc, &module) < 0 || hyKernelCreate(module, kernelName, &kernel) < 0) {
        failed();
        goto done;
    }
    /* Each launch changes y, so the result that is checked comes from one launch on fresh data. It is the warm-up too.
     */
    if (hyMemcpyAsync(setup->stream, setup->y, hyHostAddress(initialY), bytes) < 0 ||
        hyLaunchKernel(setup->stream, kernel, workgroups, workgroupSize, 0, args, argCount) < 0 ||
        hyMemcpyAsync(setup->stream, hyHostAddress(hostY), setup->y, bytes) < 0 ||
        hyStreamSynchronize(setup->stream, HY_TIMEOUT_INFINITE) < 0) {
        failed();
        goto done;
    }
    double times[kMaxRuns];
    for (int run = 0; run < options->runs; ++run) {
        const double start = now();
        if (hyLaunchKernel(setup->stream, kernel, workgroups, workgroupSize, 0, args, argCount) < 0 ||
            hyStreamSynchronize(setup->stream, HY_TIMEOUT_INFINITE) < 0) {
            failed();
            goto done;
        }
        times[run] = now() - start;
    }
    qsort(times, (size_t)options->runs, sizeof times[0], compareDoubles);
    const double median = times[options->runs / 2];
    /* Two arrays read, one written. */
    printf("  %-24s %10.3f ms %10.2f GB/s\n", label, median * 1e3, 3.0 * (double)bytes / median / 1e9);
    ok = 1;

done:
    if (kernel != NULL) {
        hyKernelDestroy(kernel);
    }
    if (module != NULL) {
        hyModuleDestroy(module);
    }
    return ok;
}

static int sameBits(const char* label, const float* got, const float* want, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) {
        if (memcmp(&got[i], &want[i], sizeof got[i]) != 0) {
            printf("  %s: WRONG: y[%u] is %.9g and should be %.9g\n", label, i, got[i], want[i]);
            return 0;
        }
    }
    printf("  %s: right, to the last bit\n", label);
    return 1;
}

static int runOnDevice(HyDevice device, const HyDeviceProperties* properties, const Options* options) {
    const uint32_t n = options->size;
    const uint64_t bytes = (uint64_t)n * sizeof(float);
    Setup setup = {device, NULL, 0, 0};
    int ok = 0;
    /* x, y, the expected result, and the results of both flavours. */
    float* host = malloc(5 * bytes);
    if (host == NULL) {
        fprintf(stderr, "  FAILED: no host memory for %llu bytes\n", (unsigned long long)(5 * bytes));
        return 0;
    }
    float* x = host;
    float* y = host + n;
    float* expected = y + n;
    float* fromCl = expected + n;
    float* fromGlsl = fromCl + n;
    for (uint32_t i = 0; i < n; ++i) {
        x[i] = (float)(i % 1021) * 0.37f;
        y[i] = (float)(i % 509) * -1.13f;
        /* Both kernels forbid contraction, and volatile keeps this compiler from it: product and sum are each rounded.
         */
        volatile float product = 2.5f * x[i];
        expected[i] = product + y[i];
    }

    if (hyStreamCreate(device, NULL, &setup.stream) < 0 || hyMemAlloc(device, bytes, &setup.x) < 0 ||
        hyMemAlloc(device, bytes, &setup.y) < 0 || hyMemcpyAsync(setup.stream, setup.x, hyHostAddress(x), bytes) < 0) {
        failed();
        goto done;
    }
    ok = runFlavour(&setup, options, "saxpy.cl", saxpy_cl_spv, saxpy_cl_spv_size, "saxpy", 0, y, fromCl) &&
         sameBits("saxpy.cl", fromCl, expected, n);
    if ((properties->capabilities & HY_CAP_SPIRV_GLCOMPUTE) == 0) {
        printf("  saxpy.comp: not run: the device does not take Vulkan-flavoured SPIR-V\n");
    } else {
        ok = runFlavour(&setup, options, "saxpy.comp", saxpy_comp_spv, saxpy_comp_spv_size, "main", 1, y, fromGlsl) &&
             sameBits("saxpy.comp", fromGlsl, expected, n) && ok;
    }

done:
    if (setup.stream != NULL) {
        /* After a failure a copy may still be reading the host arrays. */
        hyStreamSynchronize(setup.stream, HY_TIMEOUT_INFINITE);
        hyStreamDestroy(setup.stream);
    }
    hyMemFree(device, setup.x);
    hyMemFree(device, setup.y);
    free(host);
    return ok;
}

static int parseNumber(const char* name, const char* text, long long low, long long high, long long* out) {
    char* end = NULL;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "sample-saxpy: --%s takes a number from %lld to %lld, not '%s'\n", name, low, high, text);
        return 0;
    }
    *out = value;
    return 1;
}

/* Gives 1 to go on, 0 after --help, -1 for a wrong option. */
static int parse(int argc, char** argv, Options* options) {
    static const struct option kOptions[] = {{"device", required_argument, NULL, 'd'},
                                             {"require", required_argument, NULL, 'r'},
                                             {"size", required_argument, NULL, 's'},
                                             {"runs", required_argument, NULL, 'n'},
                                             {"quick", no_argument, NULL, 'q'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};
    long long size = 0;
    long long runs = 0;
    int quick = 0;
    int option;
    while ((option = getopt_long(argc, argv, "h", kOptions, NULL)) != -1) {
        switch (option) {
        case 'd':
        case 'r': {
            int* count = option == 'd' ? &options->deviceCount : &options->requiredCount;
            if (*count == kMaxNames) {
                fprintf(stderr, "sample-saxpy: at most %d of --device and of --require\n", kMaxNames);
                return -1;
            }
            (option == 'd' ? options->devices : options->required)[(*count)++] = optarg;
            break;
        }
        case 's':
            if (!parseNumber("size", optarg, 1, 1 << 30, &size)) {
                return -1;
            }
            break;
        case 'n':
            if (!parseNumber("runs", optarg, 1, kMaxRuns, &runs)) {
                return -1;
            }
            break;
        case 'q':
            quick = 1;
            break;
        case 'h':
            fputs(kUsage, stdout);
            return 0;
        default:
            fputs(kUsage, stderr);
            return -1;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sample-saxpy: unexpected argument '%s'\n", argv[optind]);
        return -1;
    }
    options->size = (uint32_t)(size != 0 ? size : quick ? 65536 : 4 << 20);
    options->runs = (int)(runs != 0 ? runs : quick ? 2 : 7);
    return 1;
}

/* Runs on one device if it can. Adds to *ran, marks the required backends that were run, and gives whether all is well.
 */
static int considerDevice(HyDevice device, const Options* options, int* ran, int* met) {
    HyDeviceProperties properties = {.structSize = sizeof properties};
    if (hyDeviceGetProperties(device, &properties) < 0) {
        return failed();
    }
    const HyCapabilities needed = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL;
    const int chosen = options->deviceCount > 0;
    if ((properties.capabilities & needed) != needed) {
        printf("saxpy on %s (%s): not run: it takes no kernels\n", properties.selector, properties.name);
        return !chosen;
    }
    if (properties.type == HY_DEVICE_TYPE_EMULATED && !chosen) {
        printf("saxpy on %s (%s): not run: it is an emulator; choose it with --device\n", properties.selector,
               properties.name);
        return 1;
    }
    printf("saxpy on %s (%s)\n", properties.selector, properties.name);
    ++*ran;
    for (int i = 0; i < options->requiredCount; ++i) {
        met[i] |= strcmp(options->required[i], properties.backend) == 0;
    }
    return runOnDevice(device, &properties, options);
}

int main(int argc, char** argv) {
    Options options = {0};
    const int parsed = parse(argc, argv, &options);
    if (parsed <= 0) {
        return parsed == 0 ? 0 : 2;
    }
    HyInstance instance = NULL;
    if (hyInstanceCreate(NULL, &instance) < 0) {
        failed();
        return 1;
    }

    int ok = 1;
    int ran = 0;
    int met[kMaxNames] = {0};
    uint32_t count = 0;
    if (options.deviceCount > 0) {
        count = (uint32_t)options.deviceCount;
    } else if (hyDeviceGetCount(instance, &count) < 0) {
        ok = failed();
    }
    for (uint32_t i = 0; i < count; ++i) {
        HyDevice device = NULL;
        const HyResult found = options.deviceCount > 0 ? hyDeviceFind(instance, options.devices[i], &device)
                                                       : hyDeviceGet(instance, i, &device);
        ok = (found < 0 ? failed() : considerDevice(device, &options, &ran, met)) && ok;
    }
    if (ran == 0) {
        fprintf(stderr, "sample-saxpy: no device was run; 'halyard-info --why' explains what was found\n");
        ok = 0;
    }
    for (int i = 0; i < options.requiredCount; ++i) {
        if (!met[i]) {
            fprintf(stderr, "sample-saxpy: required, but not run: %s\n", options.required[i]);
            ok = 0;
        }
    }
    hyInstanceDestroy(instance);
    return ok ? 0 : 1;
}
