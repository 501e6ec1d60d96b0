// One run of a kernel over its grid. Private to src/interp. Its parts are files of their own:
//   schedule.cpp  workgroups, time slices, barriers     execute.cpp  the loop over steps
//   access.cpp    loads, stores, copies                 atomic.cpp   atomic operations, fences
//   group.cpp     what a group does together            matrix.cpp   cooperative matrices
//   report.cpp    findings in words                     print.cpp    printf
//   program_data.cpp  variables at program scope
#pragma once

#include "interp/address.h"
#include "interp/invocation.h"
#include "interp/memory.h"
#include "interp/program.h"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace halyard::interp {

enum class Touch : uint8_t { Read, Write };

// Memory that an access has been allowed to touch.
struct Target {
    uint8_t* data = nullptr;
    uint8_t* written = nullptr;       // null: all of it counts as written
    RaceMap* races = nullptr;         // null: nobody else reaches it
    uint64_t offset = 0;              // of the access, for the race map
    Allocation* allocation = nullptr; // of global memory
};

// How many workgroups of that size are started before any of them has ended, at most.
uint32_t residentLimit(const Prepared& code, uint64_t invocations, uint64_t localBytes);

class Run final : public MemoryPort {
public:
    Run(const Prepared& code, const Settings& settings, DeviceMemory::Impl& memory, const Launch& launch);
    ~Run() override;
    // May throw std::bad_alloc.
    spv::Status run();

    // For operations with pointer operands: as the invocation that executes now.
    bool read(uint64_t address, uint32_t bytes, Cell& out) override;
    bool write(uint64_t address, uint32_t bytes, Cell value) override;

private:
    // schedule.cpp
    spv::Status checkLaunch();
    void start(Workgroup& group, uint64_t number);
    void startInvocation(Workgroup& group, uint32_t index);
    bool turn(Workgroup& group);
    bool runSubgroup(Workgroup& group, uint32_t first, uint32_t end);
    bool settle(Workgroup& group);
    bool settleGrid();
    void orderWorkgroup(Workgroup& group);
    bool slice(Workgroup& group, Invocation& invocation);
    bool betweenSlices();
    bool sameKey(const Invocation& a, const Invocation& b) const;
    bool keyBefore(const Invocation& a, const Invocation& b) const;

    // execute.cpp
    bool execute(Invocation& invocation, uint64_t steps);
    void takeEdge(const Edge& edge, Cell* const* bases);
    bool chain(const Step& step, Cell* const* bases);

    // access.cpp
    bool target(uint64_t address, uint64_t bytes, Touch touch, uint32_t alignment, Target& out);
    bool privateTarget(uint64_t address, uint64_t bytes, Touch touch, Target& out);
    bool load(const Cell& address, const MemoryAccess& access, Cell* out);
    bool store(const Cell& address, const MemoryAccess& access, const Cell* value);
    bool loadScalar(const Target& target, uint64_t offset, uint32_t bytes, bool relaxed, Cell& out);
    bool storeScalar(Target& target, uint64_t offset, uint32_t bytes, bool relaxed, const Cell& value);
    bool move(Target& to, uint64_t toOffset, const Target& from, uint64_t fromOffset, uint64_t bytes, bool relaxed);
    static uint8_t* writtenFor(Target& target);
    bool itemAligned(uint64_t address, const MemoryAccess& access, Touch touch);
    bool copyMemory(const Step& step, Cell* const* bases);
    bool copySized(const MemoryCopy& copy, uint64_t to, uint64_t from, uint64_t bytes);
    bool lifetime(uint64_t address, uint64_t bytes);
    bool arrayLength(const Step& step, Cell* const* bases);
    void startVariable(uint32_t slot, const Cell* initialiser, Cell& out);
    void forgetGlobals();

    // atomic.cpp
    bool atomic(const Step& step, Cell* const* bases);
    void fence(uint32_t semantics);
    void synchronise(const Target& target, uint64_t offset, uint32_t semantics, bool reads, bool writes);

