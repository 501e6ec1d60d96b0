// What the words of PTX stand for.
#pragma once

#include "module.h"

#include <optional>
#include <string_view>

namespace halyard::softcuda::ptx {

// "u32" -> {Unsigned, 32}; nothing for a word that is no type of a register or an access.
std::optional<Type> parseType(std::string_view word);
// "global", "shared::cta", "param::entry" ...
std::optional<Space> parseSpace(std::string_view word);
// "%tid" and so on, without what follows a dot.
bool isSpecialRegister(std::string_view name);

} // namespace halyard::softcuda::ptx
