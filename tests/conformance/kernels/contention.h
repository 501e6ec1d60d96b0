// Atomics that every invocation of a grid does to the same word. WORD and ATOMIC are its types, NAME(op) a kernel's
// name. Invocation n has the value n * 2654435761 + 12345, cut to the word.

#define VALUE(n) ((WORD)(n) * (WORD)2654435761u + (WORD)12345)
#define FIGHT(op, statement)                                                                                           \
    kernel void NAME(op)(volatile global ATOMIC * word, global WORD * olds, uint rounds) {                             \
        const uint n = (uint)get_global_id(0);                                                                         \
        const WORD value = VALUE(n);                                                                                   \
        WORD old = 0;                                                                                                  \
        for (uint i = 0; i < rounds; ++i)                                                                              \
            statement;                                                                                                 \
        olds[n] = old;                                                                                                 \
    }
#define HOW memory_order_relaxed, memory_scope_device

FIGHT(add, old += atomic_fetch_add_explicit(word, value, HOW))
FIGHT(sub, old += atomic_fetch_sub_explicit(word, value, HOW))
FIGHT(inc, old += atomic_fetch_add_explicit(word, (WORD)1, HOW))
FIGHT(min, old += atomic_fetch_min_explicit(word, value, HOW))
FIGHT(max, old += atomic_fetch_max_explicit(word, value, HOW))
FIGHT(and, old += atomic_fetch_and_explicit(word, ~((WORD)1 << (n % (8 * sizeof(WORD) - 1))), HOW))
FIGHT(or, old += atomic_fetch_or_explicit(word, (WORD)1 << (n % (8 * sizeof(WORD) - 1)), HOW))
FIGHT(xor, old += atomic_fetch_xor_explicit(word, value, HOW))
FIGHT(exchange, old += atomic_exchange_explicit(word, value + (WORD)i, HOW))
FIGHT(compare, {
    WORD seen = 0;
    while (!atomic_compare_exchange_strong_explicit(word, &seen, seen + value, memory_order_relaxed, HOW)) {
    }
    old += seen;
})
