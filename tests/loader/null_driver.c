/* Plays the driver of the null backend, with or without each of its functions. */
#ifndef WITHOUT_REQUIRED
const char* gnu_get_libc_version(void) {
    return "7.1";
}
#endif
#ifndef WITHOUT_OPTIONAL
const char* gnu_get_libc_release(void) {
    return "mock";
}
#endif
#if defined(WITHOUT_REQUIRED) && defined(WITHOUT_OPTIONAL)
#error "a driver needs at least one function"
#endif
