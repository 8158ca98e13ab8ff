"""official_knet.py CLONES TESSERA knet|video_knet [--size 1333x800] [--frames 3] [--rounds 3] [--threads 2]
The official K-Net or Video K-Net (R-50) beside `tessera bench`: same weights, same frames, in turns.

CLONES holds clones of open-mmlab/mmcv (1.7.0), open-mmlab/mmdetection (2.25), ZwwWayne/K-Net and lxtGH/Video-K-Net
under those last names. They are imported from there; mmcv's compiled operators are not needed. TESSERA is the program.
Needs torch, torchvision, numpy, scipy, OpenCV, PyYAML and terminaltables.
"""
import argparse
import importlib.abc
import importlib.machinery
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import types

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = {
    "knet": ("K-Net", "configs/det/knet/knet_s3_r50_fpn_1x_coco-panoptic.py",
             "knet/knet_s3_r50_fpn_1x_coco-panoptic.yaml"),
    "video_knet": ("Video-K-Net", "configs/det/video_knet_kitti_step/video_knet_s3_r50_rpn_1x_kitti_step_"
                   "sigmoid_stride2_mask_embed_link_ffn_joint_train.py",
                   "video_knet/video_knet_s3_r50_rpn_1x_kitti_step_sigmoid_stride2_mask_embed_link_ffn_"
                   "joint_train.yaml"),
}


class Absent(types.ModuleType):
    """Stands for a package that is only imported, never used."""
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            return type(name, (), {})

        def refuse(*_args, **_kwargs):
            raise RuntimeError(f"{self.__name__}.{name} is not there")
        return refuse


class AbsentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    NAMES = ("mmcv._ext", "pycocotools", "lvis", "panopticapi", "cityscapesscripts", "mmcls", "lap", "seaborn",
             "detectron2", "cython_bbox", "numba", "sklearn", "fvcore", "timm", "imageio", "motmetrics")

    def find_spec(self, name, path, target=None):
        if any(name == absent or name.startswith(absent + ".") for absent in self.NAMES):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        pass


class AttributeDict(dict):
    """What mmcv needs of addict.Dict."""
    def __init__(self, *args, **kwargs):
        super().__init__()
        for key, value in dict(*args, **kwargs).items():
            self[key] = self._hook(value)

    @classmethod
    def _hook(cls, value):
        if isinstance(value, dict) and not isinstance(value, AttributeDict):
            return cls(value)
        if isinstance(value, (list, tuple)):
            return type(value)(cls._hook(item) for item in value)
        return value

    def __getattr__(self, name):
        return self[name] if name in self else self.__missing__(name)

    def __setattr__(self, name, value):
        self[name] = value

    def __missing__(self, name):
        raise KeyError(name)

    def to_dict(self):
        return dict(self)


def import_official(clones, kind):
    addict = types.ModuleType("addict")
    addict.Dict = AttributeDict
    sys.modules["addict"] = addict
    sys.meta_path.append(AbsentFinder())
    for name, of in (("bool", bool), ("int", int), ("float", float)):
        if name not in np.__dict__:  # aliases that numpy dropped
            setattr(np, name, of)
    for name in ("mmcv", "mmdetection", MODELS[kind][0]):
        sys.path.insert(0, os.path.join(clones, name))
    import mmdet.models  # noqa: F401
    from mmcv.utils import Registry

    register = Registry._register_module
    # mmdet has classes of these names by now; the model's own are meant.
    Registry._register_module = lambda self, module, module_name=None, force=False: register(
        self, module, module_name, True)
    modules = ["kernel_head", "kernel_iter_head", "kernel_update_head", "semantic_fpn_wrapper",
               "mask_hungarian_assigner", "mask_pseudo_sampler", "knet"]
    for name in modules:
        importlib.import_module(f"knet.det.{name}")
    if kind == "video_knet":
        for name in ("kernel_iter_head", "kernel_update_head", "track_heads", "qdtrack.trackers.quasi_dense_embed_tracker",
                     "knet_quansi_dense_embed_fc_joint_train"):
            importlib.import_module(f"knet.video.{name}")
        importlib.import_module("knet.kernel_updator")


