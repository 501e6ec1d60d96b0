// SHA-256 (FIPS 180-4) of bytes that arrive in pieces. Never fails and reads no configuration.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace halyard {

// The plain SHA-256 functions, not EVP: the first EVP call of a process reads openssl.cnf and fetches providers (1.4
// to 2.4 ms, against 1 us for these), touches the application's own OpenSSL configuration, and can fail.
class Sha256 {
public:
    Sha256() { SHA256_Init(&context_); }
    void update(const void* data, size_t bytes) { SHA256_Update(&context_, data, bytes); }
    std::array<uint8_t, 32> finish() {
        std::array<uint8_t, 32> digest;
        SHA256_Final(digest.data(), &context_);
        return digest;
    }

private:
    SHA256_CTX context_;
};

} // namespace halyard