    // group.cpp, matrix.cpp
    bool collective(Workgroup& group, const std::vector<uint32_t>& members);
    bool blockAccess(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    bool asyncCopy(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    bool matrixAccess(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    bool matrixMulAdd(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    bool combine(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    bool lanes(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    bool ballots(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members);
    Cell* result(const Step& step, uint32_t index);
    const Cell* operand(const Step& step, uint32_t operand, uint32_t index);

    // print.cpp
    bool print(const Step& step, Cell* const* bases);
    bool readText(uint64_t address, std::string& out);
    void flushPrints();

    // report.cpp: each returns false, so that a caller can return it
    bool report(const std::string& what) { return report(what, HY_ERROR_LAUNCH_FAILED, {}); }
    bool report(const std::string& what, HyResult code, const std::string& hint);
    bool reportAddress(uint64_t address, uint64_t bytes, Touch touch, const std::string& why);
    bool reportMisaligned(uint64_t address, uint64_t alignment, Touch touch);
    bool reportUndefined(const char* what);
    bool reportRace(const Stamp& other, const Target& target, uint64_t offset, uint32_t bytes, Touch touch);
    bool reportStuck(const Workgroup& group);
    bool reportStuckGrid(const Workgroup& waiting, const Workgroup* elsewhere);
    std::string nameObject(uint64_t address) const;
    std::string nameInvocation(const Invocation& invocation) const;
    std::string nameThread(uint32_t thread) const;
    std::string where(const Invocation& invocation) const;
    std::string nameVariable(Id id) const;

    void bases(const Invocation& invocation, Cell** out) const {
        out[0] = invocation.registers + invocation.calls.back().base;
        out[1] = const_cast<Cell*>(code_.declarations->constants().data());
        out[2] = invocation.globals;
    }
    static Cell* at(Cell* const* bases, Ref ref) { return bases[ref >> kRefBaseShift] + (ref & kRefMask); }

    struct GlobalObject {
        Allocation* allocation = nullptr;
        std::unique_ptr<RaceMap> races;
    };
    void startProgram();
    struct ProgramState {
        uint8_t* data = nullptr;
        uint8_t* written = nullptr; // null: all of it
        uint64_t size = 0;
        bool readOnly = false;
        std::vector<uint8_t> ownData, ownWritten;
        std::unique_ptr<RaceMap> races;
    };

    const Prepared& code_;
    const Settings& settings_;
    DeviceMemory::Impl& memory_;
    const Launch& launch_;
    const std::vector<spv::Instruction>& instructions_;
    std::shared_lock<std::shared_mutex> hold_;
    uint64_t generation_ = 0;

    std::unique_lock<std::mutex> programHold_;
    std::vector<ProgramState> program_;
    uint32_t pushConstants_ = kNone;                     // index in program_
    std::unordered_map<uint64_t, GlobalObject> globals_; // by base
    GlobalObject* lastGlobal_[8] = {};
    RaceBudget raceBudget_;
    bool races_ = true;
    std::unordered_map<const uint8_t*, KnowledgePtr> published_; // by the bytes of the atomic

    uint32_t groupSize_ = 0;
    uint64_t groupCount_ = 0;
    std::vector<std::unique_ptr<Workgroup>> resident_;
    std::vector<std::unique_ptr<Workgroup>> idle_;
    uint64_t nextGroup_ = 0;
    uint64_t launchSteps_ = 0;

    Workgroup* group_ = nullptr;       // that runs now
    Invocation* invocation_ = nullptr; // that runs now
    uint64_t left_ = 0;                // steps of the time slice
    std::vector<const Cell*> operandRow_;
    std::vector<Cell> copyRow_;
    std::vector<Cell> scratch_;
    std::string printed_;
    uint32_t prints_ = 0;
    std::optional<spv::Error> finding_;
};

} // namespace halyard::interp
