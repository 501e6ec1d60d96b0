#pragma once

#include <cstdint>
#include <memory>

#include "cpu/twin.h"

namespace halyard::bench::cpu {

// The twin's buffers in the host's memory, each aligned to 2 MiB and in huge pages where the system gives them: code is
// compared, not pages.
class HostMemory {
public:
    explicit HostMemory(const Twin& twin);
    void reset(const Twin& twin);
    uint32_t* buffer(size_t index) const { return buffers_[index].get(); }
    Memory memory() const;

private:
    struct Free {
        void operator()(uint32_t* memory) const;
    };
    std::vector<std::unique_ptr<uint32_t, Free>> buffers_;
};

} // namespace halyard::bench::cpu
