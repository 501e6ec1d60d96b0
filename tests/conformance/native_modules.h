// Native modules for tests, written byte by byte: PTX, cubins without code, fat binaries and fat files.
#pragma once

#include "fixture.h"

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace halyard::conformance {

using Bytes = std::vector<std::byte>;

inline Bytes bytesOf(const std::string& text) {
    Bytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

template <typename T> void append(Bytes& to, const T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    to.insert(to.end(), from, from + sizeof value);
}

inline void append(Bytes& to, const Bytes& more) {
    to.insert(to.end(), more.begin(), more.end());
}

inline void padTo(Bytes& bytes, size_t alignment) {
    while (bytes.size() % alignment != 0)
        bytes.push_back(std::byte{0});
}

// Two kernels (data, value) that add 1000 more than asked, so that it shows which code ran; with `local`, a third one
// that turns the elements of a workgroup round in workgroup memory without a name.
inline std::string addPtx(const char* target = "sm_70", const char* version = "7.0", bool local = false) {
    std::string text = std::string(".version ") + version + "\n.target " + target + "\n.address_size 64\n";
    if (local)
        text += ".extern .shared .align 16 .b8 block[];\n";
    for (const char* name : {"add", "add_twice"}) {
        text += std::string(".visible .entry ") + name + R"((.param .u64 data, .param .u32 value) {
    .reg .b32 %r<9>;
    .reg .b64 %rd<4>;
    ld.param.u64 %rd1, [data];
    ld.param.u32 %r1, [value];
)" + (std::string(name) == "add" ? "" : "    add.u32 %r1, %r1, %r1;\n") +
                R"(    mov.u32 %r2, %tid.x;
    mov.u32 %r3, %ctaid.x;
    mov.u32 %r4, %ntid.x;
    mad.lo.u32 %r5, %r3, %r4, %r2;
    mul.wide.u32 %rd2, %r5, 4;
    add.s64 %rd3, %rd1, %rd2;
    ld.global.u32 %r6, [%rd3];
    add.u32 %r7, %r6, %r1;
    add.u32 %r8, %r7, 1000;
    st.global.u32 [%rd3], %r8;
    ret;
}
)";
    }
    if (local)
        text += R"(.visible .entry turn(.param .u64 data) {
    .reg .b32 %r<9>;
    .reg .b64 %rd<4>;
    ld.param.u64 %rd1, [data];
    mov.u32 %r1, %tid.x;
    mov.u32 %r2, %ntid.x;
    mul.wide.u32 %rd2, %r1, 4;
    add.s64 %rd3, %rd1, %rd2;
    ld.global.u32 %r3, [%rd3];
    mov.u32 %r4, block;
    shl.b32 %r5, %r1, 2;
    add.u32 %r5, %r4, %r5;
    st.shared.u32 [%r5], %r3;
    bar.sync 0;
    sub.u32 %r6, %r2, %r1;
    sub.u32 %r6, %r6, 1;
    shl.b32 %r6, %r6, 2;
    add.u32 %r6, %r4, %r6;
    ld.shared.u32 %r7, [%r6];
    st.global.u32 [%rd3], %r7;
    ret;
}
)";
    return text;
}

// A kernel whose parameters are of many sizes and alignments, of which it stores the last one.
inline std::string mixedPtx() {
    return R"(.version 7.0
.target sm_70
.address_size 64
/* .entry not_one(.param .u64 a) */
.visible .entry mixed( // (
    .param .u8 small,
    .param .align 8 .b8 block[24],
    .param .u16 half,
    .param .u64 .ptr .global .align 4 data,
    .param .f32 last
)
{
    .reg .b32 %r<2>;
    .reg .b64 %rd<2>;
    ld.param.u64 %rd1, [data];
    ld.param.u32 %r1, [last];
    st.global.u32 [%rd1], %r1;
    ret;
}
)";
}

// A cubin of one empty section, as far as a reader gets before it looks for code.
inline Bytes emptyCubin(uint32_t processor) {
    struct Header {
        unsigned char ident[16];
        uint16_t type, machine;
        uint32_t version;
        uint64_t entry, programs, sections;
        uint32_t flags;
        uint16_t headerBytes, programBytes, programCount, sectionBytes, sectionCount, names;
    };
    struct Section {
        uint32_t name, type;
        uint64_t flags, address, offset, bytes;
        uint32_t link, info;
        uint64_t alignment, entryBytes;
    };
    static_assert(sizeof(Header) == 64 && sizeof(Section) == 64);
    Header header{
        {0x7f, 'E', 'L', 'F', 2, 1, 1, 0x41, 8}, 2, 190, 1, 0, 0, 72, processor << 8 | 4, 64, 56, 0, 64, 3, 1};
    Bytes file;
    append(file, header);
    append(file, uint64_t{0}); // the strings, and the end of the symbols
    append(file, Section{});
    append(file, Section{0, 3, 0, 0, 64, 1, 0, 0, 1, 0});
    append(file, Section{0, 2, 0, 0, 65, 0, 1, 0, 1, 24});
    return file;
}

