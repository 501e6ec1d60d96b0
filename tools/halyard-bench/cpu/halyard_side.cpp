#include "cpu/side.h"

namespace halyard::bench::cpu {
namespace {

class HalyardSide final : public Side {
public:
    HalyardSide(const Device& device, const Stream& stream, const Twin& twin)
        : twin_(twin), stream_(stream),
          kernel_(halyard::Module(device, twin.code.spirv, twin.code.spirvBytes), twin.name) {
        for (const Words& words : twin.buffers) {
            buffers_.push_back(std::make_unique<Buffer<uint32_t>>(device, words.size()));
        }
        for (const Argument& argument : twin.arguments) {
            const auto* slot = std::get_if<Slot>(&argument);
            pointers_.push_back(slot != nullptr ? static_cast<const void*>(&buffers_[slot->index]->address())
                                : std::holds_alternative<float>(argument)
                                    ? static_cast<const void*>(&std::get<float>(argument))
                                    : static_cast<const void*>(&std::get<uint32_t>(argument)));
        }
        reset();
    }
    void reset() override {
        for (size_t i = 0; i < buffers_.size(); ++i) {
            buffers_[i]->upload(stream_, twin_.buffers[i]);
        }
        stream_.synchronize();
    }
    void run() override {
        check(hyLaunchKernel(stream_.get(), kernel_.get(), twin_.groups, twin_.groupSize, 0, pointers_.data(),
                             static_cast<uint32_t>(pointers_.size())));
        stream_.synchronize();
    }
    Words output() override {
        Words words(twin_.buffers[twin_.output].size());
        buffers_[twin_.output]->download(stream_, words);
        stream_.synchronize();
        return words;
    }

private:
    const Twin& twin_;
    const Stream& stream_;
    Kernel kernel_;
    std::vector<std::unique_ptr<Buffer<uint32_t>>> buffers_;
    std::vector<const void*> pointers_;
};

} // namespace

std::unique_ptr<Side> makeHalyardSide(const Device& device, const Stream& stream, const Twin& twin) {
    return std::make_unique<HalyardSide>(device, stream, twin);
}

} // namespace halyard::bench::cpu
