// Doubles numbers on the cpu device with both flavours of embedded kernels.
#include <cstdio>

#include <halyard/halyard.hpp>

#include "double_cl.spv.h"
#include "double_comp.spv.h"

int main() {
    try {
        halyard::Instance instance;
        halyard::Device device = instance.device("cpu");
        halyard::Stream stream(device);
        std::vector<std::uint32_t> host(100);
        for (std::uint32_t i = 0; i < host.size(); ++i) {
            host[i] = i;
        }
        halyard::Buffer<std::uint32_t> values(device, host.size());
        values.upload(stream, host);
        halyard::Kernel cl(halyard::Module(device, double_cl_spv, double_cl_spv_size), "doubleAll");
        halyard::Kernel comp(halyard::Module(device, double_comp_spv, double_comp_spv_size), "main");
        cl.launch(stream, halyard::groups(host.size(), 64), {64, 1, 1}, values, std::uint32_t(host.size()));
        comp.launch(stream, halyard::groups(host.size(), 64), {64, 1, 1}, values);
        values.download(stream, host);
        stream.synchronize();
        for (std::uint32_t i = 0; i < host.size(); ++i) {
            if (host[i] != 4 * i) {
                std::fprintf(stderr, "value %u is %u\n", i, host[i]);
                return 1;
            }
        }
        return 0;
    } catch (const halyard::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
