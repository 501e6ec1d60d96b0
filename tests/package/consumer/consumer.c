/* Doubles numbers on the cpu device with the kernel file beside the program. */
#include <libgen.h>
#include <stdio.h>

#include <halyard/halyard.h>

enum { kCount = 100, kMaxModule = 65536 };

static int fail(const char* what) {
    HyErrorInfo error = {.structSize = sizeof error};
    hyGetLastError(&error);
    fprintf(stderr, "%s: %s: %s. %s\n", what, error.call, error.message, error.hint);
    return 1;
}

int main(int argc, char** argv) {
    HyInstance instance = NULL;
    HyDevice device = NULL;
    if (hyInstanceCreate(NULL, &instance) < 0 || hyDeviceFind(instance, "cpu", &device) < 0) {
        return fail("cpu device");
    }
    char path[4096];
    if (argc < 1 || snprintf(path, sizeof path, "%s/double_cl.spv", dirname(argv[0])) >= (int)sizeof path) {
        return 1;
    }
    FILE* file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "there is no %s\n", path);
        return 1;
    }
    static unsigned char spirv[kMaxModule];
    const size_t bytes = fread(spirv, 1, sizeof spirv, file);
    fclose(file);

    HyModuleDesc desc = {.structSize = sizeof desc, .data = spirv, .dataBytes = bytes};
    HyModule module = NULL;
    HyKernel kernel = NULL;
    HyStream stream = NULL;
    HyDevicePtr values = 0;
    uint32_t host[kCount];
    uint32_t n = kCount;
    for (uint32_t i = 0; i < n; ++i) {
        host[i] = i;
    }
    const void* args[] = {&values, &n};
    if (hyModuleLoad(device, &desc, &module) < 0 || hyKernelCreate(module, "doubleAll", &kernel) < 0 ||
        hyStreamCreate(device, NULL, &stream) < 0 || hyMemAlloc(device, sizeof host, &values) < 0 ||
        hyMemcpyAsync(stream, values, hyHostAddress(host), sizeof host) < 0 ||
        hyLaunchKernel(stream, kernel, (HyDim3){2, 1, 1}, (HyDim3){64, 1, 1}, 0, args, 2) < 0 ||
        hyMemcpyAsync(stream, hyHostAddress(host), values, sizeof host) < 0 ||
        hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE) < 0) {
        return fail("doubling");
    }
    for (uint32_t i = 0; i < n; ++i) {
        if (host[i] != 2 * i) {
            fprintf(stderr, "value %u is %u\n", i, host[i]);
            return 1;
        }
    }
    return hyInstanceDestroy(instance) < 0 ? fail("destroy") : 0;
}
