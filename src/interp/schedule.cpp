// Workgroups, time slices, and what a workgroup waits for.
#include "interp/run.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

constexpr uint64_t kSlice = 8192;        // steps
constexpr uint32_t kRoundsPerTurn = 256; // what a subgroup does together before others have their turn
constexpr uint32_t kPatience = 4;        // turns of all that are resident before more workgroups become so
constexpr uint64_t kResidentBytes = uint64_t{512} << 20;
constexpr uint64_t kMaxGroupBytes = uint64_t{4} << 30;
constexpr uint64_t kMaxGroupSize = 65536;

uint64_t argument64(const Launch& launch, uint32_t offset) {
    uint64_t value = 0;
    std::memcpy(&value, static_cast<const uint8_t*>(launch.arguments) + offset, sizeof value);
    return value;
}

} // namespace

Run::Run(const Prepared& code, const Settings& settings, DeviceMemory::Impl& memory, const Launch& launch)
    : code_(code), settings_(settings), memory_(memory), launch_(launch), instructions_(code.module->instructions()) {}

Run::~Run() = default;

spv::Status Run::checkLaunch() {
    const auto fail = [&](HyResult code, std::string what) {
        return spv::Error{code, fmt::format("kernel '{}': {}", code_.kernel.name, what), {}};
    };
    const auto& size = launch_.workgroupSize;
    const auto& groups = launch_.workgroups;
    const auto& required = code_.kernel.requiredWorkgroupSize;
    if (required[0] != 0 && required != size)
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE,
                    fmt::format("requires workgroups of {} x {} x {}, not {} x {} x {}", required[0], required[1],
                                required[2], size[0], size[1], size[2]));
    uint64_t total = 1;
    uint64_t count = 1;
    for (uint32_t i = 0; i < 3; ++i) {
        if (size[i] == 0 || size[i] > kMaxGroupSize)
            return fail(HY_ERROR_INVALID_LAUNCH_SIZE,
                        fmt::format("the workgroup size is {} in dimension {}", size[i], i));
        total *= size[i];
        if (__builtin_mul_overflow(count, uint64_t{groups[i]}, &count))
            return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "the grid has more than 2^64 workgroups");
    }
    if (total > kMaxGroupSize)
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE,
                    fmt::format("a workgroup has {} invocations, more than {}", total, kMaxGroupSize));
    if (code_.wholeSubgroups && total % code_.subgroupSize != 0)
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE,
                    fmt::format("cooperative matrices need whole subgroups: a workgroup of {} invocations is no "
                                "multiple of {}",
                                total, code_.subgroupSize));
    if (code_.kernel.usesGridBarrier && !launch_.together)
        return fail(HY_ERROR_INVALID_ARGUMENT,
                    "it has a barrier of the whole grid, and not all of its workgroups run at once");
    if (launch_.together && count > kMaxResident)
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE,
                    fmt::format("{} workgroups are to run at once, more than {}", count, kMaxResident));
    groupSize_ = static_cast<uint32_t>(total);
    groupCount_ = count;
    races_ = settings_.detectRaces && count < UINT32_MAX / total;
    for (const spv::Parameter& parameter : code_.kernel.parameters)
        if (uint64_t{parameter.offset} + parameter.size > launch_.argumentBytes)
            return fail(HY_ERROR_INVALID_KERNEL_ARGS, fmt::format("the arguments have {} bytes, too few for '{}'",
                                                                  launch_.argumentBytes, parameter.name));

    startProgram();
    for (const GlobalValue& global : code_.globals) {
        if (global.kind != GlobalKind::PushConstants || pushConstants_ != kNone)
            continue;
        const spv::Parameter& parameter = code_.kernel.parameters[global.index];
        pushConstants_ = static_cast<uint32_t>(program_.size());
        ProgramState& state = program_.emplace_back();
        state.size = parameter.size;
        state.readOnly = true;
        const auto* bytes = static_cast<const uint8_t*>(launch_.arguments) + parameter.offset;
        state.ownData.assign(bytes, bytes + parameter.size);
        state.data = state.ownData.data();
    }
    return spv::Unit{};
}

