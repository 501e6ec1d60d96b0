// Memory without an address: a file without a name (memfd), which can be mapped several times and in several processes.
#pragma once

#include "cache/file_descriptor.h"
#include "status.h"

#include <cstdint>
#include <memory>
#include <utility>

namespace halyard::cpu {

class Arena;

// Its size can never change, so that no other process makes a mapping of it fault. Host and arena must outlive it.
class Physical {
public:
    // Zeroed; `bytes`, whole pages, count as used in the arena as long as it lives.
    static HyResult create(const Host& host, Arena& arena, uint64_t bytes, std::unique_ptr<Physical>& out);
    // The memory behind a descriptor from anywhere, which stays the caller's.
    static HyResult import(const Host& host, int64_t descriptor, uint64_t bytes, std::unique_ptr<Physical>& out);
    // Takes a descriptor that was opened for it. `argument` names where it came from.
    static HyResult adopt(const Host& host, FileDescriptor file, uint64_t bytes, const char* argument,
                          std::unique_ptr<Physical>& out);
    ~Physical();
    Physical(const Physical&) = delete;
    Physical& operator=(const Physical&) = delete;

    const Host& host() const { return host_; }
    int descriptor() const { return file_.get(); }
    uint64_t bytes() const { return bytes_; }
    // Bytes that have pages, in whatever process they were touched.
    uint64_t resident() const;

    // Puts `bytes` from `offset` on at an address of the reserved range, with this protection (PROT_...).
    HyResult mapAt(uint64_t address, uint64_t bytes, uint64_t offset, int protection) const;

private:
    Physical(const Host& host, FileDescriptor file, uint64_t bytes, Arena* arena)
        : host_(host), file_(std::move(file)), bytes_(bytes), arena_(arena) {}

    const Host& host_;
    const FileDescriptor file_;
    const uint64_t bytes_;
    Arena* const arena_; // null: another process, or another handle, accounts for it
};

} // namespace halyard::cpu