def build_official(clones, kind):
    import_official(clones, kind)
    from mmcv import Config
    from mmdet.models import build_detector

    config = Config.fromfile(os.path.join(clones, MODELS[kind][0], MODELS[kind][1]))
    config.model.pop("pretrained", None)
    config.model.backbone.pop("init_cfg", None)
    if kind == "video_knet":  # one process; the same when it is evaluated
        config.model.backbone.norm_cfg.type = "BN"
    return build_detector(config.model).eval()


class Watch:
    """Seconds of the stages, one after another."""
    def __init__(self):
        self.stages, self.last = {}, time.perf_counter()

    def start(self):
        self.last = time.perf_counter()

    def end(self, stage):
        now = time.perf_counter()
        self.stages.setdefault(stage, []).append(now - self.last)
        self.last = now

    def end_after(self, owner, method, stage):
        call = getattr(owner, method)

        def timed(*args, **kwargs):
            result = call(*args, **kwargs)
            self.end(stage)
            return result
        object.__setattr__(owner, method, timed)


def watch_model(model, kind, watch):
    watch.end_after(model.backbone, "forward", "backbone")
    watch.end_after(model.neck, "forward", "neck")
    watch.end_after(model.rpn_head, "simple_test_rpn", "kernel head")
    head = model.roi_head.mask_head[-1]
    watch.end_after(head, "forward", "update stages")
    if kind == "knet":
        watch.end_after(model.roi_head, "simple_test", "post-process")
    else:
        watch.end_after(model.roi_head, "simple_test_with_previous", "post-process")
        watch.end_after(model, "get_semantic_seg", "track")
        import scripts.visualizer
        watch.end_after(scripts.visualizer, "cityscapes_cat2rgb", "draw")


def read_frame(path, kind, size, watch):
    """The official test pipeline: decode, resize, normalise, pad."""
    import mmcv
    import torch

    watch.start()
    picture = mmcv.imread(path)
    watch.end("decode")
    original = picture.shape
    if kind == "knet":
        picture, scale = mmcv.imrescale(picture, tuple(size), return_scale=True)
    resized = picture.shape
    picture = mmcv.imnormalize(picture.astype(np.float32), np.array([123.675, 116.28, 103.53], np.float32),
                               np.array([58.395, 57.12, 57.375], np.float32), to_rgb=True)
    picture = mmcv.impad_to_multiple(picture, 32)
    image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
    watch.end("preprocess")
    return image, {"ori_shape": original, "img_shape": resized, "pad_shape": picture.shape,
                   "batch_input_shape": picture.shape[:2], "scale_factor": 1.0, "flip": False}


def write_result(result, kind, folder, name, classes, watch):
    """What the official programs write of a frame."""
    import mmcv

    if kind == "knet":
        ids = result
        segments, colours = [], np.zeros(ids.shape + (3,), np.uint8)
        for identity in np.unique(ids):
            if identity % 1000 == classes:
                ids[ids == identity] = 0
                continue
            segments.append({"id": int(identity), "category_id": int(identity % 1000),
                             "area": int((ids == identity).sum())})
        for channel in range(3):
            colours[..., 2 - channel] = (ids >> (8 * channel)) % 256
        mmcv.imwrite(colours, os.path.join(folder, name + ".png"))
    else:
        semantic, tracks = result
        mmcv.imwrite(semantic.astype(np.uint16), os.path.join(folder, name + "_cat.png"))
        mmcv.imwrite(tracks.astype(np.uint16), os.path.join(folder, name + "_ins.png"))
        final = np.stack([semantic.astype(np.uint8), (tracks // 256).astype(np.uint8),
                          (tracks % 256).astype(np.uint8)], axis=-1)
        mmcv.imwrite(final[..., ::-1], os.path.join(folder, name + ".png"))
    watch.end("encode")


def run_frames(model, kind, frames, size, out):
    import torch

    watch = Watch()
    watch_model(model, kind, watch)
    os.makedirs(out, exist_ok=True)
    for number, path in enumerate(frames):
        if number == 1:
            watch.stages = {}  # the first frame is not measured
        with torch.no_grad():
            image, meta = read_frame(path, kind, size, watch)
            if kind == "knet":
                result = model.simple_test(image, [meta], rescale=True)[0]["pan_results"]
            else:
                result = model.simple_test(image, [meta], rescale=True, img_id=[torch.tensor(number)])[:2]
        name = os.path.splitext(os.path.basename(path))[0]
        np.save(os.path.join(out, name + ".npy"), result if kind == "knet" else np.stack(result))
        watch.start()
        write_result(result, kind, out, name, model.num_thing_classes + model.num_stuff_classes, watch)
    # A stage that is called several times a frame counts with their sum.
    count = len(frames) - 1
    return {stage: statistics.median(np.array(seconds).reshape(count, -1).sum(1))
            for stage, seconds in watch.stages.items()}


def fill(name, shape):
    """The fill rule of src/tessera/nn/fill_rule.h."""
    stream = 14695981039346656037
    for byte in name.encode():
        stream = ((stream ^ byte) * 1099511628211) % 2**64
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(stream) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        v = 2 * ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float64) * 2.0**-24 - 1
    if name.endswith("running_var"):
        v = 1 + 0.5 * v
    elif len(shape) > 1:
        v = v * np.sqrt(3 * shape[0] / count)
    elif name.endswith(".weight"):
        v = 1 + 0.2 * v
    else:
        v = 0.1 * v
    return v.astype(np.float32).reshape(shape)


