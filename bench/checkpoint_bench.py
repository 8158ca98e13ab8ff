#!/usr/bin/python3
"""A 1 GB checkpoint opened and read by checkpoint_bench and by torch.load, whole processes in turn.

Usage: checkpoint_bench.py BUILD_DIR [FOLDER]   (FOLDER gets a 1 GB file; the machine's temporary folder unless named)
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
TENSORS, ROWS, COLUMNS = 64, 2048, 2048  # 64 tensors of 16 MiB


def make(path):
    import torch
    torch.save({"meta": {"epoch": 1}, "state_dict": {f"layer{i}.weight": torch.full((ROWS, COLUMNS), float(i))
                                                     for i in range(TENSORS)}}, path)


def run(command):
    """Wall seconds and peak resident MiB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {command}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    binary = pathlib.Path(sys.argv[1]) / "bin" / "checkpoint_bench"
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        path = os.path.join(folder, "big.pth")
        subprocess.run([sys.executable, __file__, "--make", path], check=True)
        load = "import torch; torch.load({!r}); ".format(path)
        programs = {
            "python, import torch only": [sys.executable, "-c", "import torch"],
            "torch.load": [sys.executable, "-c", load],
            "ours: open": [binary, path, "open"],
            "ours: one tensor (16 MiB)": [binary, path, "layer7.weight"],
            "ours: every tensor": [binary, path, "all"],
        }
        times = {name: [] for name in programs}
        for _ in range(RUNS):
            for name, command in programs.items():
                times[name].append(run(command))
    print(f"{os.cpu_count()} processors, medians of {RUNS} runs in turn, file of 1 GiB in the page cache")
    for name, results in times.items():
        seconds = statistics.median(r[0] for r in results)
        print(f"{name:28} {seconds:8.3f} s   peak {max(r[1] for r in results):7.0f} MiB")


if __name__ == "__main__":
    make(sys.argv[2]) if sys.argv[1] == "--make" else main()
