// Files that the toolkit's nvcc makes of native_kernels.cu, where there is one.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

namespace halyard::cuda {

// A folder that goes at the end.
class NvccFiles {
public:
    NvccFiles() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-nvcc-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr)
            folder_ = name;
    }
    ~NvccFiles() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    NvccFiles(const NvccFiles&) = delete;
    NvccFiles& operator=(const NvccFiles&) = delete;

    // What nvcc makes with these options; empty where there is no nvcc, or one that does not know them.
    std::vector<char> make(const std::string& options) const {
#ifdef NVCC
        const std::string out = folder_ + "/out";
        const std::string command = std::string("\"") + NVCC + "\" " + options + " -o \"" + out + "\" \"" +
                                    NATIVE_KERNELS + "\" >/dev/null 2>&1";
        if (folder_.empty() || std::system(command.c_str()) != 0)
            return {};
        std::ifstream file(out, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
#else
        (void)options;
        return {};
#endif
    }

private:
    std::string folder_;
};

} // namespace halyard::cuda

// In a test: what nvcc makes, or a visible skip.
#define MAKE_OR_SKIP(name, options)                                                                                    \
    const std::vector<char> name = ::halyard::cuda::NvccFiles().make(options);                                         \
    if (name.empty())                                                                                                  \
    GTEST_SKIP() << "there is no nvcc that takes " << (options)
