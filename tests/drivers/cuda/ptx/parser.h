// PTX text -> Module.
#pragma once

#include "lexer.h"
#include "module.h"
#include "program.h"

#include <stdexcept>
#include <string_view>

namespace halyard::softcuda::ptx {

class UnsupportedVersionError : public PtxError {
    using PtxError::PtxError;
};
class NoBinaryError : public PtxError {
    using PtxError::PtxError;
};

// Throws PtxError, or one of the two above for a .version or .target that `options` do not allow.
Module parseModule(std::string_view text, const LoadOptions& options);

} // namespace halyard::softcuda::ptx