// ---- Starting

uint32_t residentLimit(const Prepared& code, uint64_t invocations, uint64_t localBytes) {
    const uint64_t each = invocations * (code.stackCells * sizeof(Cell) + 2 * code.privateBytes + 256) + 2 * localBytes;
    return static_cast<uint32_t>(std::clamp<uint64_t>(kResidentBytes / std::max<uint64_t>(each, 1), 1, kMaxResident));
}

void Run::start(Workgroup& group, uint64_t number) {
    const size_t slots = code_.privateSlots.size();
    group.number = number;
    group.alive = groupSize_;
    group.atGrid = false;
    if (!group.started) {
        group.started = true;
        group.invocations.resize(groupSize_);
        group.registers = LazyArray<Cell>(size_t{groupSize_} * code_.stackCells);
        group.globals = LazyArray<Cell>(size_t{groupSize_} * code_.globalCells);
        group.privateData = LazyArray<uint8_t>(groupSize_ * code_.privateBytes);
        group.privateWritten = LazyArray<uint8_t>(groupSize_ * code_.privateBytes);
        group.generations = LazyArray<uint8_t>(groupSize_ * slots);
        uint64_t end = code_.workgroupBytes;
        for (const WorkgroupObject& object : code_.workgroupObjects) {
            WorkgroupMemory memory{object.offset, object.size};
            if (object.parameter != kNone) {
                memory.offset = (end + 255) & ~uint64_t{255};
                memory.size = argument64(launch_, code_.kernel.parameters[object.parameter].offset);
                if (memory.size > kMaxGroupBytes || memory.offset + memory.size > kMaxGroupBytes)
                    throw std::bad_alloc();
                end = memory.offset + memory.size;
            }
            group.objects.push_back(memory);
        }
        group.data.resize(end);
        group.written.resize(end);
        group.races = std::make_unique<RaceMap>(end, raceBudget_);
    } else {
        std::fill(group.written.begin(), group.written.end(), 0);
        std::memset(group.generations.get(), 0, groupSize_ * slots);
        group.races->clear();
    }
    for (size_t i = 0; i < code_.workgroupObjects.size(); ++i)
        if (code_.workgroupObjects[i].zero) {
            std::memset(group.data.data() + group.objects[i].offset, 0, group.objects[i].size);
            std::memset(group.written.data() + group.objects[i].offset, 1, group.objects[i].size);
        }
    for (uint32_t i = 0; i < groupSize_; ++i)
        startInvocation(group, i);
}

