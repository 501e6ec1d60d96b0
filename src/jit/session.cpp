#include "jit/session.h"

#include <atomic>
#include <mutex>
#include <new>

#include <unistd.h>

#include <llvm/Support/ErrorHandling.h>

namespace halyard::jit {

using nlohmann::json;

Session::Session(json id, HyJitSink sink, void* user)
    : id_(std::move(id)), sink_(sink), user_(user), stages_([this](const std::string& stage) {
          stage_ = stage;
          send({{"id", id_}, {"progress", stage}});
      }) {}

void Session::succeed(json fields, const std::string& blob) {
    stages_.finish();
    fields["id"] = id_;
    fields["status"] = HY_SUCCESS;
    json timings = json::object();
    for (const auto& [stage, milliseconds] : stages_.timings()) {
        timings[stage] = milliseconds;
    }
    fields["timings"] = std::move(timings);
    send(fields, blob);
}

void Session::fail(const spv::Error& error) {
    send({{"id", id_}, {"status", error.code}, {"stage", stage_}, {"message", error.message}, {"hint", error.hint}});
}

void Session::send(const json& message, const std::string& blob) {
    // Messages quote names out of modules, which need not be UTF-8.
    const std::string text = message.dump(-1, ' ', false, json::error_handler_t::replace);
    const HyJitMessage raw{text.data(), text.size(),
                           blob.empty() ? nullptr : reinterpret_cast<const uint8_t*>(blob.data()), blob.size()};
    sink_(user_, &raw);
}

namespace {

std::atomic<Session*> fatalSession{nullptr};
std::atomic<char*> reserve{nullptr}; // given back to the allocator when it fails, so that the reply can be built
constexpr size_t kReserveBytes = 4u << 20;

[[noreturn]] void die(HyResult code, const std::string& message) {
    if (Session* session = fatalSession.exchange(nullptr)) {
        session->fail({code, message, ""});
    }
    _exit(kFatalExit);
}

void onFatalError(void*, const char* reason, bool) {
    die(HY_ERROR_COMPILE_FAILED, std::string("LLVM gave up: ") + reason);
}

void onNoMemory() {
    char* block = reserve.exchange(nullptr);
    if (block == nullptr) {
        _exit(kFatalExit);
    }
    delete[] block;
    die(HY_ERROR_OUT_OF_HOST_MEMORY, "the compiler ran out of memory");
}

} // namespace

void setFatalSession(Session* session) {
    fatalSession = session;
}

void installFatalHandlers() {
    static std::once_flag once;
    std::call_once(once, [] {
        reserve = new char[kReserveBytes];
        std::set_new_handler(onNoMemory);
        llvm::install_fatal_error_handler(onFatalError);
        llvm::install_bad_alloc_error_handler([](void*, const char*, bool) { onNoMemory(); });
    });
}

} // namespace halyard::jit
