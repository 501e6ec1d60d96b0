#include "artifact.h"

#include "jit/ptx_kernel_abi.h"

#include <charconv>

namespace halyard::cuda {
namespace {

constexpr std::string_view kStart = "// halyard-ptx ";

bool readNumber(std::string_view text, uint32_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

bool readHidden(std::string_view text, std::vector<Hidden>& out) {
    if (text == "none")
        return true;
    while (!text.empty()) {
        const size_t comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (word == "print")
            out.push_back(Hidden::Print);
        else if (word == "program")
            out.push_back(Hidden::Program);
        else if (word == "grid")
            out.push_back(Hidden::Grid);
        else
            return false;
    }
    return true;
}

} // namespace

std::string parseArtifact(std::string_view text, ArtifactHeader& out) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.substr(0, kStart.size()) != kStart)
        return "the compiled code does not begin with \"// halyard-ptx\"";
    line.remove_prefix(kStart.size());
    uint32_t abi = 0;
    while (!line.empty()) {
        const size_t space = line.find(' ');
        const std::string_view word = line.substr(0, space);
        line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
        if (word.empty())
            continue;
        const size_t equals = word.find('=');
        const std::string_view key = word.substr(0, equals);
        const std::string_view value = equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
        bool good = true; // words of later versions mean nothing to this one
        if (key == "abi")
            good = readNumber(value, abi);
        else if (key == "entry")
            out.entry = value;
        else if (key == "static")
            good = readNumber(value, out.staticBytes);
        else if (key == "dynamic")
            good = readNumber(value, out.dynamicBytes);
        else if (key == "maxthreads")
            good = readNumber(value, out.maxThreads);
        else if (key == "multiple")
            good = readNumber(value, out.multiple) && out.multiple != 0;
        else if (key == "hidden")
            good = readHidden(value, out.hidden);
        if (!good)
            return "the compiled code says \"" + std::string(word) + "\", which means nothing";
    }
    if (abi != HY_PTX_KERNEL_ABI)
        return "the compiled code is of kernel interface " + std::to_string(abi) + ", this backend knows " +
               std::to_string(HY_PTX_KERNEL_ABI);
    return out.entry.empty() ? "the compiled code names no entry" : "";
}

} // namespace halyard::cuda
