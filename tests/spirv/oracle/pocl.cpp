// Kernel modules on PoCL: through llvm-spirv (which knows SPIR-V 1.1 and no GroupNonUniform instructions) and clang's
// LLVM, so that nothing is shared with our importer.
#define CL_TARGET_OPENCL_VERSION 300
#include "oracle/protocol.h"

#include <CL/cl.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace halyard::spirvtest::oracle {
namespace {

Outcome failure(const char* call, cl_int code, std::string words = {}) {
    return {HY_ERROR_NATIVE, call, "code " + std::to_string(code) + (words.empty() ? "" : ": " + words)};
}

std::string buildLog(cl_program program, cl_device_id device) {
    size_t size = 0;
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size);
    std::string log(size, '\0');
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr);
    return log;
}

// The module as LLVM bitcode, by the translator's program; nothing when it refuses or crashes.
std::string translate(const Words& words) {
    std::string folder = std::filesystem::temp_directory_path() / "halyard-oracle-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr)
        return {};
    const std::string from = folder + "/module.spv", to = folder + "/module.bc";
    std::ofstream(from, std::ios::binary)
        .write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
    const std::string command = HALYARD_ORACLE_TRANSLATOR " -r " + from + " -o " + to + " >/dev/null 2>&1";
    std::string bitcode;
    if (std::system(command.c_str()) == 0) {
        std::ifstream file(to, std::ios::binary);
        bitcode.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::filesystem::remove_all(folder);
    return bitcode;
}

// Objects are not released: the process ends after one launch.
Outcome run(const Words& words, Launch& launch) {
    cl_platform_id platform = nullptr;
    cl_device_id device = nullptr;
    cl_int code = clGetPlatformIDs(1, &platform, nullptr);
    if (code != CL_SUCCESS)
        return failure("clGetPlatformIDs", code);
    if (code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, 1, &device, nullptr); code != CL_SUCCESS)
        return failure("clGetDeviceIDs", code);
    cl_context context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &code);
    if (code != CL_SUCCESS)
        return failure("clCreateContext", code);
    cl_command_queue queue = clCreateCommandQueueWithProperties(context, device, nullptr, &code);
    if (code != CL_SUCCESS)
        return failure("clCreateCommandQueueWithProperties", code);
    const std::string bitcode = translate(words);
    if (bitcode.empty())
        return {HY_ERROR_UNSUPPORTED_SPIRV, "llvm-spirv", "the translator cannot read this module"};
    const auto* bytes = reinterpret_cast<const unsigned char*>(bitcode.data());
    const size_t size = bitcode.size();
    cl_program program = clCreateProgramWithBinary(context, 1, &device, &size, &bytes, nullptr, &code);
    if (code != CL_SUCCESS)
        return failure("clCreateProgramWithBinary", code);
    if (code = clBuildProgram(program, 1, &device, "", nullptr, nullptr); code != CL_SUCCESS)
        return failure("clBuildProgram", code, buildLog(program, device));
    cl_kernel kernel = clCreateKernel(program, launch.kernel.c_str(), &code);
    if (code != CL_SUCCESS)
        return failure("clCreateKernel", code);
    std::vector<cl_mem> buffers(launch.arguments.size());
    for (cl_uint i = 0; i < launch.arguments.size(); ++i) {
        Argument& argument = launch.arguments[i];
        if (argument.kind == Argument::Kind::Buffer) {
            buffers[i] =
                clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, argument.bytes.size(), argument.bytes.data(), &code);
            if (code != CL_SUCCESS)
                return failure("clCreateBuffer", code);
            code = clSetKernelArg(kernel, i, sizeof(cl_mem), &buffers[i]);
        } else if (argument.kind == Argument::Kind::Value) {
            code = clSetKernelArg(kernel, i, argument.bytes.size(), argument.bytes.data());
        } else {
            code = clSetKernelArg(kernel, i, argument.localBytes, nullptr);
        }
        if (code != CL_SUCCESS)
            return failure("clSetKernelArg", code);
    }
    const size_t local[3] = {launch.workgroupSize.x, launch.workgroupSize.y, launch.workgroupSize.z};
    const size_t global[3] = {local[0] * launch.workgroups.x, local[1] * launch.workgroups.y,
                              local[2] * launch.workgroups.z};
    code = clEnqueueNDRangeKernel(queue, kernel, 3, nullptr, global, local, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        return failure("clEnqueueNDRangeKernel", code);
    for (size_t i = 0; i < buffers.size(); ++i) {
        Bytes& bytes = launch.arguments[i].bytes;
        if (buffers[i] == nullptr)
            continue;
        code = clEnqueueReadBuffer(queue, buffers[i], CL_TRUE, 0, bytes.size(), bytes.data(), 0, nullptr, nullptr);
        if (code != CL_SUCCESS)
            return failure("clEnqueueReadBuffer", code);
    }
    return {};
}

} // namespace
} // namespace halyard::spirvtest::oracle

int main() {
    return halyard::spirvtest::oracle::serve(halyard::spirvtest::oracle::run);
}
