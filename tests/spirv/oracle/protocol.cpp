#include "oracle/protocol.h"

#include <cstring>
#include <iostream>
#include <iterator>

namespace halyard::spirvtest::oracle {
namespace {

class Writer {
public:
    template <typename T> void number(T value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
    void block(const void* data, size_t size) {
        number<uint64_t>(size);
        bytes_.append(static_cast<const char*>(data), size);
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

class Reader {
public:
    explicit Reader(const std::string& bytes) : bytes_(bytes) {}
    template <typename T> T number() {
        T value{};
        if (take(sizeof value))
            std::memcpy(&value, bytes_.data() + at_ - sizeof value, sizeof value);
        return value;
    }
    template <typename Container> void block(Container& out) {
        const auto size = number<uint64_t>();
        if (!take(size))
            return;
        out.resize(size / sizeof(typename Container::value_type));
        std::memcpy(out.data(), bytes_.data() + at_ - size, size);
    }
    bool good() const { return good_; }

private:
    bool take(uint64_t size) {
        good_ = good_ && size <= bytes_.size() - at_;
        at_ += good_ ? size : 0;
        return good_;
    }
    const std::string& bytes_;
    size_t at_ = 0;
    bool good_ = true;
};

} // namespace

std::string formatRequest(const Words& words, const Launch& launch) {
    Writer writer;
    writer.block(words.data(), words.size() * 4);
    writer.block(launch.kernel.data(), launch.kernel.size());
    writer.number(launch.workgroups);
    writer.number(launch.workgroupSize);
    writer.number<uint64_t>(launch.arguments.size());
    for (const Argument& argument : launch.arguments) {
        writer.number(argument.kind);
        writer.number(argument.localBytes);
        writer.block(argument.bytes.data(), argument.bytes.size());
    }
    return writer.take();
}

bool parseRequest(const std::string& bytes, Words* words, Launch* launch) {
    Reader reader(bytes);
    reader.block(*words);
    reader.block(launch->kernel);
    launch->workgroups = reader.number<HyDim3>();
    launch->workgroupSize = reader.number<HyDim3>();
    const auto count = reader.number<uint64_t>();
    for (uint64_t i = 0; i < count && reader.good(); ++i) {
        Argument argument;
        argument.kind = reader.number<Argument::Kind>();
        argument.localBytes = reader.number<uint64_t>();
        reader.block(argument.bytes);
        launch->arguments.push_back(std::move(argument));
    }
    return reader.good();
}

std::string formatAnswer(const Outcome& outcome, const Launch& launch) {
    Writer writer;
    writer.number(outcome.code);
    writer.block(outcome.call.data(), outcome.call.size());
    writer.block(outcome.message.data(), outcome.message.size());
    for (const Argument& argument : launch.arguments)
        writer.block(argument.bytes.data(), argument.bytes.size());
    return writer.take();
}

bool parseAnswer(const std::string& bytes, Outcome* outcome, Launch* launch) {
    Reader reader(bytes);
    outcome->code = reader.number<HyResult>();
    reader.block(outcome->call);
    reader.block(outcome->message);
    for (Argument& argument : launch->arguments)
        reader.block(argument.bytes);
    return reader.good();
}

int serve(Run run) {
    const std::string bytes{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    Words words;
    Launch launch;
    if (!parseRequest(bytes, &words, &launch))
        return 1;
    const Outcome outcome = run(words, launch);
    std::cout << formatAnswer(outcome, launch) << std::flush;
    return std::cout ? 0 : 1;
}

} // namespace halyard::spirvtest::oracle
