// The file that the layer "trace" writes, against the rules of the Trace Event Format.
#include "fixture.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace halyard::layers {
namespace {

using Json = nlohmann::json;

struct Slice {
    std::string name;
    double begin, end;
    Json args;
};
using Place = std::pair<uint64_t, uint64_t>; // process and thread

// A file, read by the rules: every event has what its phase needs.
struct Trace {
    explicit Trace(const std::string& path) : document(Json::parse(readFile(path))) {
        for (const Json& event : document.at("traceEvents"))
            read(event);
    }
    void read(const Json& event) {
        const std::string phase = event.at("ph");
        const Place place(event.at("pid"), event.at("tid"));
        if (phase == "M") {
            names[{event.at("name"), place}] = event.at("args").at("name");
        } else if (phase == "X") {
            const double begin = event.at("ts");
            EXPECT_GE(begin, 0);
            EXPECT_GE(event.at("dur"), 0);
            slices[place].push_back({event.at("name"), begin, begin + event.at("dur").get<double>(), event.at("args")});
        } else if (phase == "C") {
            memory.push_back(event.at("args").at("bytes"));
        } else if (phase == "s" || phase == "f") {
            auto& flow = flows[event.at("id")];
            (phase == "s" ? flow.first : flow.second) = event;
            if (phase == "f") {
                EXPECT_EQ(event.at("bp"), "e");
            }
        } else {
            ADD_FAILURE() << "unknown phase " << phase;
        }
    }
    const Slice* at(const Place& place, double time) const {
        const auto track = slices.find(place);
        if (track == slices.end())
            return nullptr;
        constexpr double kRounding = 0.002;
        for (const Slice& slice : track->second)
            if (slice.begin <= time + kRounding && time <= slice.end + kRounding)
                return &slice;
        return nullptr;
    }
    std::string name(const std::string& what, const Place& place) const {
        const auto known = names.find({what, place});
        return known != names.end() ? known->second : "";
    }
    // Tracks of devices, by the name of the stream.
    std::map<std::string, std::vector<Slice>> devices() const {
        std::map<std::string, std::vector<Slice>> some;
        for (const auto& [place, track] : slices)
            if (place.first != static_cast<uint64_t>(getpid()))
                some[name("thread_name", place)] = track;
        return some;
    }

