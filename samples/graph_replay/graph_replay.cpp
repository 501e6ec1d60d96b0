// A simulation of many small steps. Its calls are captured once, from two streams that events join, and replayed as a
// graph with another source in every frame. Printed beside the time of the same calls made every time.
#include <algorithm>
#include <cstdio>

#include "../common/sample.h"
#include "diffuse_cl.spv.h"

namespace {

constexpr std::uint32_t kWorkgroup = 64;
constexpr std::uint32_t kStepsPerFrame = 200; // even, so that a frame ends where it began
constexpr std::uint32_t kFrames = 20;

std::uint32_t sourceOf(std::uint32_t frame) {
    return 1000 + 37 * frame;
}

class Simulation {
public:
    Simulation(const sample::Run& run, std::uint32_t n)
        : n_(n), module_(run.device, diffuse_cl_spv, diffuse_cl_spv_size), diffuse_(module_, "diffuse"),
          maximum_(module_, "maximum"), main_(run.device), side_(run.device), halfway_(run.device),
          watched_(run.device), state_(run.device, n), next_(run.device, n), middle_(run.device, n),
          peak_(run.device, 1) {}

    // The calls of one frame. In its middle a second stream looks at the state while the first goes on.
    void frame(std::uint32_t source) {
        for (std::uint32_t step = 0; step < kStepsPerFrame; step += 2) {
            diffuse_.launch(main_, halyard::groups(n_, kWorkgroup), {kWorkgroup, 1, 1}, next_, state_, n_,
                            step == 0 ? source : 0u);
            diffuse_.launch(main_, halyard::groups(n_, kWorkgroup), {kWorkgroup, 1, 1}, state_, next_, n_, 0u);
            if (step == kStepsPerFrame / 2) {
                main_.copy(middle_.address(), state_.address(), middle_.bytes());
                halfway_.record(main_);
                side_.wait(halfway_);
                maximum_.launch(side_, {1, 1, 1}, {1, 1, 1}, peak_, middle_, n_);
                watched_.record(side_);
            }
        }
        main_.wait(watched_);
    }

    void capture() {
        halyard::Capture capture(main_);
        frame(0);
        graph_ = std::make_unique<halyard::Graph>(capture.end());
        exec_ = std::make_unique<halyard::GraphExec>(*graph_);
        firstStep_ = graph_->nodes().front();
    }

    void replay(std::uint32_t source) {
        exec_->updateKernel(firstStep_, diffuse_, halyard::groups(n_, kWorkgroup), {kWorkgroup, 1, 1}, next_, state_,
                            n_, source);
        exec_->launch(main_);
    }

    void clear() {
        state_.fill(main_, 0);
        main_.synchronize();
    }
    void finish() const { main_.synchronize(); }
    std::vector<std::uint32_t> results() {
        std::vector<std::uint32_t> values(n_ + 1);
        state_.download(main_, values.data(), n_);
        peak_.download(main_, values.data() + n_, 1);
        main_.synchronize();
        return values;
    }
    const halyard::Graph& graph() const { return *graph_; }

private:
    std::uint32_t n_;
    halyard::Module module_;
    halyard::Kernel diffuse_, maximum_;
    halyard::Stream main_, side_;
    halyard::Event halfway_, watched_;
    halyard::Buffer<std::uint32_t> state_, next_, middle_, peak_;
    std::unique_ptr<halyard::Graph> graph_;
    std::unique_ptr<halyard::GraphExec> exec_;
    HyGraphNode firstStep_ = HY_GRAPH_NODE_NONE;
};

// The state after all frames, and the largest value in the middle of the last one.
std::vector<std::uint32_t> onTheHost(std::uint32_t n) {
    std::vector<std::uint32_t> state(n), next(n);
    std::uint32_t peak = 0;
    for (std::uint32_t frame = 0; frame < kFrames; ++frame) {
        for (std::uint32_t step = 0; step < kStepsPerFrame; ++step) {
            for (std::uint32_t i = 0; i < n; ++i) {
                const std::uint32_t left = state[i == 0 ? n - 1 : i - 1];
                const std::uint32_t right = state[i + 1 == n ? 0 : i + 1];
                next[i] = (left + 2 * state[i] + right) / 4 + (i == 0 && step == 0 ? sourceOf(frame) : 0);
            }
            state.swap(next);
            if (step == kStepsPerFrame / 2 + 1) {
                peak = *std::max_element(state.begin(), state.end());
            }
        }
    }
    state.push_back(peak);
    return state;
}

bool body(const sample::Run& run) {
    const auto n = static_cast<std::uint32_t>(std::max<std::uint64_t>(run.size, 2));
    const std::vector<std::uint32_t> want = onTheHost(n);
    Simulation simulation(run, n);
    simulation.capture();

    bool allRight = true;
    std::vector<double> eager, replayed;
    bool eagerRight = true, replayedRight = true;
    const auto check = [&](const char* what, bool& right) {
        const std::vector<std::uint32_t> got = simulation.results();
        right = sample::matches(
                    what, want.size(), [&](std::size_t i) { return got[i]; }, [&](std::size_t i) { return want[i]; },
                    [](std::size_t) { return 0.0; }) &&
                right;
        allRight = allRight && right;
    };
    // The first turn of each is the warm-up. The ways take turns, so that a change of clock or load meets both.
    for (unsigned i = 0; i <= run.runs; ++i) {
        simulation.clear();
        eager.push_back(sample::seconds([&] {
            for (std::uint32_t frame = 0; frame < kFrames; ++frame) {
                simulation.frame(sourceOf(frame));
            }
            simulation.finish();
        }));
        check("calls", eagerRight);
        simulation.clear();
        replayed.push_back(sample::seconds([&] {
            for (std::uint32_t frame = 0; frame < kFrames; ++frame) {
                simulation.replay(sourceOf(frame));
            }
            simulation.finish();
        }));
        check("graph", replayedRight);
    }
    eager.erase(eager.begin());
    replayed.erase(replayed.begin());
    constexpr double kSteps = static_cast<double>(kFrames) * kStepsPerFrame;
    const double eagerTime = sample::median(eager);
    const double replayedTime = sample::median(replayed);
    sample::report("calls", eagerTime, kSteps / eagerTime / 1e6, "Msteps/s", eagerRight);
    sample::report("graph", replayedTime, kSteps / replayedTime / 1e6, "Msteps/s", replayedRight);
    const std::size_t nodes = simulation.graph().nodes().size();
    const std::string dot = simulation.graph().dot();
    char line[160];
    std::snprintf(line, sizeof line, "%zu nodes captured from two streams (%zu bytes in DOT); graph / calls = %.2f",
                  nodes, dot.size(), replayedTime / eagerTime);
    sample::note(line);
    return allRight;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "graph_replay";
    config.description = "Captures the launches of a simulation as a graph and replays it with new arguments.";
    config.sizeMeaning = "places of the ring";
    config.size = 1024;
    config.quickSize = 100;
    config.maxSize = 1u << 24;
    return sample::Program(config).run(argc, argv, body);
}
