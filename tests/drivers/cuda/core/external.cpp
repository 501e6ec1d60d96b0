#include "external.h"

#include "driver.h"
#include "stream.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard::softcuda {

ExternalMemory::~ExternalMemory() {
    if (file >= 0)
        close(file);
}

Status importMemory(std::shared_ptr<Context> context, int file, uint64_t bytes, uint64_t* handle) {
    struct stat info {};
    if (file < 0 || bytes == 0 || fstat(file, &info) != 0 || static_cast<uint64_t>(info.st_size) < bytes)
        return Status::InvalidValue;
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        return Status::InvalidValue;
    munmap(page, 4096);
    auto memory = std::make_shared<ExternalMemory>();
    memory->context = std::move(context);
    memory->file = file;
    memory->bytes = bytes;
    *handle = driver().externalMemories.add(std::move(memory));
    return Status::Success;
}

Status importSemaphore(std::shared_ptr<Context> context, int file, bool timeline, uint64_t* handle) {
    struct stat info {};
    if (file < 0 || fstat(file, &info) != 0 || static_cast<uint64_t>(info.st_size) < sizeof(uint64_t))
        return Status::InvalidValue;
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        return Status::InvalidValue;
    close(file);
    auto semaphore = std::make_shared<ExternalSemaphore>();
    semaphore->context = std::move(context);
    semaphore->timeline = timeline;
    semaphore->value = {static_cast<std::atomic<uint64_t>*>(page),
                        [](std::atomic<uint64_t>* value) { munmap(value, 4096); }};
    *handle = driver().externalSemaphores.add(std::move(semaphore));
    return Status::Success;
}

void signalExternal(const std::shared_ptr<Stream>& stream, std::shared_ptr<ExternalSemaphore> semaphore,
                    uint64_t value) {
    stream->submit([semaphore = std::move(semaphore), value] {
        semaphore->value->store(semaphore->timeline ? value : 1);
        return Status::Success;
    });
}

void waitExternal(const std::shared_ptr<Stream>& stream, std::shared_ptr<ExternalSemaphore> semaphore, uint64_t value) {
    stream->submit([semaphore = std::move(semaphore), value, context = stream->context] {
        poll(*context, [&] {
            uint64_t one = 1;
            return semaphore->timeline ? semaphore->value->load() >= value
                                       : semaphore->value->compare_exchange_strong(one, 0);
        });
        return Status::Success;
    });
}

namespace {

// Where the stream finds the value, or null.
std::byte* locate(uint64_t address, uint32_t bytes) {
    return address % bytes == 0 ? driver().space.span(address, bytes) : nullptr;
}

template <class Word> bool holds(Word now, Word value, Comparison comparison) {
    switch (comparison) {
    case Comparison::GreaterOrEqual: // in the cyclic sense
        return static_cast<std::make_signed_t<Word>>(now - value) >= 0;
    case Comparison::Equal:
        return now == value;
    case Comparison::And:
        return (now & value) != 0;
    case Comparison::Nor:
        return static_cast<Word>(~(now | value)) != 0;
    }
    return false;
}

template <class Word> void submitWait(Stream& stream, std::byte* where, uint64_t value, Comparison comparison) {
    stream.submit([=, context = stream.context] {
        std::atomic_ref<Word> word(*reinterpret_cast<Word*>(where));
        poll(*context, [&] { return holds(word.load(), static_cast<Word>(value), comparison); });
        return Status::Success;
    });
}

} // namespace

Status writeValue(const std::shared_ptr<Stream>& stream, uint64_t address, uint64_t value, uint32_t bytes) {
    std::byte* where = locate(address, bytes);
    if (!where)
        return Status::InvalidValue;
    stream->submit([=] {
        if (bytes == 4)
            std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(where)).store(static_cast<uint32_t>(value));
        else
            std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(where)).store(value);
        return Status::Success;
    });
    return Status::Success;
}

Status waitValue(const std::shared_ptr<Stream>& stream, uint64_t address, uint64_t value, uint32_t bytes,
                 Comparison comparison) {
    std::byte* where = locate(address, bytes);
    if (!where)
        return Status::InvalidValue;
    if (bytes == 4)
        submitWait<uint32_t>(*stream, where, value, comparison);
    else
        submitWait<uint64_t>(*stream, where, value, comparison);
    return Status::Success;
}

} // namespace halyard::softcuda
