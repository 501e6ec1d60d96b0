// The process may exit while kernels run. So no destructor of this library's static objects is ever called, those of
// the interpreter and of templates included: what registers them ends here.
extern "C" __attribute__((visibility("hidden"))) int __cxa_atexit(void (*)(void*), void*, void*) {
    return 0;
}
