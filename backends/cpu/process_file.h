// Files without a name that another process finds by a handle of plain bytes: among the files that the owner has open.
#pragma once

#include "cache/file_descriptor.h"
#include "status.h"

#include "halyard/backend.h"

namespace halyard::cpu {

// The handle of a file that this process has open; good until it closes the file.
HyResult nameFile(const Host& host, int descriptor, HyBackendIpcHandle& outHandle);
// Opens it, for reading and writing. The handle may come from anywhere: only the file that it was made for is opened.
// `what` names the object in messages: "the memory".
HyResult openNamed(const Host& host, const HyBackendIpcHandle& handle, const char* what, FileDescriptor& outFile);
// A descriptor of the caller's for this process to keep, as a new one. HY_ERROR_INVALID_ARGUMENT when it is none.
HyResult duplicateGiven(const Host& host, int64_t descriptor, FileDescriptor& outFile);

} // namespace halyard::cpu