void Run::startInvocation(Workgroup& group, uint32_t index) {
    const FunctionCode& entry = code_.functions[code_.entryFunction];
    Invocation& invocation = group.invocations[index];
    invocation.pc = entry.entry;
    invocation.wait = Wait::None;
    invocation.lane = index % code_.subgroupSize;
    invocation.subgroup = index / code_.subgroupSize;
    invocation.steps = 0;
    invocation.registers = group.registers.get() + size_t{index} * code_.stackCells;
    invocation.globals = group.globals.get() + size_t{index} * code_.globalCells;
    invocation.data = group.privateData.get() + index * code_.privateBytes;
    invocation.written = group.privateWritten.get() + index * code_.privateBytes;
    invocation.generations = group.generations.get() + index * code_.privateSlots.size();
    invocation.calls.assign(1, {code_.entryFunction, 0, 0});
    std::memset(static_cast<void*>(invocation.registers), 0, entry.frameCells * sizeof(Cell));

    InvocationPlace& place = invocation.place;
    place.workgroups = launch_.workgroups;
    place.workgroupSize = launch_.workgroupSize;
    place.localIndex = index;
    place.subgroupSize = code_.subgroupSize;
    place.kernelFlavour = code_.kernel.flavour == spv::Flavour::Kernel;
    uint64_t groupRest = group.number;
    uint32_t localRest = index;
    for (uint32_t i = 0; i < 3; ++i) {
        place.group[i] = static_cast<uint32_t>(groupRest % launch_.workgroups[i]);
        groupRest /= launch_.workgroups[i];
        place.local[i] = localRest % launch_.workgroupSize[i];
        localRest /= launch_.workgroupSize[i];
    }

    ThreadClock& clock = invocation.clock;
    clock = {};
    clock.group = static_cast<uint32_t>(group.number);
    clock.groupSize = groupSize_;
    clock.groupFirst = clock.group * groupSize_;
    clock.thread = clock.groupFirst + index;

    invocation_ = &invocation;
    for (const GlobalValue& global : code_.globals) {
        Cell& cell = invocation.globals[global.cell];
        switch (global.kind) {
        case GlobalKind::Private: {
            const uint32_t initialiser = global.variable->initialiser;
            startVariable(global.index,
                          initialiser != ~0u ? code_.declarations->constants().data() + initialiser : nullptr, cell);
            break;
        }
        case GlobalKind::BuiltIn: {
            Cell values[4];
            builtInValue(*global.variable, place, values);
            startVariable(global.index, values, cell);
            break;
        }
        case GlobalKind::Workgroup:
            cell = {workgroupAddress(group.number, global.index), false};
            break;
        case GlobalKind::Buffer:
            cell = {argument64(launch_, code_.kernel.parameters[global.index].offset), false};
            break;
        case GlobalKind::PushConstants:
            cell = {programAddress(pushConstants_), false};
            break;
        }
    }
    for (const KernelParameter& parameter : code_.parameters) {
        const spv::Parameter& argument = code_.kernel.parameters[parameter.parameter];
        Cell* cells = invocation.registers + parameter.cell;
        const auto* bytes = static_cast<const uint8_t*>(launch_.arguments) + argument.offset;
        if (parameter.privateSlot != kNone) {
            startVariable(parameter.privateSlot, nullptr, *cells);
            const PrivateSlot& slot = code_.privateSlots[parameter.privateSlot];
            std::memcpy(invocation.data + slot.offset, bytes, slot.size);
            std::memset(invocation.written + slot.offset, 1, slot.size);
        } else if (parameter.workgroupObject != kNone) {
            *cells = {workgroupAddress(group.number, parameter.workgroupObject), false};
        } else if (parameter.plan == nullptr) {
            *cells = {argument64(launch_, argument.offset), false};
        } else {
            for (size_t i = 0; i < parameter.plan->items.size(); ++i) {
                const PlanItem& item = parameter.plan->items[i];
                cells[i] = {};
                std::memcpy(&cells[i].bits, bytes + item.offset, item.bytes);
                if (item.boolean)
                    cells[i].bits = cells[i].bits != 0 ? 1 : 0;
            }
        }
    }
}

// ---- Time slices

// What a run does for others: lets go of the memory when somebody waits, and prints.
bool Run::betweenSlices() {
    if (memory_.wanted() || !printed_.empty()) {
        hold_.unlock();
        flushPrints();
        while (memory_.wanted())
            std::this_thread::yield();
        hold_.lock();
        forgetGlobals();
    }
    if (launch_.cancel != nullptr && launch_.cancel->load(std::memory_order_relaxed))
        return report("cancelled", HY_ERROR_TIMEOUT, {});
    return true;
}

