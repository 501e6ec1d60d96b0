// One kernel, prepared for interpretation, and its run: the definition of what a kernel computes.
#pragma once

#include "interp/device_memory.h"
#include "spv/module.h"
#include "spv/reflect.h"
#include "spv/status.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace halyard::interp {

constexpr uint32_t kMaxResident = 1024; // workgroups that take turns

struct Settings {
    uint32_t subgroupSize = 16;         // 1 to 128, a power of two; a kernel that requires another size gets that
    uint64_t stepLimit = 1'000'000'000; // instructions of one invocation before it counts as endless
    uint64_t launchStepLimit = 0;       // instructions of all invocations together; 0: no limit
    bool detectRaces = true;
    bool detectUninitialised = true;
    // Text that the kernel prints (printf); called on the interpreting thread, whole lines or parts as printed.
    std::function<void(std::string_view)> print;
};

// The writable variables at program scope of one loaded module, which all its kernels' runs share: they start from
// their initialisers before the first run that is given this. Thread-safe: one such run at a time, others wait.
class ProgramData {
public:
    ProgramData();
    ~ProgramData();
    ProgramData(const ProgramData&) = delete;
    ProgramData& operator=(const ProgramData&) = delete;

private:
    friend class Run;
    struct State;
    std::unique_ptr<State> state_;
};

struct Launch {
    std::array<uint32_t, 3> workgroups{};
    std::array<uint32_t, 3> workgroupSize{};
    // Packed block with the layout of spv::KernelInfo: values, addresses, byte counts of Workgroup parameters. The
    // hidden lengths need not be filled in: OpArrayLength asks the memory.
    const void* arguments = nullptr;
    uint64_t argumentBytes = 0;
    const std::atomic<bool>* cancel = nullptr; // run() returns HY_ERROR_TIMEOUT soon after it becomes true; may be null
    // Of the module that the program's kernel belongs to. Null: each run has variables of its own.
    ProgramData* programData = nullptr;
    bool together = false; // all workgroups take turns from the start; residentWorkgroups() of them at most
};

// Immutable after prepare(); run() may be called from several threads, each run with its own state.
class Program {
public:
    // `module` is specialised and checked (spv::validate). Errors: HY_ERROR_UNSUPPORTED_SPIRV naming instruction and
    // line, HY_ERROR_INVALID_MODULE. Trusts nothing of the module.
    static spv::Result<std::unique_ptr<Program>> prepare(std::shared_ptr<const spv::Module> module,
                                                         const spv::KernelInfo& kernel, const Settings& settings);
    ~Program();

    // Runs the whole grid. Success means that no check found anything. The first finding ends the run with
    // HY_ERROR_LAUNCH_FAILED (HY_ERROR_TIMEOUT for the step limits) and a message that says what, in which kernel, at
    // which instruction (SPIR-V id, word, source line when the module has lines), by which invocation (global and local
    // id) and at which address, and for a race the other invocation and instruction. Writes made before it stay. A race
    // is reported only where a value changes: several invocations may store the same value in one place without order.
    spv::Status run(DeviceMemory& memory, const Launch& launch) const;

    uint32_t subgroupSize() const;
    // Whether the invocations of a workgroup must be a multiple of that: the kernel uses cooperative matrices.
    bool needsWholeSubgroups() const;
    // How many workgroups of that many invocations and bytes of workgroup memory take turns, at most.
    uint32_t residentWorkgroups(uint64_t invocations, uint64_t localBytes) const;

private:
    class Impl;
    explicit Program(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace halyard::interp
