#include "jit/client/worker_compile.h"

#include "jit/client/message.h"

#include <algorithm>

namespace halyard::jit {
namespace {

constexpr std::chrono::seconds kDumpTime(10); // for each text of a dump
constexpr std::chrono::seconds kDeathTime(2); // from the end of a worker's socket to its status

// What came of one request to one worker.
struct Exchange {
    Io io = Io::Done;    // Done: `reply` is complete
    bool heard = false;  // the worker answered something, so it had the request
    std::string stage;   // the last announced
    std::string problem; // of a malformed message
    Message reply;
    std::unique_ptr<MemoryBlob> blob;
};

Exchange exchange(WorkerProcess& worker, uint64_t id, std::string_view json, std::span<const std::byte> blob,
                  Clock::time_point deadline) {
    Exchange out;
    out.io = worker.send(json, blob, deadline);
    std::string text;
    while (out.io == Io::Done) {
        out.io = worker.receive(text, out.blob, deadline);
        if (out.io != Io::Done)
            break;
        out.heard = true;
        std::optional<Message> message = parseMessage(text, id, out.problem);
        if (!message) {
            out.io = Io::Malformed;
        } else if (message->progress) {
            out.stage = std::move(message->stage);
        } else {
            out.reply = std::move(*message);
            break;
        }
    }
    return out;
}

bool mentions(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return text.find(part) != text.npos; });
}

bool ranOutOfMemory(std::string_view errors) {
    return mentions(errors, {"out of memory", "Out of memory", "bad_alloc", "Cannot allocate memory"});
}

std::string lastLines(std::string_view text) {
    constexpr size_t kBytes = 600;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    if (text.size() > kBytes)
        text.remove_prefix(text.size() - kBytes);
    return text.empty() ? std::string() : fmt::format("; it wrote: {}", text);
}

Outcome startFailure(const std::string& problem) {
    return Outcome::failure(HY_ERROR_COMPILER_LOST, fmt::format("the compiler worker did not start: {}", problem),
                            "install halyard-jit beside libhalyard.so, name it in HALYARD_JIT_PATH, or use "
                            "HALYARD_JIT=inprocess where programs may not be started");
}

class Attempt {
public:
    Attempt(WorkerPool& pool, const CompileRequest& request) : pool_(pool), request_(request), lease_(pool) {}

    Outcome run() {
        Outcome outcome;
        const bool reused = lease_.worker() != nullptr;
        // A worker that ended while it was idle says nothing about this request: another takes it, once.
        if (!tryOnce(outcome) && reused)
            tryOnce(outcome);
        if (outcome.code == HY_ERROR_COMPILER_LOST)
            pool_.log().warning("jit", "{}", outcome.message);
        if (outcome.dump)
            pool_.dumps().save(
                request_, [this](const char* emit) { return emitText(emit); }, outcome);
        return outcome;
    }

private:
    // Greets a new worker; an outcome that is a failure means that there is none.
    Outcome ensureWorker(Clock::time_point deadline) {
        if (lease_.worker() != nullptr)
            return {};
        std::string problem;
        WorkerProcess* worker = lease_.start(problem);
        if (worker == nullptr)
            return startFailure(problem);
        const uint64_t id = worker->nextId();
        Exchange hello = exchange(*worker, id, helloJson(id), {}, deadline);
        if (hello.io == Io::Done)
            problem = checkHello(hello.reply);
        if (hello.io == Io::Done && problem.empty())
            return {};
        if (hello.io == Io::Done) {
            Outcome out = Outcome::failure(HY_ERROR_COMPILER_LOST,
                                           fmt::format("the compiler {} {}", worker->program().native(), problem),
                                           "install halyard-jit and libhalyard.so from the same build");
            lease_.lose();
            return out;
        }
        return startLoss(*worker, hello);
    }

    Outcome startLoss(WorkerProcess& worker, const Exchange& hello) {
        const std::string how = endOf(worker, hello);
        const std::string errors = worker.errors();
        Outcome out = startFailure(fmt::format("{} {}{}", worker.program().native(), how, lastLines(errors)));
        if (mentions(errors, {"error while loading shared libraries", "symbol lookup error", "version `"}))
            out.hint =
                "install the libraries that halyard-jit needs (LLVM 22), or run from a warm cache with HALYARD_JIT=off";
        lease_.lose();
        return out;
    }

    // False when the worker ended before it had the request.
    bool tryOnce(Outcome& outcome) {
        const Clock::time_point deadline = Clock::now() + pool_.settings().timeout;
        outcome = ensureWorker(deadline);
        if (outcome.code != HY_SUCCESS)
            return true;
        WorkerProcess& worker = *lease_.worker();
        worker.forgetErrors();
        const uint64_t id = worker.nextId();
        const std::optional<std::string> json = toJson(request_, id, "artifact");
        if (!json) {
            outcome =
                Outcome::failure(HY_ERROR_INVALID_ARGUMENT,
                                 fmt::format("a string of the request for {} is not UTF-8", request_.describe()), "");
            return true;
        }
        Exchange result = exchange(worker, id, *json, request_.spirv, deadline);
        outcome = result.io == Io::Done ? answered(worker, result) : lost(worker, result);
        return result.io != Io::Closed || result.heard;
    }