def make_weights(model, kind, frame, size, seed):
    """Weights by the fill rule, with the changes that the golden case makes so that masks are of varied size; then as
    many masks and scores are let through as a trained model would."""
    import torch

    with open(os.path.join(ROOT, "tests/golden/knet_det/MANIFEST.json")) as file:
        changes = json.load(file)["cases"]["panoptic_r50"]["overrides"]
    state = model.state_dict()
    with torch.no_grad():
        for name, tensor in state.items():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(fill(f"{seed}{name}", tensor.shape)))
            for pattern, index, operation, value in changes:
                if re.fullmatch(pattern, name):
                    part = tensor if index is None else tensor[index]
                    {"add": part.add_, "mul": part.mul_, "set": part.fill_}[operation](value)
        image, _ = read_frame(frame, kind, size, Watch())
        proposals, features, masks, *_ = model.rpn_head.simple_test_rpn(model.extract_feat(image), [{}])
        for head in model.roi_head.mask_head:
            outputs = head(features, proposals, masks, img_metas=[{}])
            scores, masks, proposals = outputs[0], outputs[1], outputs[2]
        # The mask's offset: the bias of the channel whose feature is a constant 1.
        values = masks.flatten()[:: max(1, masks.numel() // 1_000_000)]
        head.fc_mask.bias[0] -= values.quantile(0.95)
        best = scores[0, :model.roi_head.num_proposals, :model.num_thing_classes].max(1).values
        head.fc_cls.bias -= best.quantile(0.7) + 0.4
    return state


def worker(options):
    import torch

    torch.set_num_threads(options.threads)
    model = build_official(options.clones, options.kind)
    frames = sorted(os.path.join(options.input, name) for name in os.listdir(options.input))
    if options.make_weights:
        torch.save(make_weights(model, options.kind, frames[0], options.size, options.seed), options.weights)
        return
    model.load_state_dict(torch.load(options.weights))
    stages = run_frames(model, options.kind, frames, options.size, options.out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"stage_seconds": stages, "peak_memory_bytes": peak}))


def compare_maps(kind, official, ours):
    """Pixels whose segment differs between the official results and ours, in both as arrays of identities."""
    import cv2

    different = total = 0
    for name in sorted(os.listdir(official)):
        if not name.endswith(".npy"):
            continue
        theirs = np.load(os.path.join(official, name))
        picture = cv2.imread(os.path.join(ours, name.replace(".npy", ".png")))[..., ::-1].astype(np.int64)
        if kind == "knet":
            found = picture @ (1, 256, 65536)
            theirs = np.where(theirs == 133, 0, theirs)
            different += int((found != theirs).sum())
        else:
            found = np.stack([picture[..., 0], picture[..., 1] * 256 + picture[..., 2]])
            different += int((found != theirs).any(0).sum())
        total += found.shape[-1] * found.shape[-2]
    return different, total