    Json document;
    std::map<std::pair<std::string, Place>, std::string> names;
    std::map<Place, std::vector<Slice>> slices;
    std::vector<uint64_t> memory;
    std::map<uint64_t, std::pair<Json, Json>> flows;
};

class TraceTest : public LayerTest {
protected:
    TraceTest() : LayerTest("trace") {}
    void TearDown() override {
        LayerTest::TearDown();
        std::filesystem::remove(file_);
    }
    // Ends the instance, so that the file is complete.
    Trace finish() {
        destroyAll();
        return Trace(written());
    }
    std::string written() {
        for (const std::string& line : lines.from("trace"))
            if (line.starts_with("wrote "))
                return file_ = line.substr(6);
        return file_;
    }
    std::string file_;

private:
    const Variable path_{"HALYARD_TRACE_FILE",
                         ::testing::TempDir() + "layer_trace_" + std::to_string(getpid()) + ".json"};
};

TEST_F(TraceTest, LaunchesAndCopiesHaveSlicesAndArrows) {
    HyStream second = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &second));
    HyDevicePtr data = 0;
    HyDevicePtr other = 0;
    ASSERT_OK(hyMemAlloc(device, kBytes, &data));
    ASSERT_OK(hyMemAlloc(device, kBytes, &other));
    std::vector<float> host(kCount, 1.0f);
    ASSERT_OK(hyMemcpyAsync(stream, data, hyHostAddress(host.data()), kBytes));
    for (int i = 0; i < 3; ++i)
        ASSERT_OK(launchIncrement(stream, data));
    const uint32_t zero = 0;
    ASSERT_OK(hyMemFillAsync(second, other, &zero, sizeof zero, kCount));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyStreamSynchronize(second, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyMemFree(device, other));
    ASSERT_OK(hyMemFree(device, data));
    ASSERT_OK(hyStreamDestroy(second));
    const Trace trace = finish();

    // The device: a track for each stream, with the work in order and without overlap.
    auto devices = trace.devices();
    ASSERT_EQ(devices.size(), 2u);
    const auto namesOf = [](const std::vector<Slice>& slices) {
        std::vector<std::string> all;
        for (const Slice& slice : slices)
            all.push_back(slice.name);
        return all;
    };
    const auto order = [](const Slice& a, const Slice& b) { return a.begin < b.begin; };
    for (auto& [name, slices] : devices) {
        std::sort(slices.begin(), slices.end(), order);
        for (size_t i = 1; i < slices.size(); ++i)
            EXPECT_LE(slices[i - 1].end, slices[i].begin + 0.002) << name;
    }
    EXPECT_EQ(namesOf(devices.at("stream 1")),
              (std::vector<std::string>{"copy", "increment", "increment", "increment"}));
    EXPECT_EQ(namesOf(devices.at("stream 2")), std::vector<std::string>{"fill"});
    EXPECT_EQ(devices.at("stream 1")[0].args.at("bytes"), kBytes);

    // The host: calls on one thread, one after another.
    const auto host_ = trace.slices.find({static_cast<uint64_t>(getpid()), static_cast<uint64_t>(getpid())});
    ASSERT_NE(host_, trace.slices.end());
    std::vector<Slice> calls = host_->second;
    std::sort(calls.begin(), calls.end(), order);
    for (size_t i = 1; i < calls.size(); ++i)
        EXPECT_LE(calls[i - 1].end, calls[i].begin + 0.002) << calls[i].name;
    const auto count = [&](const char* name) {
        return std::count_if(calls.begin(), calls.end(), [&](const Slice& slice) { return slice.name == name; });
    };
    EXPECT_EQ(count("hyLaunchKernel"), 3);
    EXPECT_EQ(count("hyMemFree"), 2);
    EXPECT_EQ(count("hyInstanceDestroy"), 1);

    // Arrows lead from each call to its work.
    ASSERT_EQ(trace.flows.size(), 5u);
    std::map<std::string, int> arrows;
    for (const auto& [id, flow] : trace.flows) {
        const Slice* from = trace.at({flow.first.at("pid"), flow.first.at("tid")}, flow.first.at("ts"));
        const Slice* to = trace.at({flow.second.at("pid"), flow.second.at("tid")}, flow.second.at("ts"));
        ASSERT_NE(from, nullptr);
        ASSERT_NE(to, nullptr);
        EXPECT_LE(flow.first.at("ts"), flow.second.at("ts"));
        ++arrows[from->name + " > " + to->name];
    }
    const std::map<std::string, int> expected = {
        {"hyMemcpyAsync > copy", 1}, {"hyLaunchKernel > increment", 3}, {"hyMemFillAsync > fill", 1}};
    EXPECT_EQ(arrows, expected);

    EXPECT_EQ(trace.memory, (std::vector<uint64_t>{kBytes, 2 * kBytes, kBytes, 0}));
    EXPECT_EQ(trace.document.at("otherData").at("droppedEvents"), 0);
    const bool named = std::any_of(trace.names.begin(), trace.names.end(), [](const auto& entry) {
        return entry.first.first == "process_name" && entry.second.starts_with("cpu:0 (");
    });
    EXPECT_TRUE(named);
}

TEST_F(TraceTest, ThreadsHaveTracksOfTheirOwn) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAlloc(device, kBytes, &data));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int call = 0; call < 100; ++call)
                EXPECT_EQ(launchIncrement(stream, data), HY_SUCCESS);
        });
    for (std::thread& thread : threads)
        thread.join();
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyMemFree(device, data));
    const Trace trace = finish();
    size_t tracks = 0;
    for (const auto& [place, slices] : trace.slices)
        tracks += place.first == static_cast<uint64_t>(getpid()) ? 1 : 0;
    EXPECT_EQ(tracks, 5u);
    EXPECT_EQ(trace.devices().at("stream 1").size(), 400u);
    EXPECT_EQ(trace.flows.size(), 400u);
}

class SmallTraceTest : public TraceTest {
private:
    const Variable limit_{"HALYARD_TRACE_EVENTS", "1"};
};

TEST_F(SmallTraceTest, WhatHasNoRoomIsCounted) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAlloc(device, kBytes, &data));
    for (int i = 0; i < 2000; ++i)
        ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyMemFree(device, data));
    const Trace trace = finish();
    EXPECT_GT(trace.document.at("otherData").at("droppedEvents"), 2000);
    const std::vector<std::string> all = lines.from("trace");
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const std::string& line) {
        return line.find("events are missing") != std::string::npos;
    }));
}

TEST(TraceFile, WrongSettingsAreRefused) {
    Lines lines;
    const HyInstanceDesc desc = describe("trace", lines);
    HyInstance instance = nullptr;
    {
        const Variable path("HALYARD_TRACE_FILE", "/nonexistent/folder/file.json");
        EXPECT_EQ(hyInstanceCreate(&desc, &instance), HY_ERROR_IO);
        EXPECT_NE(std::string(lastError().message).find("/nonexistent/folder/file"), std::string::npos);
    }
    for (const char* text : {"0", "many", "12x", "-1", "99999999999999999999"}) {
        const Variable limit("HALYARD_TRACE_EVENTS", text);
        EXPECT_EQ(hyInstanceCreate(&desc, &instance), HY_ERROR_INVALID_ARGUMENT) << text;
    }
    EXPECT_EQ(instance, nullptr);
}

} // namespace
} // namespace halyard::layers
