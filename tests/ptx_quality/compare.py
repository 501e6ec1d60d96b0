"""Compares the PTX that halyardc makes of the kernels of `halyard-bench cuda` with what nvcc makes of the same source: registers, spills
and stack as ptxas reports them. Prints a table; fails when a kernel of ours spills where nvcc's does not, or needs more than --limit
times nvcc's registers. Exit status: 0, 1, or 77 when the toolkit is absent."""
import argparse
import os
import re
import subprocess
import sys
import tempfile

KERNELS = ["saxpy", "reduction", "transpose", "sgemm", "softmax", "nbody", "attention"]
# Its fragments: (4 of A and 4 of B) x 2 steps, one ldmatrix.x4 each; 4 x 4 x 2 products of two instructions each.
GEMM, GEMM_LOADS, GEMM_PRODUCTS = "gemm", 16, 64
SKIPPED = 77
# Where more than --limit is known, with the ratio that is, and why. A smaller one is no failure, a larger one is.
EXACT = "our exp is exact to 3 ulp everywhere and uses no approximate instruction: it holds two scales, nvcc's one ex2.approx"
KNOWN = {
    ("sm_80", "softmax"): (1.16, EXACT),
    ("sm_90", "softmax"): (1.15, EXACT),
}


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Resources:
    def __init__(self, registers, spills, stack, shared):
        self.registers, self.spills, self.stack, self.shared = registers, spills, stack, shared


def resources(ptxas, ptx, cpu):
    """Of each kernel in a PTX file, by name."""
    found = {}
    name = None
    spills = stack = 0
    for line in run([ptxas, "-v", f"-arch={cpu}", ptx, "-o", os.devnull]).splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            name = match.group(1)
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            stack, spills = int(match.group(1)), int(match.group(2)) + int(match.group(3))
        elif match := re.search(r"Used (\d+) registers", line):
            shared = re.search(r"(\d+) bytes smem", line)
            found[name] = Resources(int(match.group(1)), spills, stack, int(shared.group(1)) if shared else 0)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--halyardc", required=True)
    parser.add_argument("--spirv", required=True, help="kernels.h as SPIR-V")
    parser.add_argument("--cuda", required=True, help="the .cu file that includes kernels.h")
    parser.add_argument("--gemm-spirv", required=True, help="the matrix product as SPIR-V")
    parser.add_argument("--gemm-cuda", required=True, help="the .cu file with its twin")
    parser.add_argument("--nvcc", default="")
    parser.add_argument("--ptxas", default="")
    parser.add_argument("--cpu", action="append", required=True)
    parser.add_argument("--limit", type=float, default=1.1)
    arguments = parser.parse_args()
    for tool in (arguments.nvcc, arguments.ptxas):
        if not tool or not os.access(tool, os.X_OK):
            print("SKIPPED: nvcc and ptxas of a CUDA toolkit are not on this machine")
            return SKIPPED

    failures = []
    print(f"{'':9} {'kernel':10} {'registers ours/nvcc':>20} {'ratio':>6} {'spilled':>8} {'stack':>6} {'shared ours/nvcc':>18}")
    with tempfile.TemporaryDirectory() as folder:
        for cpu in arguments.cpu:
            theirs = {}
            for source in (arguments.cuda, arguments.gemm_cuda):
                twin = os.path.join(folder, "twins.ptx")
                run([arguments.nvcc, f"-arch={cpu}", "-ptx", source, "-o", twin])
                theirs |= resources(arguments.ptxas, twin, cpu)
            for kernel in KERNELS + [GEMM]:
                ptx = os.path.join(folder, kernel + ".ptx")
                spirv = arguments.gemm_spirv if kernel == GEMM else arguments.spirv
                run([arguments.halyardc, spirv, "--target=nvptx", f"--cpu={cpu}", f"--kernel={kernel}", "-o", ptx])
                with open(ptx, "rb+") as file:  # ptxas wants no nul byte at the end
                    text = file.read().rstrip(b"\0")
                    file.seek(0)
                    file.truncate()
                    file.write(text)
                if kernel == GEMM and (text.count(b"ldmatrix") != GEMM_LOADS or text.count(b"mma.sync") != GEMM_PRODUCTS):
                    failures.append(f"{cpu} gemm: {text.count(b'ldmatrix')} ldmatrix and {text.count(b'mma.sync')} mma.sync in the text, "
                                    f"{GEMM_LOADS} and {GEMM_PRODUCTS} are what its fragments take")
                ours = resources(arguments.ptxas, ptx, cpu)[kernel]
                nvcc = theirs[kernel]
                ratio = ours.registers / nvcc.registers
                print(f"{cpu:9} {kernel:10} {f'{ours.registers} / {nvcc.registers}':>20} {ratio:6.2f} {ours.spills:8} {ours.stack:6} "
                      f"{f'{ours.shared} / {nvcc.shared}':>18}")
                limit, why = KNOWN.get((cpu, kernel), (arguments.limit, ""))
                if ratio > arguments.limit and why:
                    print(f"{'':20} {why}")
                if ratio > limit:
                    failures.append(f"{cpu} {kernel}: {ours.registers} registers, nvcc {nvcc.registers}")
                if ours.spills > nvcc.spills or ours.stack > nvcc.stack:
                    failures.append(f"{cpu} {kernel}: {ours.spills} bytes spilled and {ours.stack} of stack, nvcc {nvcc.spills} and {nvcc.stack}")
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