struct FatbinEntry {
    bool binary;
    uint32_t processor;
    Bytes code;
};

inline Bytes fatBinary(const std::vector<FatbinEntry>& entries) {
    Bytes body;
    for (const FatbinEntry& entry : entries) {
        Bytes code = entry.code;
        if (!entry.binary)
            code.push_back(std::byte{0});
        padTo(code, 8);
        append(body, static_cast<uint16_t>(entry.binary ? 2 : 1));
        append(body, uint16_t{0x101});
        append(body, uint32_t{64});
        append(body, uint64_t{code.size()});
        append(body, uint64_t{0});
        append(body, uint32_t{0x10008});
        append(body, entry.processor);
        append(body, uint64_t{0});
        append(body, uint64_t{0x11});
        append(body, uint64_t{0});
        append(body, uint64_t{0});
        append(body, code);
    }
    Bytes file;
    append(file, uint32_t{0xba55ed50});
    append(file, uint16_t{1});
    append(file, uint16_t{16});
    append(file, uint64_t{body.size()});
    append(file, body);
    return file;
}

struct FatFileImage {
    Bytes image;
    std::string architecture;
};

// As clang-offload-packager writes them.
inline Bytes fatFile(const std::vector<FatFileImage>& images) {
    constexpr uint64_t kHeader = 32, kEntry = 40, kStrings = kHeader + kEntry, kString = 16;
    Bytes file;
    for (const FatFileImage& image : images) {
        const std::string strings = std::string("arch") + '\0' + image.architecture + '\0';
        const uint64_t text = kStrings + kString;
        uint64_t data = text + strings.size();
        data = (data + 7) / 8 * 8;
        const uint64_t bytes = (data + image.image.size() + 7) / 8 * 8;
        Bytes binary;
        append(binary, uint32_t{0xad10ff10});
        append(binary, uint32_t{1});
        for (const uint64_t word : {bytes, kHeader, kEntry, uint64_t{0}, kStrings, uint64_t{1}, data,
                                    uint64_t{image.image.size()}, text, text + 5})
            append(binary, word);
        append(binary, bytesOf(strings));
        padTo(binary, 8);
        append(binary, image.image);
        padTo(binary, 8);
        append(file, binary);
    }
    return file;
}

inline Bytes spirv(const uint32_t* words, size_t bytes) {
    Bytes file(bytes);
    std::memcpy(file.data(), words, bytes);
    return file;
}

// A device and what modules are loaded with; the copy ends where its bytes end, so that a sanitizer sees what reads on.
class NativeTest : public DeviceTest {
protected:
    HyResult load(std::span<const std::byte> bytes, HyModule& out, HyModuleFormat format = HY_MODULE_FORMAT_AUTO,
                  std::initializer_list<HySpecConstant> constants = {}) {
        const std::vector<std::byte> copy(bytes.begin(), bytes.end());
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = copy.data();
        desc.dataBytes = copy.size();
        desc.format = format;
        desc.specConstants = constants.begin();
        desc.specConstantCount = static_cast<uint32_t>(constants.size());
        out = nullptr;
        return hyModuleLoad(device, &desc, &out);
    }
    // Runs kernel(data, value) over 64 elements that are their index; returns what element 5 became, less 5.
    uint32_t addTo(HyKernel kernel, uint32_t value) {
        std::vector<uint32_t> values(64);
        for (uint32_t i = 0; i < 64; ++i)
            values[i] = i;
        const HyDevicePtr data = upload(values);
        const void* args[] = {&data, &value};
        EXPECT_OK(hyLaunchKernel(stream, kernel, {4, 1, 1}, {16, 1, 1}, 0, args, 2));
        const std::vector<uint32_t> found = download<uint32_t>(data, 64);
        for (uint32_t i = 0; i < 64; ++i)
            EXPECT_EQ(found[i] - i, found[5] - 5) << i;
        EXPECT_OK(hyMemFree(device, data));
        return found[5] - 5;
    }
    uint64_t compiles() {
        HyCounters counters{};
        counters.structSize = sizeof counters;
        EXPECT_OK(hyInstanceGetCounters(instance, &counters));
        return counters.compiles + counters.cacheHits + counters.cacheMisses;
    }
    bool saysInError(const std::string& words) {
        return std::string(lastError().message).find(words) != std::string::npos;
    }
};

} // namespace halyard::conformance
