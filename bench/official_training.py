"""official_training.py CLONES TESSERA [--size 768x384] [--steps 12] [--rounds 3] [--threads 2]
Seconds of a training step of the official panoptic K-Net (R-50, batch 1) beside `tessera train`, on the same pictures of a
synthetic street, in turns. CLONES and what else is needed: see official_knet.py. Both start from random weights, so the
losses say only that both train.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from official_knet import MODELS, ROOT, import_official, parse_size

THINGS, CLASSES = (11, 13), 19
CONFIG = """
base: {root}/configs/{model}
model: {{thing_classes: 2, stuff_classes: 17}}
classes: kitti-step
data:
  dataset: !replace {{format: kitti-step, root: {street}, split: train}}
  pipeline: !replace
    steps:
      - {{kind: resize, scales: [{{long: {width}, short: {height}}}]}}
  loader: {{batch_size: 1, workers: 1}}
validation: !replace {{format: kitti-step, root: {street}, split: val}}
train: {{iterations: {steps}, log_every: 1}}
"""


def build_official(clones):
    import_official(clones, "knet")
    from mmcv import Config
    from mmdet.models import build_detector

    model = Config.fromfile(os.path.join(clones, MODELS["knet"][0], MODELS["knet"][1])).model
    model.pop("pretrained", None)
    model.backbone.pop("init_cfg", None)
    counts = {"num_thing_classes": len(THINGS), "num_stuff_classes": CLASSES - len(THINGS)}
    model.update(counts)
    model.rpn_head.update(counts, num_classes=CLASSES)
    model.roi_head.update(counts)
    for head in model.roi_head.mask_head:
        head.update(counts, num_classes=CLASSES)
    return build_detector(model).train()


def read_sample(picture, labels):
    """A picture and its truth, as the official pipeline hands them over: things first."""
    import cv2
    import torch
    from mmdet.core import BitmapMasks

    image = cv2.imread(picture)[..., ::-1].astype(np.float32)
    image = (image - np.float32([123.675, 116.28, 103.53])) / np.float32([58.395, 57.12, 57.375])
    truth = cv2.imread(labels)[..., ::-1].astype(np.int64)
    classes, objects = truth[..., 0], truth[..., 1] * 256 + truth[..., 2]
    table = np.full(256, 255)
    table[list(THINGS) + [c for c in range(CLASSES) if c not in THINGS]] = np.arange(CLASSES)
    masks, names = [], []
    for c in THINGS:
        for identity in np.unique(objects[(classes == c) & (objects > 0)]):
            masks.append(((classes == c) & (objects == identity)).astype(np.uint8))
            names.append(table[c])
    height, width = classes.shape
    meta = {"batch_input_shape": (height, width), "img_shape": (height, width, 3), "scale_factor": 1.0,
            "ori_shape": (height, width, 3), "pad_shape": (height, width, 3), "flip": False}
    stacked = np.stack(masks) if masks else np.zeros((0, height, width), np.uint8)
    return {"img": torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None], "img_metas": [meta],
            "gt_labels": [torch.tensor(names, dtype=torch.long)], "gt_masks": [BitmapMasks(stacked, height, width)],
            "gt_semantic_seg": torch.from_numpy(table[classes])[None, None]}


def worker(options):
    import torch

    torch.set_num_threads(options.threads)
    model = build_official(options.clones)
    pictures = sorted(glob.glob(f"{options.street}/images/train/*/*.png"))
    labels = sorted(glob.glob(f"{options.street}/panoptic_maps/train/*/*.png"))
    samples = [read_sample(*pair) for pair in zip(pictures, labels)]
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": [p for name, p in named if "backbone" in name], "lr": 2.5e-5},
                                   {"params": [p for name, p in named if "backbone" not in name]}],
                                  lr=1e-4, weight_decay=0.05)
    seconds, losses = [], []
    for step in range(options.steps):
        start = time.perf_counter()
        terms = model.forward_train(**samples[step % len(samples)])
        loss = sum(value for name, value in terms.items() if "loss" in name)
        for value in terms.values():  # its logger reads them
            value.item()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(seconds[2:]), "losses": losses}))


def run_tessera(options, street, folder, precision):
    width, height = options.size
    config = f"{folder}/r50.yaml"
    with open(config, "w") as file:
        file.write(CONFIG.format(root=ROOT, model=MODELS["knet"][2], street=street, width=width, height=height,
                                 steps=options.steps))
    subprocess.run([options.tessera, "train", config, "--work-dir", f"{folder}/work", "--threads", str(options.threads),
                    "--no-validate", "--quiet", "--precision", precision], check=True)
    with open(f"{folder}/work/log.jsonl") as file:
        lines = [json.loads(line) for line in file]
    steps = [line for line in lines if "step_seconds" in line][2:-1]  # the last one saves
    return {key: statistics.median(line[key] for line in steps) for key in ("step_seconds", "data_seconds")}


def compare(options):
    width, height = options.size
    with tempfile.TemporaryDirectory() as folder:
        street = f"{folder}/street"
        subprocess.run([options.tessera, "synth", street, "--sequences", "1", "--val-sequences", "1", "--frames", "4",
                        "--size", f"{width}x{height}", "--seed", "1", "--quiet"], check=True)
        rows = {"official fp32": [], **{precision: [] for precision in options.precisions}}
        data = []
        for _ in range(options.rounds):
            output = subprocess.run(
                [sys.executable, os.path.abspath(__file__), options.clones, options.tessera, "--worker", "--street",
                 street, "--steps", str(options.steps), "--threads", str(options.threads)],
                check=True, stdout=subprocess.PIPE).stdout
            rows["official fp32"].append(json.loads(output.splitlines()[-1])["seconds"])
            for precision in options.precisions:
                with tempfile.TemporaryDirectory() as work:
                    run = run_tessera(options, street, work, precision)
                rows[precision].append(run["step_seconds"])
                data.append(run["data_seconds"] / run["step_seconds"])
        official = statistics.median(rows["official fp32"])
        print("| | a step, s | official / this |\n|---|---|---|")
        for name, seconds in rows.items():
            print(f"| {name} | {statistics.median(seconds):.2f} | {official / statistics.median(seconds):.2f} |")
        print(f"\nwaiting for data: {100 * statistics.median(data):.1f} % of a step, one worker thread")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("clones")
    parser.add_argument("tessera")
    parser.add_argument("--size", type=parse_size, default=(768, 384))
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["fp32"], choices=["fp32", "bf16"],
                        help="of tessera; bf16 is very slow on processors that do not multiply in it")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--street", help=argparse.SUPPRESS)
    options = parser.parse_args()
    worker(options) if options.worker else compare(options)


if __name__ == "__main__":
    main()
