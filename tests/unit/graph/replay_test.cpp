// Graphs on a backend that knows nothing of them: what the runtime does by itself, above all with failures.
#include "halyard/halyard.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using halyard::Buffer;
using halyard::Error;
using halyard::Event;
using halyard::Graph;
using halyard::GraphExec;
using halyard::Stream;

constexpr uint32_t kCrash = 0xdead;
constexpr uint32_t kCount = 64;

class Replay : public testing::Test {
protected:
    template <typename Work> HyResult codeOf(Work work) {
        try {
            work();
        } catch (const Error& error) {
            message = error.message;
            return error.code;
        }
        return HY_SUCCESS;
    }
    // Three branches without an order; the crash, if any, is in the last.
    GraphExec branches(uint32_t last) {
        Graph graph(device);
        nodes = {graph.addFill({}, "first", buffers[0], 1u), graph.addFill({}, "second", buffers[1], 2u),
                 graph.addFill({}, "third", buffers[2], last)};
        graph.addCopy(nodes, "join", buffers[3].address(), buffers[2].address(), buffers[2].bytes());
        return GraphExec(graph);
    }
    uint32_t value(size_t buffer) {
        std::vector<uint32_t> values(kCount);
        const Stream reader(device);
        buffers[buffer].download(reader, values);
        reader.synchronize();
        return values[kCount - 1];
    }

    halyard::Instance instance;
    halyard::Device device = instance.device(0u);
    std::vector<Buffer<uint32_t>> buffers = [this] {
        std::vector<Buffer<uint32_t>> made;
        for (int i = 0; i < 4; ++i)
            made.emplace_back(device, kCount);
        return made;
    }();
    Stream stream{device};
    std::vector<HyGraphNode> nodes;
    std::string message;
};

TEST_F(Replay, NeedsNoMoreThanStreamsAndEvents) {
    ASSERT_STREQ(device.properties().backend, "plain");
    const GraphExec exec = branches(3);
    exec.launch(stream);
    stream.synchronize();
    EXPECT_EQ(value(0), 1u);
    EXPECT_EQ(value(1), 2u);
    EXPECT_EQ(value(3), 3u);
}

TEST_F(Replay, AFailureOnAnInternalStreamIsOneOfTheStream) {
    const GraphExec exec = branches(kCrash);
    const Stream other(device);
    codeOf([&] { exec.launch(stream); }); // may see the failure already
    EXPECT_EQ(codeOf([&] { stream.synchronize(); }), HY_ERROR_LAUNCH_FAILED);
    EXPECT_NE(message.find("crashed"), std::string::npos) << message;
    EXPECT_EQ(codeOf([&] { stream.query(); }), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(codeOf([&] { buffers[0].fill(stream, 5u); }), HY_ERROR_LAUNCH_FAILED) << "the error is sticky";
    Event event(device);
    EXPECT_EQ(codeOf([&] { event.record(stream); }), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(codeOf([&] { exec.launch(stream); }), HY_ERROR_LAUNCH_FAILED);
    // Who had nothing to do with it has no error.
    buffers[0].fill(other, 6u);
    other.synchronize();
    EXPECT_EQ(value(0), 6u);
}

TEST_F(Replay, AFailureIsOfTheStreamThatLaunched) {
    GraphExec exec = branches(3);
    exec.launch(stream);
    Event event(device);
    event.record(stream);
    event.synchronize();
    EXPECT_TRUE(event.query());
    const Stream other(device);
    exec.updateFill(nodes[2], buffers[2], kCrash);
    codeOf([&] { exec.launch(other); });
    EXPECT_EQ(codeOf([&] { other.synchronize(); }), HY_ERROR_LAUNCH_FAILED);
    event.synchronize();
    stream.synchronize();
    exec.updateFill(nodes[2], buffers[2], 4u);
    exec.launch(stream);
    stream.synchronize();
    EXPECT_EQ(value(3), 4u);
}

TEST_F(Replay, TakesTurnsOnManyStreams) {
    GraphExec exec = branches(3);
    std::vector<Stream> streams;
    for (int i = 0; i < 7; ++i)
        streams.emplace_back(device);
    for (uint32_t round = 0; round < 50; ++round) {
        exec.updateFill(nodes[2], buffers[2], round);
        exec.launch(streams[round % streams.size()]);
        streams[round % streams.size()].synchronize();
        ASSERT_EQ(value(3), round);
    }
}

TEST_F(Replay, AnExecutableWorksAgainAfterAFailure) {
    GraphExec exec = branches(kCrash);
    codeOf([&] { exec.launch(stream); });
    EXPECT_EQ(codeOf([&] { stream.synchronize(); }), HY_ERROR_LAUNCH_FAILED);
    exec.updateFill(nodes[2], buffers[2], 9u);
    const Stream fresh(device);
    exec.launch(fresh);
    fresh.synchronize();
    EXPECT_EQ(value(3), 9u);
    EXPECT_EQ(codeOf([&] { stream.synchronize(); }), HY_ERROR_LAUNCH_FAILED) << "the first stream keeps its error";
}

TEST_F(Replay, AFaultMidwayNamesTheNode) {
    Graph graph(device);
    HyFill3D box = {};
    box.structSize = sizeof box;
    box.dst = buffers[0].address();
    box.rowPitch = 64;
    box.width = 4;
    box.height = 2;
    box.depth = 1;
    const uint32_t pattern = 1;
    box.pattern = &pattern;
    box.patternBytes = 4;
    HyGraphNode node = 0;
    ASSERT_EQ(hyGraphAddFill3DNode(graph.get(), nullptr, 0, "a box", &box, &node), HY_SUCCESS);
    const GraphExec exec(graph);
    EXPECT_EQ(codeOf([&] { exec.launch(stream); }), HY_ERROR_UNSUPPORTED); // the backend has no fill3D
    EXPECT_NE(message.find("'a box'"), std::string::npos) << message;
}

} // namespace
