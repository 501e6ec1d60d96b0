#include "kir.h"

namespace halyard::jit::devlib_test {
namespace {

constexpr const char* kHeader =
    "target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\"\n"
    "target triple = \"x86_64-unknown-linux-gnu\"\n\n";

std::string symbol(const Signature& signature, const std::string& suffix) {
    return std::string("@hy.math.") + signature.name + "." + suffix;
}

// "float %p0, i32 %p1", or with the names left out.
std::string parameterList(const Signature& signature, const std::string& type, bool named) {
    std::string list;
    for (size_t i = 0; i < signature.parameters.size(); ++i) {
        list += (i == 0 ? "" : ", ") + substitute(signature.parameters[i], type);
        list += named ? " %p" + std::to_string(i) : "";
    }
    return list;
}

} // namespace

const std::vector<Signature>& signatures() {
    static const std::vector<Signature> all = [] {
        std::vector<Signature> list;
        for (const char* name :
             {"acos",        "acosh",       "acospi",       "asin",        "asinh",        "asinpi",
              "atan",        "atanh",       "atanpi",       "cbrt",        "cos",          "cosh",
              "cospi",       "erf",         "erfc",         "exp",         "exp10",        "exp2",
              "expm1",       "lgamma",      "log",          "log10",       "log1p",        "log2",
              "logb",        "rsqrt",       "sin",          "sinh",        "sinpi",        "tan",
              "tanh",        "tanpi",       "tgamma",       "half_cos",    "half_exp",     "half_exp10",
              "half_exp2",   "half_log",    "half_log10",   "half_log2",   "half_recip",   "half_rsqrt",
              "half_sin",    "half_sqrt",   "half_tan",     "native_cos",  "native_exp",   "native_exp10",
              "native_exp2", "native_log",  "native_log10", "native_log2", "native_recip", "native_rsqrt",
              "native_sin",  "native_sqrt", "native_tan"}) {
            list.push_back({name, "T", {"T"}});
        }
        for (const char* name : {"atan2", "atan2pi", "fdim", "fmod", "half_divide", "half_powr", "hypot", "maxmag",
                                 "minmag", "native_divide", "native_powr", "nextafter", "pow", "powr", "remainder"}) {
            list.push_back({name, "T", {"T", "T"}});
        }
        for (const char* name : {"ldexp", "pown", "rootn"}) {
            list.push_back({name, "T", {"T", "i32"}});
        }
        list.push_back({"ilogb", "i32", {"T"}});
        for (const char* name : {"fract", "modf", "sincos"}) {
            list.push_back({name, "{ T, T }", {"T"}});
        }
        for (const char* name : {"frexp", "lgamma_r"}) {
            list.push_back({name, "{ T, i32 }", {"T"}});
        }
        list.push_back({"remquo", "{ T, i32 }", {"T", "T"}});
        return list;
    }();
    return all;
}

std::string llvmType(const std::string& suffix) {
    return suffix == "f16" ? "half" : suffix == "f32" ? "float" : "double";
}

std::string substitute(std::string text, const std::string& type) {
    for (size_t at = text.find('T'); at != std::string::npos; at = text.find('T', at + type.size())) {
        text.replace(at, 1, type);
    }
    return text;
}

std::string declaration(const Signature& signature, const std::string& suffix) {
    const std::string type = llvmType(suffix);
    return "declare " + substitute(signature.result, type) + " " + symbol(signature, suffix) + "(" +
           parameterList(signature, type, false) + ")\n";
}

std::string callOnce(const Signature& signature, const std::string& suffix) {
    const std::string type = llvmType(suffix);
    const std::string result = substitute(signature.result, type);
    const std::string parameters = parameterList(signature, type, true);
    return kHeader + declaration(signature, suffix) + "\ndefine " + result + " @kernel(" + parameters +
           ") {\n  %r = call " + result + " " + symbol(signature, suffix) + "(" + parameters + ")\n  ret " + result +
           " %r\n}\n";
}

std::string callInLoop(const Signature& signature, const std::string& suffix) {
    const std::string type = llvmType(suffix);
    const std::string result = substitute(signature.result, type);
    const bool isPair = result.front() == '{';
    const std::string stored = isPair || result == type ? type : result;
    std::string body;
    for (size_t i = 0; i < signature.parameters.size(); ++i) {
        const std::string n = std::to_string(i);
        const std::string element = substitute(signature.parameters[i], type);
        body += "  %a" + n + " = getelementptr " + element + ", ptr %in" + n + ", i64 %i\n  %p" + n + " = load " +
                element + ", ptr %a" + n + "\n";
    }
    body +=
        "  %r = call " + result + " " + symbol(signature, suffix) + "(" + parameterList(signature, type, true) + ")\n";
    body += isPair ? "  %v = extractvalue " + result + " %r, 0\n" : "";
    return kHeader + declaration(signature, suffix) +
           "\ndefine void @kernel(ptr noalias %out, ptr noalias %in0, ptr noalias %in1, i64 %n) {\n"
           "entry:\n  br label %loop\n\nloop:\n  %i = phi i64 [ 0, %entry ], [ %next, %loop ]\n" +
           body + "  %o = getelementptr " + stored + ", ptr %out, i64 %i\n  store " + stored +
           (isPair ? " %v" : " %r") +
           ", ptr %o\n  %next = add nuw nsw i64 %i, 1\n  %more = icmp ult i64 %next, %n\n"
           "  br i1 %more, label %loop, label %done\n\ndone:\n  ret void\n}\n";
}

} // namespace halyard::jit::devlib_test
