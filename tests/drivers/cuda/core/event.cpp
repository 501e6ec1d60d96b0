#include "event.h"

#include "stream.h"

#include <sys/mman.h>
#include <unistd.h>

namespace halyard::softcuda {

void Record::complete() {
    std::lock_guard lock(mutex_);
    if (done_)
        return;
    time_ = std::chrono::steady_clock::now();
    done_ = true;
    changed_.notify_all();
}

void Record::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_.load(); });
}

void Record::waitIn(const Context& context) {
    std::unique_lock lock(mutex_);
    while (!done_ && !context.stopping() && context.status() == Status::Success)
        changed_.wait_for(lock, std::chrono::milliseconds(5));
}

Event::~Event() {
    if (sharedFile >= 0)
        close(sharedFile);
}

std::shared_ptr<Record> Event::latest() {
    std::lock_guard lock(mutex_);
    return record_;
}

namespace {

// Completes its record when it goes, so that a stream that passes its commands over leaves nobody waiting.
struct Completion {
    std::shared_ptr<Record> record;
    std::shared_ptr<SharedEvent> shared;
    uint64_t number = 0;

    void complete() {
        record->complete();
        if (!shared)
            return;
        uint64_t now = shared->completed.load();
        while (now < number && !shared->completed.compare_exchange_weak(now, number))
            continue;
    }
    ~Completion() { complete(); }
};

} // namespace

void Event::record(Stream& stream) {
    auto completion = std::make_shared<Completion>();
    completion->record = std::make_shared<Record>();
    completion->shared = shared_;
    // Under the lock: two threads that record must leave the event with the later number.
    std::lock_guard lock(mutex_);
    if (shared_)
        completion->number = shared_->recorded.fetch_add(1) + 1;
    record_ = completion->record;
    stream.submit([completion = std::move(completion)] {
        completion->complete();
        return Status::Success;
    });
}

void Event::waitIn(Stream& stream) {
    if (shared_) {
        uint64_t number = shared_->recorded.load();
        if (shared_->completed.load() < number)
            stream.submit([shared = shared_, number, context = stream.context] {
                poll(*context, [&] { return shared->completed.load() >= number; });
                return Status::Success;
            });
        return;
    }
    std::shared_ptr<Record> record = latest();
    if (record && !record->done())
        stream.submit([record, context = stream.context] {
            record->waitIn(*context);
            return Status::Success;
        });
}

Status Event::query() {
    if (shared_)
        return shared_->completed.load() >= shared_->recorded.load() ? Status::Success : Status::NotReady;
    std::shared_ptr<Record> record = latest();
    return !record || record->done() ? Status::Success : Status::NotReady;
}

void Event::synchronize() {
    if (shared_) {
        uint64_t number = shared_->recorded.load();
        poll(*context, [&] { return shared_->completed.load() >= number; });
    } else if (std::shared_ptr<Record> record = latest()) {
        record->wait();
    }
}

bool Event::share() {
    int file = memfd_create("halyard-softcuda-event", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 4096) != 0 || !open(file)) {
        if (file >= 0)
            close(file);
        return false;
    }
    sharedFile = file;
    return true;
}

bool Event::open(int file) {
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        return false;
    shared_ = std::shared_ptr<SharedEvent>(static_cast<SharedEvent*>(page),
                                           [](SharedEvent* shared) { munmap(shared, 4096); });
    return true;
}

} // namespace halyard::softcuda
