// Findings in words.
#include "interp/run.h"

#include <fmt/format.h>

namespace halyard::interp {
namespace {

constexpr uint64_t kNullPage = 4096;

const char* verb(Touch touch) {
    return touch == Touch::Read ? "read" : "write";
}

std::string triple(uint64_t x, uint64_t y, uint64_t z) {
    return fmt::format("({}, {}, {})", x, y, z);
}

} // namespace

std::string Run::nameInvocation(const Invocation& invocation) const {
    const InvocationPlace& place = invocation.place;
    return fmt::format("invocation global {} local {} of workgroup {}",
                       triple(uint64_t{place.group[0]} * place.workgroupSize[0] + place.local[0],
                              uint64_t{place.group[1]} * place.workgroupSize[1] + place.local[1],
                              uint64_t{place.group[2]} * place.workgroupSize[2] + place.local[2]),
                       triple(place.local[0], place.local[1], place.local[2]),
                       triple(place.group[0], place.group[1], place.group[2]));
}

std::string Run::nameThread(uint32_t thread) const {
    Invocation named;
    named.place.workgroupSize = launch_.workgroupSize;
    uint32_t group = thread / groupSize_;
    uint32_t local = thread % groupSize_;
    for (uint32_t i = 0; i < 3; ++i) {
        named.place.group[i] = group % launch_.workgroups[i];
        group /= launch_.workgroups[i];
        named.place.local[i] = local % launch_.workgroupSize[i];
        local /= launch_.workgroupSize[i];
    }
    return nameInvocation(named);
}

std::string Run::where(const Invocation& invocation) const {
    return code_.module->describe(instructions_[code_.steps[invocation.pc].instruction]);
}

std::string Run::nameVariable(Id id) const {
    const std::string_view name = code_.module->name(id);
    return name.empty() ? fmt::format("%{}", id) : fmt::format("'{}' (%{})", name, id);
}

bool Run::report(const std::string& what, HyResult code, const std::string& hint) {
    if (!finding_)
        finding_ = spv::Error{code,
                              fmt::format("kernel '{}': {}; at {}, {}", code_.kernel.name, what, where(*invocation_),
                                          nameInvocation(*invocation_)),
                              hint};
    return false;
}

// What an address of the other spaces names: the variable, its size and the distance.
std::string Run::nameObject(uint64_t address) const {
    Place place = placeOf(address);
    const Space space = spaceOf(address);
    int64_t offset = static_cast<int64_t>(place.offset);
    // An address below its variable has borrowed from the variable's number.
    if (place.offset >> (place.offsetBits - 1) != 0) {
        offset -= int64_t{1} << place.offsetBits;
        place = placeOf(address - static_cast<uint64_t>(offset));
    }
    Id id = 0;
    uint64_t size = 0;
    const char* kind = "variable";
    if (space == Space::Private && place.object < code_.privateSlots.size()) {
        id = code_.privateSlots[place.object].id;
        size = code_.privateSlots[place.object].size;
        kind = "private variable";
    } else if (space == Space::Workgroup && group_ != nullptr && place.object < group_->objects.size()) {
        id = code_.workgroupObjects[place.object].id;
        size = group_->objects[place.object].size;
        kind = "workgroup variable";
    } else if (space == Space::Program && place.object < program_.size()) {
        const auto& objects = code_.declarations->programObjects();
        id = place.object < objects.size() ? objects[place.object].id : 0;
        size = program_[place.object].size;
        kind = id != 0 ? "program variable" : "push-constant block";
    } else {
        return fmt::format("no variable (object {})", place.object);
    }
    const std::string name = id != 0 ? " " + nameVariable(id) : std::string();
    if (offset < 0)
        return fmt::format("{} bytes before the {}{} of {} bytes", -offset, kind, name, size);
    if (static_cast<uint64_t>(offset) < size)
        return fmt::format("{} bytes into the {}{} of {} bytes", offset, kind, name, size);
    return fmt::format("{} bytes past the end of the {}{} of {} bytes", static_cast<uint64_t>(offset) - size, kind,
                       name, size);
}

bool Run::reportAddress(uint64_t address, uint64_t bytes, Touch touch, const std::string& why) {
    const bool global = spaceOf(address) == Space::Global;
    const std::string place = global ? memory_.describe(address) : nameObject(address);
    std::string what;
    if (address < kNullPage)
        what = fmt::format("null pointer: {} of {} bytes at {:#x}", verb(touch), bytes, address);
    else if (!why.empty())
        what = fmt::format("{} of {} bytes of {} at {:#x}: {}", verb(touch), bytes, why, address, place);
    else if (global && memory_.wasFreed(address))
        what = fmt::format("use after free: {} of {} bytes at {:#x}, {}", verb(touch), bytes, address, place);
    else
        what = fmt::format("out of bounds {} of {} bytes at {:#x}, {}", verb(touch), bytes, address, place);
    return report(what);
}

bool Run::reportMisaligned(uint64_t address, uint64_t alignment, Touch touch) {
    const std::string place = spaceOf(address) == Space::Global ? memory_.describe(address) : nameObject(address);
    return report(
        fmt::format("misaligned {} at {:#x}, which is no multiple of {}: {}", verb(touch), address, alignment, place));
}

bool Run::reportUndefined(const char* what) {
    return report(fmt::format("uninitialised value: {} comes from memory that nothing has written, or from an "
                              "operation whose result is undefined",
                              what));
}

bool Run::reportRace(const Stamp& other, const Target& target, uint64_t offset, uint32_t bytes, Touch touch) {
    const std::string first =
        other.atomic ? (other.write ? "atomic write" : "atomic read") : (other.write ? "write" : "read");
    const std::string place = target.allocation != nullptr
                                  ? memory_.describe(target.allocation->base + target.offset + offset)
                                  : fmt::format("byte {} of workgroup or program memory", target.offset + offset);
    return report(fmt::format("data race: {} of {} bytes, {}, not ordered with the {} by {} at {}", verb(touch), bytes,
                              place, first, nameThread(other.thread - 1),
                              code_.module->describe(instructions_[other.instruction])),
                  HY_ERROR_LAUNCH_FAILED, "order the accesses with a barrier or with release and acquire operations");
}

// All that are left wait, but not for the same thing.
bool Run::reportStuck(const Workgroup& group) {
    const Invocation* waiting = nullptr;
    const Invocation* other = nullptr;
    uint32_t waitingCount = 0, ended = 0;
    for (const Invocation& invocation : group.invocations) {
        if (invocation.wait == Wait::Ended) {
            ++ended;
            continue;
        }
        if (waiting == nullptr)
            waiting = &invocation;
        if (sameKey(*waiting, invocation))
            ++waitingCount;
        else if (other == nullptr)
            other = &invocation;
    }
    for (const Invocation& invocation : group.invocations)
        if (other == nullptr && invocation.wait == Wait::Ended)
            other = &invocation;
    invocation_ = const_cast<Invocation*>(waiting);
    std::string rest;
    if (other != nullptr)
        rest = other->wait == Wait::Ended
                   ? fmt::format("; {} have ended, as {}", ended, nameInvocation(*other))
                   : fmt::format("; others wait at {}, as {}", where(*other), nameInvocation(*other));
    return report(fmt::format("divergent barrier: {} of {} invocations of the workgroup wait{}", waitingCount,
                              group.invocations.size(), rest));
}

// `elsewhere` waits at another barrier; null: some workgroups have ended.
bool Run::reportStuckGrid(const Workgroup& waiting, const Workgroup* elsewhere) {
    group_ = const_cast<Workgroup*>(&waiting);
    invocation_ = &group_->invocations[0];
    const std::string rest =
        elsewhere != nullptr
            ? fmt::format("workgroup {} waits at {}", elsewhere->number, where(elsewhere->invocations[0]))
            : fmt::format("{} of {} have ended", groupCount_ - resident_.size(), groupCount_);
    return report(fmt::format("divergent barrier of the whole grid: workgroup {} waits, but {}", waiting.number, rest));
}

} // namespace halyard::interp