    Outcome answered(WorkerProcess& worker, Exchange& result) {
        Outcome out;
        out.stage = result.reply.stage.empty() ? result.stage : result.reply.stage;
        out.diagnostics = worker.errors();
        if (!out.diagnostics.empty())
            pool_.log().debug("jit", "worker {}: {}", worker.pid(), out.diagnostics);
        if (result.reply.status == HY_SUCCESS && result.blob != nullptr) {
            out.artifact = std::move(result.blob);
            return out;
        }
        if (result.reply.status == HY_SUCCESS) {
            result.problem = "success without an artifact";
            result.io = Io::Malformed;
            return lost(worker, result);
        }
        if (result.reply.status == HY_ERROR_OUT_OF_HOST_MEMORY) {
            lease_.lose(); // its heap is what is left of it
            return memoryExceeded(std::move(out));
        }
        out.code = result.reply.status;
        out.message = fmt::format("{}: {}", request_.describe(), result.reply.message);
        if (!out.stage.empty())
            out.message += fmt::format(" (stage {})", out.stage);
        out.hint = std::move(result.reply.hint);
        out.dump = out.code == HY_ERROR_COMPILE_FAILED || out.code == HY_ERROR_INTERNAL;
        return out;
    }

    Outcome memoryExceeded(Outcome out) {
        out.code = HY_ERROR_COMPILER_LOST;
        out.message = fmt::format("the compiler exceeded its memory limit of {} MB{} on {}",
                                  pool_.settings().memoryMegabytes, inStage(out.stage), request_.describe());
        out.hint = "raise HALYARD_JIT_MEMORY_MB when the kernel is meant to be that large";
        out.dump = true;
        return out;
    }

    Outcome lost(WorkerProcess& worker, const Exchange& result) {
        Outcome out;
        out.stage = result.stage;
        const std::string how = endOf(worker, result);
        out.diagnostics = worker.errors();
        lease_.lose();
        if (result.io == Io::Closed && ranOutOfMemory(out.diagnostics))
            return memoryExceeded(std::move(out));
        out.code = HY_ERROR_COMPILER_LOST;
        out.message = fmt::format("the compiler worker {}{} on {}{}", how, inStage(out.stage), request_.describe(),
                                  lastLines(out.diagnostics));
        if (result.io == Io::TimedOut)
            out.hint = "raise HALYARD_JIT_TIMEOUT_MS when the kernel is meant to take that long";
        out.dump = true;
        return out;
    }

    // What became of the worker, as a verb; it is ended when it has not ended itself.
    std::string endOf(WorkerProcess& worker, const Exchange& result) {
        switch (result.io) {
        case Io::TimedOut:
            worker.kill();
            return fmt::format("did not answer within {} ms and was stopped", pool_.settings().timeout.count());
        case Io::Malformed:
            return fmt::format("sent {} and was stopped",
                               result.problem.empty() ? "something that is not a frame" : result.problem);
        case Io::NoMemory:
            return "sent more than this process has memory for and was stopped";
        default:
            break;
        }
        if (!worker.waitForEnd(Clock::now() + kDeathTime))
            return "closed its channel and was stopped";
        return worker.ending().describe();
    }

    // A worker that answered a failure may be about to end, so that a new one takes its place, once.
    std::optional<std::string> emitText(const char* emit) {
        const Clock::time_point deadline =
            Clock::now() + std::min<Clock::duration>(kDumpTime, pool_.settings().timeout);
        for (int tries = 0; tries < 2; ++tries) {
            if (lease_.worker() != nullptr && !lease_.worker()->isIdle())
                lease_.lose();
            if (ensureWorker(deadline).code != HY_SUCCESS)
                return std::nullopt;
            WorkerProcess& worker = *lease_.worker();
            const uint64_t id = worker.nextId();
            const std::optional<std::string> json = toJson(request_, id, emit);
            if (!json)
                return std::nullopt;
            const Exchange result = exchange(worker, id, *json, request_.spirv, deadline);
            if (result.io != Io::Done)
                lease_.lose();
            if (result.io == Io::Closed && !result.heard)
                continue;
            if (result.io != Io::Done || result.reply.status != HY_SUCCESS || result.blob == nullptr)
                return std::nullopt;
            const std::span<const std::byte> bytes = result.blob->bytes();
            return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
        return std::nullopt;
    }

    static std::string inStage(const std::string& stage) {
        return stage.empty() ? std::string() : fmt::format(" in stage {}", stage);
    }

    WorkerPool& pool_;
    const CompileRequest& request_;
    WorkerPool::Lease lease_;
};

} // namespace

Outcome compileInWorker(WorkerPool& pool, const CompileRequest& request) {
    return Attempt(pool, request).run();
}

} // namespace halyard::jit