bool Run::slice(Workgroup& group, Invocation& invocation) {
    group_ = &group;
    invocation_ = &invocation;
    // One more than allowed tells an invocation that ends at the limit from one that does not.
    const uint64_t allowed = settings_.stepLimit - std::min(settings_.stepLimit, invocation.steps);
    const uint64_t steps = std::min(kSlice, std::max<uint64_t>(allowed, 1));
    const bool ok = execute(invocation, steps);
    const uint64_t used = steps - left_;
    invocation.steps += used;
    launchSteps_ += used;
    if (!ok)
        return false;
    if (invocation.wait == Wait::Ended) {
        --group.alive;
        invocation.clock.known.reset();
        invocation.clock.pending.reset();
    } else if (invocation.steps > settings_.stepLimit) {
        return report(fmt::format("endless: one invocation executed {} instructions", settings_.stepLimit),
                      HY_ERROR_TIMEOUT,
                      "a loop that does not end, or waits for what never comes; the limit is a setting");
    }
    if (settings_.launchStepLimit != 0 && launchSteps_ > settings_.launchStepLimit)
        return report(fmt::format("endless: the launch executed {} instructions", settings_.launchStepLimit),
                      HY_ERROR_TIMEOUT, "the limit is a setting");
    return betweenSlices();
}

// ---- Waiting

bool Run::sameKey(const Invocation& a, const Invocation& b) const {
    return !keyBefore(a, b) && !keyBefore(b, a);
}

// Places are ordered by the calls that lead there, then by the step.
bool Run::keyBefore(const Invocation& a, const Invocation& b) const {
    const size_t depth = std::max(a.calls.size(), b.calls.size());
    for (size_t i = 1; i <= depth; ++i) {
        const uint32_t left = i < a.calls.size() ? a.calls[i].caller : a.pc;
        const uint32_t right = i < b.calls.size() ? b.calls[i].caller : b.pc;
        if (left != right)
            return left < right;
        if (i >= a.calls.size() || i >= b.calls.size())
            return false;
    }
    return false;
}

// Runs one subgroup until each of its invocations ended, waits for the workgroup or used its time.
bool Run::runSubgroup(Workgroup& group, uint32_t first, uint32_t end) {
    std::vector<uint32_t> members;
    for (uint32_t round = 0; round < kRoundsPerTurn; ++round) {
        bool busy = false;
        const Invocation* foremost = nullptr;
        for (uint32_t i = first; i < end; ++i) {
            Invocation& invocation = group.invocations[i];
            if (invocation.wait == Wait::None && !slice(group, invocation))
                return false;
            busy |= invocation.wait == Wait::None;
            const bool together = invocation.wait == Wait::Collective || invocation.wait == Wait::Join;
            if (together && (foremost == nullptr || keyBefore(invocation, *foremost)))
                foremost = &invocation;
        }
        if (busy || foremost == nullptr)
            return true;
        members.clear();
        const Wait wait = foremost->wait;
        for (uint32_t i = first; i < end; ++i) {
            const Invocation& other = group.invocations[i];
            if (other.wait == wait && sameKey(other, *foremost))
                members.push_back(i);
        }
        if (wait == Wait::Collective && !collective(group, members))
            return false;
        for (const uint32_t member : members) {
            group.invocations[member].wait = Wait::None;
            ++group.invocations[member].pc;
        }
    }
    return true;
}

void Run::orderWorkgroup(Workgroup& group) {
    uint32_t latest = 0;
    KnowledgePtr known;
    for (const Invocation& invocation : group.invocations) {
        latest = std::max(latest, invocation.clock.now);
        known = join(join(known, invocation.clock.known), invocation.clock.pending);
    }
    for (Invocation& invocation : group.invocations) {
        invocation.clock.now = invocation.clock.base = latest + 1;
        invocation.clock.known = known;
        invocation.clock.pending.reset();
        invocation.clock.synced = true;
    }
}

