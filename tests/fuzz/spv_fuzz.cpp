// libFuzzer entry for src/spv: any bytes through validation, parsing, reflection, specialisation and hashing.
#include "exercise.h"
#include "fuzz_words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    halyard::spv::test::exercise({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
