"""Every OpenCL C kernel of the tree through the target spirv-kernel: spirv-val accepts what comes out, and llvm-spirv
makes LLVM bitcode of it. What is refused must be in refusals.json, with words of its message."""
import argparse
import concurrent.futures
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

OPTIONS = ["--target=spirv64", "-cl-std=CL3.0", "-O2", "-mllvm", "-disable-lsr", "-mllvm",
           "--spirv-ext=+SPV_EXT_relaxed_printf_string_address_space"]
FLOAT16, INT64_ATOMICS, OP_CAPABILITY = 9, 12, 17


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr.strip()


def environment(module):
    """OpenCL 2.2 where its rules hold: extensions of OpenCL and later versions are beyond what spirv-val knows of it."""
    words = struct.unpack(f"<{module.stat().st_size // 4}I", module.read_bytes())
    beyond, at = words[1] > 0x00010200, 5
    while words[at] & 0xFFFF == OP_CAPABILITY:
        beyond = beyond or words[at + 1] in (FLOAT16, INT64_ATOMICS)
        at += 2
    return "spv1.3" if beyond else "opencl2.2"


def check_kernel(options, module, kernel, output):
    """What went wrong, and whether it was a refusal."""
    code, _, errors = run(options.halyardc, module, "--kernel", kernel, "--target", "spirv-kernel", "--output", output)
    if code != 0:
        return errors, True
    code, said, errors = run(options.spirv_val, "--target-env", environment(output), output)
    if code != 0:
        return f"spirv-val: {said}{errors}", False
    code, _, errors = run(options.llvm_spirv, "-r", output, "-o", output.with_suffix(".bc"))
    return (f"llvm-spirv: {errors}" if code != 0 else ""), False


def check_source(options, source, folder):
    """(kernel, what went wrong, whether it was a refusal) of each kernel of the file."""
    module = folder / "module.spv"
    code, _, errors = run(options.clang, *OPTIONS, "-c", options.root / source, "-o", module)
    if code != 0:
        return [("", f"clang: {errors}", False)]
    code, said, errors = run(options.halyardc, module, "--emit", "reflect")
    if code != 0:
        return [("", f"halyardc --emit reflect: {errors}", False)]
    return [(kernel["name"], *check_kernel(options, module, kernel["name"], folder / "made.spv"))
            for kernel in json.loads(said)["kernels"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("root", "halyardc", "clang", "spirv-val", "llvm-spirv", "refusals"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    options = parser.parse_args()
    expected = json.loads(options.refusals.read_text())
    sources = sorted(str(path.relative_to(options.root)) for folder in ("samples", "tests", "tools")
                     for path in (options.root / folder).rglob("*.cl"))
    failures, passed, refused = [], 0, set()

    def check(source):
        with tempfile.TemporaryDirectory() as folder:
            return source, check_source(options, source, pathlib.Path(folder))

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for source, results in pool.map(check, sources):
            for kernel, words, is_refusal in results:
                name = f"{source}:{kernel}"
                wanted = expected.get(name)
                if is_refusal and wanted is not None and wanted in words:
                    refused.add(name)
                elif words:
                    failures.append(f"{name}: {words}")
                else:
                    passed += 1
    failures += [f"{name}: expected to be refused, and was not" for name in sorted(expected.keys() - refused)]
    print("\n".join(failures))
    print(f"{passed} kernels of {len(sources)} files passed, {len(refused)} refused as expected, {len(failures)} failures")
    return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
