// Kernels in C++ behind the interpreter's interface, to test the driver apart from it. A module's text is a version,
// and
// ".entry NAME" and ".global NAME" lines with the names below.
#include "ptx/program.h"

#include <chrono>
#include <cstring>
#include <map>
#include <sstream>
#include <thread>

namespace halyard::softcuda::ptx {
namespace {

constexpr uint64_t kGlobalBytes = 64;

FunctionInfo infoOf(const std::string& name) {
    FunctionInfo info;
    info.name = name;
    info.registers = name == "greedy" ? 255 : 16;
    info.staticSharedBytes = name == "shared" ? 40000 : 0;
    info.maxThreads = name == "small" ? 64 : 1024;
    if (name == "required")
        info.requiredThreads = {32, 1, 1};
    info.parameters = {{0, 8}, {8, 4}}; // u64 address, u32 value
    info.parameterBytes = 12;
    return info;
}

class Stub : public Program {
public:
    explicit Stub(Memory& memory) : memory_(memory) {}
    ~Stub() override {
        for (const auto& [name, address] : globals_)
            memory_.free(address);
    }

    bool parse(std::string_view text, std::string& log) {
        std::istringstream in{std::string(text)};
        std::string word, name;
        while (in >> word >> name) {
            if (word == ".entry")
                functions_.push_back(infoOf(name));
            else if (word == ".global")
                globals_[name] = memory_.allocate(kGlobalBytes, 8);
            else if (word != ".version") {
                log = "line 1: unknown word " + word;
                return false;
            }
        }
        return true;
    }

    const std::vector<FunctionInfo>& functions() const override { return functions_; }

    std::optional<std::pair<uint64_t, uint64_t>> global(std::string_view name) const override {
        auto found = globals_.find(std::string(name));
        if (found == globals_.end())
            return std::nullopt;
        return std::pair{found->second, kGlobalBytes};
    }

    std::optional<Fault> run(const Launch& launch, const std::atomic<bool>& stop) override {
        const std::string& name = functions_[launch.function].name;
        uint64_t address = 0, begin = 0, end = 0;
        uint32_t value = 0;
        std::memcpy(&address, launch.parameters, 8);
        std::memcpy(&value, launch.parameters + 8, 4);
        if (name == "trap")
            return Fault{FaultKind::Trap, "trap", 0};
        if (name == "crooked")
            return Fault{FaultKind::MisalignedAddress, "crooked", address};
        if (name == "unknown")
            return Fault{FaultKind::IllegalInstruction, "unknown", 0};
        auto* where = reinterpret_cast<uint32_t*>(memory_.resolve(address, 4, name != "wait", &begin, &end));
        if (!where)
            return Fault{FaultKind::IllegalAddress, "no memory", address};
        std::atomic_ref<uint32_t> word(*where);
        if (name == "wait") { // until the host, or another kernel, writes the value
            while (word.load() != value) {
                if (stop)
                    return Fault{FaultKind::Stopped, "stopped", 0};
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
        } else if (name == "append") { // order matters
            word.store(word.load() * 10 + value);
        } else {
            word.store(value);
        }
        return std::nullopt;
    }

private:
    Memory& memory_;
    std::vector<FunctionInfo> functions_;
    std::map<std::string, uint64_t> globals_;
};

} // namespace

LoadStatus Program::load(std::string_view text, const LoadOptions& options, Memory& memory,
                         std::unique_ptr<Program>& out, std::string& log) {
    if (text.starts_with(".version 9.9") && options.maxVersion < 99)
        return LoadStatus::UnsupportedVersion;
    auto program = std::make_unique<Stub>(memory);
    if (!program->parse(text, log))
        return LoadStatus::InvalidPtx;
    out = std::move(program);
    return LoadStatus::Ok;
}

} // namespace halyard::softcuda::ptx
