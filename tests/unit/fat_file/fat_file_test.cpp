// Fat files as LLVM writes them, and as nobody writes them.
#include "api/fat_file.h"

#include <gtest/gtest.h>
#include <llvm/Object/OffloadBinary.h>
#include <llvm/Support/MemoryBuffer.h>

#include <cstring>
#include <initializer_list>

namespace halyard {
namespace {

using llvm::object::OffloadBinary;

std::span<const std::byte> bytesOf(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string write(const std::string& image, std::initializer_list<std::pair<const char*, const char*>> strings) {
    OffloadBinary::OffloadingImage made;
    made.TheImageKind = llvm::object::IMG_Object;
    made.TheOffloadKind = llvm::object::OFK_OpenMP;
    for (const auto& [key, value] : strings)
        made.StringData[key] = value;
    made.Image = llvm::MemoryBuffer::getMemBufferCopy(image);
    return std::string(OffloadBinary::write(made).str());
}

std::string textOf(const FatImage& image) {
    return {reinterpret_cast<const char*>(image.data.data()), image.data.size()};
}

TEST(FatFile, AsLlvmWritesIt) {
    const std::string spirv("\x03\x02\x23\x07 and so on", 14);
    const std::string ptx = ".version 8.0\n.target sm_90";
    const std::string file = write(spirv, {{"triple", "spirv64"}, {"arch", ""}}) +
                             write(ptx, {{"arch", "sm_90"}, {"triple", "nvptx64-nvidia-cuda"}}) + write("?", {});
    std::vector<FatImage> images;
    ASSERT_EQ(readFatFile(bytesOf(file), images), "");
    ASSERT_EQ(images.size(), 3u);
    EXPECT_EQ(images[0].format, HY_MODULE_FORMAT_SPIRV);
    EXPECT_EQ(textOf(images[0]), spirv);
    EXPECT_EQ(images[1].format, HY_MODULE_FORMAT_PTX);
    EXPECT_EQ(textOf(images[1]), ptx);
    EXPECT_EQ(images[1].architecture, "sm_90");
    EXPECT_EQ(images[2].format, HY_MODULE_FORMAT_AUTO);
    EXPECT_EQ(listImages(images), "SPIR-V, PTX (sm_90), an image of unknown format");
}

TEST(FatFile, EveryTruncationIsAFault) {
    const std::string file = write("image", {{"arch", "sm_90"}});
    for (size_t bytes = 0; bytes < file.size(); ++bytes) {
        const std::string less = file.substr(0, bytes); // a copy, so that a sanitizer sees a read beyond it
        std::vector<FatImage> images;
        EXPECT_NE(readFatFile(bytesOf(less), images), "") << bytes;
    }
}

TEST(FatFile, ChangedBytesStayWithinTheFile) {
    const std::string file = write("image", {{"arch", "sm_90"}, {"triple", "nvptx64"}});
    for (size_t bit = 0; bit < file.size() * 8; ++bit) {
        std::string changed = file;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        std::vector<FatImage> images;
        const std::string fault = readFatFile(bytesOf(changed), images);
        EXPECT_TRUE(!fault.empty() || images.size() == 1) << bit;
        for (const FatImage& image : images)
            EXPECT_LE(textOf(image).size() + image.architecture.size(), changed.size());
    }
}

// Offsets that wrap around, and strings without an end.
TEST(FatFile, HostileNumbers) {
    const std::string file = write("image", {{"arch", "sm_90"}});
    for (size_t field = 8; field + 8 <= 32 + 40; field += 8) {
        for (const uint64_t value : {UINT64_MAX, UINT64_MAX - 7, uint64_t{1} << 63, uint64_t{file.size()} + 1}) {
            std::string changed = file;
            std::memcpy(changed.data() + field, &value, sizeof value);
            std::vector<FatImage> images;
            const std::string fault = readFatFile(bytesOf(changed), images);
            const bool harmless = field == 32; // kinds and flags, which are not looked at
            EXPECT_EQ(fault.empty(), harmless) << field << " " << value << " " << fault;
        }
    }
}

TEST(FatFile, TooManyImages) {
    std::string file;
    const std::string one = write("image", {});
    for (int i = 0; i < 4097; ++i)
        file += one;
    std::vector<FatImage> images;
    EXPECT_NE(readFatFile(bytesOf(file), images).find("more than 4096"), std::string::npos);
}

} // namespace
} // namespace halyard