// What the whole workgroup waits for happens when all of it is there.
bool Run::settle(Workgroup& group) {
    const Invocation* first = nullptr;
    bool together = group.alive == groupSize_;
    for (const Invocation& invocation : group.invocations) {
        if (invocation.wait == Wait::Ended)
            continue;
        if (invocation.wait != Wait::Barrier)
            return true; // somebody can still move
        if (first == nullptr)
            first = &invocation;
        together &= sameKey(*first, invocation);
    }
    if (first == nullptr)
        return true;
    group_ = &group;
    if (!together)
        return reportStuck(group);
    const Step& step = code_.steps[first->pc];
    if (step.code == Code::Barrier && step.payload == kBarrierOfGrid) {
        group.atGrid = true;
        return true;
    }
    if (step.code == Code::Collective) {
        std::vector<uint32_t> members(groupSize_);
        for (uint32_t i = 0; i < groupSize_; ++i)
            members[i] = i;
        if (!collective(group, members))
            return false;
    }
    orderWorkgroup(group);
    for (Invocation& invocation : group.invocations) {
        invocation.wait = Wait::None;
        ++invocation.pc;
    }
    return true;
}

// The workgroups that wait for the grid go on when all of them are there.
bool Run::settleGrid() {
    const Workgroup* first = nullptr;
    const Workgroup* elsewhere = nullptr;
    bool all = true;
    for (const auto& group : resident_) {
        all &= group->atGrid;
        if (group->atGrid && first == nullptr)
            first = group.get();
        if (group->atGrid && !sameKey(first->invocations[0], group->invocations[0]))
            elsewhere = group.get();
    }
    if (first == nullptr)
        return true;
    if (elsewhere != nullptr || resident_.size() < groupCount_)
        return reportStuckGrid(*first, elsewhere);
    if (!all)
        return true;
    uint32_t latest = 0;
    for (const auto& group : resident_)
        for (const Invocation& invocation : group->invocations)
            latest = std::max(latest, invocation.clock.now);
    for (const auto& group : resident_) {
        group->atGrid = false;
        for (Invocation& invocation : group->invocations) {
            ThreadClock& clock = invocation.clock;
            clock.now = clock.base = clock.gridBase = latest + 1;
            clock.known.reset();
            clock.pending.reset();
            clock.synced = true;
            invocation.wait = Wait::None;
            ++invocation.pc;
        }
    }
    return true;
}

bool Run::turn(Workgroup& group) {
    for (uint32_t first = 0; first < groupSize_; first += code_.subgroupSize)
        if (!runSubgroup(group, first, std::min(first + code_.subgroupSize, groupSize_)))
            return false;
    return group.alive == 0 || settle(group);
}

spv::Status Run::run() {
    if (spv::Status status = checkLaunch(); !status)
        return status;
    operandRow_.resize(code_.maxOperands + 1);
    hold_ = std::shared_lock(memory_.use());
    generation_ = memory_.generation();
    const uint32_t limit = residentLimit(code_, groupSize_, code_.workgroupBytes);
    uint32_t wanted = launch_.together ? static_cast<uint32_t>(groupCount_) : 1;
    uint32_t patience = kPatience;
    while (!finding_ && (nextGroup_ < groupCount_ || !resident_.empty())) {
        while (resident_.size() < wanted && nextGroup_ < groupCount_) {
            if (idle_.empty())
                idle_.push_back(std::make_unique<Workgroup>());
            resident_.push_back(std::move(idle_.back()));
            idle_.pop_back();
            start(*resident_.back(), nextGroup_++);
        }
        bool retired = false;
        for (size_t i = 0; i < resident_.size() && !finding_;) {
            if (!resident_[i]->atGrid)
                turn(*resident_[i]);
            if (resident_[i]->alive != 0) {
                ++i;
                continue;
            }
            retired = true;
            idle_.push_back(std::move(resident_[i]));
            resident_.erase(resident_.begin() + static_cast<ptrdiff_t>(i));
        }
        if (!finding_ && !resident_.empty())
            settleGrid();
        if (retired) {
            patience = kPatience;
        } else if (--patience == 0) {
            wanted = std::max(wanted, std::min(limit, wanted * 2));
            patience = kPatience;
        }
    }
    hold_.unlock();
    flushPrints();
    if (finding_)
        return *finding_;
    return spv::Unit{};
}

} // namespace halyard::interp
