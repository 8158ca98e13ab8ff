#!/usr/bin/env python3
"""The KITTI-STEP training pipeline of configs/data/kitti_step.yaml written with OpenCV's Python binding and PIL,
one process a core: what `tessera bench data` is compared with.

    bench/data_loader_bench.py STREET --clips 100 --processes 2

STREET is a KITTI-STEP folder (`tessera synth STREET --format kitti-step`)."""
import argparse
import glob
import multiprocessing
import os
import random
import time

import cv2
import numpy as np
from PIL import Image

THINGS = (11, 13)
MEAN = np.array([123.675, 116.28, 103.53])
INVERSE_STD = 1 / np.array([58.395, 57.12, 57.375])
SCALE, CROP = (384, 1248), (384, 1248)


def list_frames(root):
    """(picture, labels) of each training frame, a list a sequence."""
    sequences = {}
    for labels in sorted(glob.glob(os.path.join(root, "panoptic_maps", "train", "*", "*.png"))):
        sequence, name = labels.split(os.sep)[-2:]
        picture = os.path.join(root, "images", "train", sequence, name)
        if os.path.exists(picture):
            sequences.setdefault(sequence, []).append((picture, labels))
    return list(sequences.values())


def load(paths):
    image = np.asarray(Image.open(paths[0]).convert("RGB"))
    label = np.asarray(Image.open(paths[1])).astype(np.int32)
    semantic = label[..., 0].astype(np.uint8)
    ids = label[..., 0] * 65536 + label[..., 1] * 256 + label[..., 2]
    masks, tracks, boxes = [], [], []
    for identity in np.unique(ids):
        if identity // 65536 not in THINGS:
            continue
        mask = (ids == identity).astype(np.uint8)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        masks.append(mask)
        tracks.append(identity)
        boxes.append([columns[0], rows[0], columns[-1], rows[-1]])
    return image, semantic, masks, np.array(tracks), np.array(boxes, np.float32).reshape(-1, 4)


def transform(frame, ratio, flip, offsets):
    image, semantic, masks, tracks, boxes = frame
    height, width = image.shape[:2]
    scale = [int(side * ratio) for side in SCALE]
    factor = min(max(scale) / max(height, width), min(scale) / min(height, width))
    size = int(width * factor + 0.5), int(height * factor + 0.5)
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    maps = [cv2.resize(m, size, interpolation=cv2.INTER_NEAREST) for m in [semantic] + masks]
    boxes = boxes * np.array([size[0] / width, size[1] / height] * 2, np.float32)
    if flip:
        image, maps = image[:, ::-1], [m[:, ::-1] for m in maps]
        boxes = np.stack([size[0] - boxes[:, 2], boxes[:, 1], size[0] - boxes[:, 0], boxes[:, 3]], 1)
    y = int(offsets[0] * (max(size[1] - CROP[0], 0) + 1))
    x = int(offsets[1] * (max(size[0] - CROP[1], 0) + 1))
    window = slice(y, y + CROP[0]), slice(x, x + CROP[1])
    image, maps = image[window], [m[window] for m in maps]
    height, width = image.shape[:2]
    boxes = np.clip(boxes - np.array([x, y, x, y], np.float32), 0, [width, height, width, height])
    keep = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    masks, tracks = [maps[1 + k] for k in keep], tracks[keep]
    image = np.ascontiguousarray(image).astype(np.float32)
    cv2.subtract(image, MEAN.reshape(1, -1), image)
    cv2.multiply(image, INVERSE_STD.reshape(1, -1), image)
    down, right = -height % 32, -width % 32
    image = np.pad(image, ((0, down), (0, right), (0, 0)))
    semantic = np.pad(maps[0], ((0, down), (0, right)), constant_values=255)
    masks = [np.pad(m, ((0, down), (0, right))) for m in masks]
    return np.ascontiguousarray(image.transpose(2, 0, 1)), semantic, masks, tracks


def make_clips(work):
    """Usable clips made; rejected draws are repeated, as a training run does."""
    sequences, count, seed = work
    cv2.setNumThreads(1)
    draw, made = random.Random(seed), 0
    while made < count:
        frames = draw.choice(sequences)
        key = draw.randrange(len(frames))
        others = [key + o for o in (-2, -1, 1, 2) if 0 <= key + o < len(frames)]
        drawn = draw.uniform(0.5, 2), draw.random() < 0.5, (draw.random(), draw.random())
        clip = [transform(load(frames[i]), *drawn) for i in (key, draw.choice(others))]
        made += len(np.intersect1d(clip[0][3], clip[1][3])) > 0
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("street")
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    sequences = list_frames(options.street)
    if not sequences:
        parser.error(f"{options.street}: no training frames of KITTI-STEP's layout")
    share = options.clips // options.processes
    start = time.perf_counter()
    with multiprocessing.Pool(options.processes) as pool:
        made = sum(pool.map(make_clips, [(sequences, share, s) for s in range(options.processes)]))
    seconds = time.perf_counter() - start
    print(f"{2 * made} frames in {seconds:.2f} s: {2 * made / seconds:.1f} frames a second")


if __name__ == "__main__":
    main()
