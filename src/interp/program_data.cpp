// Variables at program scope: constant data, and what the runs of a module's kernels share.
#include "interp/run.h"

namespace halyard::interp {

struct ProgramData::State {
    struct Object {
        std::vector<uint8_t> data, written;
    };
    std::mutex mutex;
    std::vector<Object> objects; // as Declarations numbers them; those that are read-only stay empty
};

ProgramData::ProgramData() : state_(std::make_unique<State>()) {}
ProgramData::~ProgramData() = default;

void Run::startProgram() {
    const std::vector<ProgramObject>& objects = code_.declarations->programObjects();
    ProgramData::State* shared = launch_.programData != nullptr ? launch_.programData->state_.get() : nullptr;
    if (shared != nullptr) {
        programHold_ = std::unique_lock(shared->mutex);
        // Built aside, so that a failed allocation leaves nothing half made. All kernels of a module number alike.
        if (shared->objects.size() != objects.size()) {
            std::vector<ProgramData::State::Object> fresh(objects.size());
            for (size_t i = 0; i < objects.size(); ++i)
                if (!objects[i].readOnly)
                    fresh[i] = {objects[i].data, objects[i].written};
            shared->objects = std::move(fresh);
        }
    }
    for (size_t i = 0; i < objects.size(); ++i) {
        ProgramState& state = program_.emplace_back();
        state.size = objects[i].data.size();
        state.readOnly = objects[i].readOnly;
        if (shared != nullptr && !state.readOnly) {
            state.data = shared->objects[i].data.data();
            state.written = shared->objects[i].written.data();
        } else {
            state.ownData = objects[i].data;
            state.ownWritten = objects[i].written;
            state.data = state.ownData.data();
            state.written = state.ownWritten.data();
        }
        if (!state.readOnly)
            state.races = std::make_unique<RaceMap>(state.size, raceBudget_);
    }
}

} // namespace halyard::interp