def table(official, ours):
    stages = [s for s in official["stage_seconds"] if s != "draw"]
    network = ("backbone", "neck", "kernel head", "update stages")
    rows = [(s, official["stage_seconds"][s], ours["stage_seconds"].get(s, 0)) for s in stages]
    rows.append(("network", *(sum(row[i] for row in rows if row[0] in network) for i in (1, 2))))
    whole = sum(official["stage_seconds"][s] for s in stages), sum(ours["stage_seconds"].values())
    rows.append(("together", *whole))
    print("| stage | official, ms | ours, ms | ratio |\n|---|---|---|---|")
    for name, a, b in rows:
        print(f"| {name} | {1000 * a:,.0f} | {1000 * b:,.0f} | {a / b:.1f} |")
    a, b = official["peak_memory_bytes"], ours["peak_memory_bytes"]
    print(f"| peak memory, MB | {a / 2**20:,.0f} | {b / 2**20:,.0f} | {a / b:.1f} |")


def median_of(runs):
    result = {"peak_memory_bytes": statistics.median(run["peak_memory_bytes"] for run in runs), "stage_seconds": {}}
    for stage in runs[0]["stage_seconds"]:
        result["stage_seconds"][stage] = statistics.median(run["stage_seconds"][stage] for run in runs)
    return result


def compare(options):
    width, height = options.size
    with tempfile.TemporaryDirectory() as folder:
        def tessera(*arguments):
            return subprocess.run([options.tessera, *arguments, "--threads", str(options.threads), "--quiet"],
                                  check=True, stdout=subprocess.PIPE).stdout

        def official(*arguments):
            return subprocess.run(
                [sys.executable, os.path.abspath(__file__), options.clones, options.tessera, options.kind,
                 "--worker", "--size", f"{width}x{height}", "--threads", str(options.threads), "--input", frames,
                 "--weights", weights, "--seed", str(options.seed), *arguments],
                check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1:]

        weights, official_out = f"{folder}/weights.pth", f"{folder}/official"
        tessera("synth", f"{folder}/street", "--sequences", "0", "--val-sequences", "1", "--frames",
                str(options.frames + 1), "--size", f"{width}x{height}", "--seed", str(options.seed))
        frames = f"{folder}/street/images/val/" + os.listdir(f"{folder}/street/images/val")[0]
        official("--make-weights")
        config = [os.path.join(ROOT, "configs", MODELS[options.kind][2]), weights]
        if options.kind == "knet":
            scale = ["--set", f"test.scale.long={max(options.size)}", "--set", f"test.scale.short={min(options.size)}",
                     "--set", "test.official_ids=true"]
        else:
            scale = []
        theirs, ours = [], []
        for _ in range(options.rounds):
            theirs.append(json.loads(official("--out", official_out)[0]))
            run = json.loads(tessera("bench", *config, *scale, "--input", frames, "--frames", str(options.frames),
                                     "--json"))
            ours.append(run["precisions"]["fp32"])
        table(median_of(theirs), median_of(ours))
        print(f"\n{ours[0]['segments']:.1f} segments a frame")
        if "pipeline_seconds" in ours[0]:
            pipeline = statistics.median(run["pipeline_seconds"] for run in ours)
            print(f"tessera predict, reading and writing beside the network: {1000 * pipeline:,.0f} ms a frame")
        tessera("predict", *config, frames, "-o", f"{folder}/ours", *scale)
        results = f"{folder}/ours/panoptic" if options.kind == "knet" else \
            f"{folder}/ours/final/" + os.path.basename(frames)
        different, total = compare_maps(options.kind, official_out, results)
        print(f"{different} of {total} pixels have another segment")


def parse_size(text):
    return tuple(int(side) for side in text.split("x"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones")
    parser.add_argument("tessera")
    parser.add_argument("kind", choices=MODELS)
    parser.add_argument("--size", type=parse_size, default=(1248, 384))
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    for flag in ("--worker", "--make-weights"):  # how the program calls itself
        parser.add_argument(flag, action="store_true", help=argparse.SUPPRESS)
    for option in ("--input", "--weights", "--out"):
        parser.add_argument(option, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # Both sides alike: without it libgomp's threads wait for each other by spinning (docs/decisions.md).
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    if options.worker:
        worker(options)
    else:
        compare(options)


if __name__ == "__main__":
    main()
