#!/usr/bin/env python3
"""Writes polynomials.h: the constants and polynomials of the device maths library.

Usage: generate_polynomials.py > polynomials.h     (needs mpmath; the error of each fit goes to stderr)

Each polynomial is a near-minimax fit of a function that is defined here by its textbook formula (Abramowitz and
Stegun, "Handbook of Mathematical Functions": 4.1-4.6 for the elementary functions, 6.1 for gamma, 7.1 for erf).
The fit is weighted least squares on Chebyshev-distributed nodes, sharpened by Lawson's iteration (C. L. Lawson, 1961),
which converges to the minimax polynomial. Coefficients are rounded to the working precision from the lowest order up,
and the rest is fitted again after each rounding, so that rounding costs almost nothing.
"""
import sys

from mpmath import mp, mpf

mp.prec = 240
PRECISION = {"f32": 24, "f64": 53}


def round_to(value, bits):
    """value rounded to nearest with `bits` significant bits."""
    with mp.workprec(bits):
        return +mpf(value)


def literal(value, suffix):
    """A C hexadecimal literal of a value that is representable in the type."""
    if suffix == "f32":
        return float(value).hex() + "f"
    return float(value).hex()


def solve(nodes, weights, targets, powers):
    """Weighted least squares fit of sum c_i x^powers[i] to targets."""
    n = len(powers)
    rows = [[x**p for p in powers] for x in nodes]
    a = mp.matrix(n, n)
    b = mp.matrix(n, 1)
    for row, w, t in zip(rows, weights, targets):
        scaled = [w * r for r in row]
        for i in range(n):
            b[i] += scaled[i] * t
            for j in range(i, n):
                a[i, j] += scaled[i] * row[j]
    for i in range(n):
        for j in range(i):
            a[i, j] = a[j, i]
    return list(mp.lu_solve(a, b))


def evaluate(coefficients, x):
    result = mpf(0)
    for c in reversed(coefficients):
        result = result * x + c
    return result


def fit(function, weight, low, high, degree, bits):
    """Coefficients, lowest first, and the largest weighted error."""
    count = 3 * degree + 12
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    targets = [function(x) for x in nodes]
    base = [weight(x) for x in nodes]
    lawson = [mpf(1)] * count
    for _ in range(5):
        c = solve(nodes, [l * w * w for l, w in zip(lawson, base)], targets, range(degree + 1))
        errors = [abs((evaluate(c, x) - t) * w) for x, t, w in zip(nodes, targets, base)]
        mean = sum(errors) / count
        lawson = [l * (e / mean + mpf("0.05")) for l, e in zip(lawson, errors)]
    weights = [l * w * w for l, w in zip(lawson, base)]
    done = []
    steps = degree + 1 if bits == 24 else min(degree + 1, 5)
    residual = list(targets)
    for i in range(steps):
        c = solve(nodes, weights, residual, range(i, degree + 1))
        done.append(round_to(c[0], bits))
        residual = [t - done[-1] * x**i for t, x in zip(residual, nodes)]
    if steps < degree + 1:
        done += [round_to(v, bits) for v in solve(nodes, weights, residual, range(steps, degree + 1))]
    worst = max(abs((evaluate(done, x) - t) * w) for x, t, w in zip(nodes, targets, base))
    return done, worst


def series(function, terms_from, count=40):
    """(function(x) - its Taylor terms below terms_from) / x^terms_from, evaluated without cancellation near 0."""
    coefficients = mp.taylor(function, 0, count + terms_from)

    def value(x):
        if abs(x) > mpf("0.05"):
            head = evaluate(coefficients[:terms_from], x) if terms_from else mpf(0)
            return (function(x) - head) / x**terms_from
        return evaluate(coefficients[terms_from:], x)

    return value


def odd(function, parity=1, skip=1):
    """g(z) with function(t) = sum of `skip` leading terms + t^(2 skip + parity) g(t^2)."""
    start = 2 * skip + parity
    inner = series(function, start)
    return lambda z: inner(mp.sqrt(z)) if z > 0 else inner(mpf(0))


