// Runs small kernels on the interpreter.
#pragma once

#include "interp/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::interp::test {

using Size = std::array<uint32_t, 3>;
using Words = std::span<const uint32_t>;

// The bytes of one argument: a value, an address, or the byte count of a local pointer.
class Argument {
public:
    template <typename T> Argument(const T& value) : bytes_(sizeof(T)) { // NOLINT: written as plain values
        std::memcpy(bytes_.data(), &value, sizeof(T));
    }
    const std::vector<uint8_t>& bytes() const { return bytes_; }

private:
    std::vector<uint8_t> bytes_;
};

std::vector<uint32_t> assemble(std::string_view text, uint32_t minor = 3);

// Prepares a kernel. Errors: those of parsing, reflection and preparation.
spv::Result<std::unique_ptr<Program>> prepare(Words words, std::string_view kernel, const Settings& settings = {});

class InterpTest : public ::testing::Test {
protected:
    template <typename T> uint64_t buffer(const std::vector<T>& values) {
        const uint64_t address = allocate(values.size() * sizeof(T));
        EXPECT_TRUE(memory.write(address, values.data(), values.size() * sizeof(T)));
        return address;
    }
    uint64_t allocate(uint64_t bytes);
    template <typename T> std::vector<T> read(uint64_t address, size_t count) {
        std::vector<T> values(count);
        EXPECT_TRUE(memory.read(address, values.data(), count * sizeof(T)));
        return values;
    }
    // The message of what a run found; empty when it found nothing.
    std::string run(Words words, std::string_view kernel, const std::vector<Argument>& arguments, Size workgroups,
                    Size workgroupSize);
    spv::Status launch(const Program& program, const spv::KernelInfo& info, const std::vector<Argument>& arguments,
                       Size workgroups, Size workgroupSize);

    DeviceMemory memory{uint64_t{1} << 30};
    Settings settings;
    HyResult code = HY_SUCCESS; // of the last run
};

} // namespace halyard::interp::test
