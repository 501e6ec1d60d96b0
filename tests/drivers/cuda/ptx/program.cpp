#include "program.h"

#include "grid.h"
#include "parser.h"
#include "program_data.h"

#include <algorithm>
#include <cfenv>
#include <stdexcept>

namespace halyard::softcuda::ptx {
namespace {

std::atomic<uint64_t> nextGrid{1};

// The instructions count on the default rounding and exceptions; the caller's come back.
class DefaultFloats {
public:
    DefaultFloats() {
        std::fegetenv(&kept_);
        std::fesetenv(FE_DFL_ENV);
    }
    DefaultFloats(const DefaultFloats&) = delete;
    DefaultFloats& operator=(const DefaultFloats&) = delete;
    ~DefaultFloats() { std::fesetenv(&kept_); }

private:
    std::fenv_t kept_;
};

class LoadedProgram final : public Program {
public:
    explicit LoadedProgram(Memory& memory) { data_.memory = &memory; }
    LoadedProgram(const LoadedProgram&) = delete;
    LoadedProgram& operator=(const LoadedProgram&) = delete;
    ~LoadedProgram() override {
        for (const uint64_t address : data_.allocations)
            data_.memory->free(address);
    }

    bool load(Module module, const LoadOptions& options) {
        data_.module = std::move(module);
        data_.processor = options.processor;
        for (uint32_t i = 0; i < data_.module.functions.size(); ++i)
            data_.functionIndex.emplace(data_.module.functions[i].name, i);
        if (!placeVariables(data_))
            return false;
        decodeProgram(data_);
        describe();
        return true;
    }

    const std::vector<FunctionInfo>& functions() const override { return functions_; }

    std::optional<std::pair<uint64_t, uint64_t>> global(std::string_view name) const override {
        for (const Variable& variable : data_.module.variables)
            if (variable.name == name && variable.space != Space::Shared)
                return std::pair{data_.addresses.at(variable.name), variable.bytes};
        return std::nullopt;
    }

    std::optional<Fault> run(const Launch& launch, const std::atomic<bool>& stop) override {
        if (launch.function >= entries_.size())
            return Fault{FaultKind::IllegalInstruction, "there is no such function", 0};
        const Code& code = data_.codes[entries_[launch.function]];
        uint64_t threads = 1;
        for (const uint32_t size : launch.block)
            threads *= std::min<uint32_t>(size, 2048);
        const bool emptyGrid = launch.grid[0] == 0 || launch.grid[1] == 0 || launch.grid[2] == 0;
        if (threads == 0 || threads > 1024 || emptyGrid || launch.cluster[0] == 0 || launch.cluster[1] == 0 ||
            launch.cluster[2] == 0)
            return Fault{FaultKind::IllegalInstruction, "a launch of no blocks or of more than 1024 threads each", 0};
        Grid grid(data_, launch, code, stop);
        const Function& function = *code.function;
        if (function.parameterBytes != 0)
            grid.parameters.assign(launch.parameters, launch.parameters + function.parameterBytes);
        grid.sharedBegin = data_.reservedShared();
        grid.dynamicShared = (grid.sharedBegin + code.staticSharedBytes + 127) / 128 * 128;
        grid.sharedEnd = launch.dynamicSharedBytes == 0 ? grid.sharedBegin + code.staticSharedBytes
                                                        : grid.dynamicShared + launch.dynamicSharedBytes;
        grid.localBytes = stackBytes(data_, entries_[launch.function]);
        grid.id = nextGrid.fetch_add(1);
        const DefaultFloats floats;
        return runGrid(grid);
    }

private:
    void describe() {
        for (uint32_t i = 0; i < data_.module.functions.size(); ++i) {
            const Function& function = data_.module.functions[i];
            if (!function.entry || !function.defined)
                continue;
            FunctionInfo info;
            info.name = function.name;
            for (const Parameter& parameter : function.parameters)
                info.parameters.push_back({parameter.offset, parameter.bytes});
            info.parameterBytes = function.parameterBytes;
            info.staticSharedBytes = data_.codes[i].staticSharedBytes;
            info.localBytes = stackBytes(data_, i);
            info.constBytes = static_cast<uint32_t>(data_.constBytes);
            info.registers = std::clamp<uint32_t>(data_.codes[i].registers, 16, 255);
            const auto& most = function.maxThreads;
            if (most[0] != 0)
                info.maxThreads = std::min<uint64_t>(1024, uint64_t(most[0]) * most[1] * most[2]);
            info.requiredThreads = function.requiredThreads;
            if (const auto& required = function.requiredThreads; required[0] != 0)
                info.maxThreads = std::min<uint64_t>(1024, uint64_t(required[0]) * required[1] * required[2]);
            functions_.push_back(std::move(info));
            entries_.push_back(i);
        }
    }

    ProgramData data_;
    std::vector<FunctionInfo> functions_;
    std::vector<uint32_t> entries_; // of data_.codes, as functions_
};

} // namespace

LoadStatus Program::load(std::string_view text, const LoadOptions& options, Memory& memory,
                         std::unique_ptr<Program>& out, std::string& log) try {
    out.reset();
    log.clear();
    Module module = parseModule(text, options);
    auto program = std::make_unique<LoadedProgram>(memory);
    if (!program->load(std::move(module), options)) {
        log = "no memory left on the device for the variables of the module";
        return LoadStatus::OutOfMemory;
    }
    out = std::move(program);
    return LoadStatus::Ok;
} catch (const UnsupportedVersionError& error) {
    log = error.what();
    return LoadStatus::UnsupportedVersion;
} catch (const NoBinaryError& error) {
    log = error.what();
    return LoadStatus::NoBinaryForDevice;
} catch (const PtxError& error) {
    log = error.what();
    return LoadStatus::InvalidPtx;
} catch (const std::bad_alloc&) {
    log = "no memory left on the host to load the module";
    return LoadStatus::OutOfMemory;
}

} // namespace halyard::softcuda::ptx
