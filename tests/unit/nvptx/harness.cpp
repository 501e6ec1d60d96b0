#include "harness.h"

#include "jit/jit.h"

#include <regex>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>
#include <nlohmann/json.hpp>

namespace halyard::jit::nvptx::test {

std::string kirModule(const std::string& kernel) {
    return kernel + R"(
declare i64 @hy.global_id(i32) #1
declare i64 @hy.local_linear_id() #1
declare void @hy.barrier(i32, i32, i32) #2
declare void @hy.fence(i32, i32)
declare i32 @hy.printf(ptr addrspace(1), ptr, i32)
attributes #0 = { "hy.kernel" convergent nounwind }
attributes #1 = { nounwind willreturn memory(none) }
attributes #2 = { convergent nounwind }
)";
}

Answer fromKir(const std::string& kir, const Request& request, const spv::KernelInfo& given) {
    spv::KernelInfo info = given;
    info.name = info.name.empty() ? "k" : info.name;
    llvm::LLVMContext context;
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(kir, diagnostic, context);
    if (module == nullptr) {
        std::string text;
        llvm::raw_string_ostream stream(text);
        diagnostic.print("kir", stream);
        return {"", "the test's KIR: " + text, HY_ERROR_INVALID_MODULE};
    }
    const spv::Result<std::unique_ptr<Target>> target = createTarget("nvptx", request.cpu, request.features);
    if (!target) {
        return {"", target.error().message, target.error().code};
    }
    module->setTargetTriple(llvm::Triple((*target)->triple()));
    module->setDataLayout((*target)->dataLayout());
    Stages stages([](const std::string&) {});
    const spv::Result<std::string> text = (*target)->compile(
        std::move(module), info, {request.workgroupSize, Emit::Artifact, request.subgroupSize}, stages);
    return text ? Answer{text->c_str(), "", HY_SUCCESS} : Answer{"", text.error().message, text.error().code};
}

Answer fromSpirv(const void* spirv, size_t bytes, const std::string& kernel, const Request& request) {
    using nlohmann::json;
    const json json_{{"op", "compile"},
                     {"id", 1},
                     {"kernel", kernel},
                     {"target", "nvptx"},
                     {"cpu", request.cpu},
                     {"features", request.features},
                     {"workgroupSize", request.workgroupSize},
                     {"subgroupSize", request.subgroupSize}};
    const std::string text = json_.dump();
    const HyJitMessage message{text.data(), text.size(), static_cast<const uint8_t*>(spirv), bytes};
    Answer answer;
    const auto sink = [](void* user, const HyJitMessage* got) {
        auto& out = *static_cast<Answer*>(user);
        const json reply = json::parse(got->json, got->json + got->jsonSize);
        if (reply.contains("status")) {
            out.result = static_cast<HyResult>(reply["status"].get<int>());
            out.refusal = reply.value("message", "");
            out.ptx.assign(reinterpret_cast<const char*>(got->blob), got->blobSize);
            out.ptx = out.ptx.c_str();
        }
    };
    hyJitHandle(&message, sink, &answer);
    return answer;
}

uint32_t count(const std::string& text, const std::string& what) {
    uint32_t found = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) {
        ++found;
    }
    return found;
}

std::string firstLine(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

std::vector<std::string> parameters(const std::string& ptx) {
    const size_t entry = ptx.find(".entry");
    const std::string list = ptx.substr(entry, ptx.find("\n)", entry) - entry);
    const std::regex form(R"(\.param ((?:\.align \d+ )?\.\w+)(?: \.ptr[^\n]*?)? \w+(\[\d+\])?[,\n]?)");
    std::vector<std::string> found;
    for (auto it = std::sregex_iterator(list.begin(), list.end(), form); it != std::sregex_iterator(); ++it) {
        found.push_back((*it)[1].str() + (*it)[2].str());
    }
    return found;
}

} // namespace halyard::jit::nvptx::test
