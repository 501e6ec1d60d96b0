// Memory and semaphores that other programming interfaces made, as descriptors of files that can be mapped.
#pragma once

#include "status.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace halyard::softcuda {

class Context;
class Stream;

struct ExternalMemory {
    std::shared_ptr<Context> context;
    int file = -1;
    uint64_t bytes = 0;

    ~ExternalMemory();
};

struct ExternalSemaphore {
    std::shared_ptr<Context> context;
    std::shared_ptr<std::atomic<uint64_t>> value; // the first word of the file
    bool timeline = false;
};

// Both take the descriptor over when they succeed.
Status importMemory(std::shared_ptr<Context> context, int file, uint64_t bytes, uint64_t* handle);
Status importSemaphore(std::shared_ptr<Context> context, int file, bool timeline, uint64_t* handle);

void signalExternal(const std::shared_ptr<Stream>& stream, std::shared_ptr<ExternalSemaphore> semaphore,
                    uint64_t value);
void waitExternal(const std::shared_ptr<Stream>& stream, std::shared_ptr<ExternalSemaphore> semaphore, uint64_t value);

// cuStreamWriteValue and cuStreamWaitValue: 4 or 8 bytes.
enum class Comparison { GreaterOrEqual = 0, Equal = 1, And = 2, Nor = 3 };
Status writeValue(const std::shared_ptr<Stream>& stream, uint64_t address, uint64_t value, uint32_t bytes);
Status waitValue(const std::shared_ptr<Stream>& stream, uint64_t address, uint64_t value, uint32_t bytes,
                 Comparison comparison);

} // namespace halyard::softcuda