def polynomials():
    """(name, function, weight, low, high, degree for f32, degree for f64)."""
    ln2, pi = mp.log(2), mp.pi
    root = mp.sqrt
    r = ln2 / 2 * mpf("1.01")
    yield "exp", series(mp.exp, 2), lambda x: x if x else mpf(1), -r, r, 4, 10
    exp2 = lambda x: mp.exp(x * ln2)
    yield "exp2", series(exp2, 1), lambda x: x if x else mpf(1), mpf("-0.505"), mpf("0.505"), 5, 11
    exp10 = lambda x: mp.exp(x * mp.log(10))
    r = ln2 / mp.log(10) / 2 * mpf("1.01")
    yield "exp10", series(exp10, 1), lambda x: x if x else mpf(1), -r, r, 5, 11
    low, high = root(mpf("0.5")) - mpf("1.002"), root(2) - mpf("0.998")
    yield "log", series(mp.log1p, 2, 120), lambda x: x * x / mp.log1p(x) if x else mpf(0), low, high, 8, 20
    z = (3 - 2 * root(2)) ** 2 * mpf("1.02")
    atanh5 = odd(mp.atanh, 1, 2)
    yield "log_atanh", atanh5, lambda x: mpf(1), 0, z, 2, 9
    z = (pi / 4) ** 2 * mpf("1.02")
    yield "sin", odd(mp.sin), lambda x: x, 0, z, 3, 6
    yield "cos", odd(mp.cos, 0, 2), lambda x: x * x, 0, z, 3, 6
    z = (root(2) - 1) ** 2 * mpf("1.01")
    yield "atan", odd(mp.atan), lambda x: x, 0, z, 4, 11
    yield "asin", odd(mp.asin), lambda x: x, 0, mpf("0.2505"), 5, 13
    yield "sinh", odd(mp.sinh), lambda x: x, 0, mpf("1.001"), 3, 7
    yield "rcbrt", lambda x: x ** (mpf(-1) / 3), lambda x: mpf(1), 1, 2, 4, 4
    yield "erf", lambda x: mp.erf(root(x)) / root(x), lambda x: mpf(1), mpf(10) ** -30, mpf("1.01"), 6, 13

    def erfc_scaled(k):
        def value(t):
            x = k * (1 + t) / (1 - t)
            return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)
        return value

    yield "erfc", {"f32": erfc_scaled(2), "f64": erfc_scaled(4)}, lambda x: mpf(1), mpf(-1), {
        "f32": mpf("0.69"), "f64": mpf("0.75")}, 10, 22

    def gamma_scaled(u):
        x = 1 / u - mpf("0.4")
        return mp.exp(mp.loggamma(x) - (x - mpf("0.5")) * mp.log(x) + x)

    yield "gamma", gamma_scaled, lambda x: 1 / gamma_scaled(x), {
        "f32": 1 / mpf("50.4"), "f64": 1 / mpf("200.4")}, 1 / mpf("1.3999"), 7, 18

    def lgamma_middle(v):
        x = v + 2
        if abs(v) < mpf(10) ** -25:
            return mp.digamma(2)
        if abs(v + 1) < mpf(10) ** -25:
            return -mp.digamma(1)
        return mp.loggamma(x) / ((x - 1) * (x - 2))

    yield "lgamma", lgamma_middle, lambda x: mpf(1), mpf("-1.001"), mpf("1.001"), 11, 26

    def stirling(u2):
        x = 1 / root(u2)
        return (mp.loggamma(x) - ((x - mpf("0.5")) * mp.log(x) - x + mp.log(2 * pi) / 2)) * x

    yield "stirling", stirling, lambda x: mpf(1), mpf(10) ** -16, mpf(1) / 9 * mpf("1.001"), 3, 15


def constants():
    """(name, value, parts): value as an unevaluated sum of `parts` numbers of the type."""
    ln2, pi = mp.log(2), mp.pi
    yield "LN2", ln2, 2
    yield "LOG2E", 1 / ln2, 2
    yield "LOG10E", 1 / mp.log(10), 2
    yield "LOG10_2", ln2 / mp.log(10), 2
    yield "LOG2_10", mp.log(10) / ln2, 1
    yield "TWO_LOG2E", 2 / ln2, 2
    yield "THIRD", mpf(1) / 3, 2
    yield "PI", pi, 2
    yield "PI_2", pi / 2, 3
    yield "PI_4", pi / 4, 2
    yield "TWO_PI_INV", 2 / pi, 1
    yield "INV_PI", 1 / pi, 2
    yield "SQRT_2", mp.sqrt(2), 1
    yield "TAN_PI_8", mp.sqrt(2) - 1, 1
    yield "CBRT_1_2", mpf("0.5") ** (mpf(1) / 3), 1
    yield "CBRT_1_4", mpf("0.25") ** (mpf(1) / 3), 1
    yield "LOG_PI", mp.log(pi), 1
    yield "HALF_LOG_2PI", mp.log(2 * pi) / 2, 1


def words(bits, count):
    """The first words of the binary expansion of 2/pi."""
    value = int(mp.floor(2 / mp.pi * mpf(2) ** (bits * count)))
    return [(value >> (bits * (count - 1 - i))) & ((1 << bits) - 1) for i in range(count)]


def main():
    out = ["/* Written by tools/generate_polynomials.py; do not edit. */", "/* clang-format off */", "#ifndef HY_DEVLIB_POLYNOMIALS_H",
           "#define HY_DEVLIB_POLYNOMIALS_H", "", '#include "types.h"', ""]
    for suffix, bits in PRECISION.items():
        for name, value, parts in constants():
            rest = value
            for i in range(parts):
                part = round_to(rest, bits)
                rest -= part
                label = name if parts == 1 else f"{name}_{i}"
                out.append(f"#define HY_{label}_{suffix} {literal(part, suffix)}")
        out.append("")
    mp.prec = 1600
    for suffix, bits, count in (("f32", 32, 7), ("f64", 64, 20)):
        ending = "u" if bits == 32 else "ull"
        out.append(f"#define HY_TWO_PI_WORDS_{suffix} \\")
        values = [f"0x{w:0{bits // 4}x}{ending}" for w in words(bits, count)]
        per_line = 7 if bits == 32 else 4
        lines = [", ".join(values[i:i + per_line]) for i in range(0, count, per_line)]
        out += ["    " + line + (", \\" if line is not lines[-1] else "") for line in lines]
        out.append("")
    mp.prec = 240
    for name, function, weight, low, high, degree32, degree64 in polynomials():
        for suffix, degree in (("f32", degree32), ("f64", degree64)):
            pick = lambda v: v[suffix] if isinstance(v, dict) else v
            c, worst = fit(pick(function), weight, pick(low), pick(high), degree, PRECISION[suffix])
            print(f"{name}_{suffix}: degree {degree}, error 2^{mp.nstr(mp.log(worst, 2), 4)}", file=sys.stderr)
            fma = "__builtin_fmaf" if suffix == "f32" else "__builtin_fma"
            out.append(f"HY_INLINE {suffix} poly_{name}_{suffix}({suffix} x) {{")
            out.append(f"    {suffix} p = {literal(c[-1], suffix)};")
            out += [f"    p = {fma}(p, x, {literal(v, suffix)});" for v in reversed(c[:-1])]
            out += ["    return p;", "}", ""]
    out.append("#endif")
    print("\n".join(out))


main()
