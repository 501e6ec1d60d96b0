#!/usr/bin/env python3
"""The picture of `halyard-bench cpu --plot` is XML with a bar for each kernel and side, as long as the ratio says.

Usage: plot_test.py HALYARD-BENCH FOLDER
"""
import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

RATIOS = {
    ("first", "vs_pocl"): 10.0,
    ("first", "vs_openmp"): 0.5,
    ("<&\">", "vs_pocl"): 1.0,
    ("<&\">", "vs_openmp"): 37.5,
    ("<&\">", "vs_openmp_fast"): 0.03,
    ("<&\">", "vs_wide"): 2.0,
}


def draw(bench: str, folder: Path, results: list) -> tuple[int, Path]:
    source = folder / "plot_test.json"
    picture = folder / "plot_test.svg"
    picture.unlink(missing_ok=True)
    source.write_text(json.dumps(results))
    run = subprocess.run([bench, "cpu", f"--from={source}", f"--plot={picture}"], capture_output=True, text=True)
    return run.returncode, picture


def main() -> None:
    bench, folder = sys.argv[1], Path(sys.argv[2])
    results = [{"name": f"{kernel}.{side}", "value": ratio, "unit": "x", "note": ""}
               for (kernel, side), ratio in RATIOS.items()]
    others = [{"name": "about.date", "value": None, "unit": "", "note": "today"},
              {"name": "first.halyard", "value": 3.0, "unit": "ms", "note": "sizes"}]
    status, picture = draw(bench, folder, others + results)
    assert status == 0, status
    root = ET.parse(picture).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
    bars = {(bar.get("data-kernel"), bar.get("data-side")): bar
            for bar in root.iter("{http://www.w3.org/2000/svg}rect") if bar.get("class") == "bar"}
    assert len([bar for bar in root.iter() if bar.get("class") == "bar"]) == len(RATIOS)
    assert bars.keys() == RATIOS.keys(), bars.keys()
    # The axis is logarithmic and its middle is 1: lengths are as logarithms are, to the side that the ratio says.
    scale = float(bars["first", "vs_pocl"].get("width")) / math.log(10)
    one = float(bars["first", "vs_pocl"].get("x"))
    for key, bar in bars.items():
        x, width = float(bar.get("x")), float(bar.get("width"))
        length = abs(math.log(RATIOS[key])) * scale
        assert abs(width - max(1.0, length)) < 0.3, (key, width, length)
        assert abs((x if RATIOS[key] >= 1 else x + width) - one) < 0.3, (key, x, width, one)
    # Without a ratio there is nothing to draw, which is said.
    status, picture = draw(bench, folder, others)
    assert status == 1 and not picture.exists(), status


main()
