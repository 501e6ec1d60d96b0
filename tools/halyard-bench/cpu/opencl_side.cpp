#define CL_TARGET_OPENCL_VERSION 300
#include <stdexcept>

#include <CL/cl.h>
#include <fmt/format.h>

#include "cpu/host_memory.h"
#include "cpu/side.h"

namespace halyard::bench::cpu {
namespace {

void require(cl_int status, const std::string& what) {
    if (status != CL_SUCCESS) {
        throw std::runtime_error(fmt::format("OpenCL: {} failed with {}", what, status));
    }
}

template <typename T, cl_int (*release)(T)> class Owned {
public:
    explicit Owned(T handle = nullptr) : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() {
        if (handle_ != nullptr) {
            release(handle_);
        }
    }
    T get() const { return handle_; }

private:
    T handle_;
};
using Context = Owned<cl_context, clReleaseContext>;
using Queue = Owned<cl_command_queue, clReleaseCommandQueue>;
using Program = Owned<cl_program, clReleaseProgram>;
using ClKernel = Owned<cl_kernel, clReleaseKernel>;
using Mem = Owned<cl_mem, clReleaseMemObject>;

class OpenClSide final : public Side {
public:
    OpenClSide(cl_context context, cl_command_queue queue, cl_device_id device, const char* options, const Twin& twin)
        : twin_(twin), queue_(queue), host_(twin) {
        cl_int status = CL_SUCCESS;
        const char* source = twin.code.source; // the older header wants a pointer to a pointer that it may change
        program_ = Program(clCreateProgramWithSource(context, 1, &source, nullptr, &status));
        require(status, "clCreateProgramWithSource");
        status = clBuildProgram(program_.get(), 1, &device, options, nullptr, nullptr);
        if (status != CL_SUCCESS) {
            std::string log(16384, '\0');
            clGetProgramBuildInfo(program_.get(), device, CL_PROGRAM_BUILD_LOG, log.size(), log.data(), nullptr);
            throw std::runtime_error(fmt::format("OpenCL: {} does not build: {}", twin.name, log.c_str()));
        }
        kernel_ = ClKernel(clCreateKernel(program_.get(), twin.name.c_str(), &status));
        require(status, "clCreateKernel of " + twin.name);
        for (size_t i = 0; i < twin.buffers.size(); ++i) {
            buffers_.emplace_back(clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                                 twin.buffers[i].size() * sizeof(uint32_t), host_.buffer(i), &status));
            require(status, "clCreateBuffer");
        }
        for (cl_uint i = 0; i < twin.arguments.size(); ++i) {
            const Argument& argument = twin.arguments[i];
            if (const auto* slot = std::get_if<Slot>(&argument)) {
                const cl_mem memory = buffers_[slot->index].get();
                status = clSetKernelArg(kernel_.get(), i, sizeof memory, &memory);
            } else if (const auto* number = std::get_if<float>(&argument)) {
                status = clSetKernelArg(kernel_.get(), i, sizeof *number, number);
            } else {
                status = clSetKernelArg(kernel_.get(), i, sizeof(uint32_t), &std::get<uint32_t>(argument));
            }
            require(status, fmt::format("clSetKernelArg {} of {}", i, twin.name));
        }
    }
    void reset() override {
        for (size_t i = 0; i < buffers_.size(); ++i) {
            const Words& words = twin_.buffers[i];
            require(clEnqueueWriteBuffer(queue_, buffers_[i].get(), CL_TRUE, 0, words.size() * sizeof(uint32_t),
                                         words.data(), 0, nullptr, nullptr),
                    "clEnqueueWriteBuffer");
        }
    }
    void run() override {
        const HyDim3 groups = twin_.groups;
        const HyDim3 size = twin_.groupSize;
        const size_t local[] = {size.x, size.y, size.z};
        const size_t global[] = {local[0] * groups.x, local[1] * groups.y, local[2] * groups.z};
        require(clEnqueueNDRangeKernel(queue_, kernel_.get(), 3, nullptr, global, local, 0, nullptr, nullptr),
                "clEnqueueNDRangeKernel of " + twin_.name);
        require(clFinish(queue_), "clFinish");
    }
    Words output() override {
        Words words(twin_.buffers[twin_.output].size());
        require(clEnqueueReadBuffer(queue_, buffers_[twin_.output].get(), CL_TRUE, 0, words.size() * sizeof(uint32_t),
                                    words.data(), 0, nullptr, nullptr),
                "clEnqueueReadBuffer");
        return words;
    }

private:
    const Twin& twin_;
    cl_command_queue queue_;
    HostMemory host_; // outlives the buffers
    Program program_;
    ClKernel kernel_;
    std::vector<Mem> buffers_;
};

class PoclDevice final : public OpenCl {
public:
    PoclDevice(cl_platform_id platform, cl_device_id device, bool hasty)
        : platform_(platform), device_(device), options_(hasty ? "-cl-std=CL2.0 -cl-opt-disable" : "-cl-std=CL2.0") {
        cl_int status = CL_SUCCESS;
        context_ = Context(clCreateContext(nullptr, 1, &device, nullptr, nullptr, &status));
        require(status, "clCreateContext");
        queue_ = Queue(clCreateCommandQueueWithProperties(context_.get(), device, nullptr, &status));
        require(status, "clCreateCommandQueueWithProperties");
    }
    std::string name() const override {
        char version[256] = {};
        char device[256] = {};
        clGetPlatformInfo(platform_, CL_PLATFORM_VERSION, sizeof version - 1, version, nullptr);
        clGetDeviceInfo(device_, CL_DEVICE_NAME, sizeof device - 1, device, nullptr);
        return fmt::format("{}, {}", version, device);
    }
    std::unique_ptr<Side> makeSide(const Twin& twin) override {
        return std::make_unique<OpenClSide>(context_.get(), queue_.get(), device_, options_, twin);
    }

private:
    cl_platform_id platform_;
    cl_device_id device_;
    const char* options_;
    Context context_;
    Queue queue_;
};

} // namespace

std::unique_ptr<OpenCl> openOpenCl(bool hasty, std::string& outReason) {
    cl_platform_id platforms[16] = {};
    cl_uint count = 0;
    if (clGetPlatformIDs(16, platforms, &count) != CL_SUCCESS) {
        count = 0;
    }
    for (cl_uint i = 0; i < count && i < 16; ++i) {
        char name[256] = {};
        clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof name - 1, name, nullptr);
        cl_device_id device = nullptr;
        if (std::string(name) == "Portable Computing Language" &&
            clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_CPU, 1, &device, nullptr) == CL_SUCCESS) {
            return std::make_unique<PoclDevice>(platforms[i], device, hasty);
        }
    }
    outReason = fmt::format("none of the {} OpenCL platforms is PoCL with a processor device", count);
    return nullptr;
}

} // namespace halyard::bench::cpu
