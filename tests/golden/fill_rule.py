"""Writes fill_rule.json: what the reference implementation of the fill rule (goldenlib.py, NumPy) computes.

Usage: fill_rule.py FOLDER_OF_GOLDENLIB
"""
import json
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
import goldenlib

KEPT = 4


def digest(values):
    h = 14695981039346656037
    for byte in values.tobytes():
        h = ((h ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return h


def entry(values, **fields):
    flat = values.astype("float32").reshape(-1)
    return dict(fields, count=flat.size, first=[int(v) for v in flat[:KEPT].view("uint32")], hash=digest(flat))


FILLS = [
    ("backbone.conv1.weight", [64, 3, 7, 7], ""),
    ("backbone.bn1.weight", [64], ""),
    ("backbone.bn1.bias", [64], ""),
    ("backbone.bn1.running_mean", [64], ""),
    ("backbone.bn1.running_var", [64], "s1:"),
    ("backbone.layer4.2.conv3.weight", [512, 512, 1, 1], "vpsnet:"),
    ("head.attention.attn.in_proj_bias", [768], "s1:"),
    ("head.query", [100, 256], ""),
    ("head.scale", [], ""),
    ("weight", [7], "salt "),
    ("block.running_var", [2, 3], ""),
]
SIGNALS = [("knet_psp.img", [2, 3, 65, 97], 2.0), ("pix2seqd.im", [3, 18, 27], 0.5), ("one", [1], 1.0)]

golden = {
    "fill": [entry(goldenlib.fill(n, s, salt), name=n, shape=s, salt=salt) for n, s, salt in FILLS],
    "signal": [entry(goldenlib.signal(n, s, scale), name=n, scale=scale) for n, s, scale in SIGNALS],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, indent=1) + "\n")
