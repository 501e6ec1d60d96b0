// printf of OpenCL C and debugPrintf of GLSL.
#include "interp/run.h"

#include "printf/format.h"

#include <algorithm>

namespace halyard::interp {
namespace {

constexpr size_t kMaxText = 65536;         // bytes of one string
constexpr uint32_t kMaxPrints = 1'000'000; // calls of a run; what comes after prints nothing
constexpr size_t kPrintBuffer = 1 << 16;

} // namespace

bool Run::readText(uint64_t address, std::string& out) {
    out.clear();
    for (uint64_t i = 0; i < kMaxText; ++i) {
        Cell byte;
        if (!read(address + i, 1, byte))
            return false;
        if (byte.undefined)
            return reportUndefined("a byte of a string");
        if (byte.bits == 0)
            return true;
        out.push_back(static_cast<char>(byte.bits));
    }
    return report("a string to print does not end");
}

bool Run::print(const Step& step, Cell* const* bases) {
    const PrintCode& code = code_.prints[step.payload];
    const Ref* refs = code_.operands.data() + step.operands;
    if (step.result != kNone)
        bases[0][step.result] = {0, false};
    if (!settings_.print || prints_ >= kMaxPrints)
        return true;
    ++prints_;
    std::string format = code.format;
    if (!code.formatIsText) {
        const Cell& address = *at(bases, *refs++);
        if (address.undefined)
            return reportUndefined("the address of the format");
        if (!readText(address.bits, format))
            return false;
    }
    // Which arguments are strings is known from the conversions alone.
    std::vector<bool> isText;
    for (size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%')
            continue;
        ++i;
        while (i < format.size() && std::string_view("0123456789.+-# *").find(format[i]) != std::string_view::npos)
            ++i;
        if (i < format.size() && format[i] == '%')
            continue;
        if (i < format.size() && format[i] == 'v')
            for (++i; i < format.size() && format[i] >= '0' && format[i] <= '9';)
                ++i;
        while (i < format.size() && std::string_view("hlL").find(format[i]) != std::string_view::npos)
            ++i;
        isText.push_back(i < format.size() && format[i] == 's');
    }
    std::vector<printf::Argument> arguments;
    for (size_t i = 0; i < code.types.size(); ++i) {
        const Type& type = *code.types[i];
        const Cell* cells = at(bases, refs[i]);
        printf::Argument& argument = arguments.emplace_back();
        if (type.kind == Kind::Pointer && i < isText.size() && isText[i]) {
            argument.kind = printf::Argument::Kind::Text;
            if (!readText(cells->bits, argument.text))
                return false;
            continue;
        }
        const Type& scalar = type.scalar();
        argument.kind = scalar.kind == Kind::Float     ? printf::Argument::Kind::Float
                        : scalar.kind == Kind::Pointer ? printf::Argument::Kind::Pointer
                                                       : printf::Argument::Kind::Integer;
        argument.bytes = scalar.kind == Kind::Pointer ? 8 : scalar.kind == Kind::Bool ? 1 : scalar.bits / 8u;
        for (uint32_t lane = 0; lane < type.cells; ++lane)
            argument.components.push_back(cells[lane].bits);
    }
    printed_ += printf::formatText(format, arguments);
    // Printing happens between time slices; a long text ends this one.
    if (printed_.size() > kPrintBuffer)
        left_ = 0;
    return true;
}

void Run::flushPrints() {
    if (printed_.empty())
        return;
    const std::string text = std::move(printed_);
    printed_.clear();
    settings_.print(text);
}

} // namespace halyard::interp
