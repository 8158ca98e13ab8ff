"""official_eval.py OFFICIAL DATA stq|stq_deeplab2|pq|vpq|coco [WINDOW]: the official Python evaluators on the files of
make_eval_data and make_coco_data.

OFFICIAL holds clones of cocodataset/panopticapi, cocodataset/cocoapi (with PythonAPI built in place),
timpostuvan/Video-K-Net and google-research/deeplab2 under those names. Needs numpy, PIL and OpenCV.
"""
import importlib.util
import json
import os
import sys

import numpy as np

for name, kind in (("bool", bool), ("int", int), ("float", float)):
    if name not in np.__dict__:  # aliases that numpy dropped
        setattr(np, name, kind)


def run_pq(official, data):
    sys.path.insert(0, os.path.join(official, "panopticapi"))
    from panopticapi.evaluation import pq_compute_single_core

    with open(f"{data}/coco/gt.json") as gt, open(f"{data}/coco/pred.json") as pred:
        truth, guess = json.load(gt), json.load(pred)
    categories = {category["id"]: category for category in truth["categories"]}
    by_image = {annotation["image_id"]: annotation for annotation in guess["annotations"]}
    pairs = [(a, by_image[a["image_id"]]) for a in truth["annotations"]]
    stat = pq_compute_single_core(0, pairs, f"{data}/coco/gt", f"{data}/coco/pred", categories)
    print(stat.pq_average(categories, None)[0])


def load(path):
    spec = importlib.util.spec_from_file_location("STQ", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def step_frames(data):
    """(sequence, ground truth, prediction) of each frame, as class << 16 | instance."""
    import cv2

    truth = f"{data}/step/gt"
    for sequence in sorted(int(name) for name in os.listdir(f"{data}/step/pred/panoptic")):
        folder = f"{data}/step/pred/panoptic/{sequence}"
        names = sorted(os.listdir(folder))
        instances = [name for name in names if "ins" in name]
        classes = [name for name in names if "cat" in name]
        frames = sorted(n for n in os.listdir(truth) if n.startswith(f"{sequence:06d}"))
        for instance, label, frame in zip(instances, classes, frames):
            pred_id = cv2.imread(f"{folder}/{instance}", -1).astype(np.int32)
            pred_class = cv2.imread(f"{folder}/{label}", -1).astype(np.int32)
            rgb = cv2.cvtColor(cv2.imread(f"{truth}/{frame}"), cv2.COLOR_BGR2RGB).astype(np.int32)
            gt = rgb[..., 0] * 65536 + rgb[..., 1] * 256 + rgb[..., 2]
            yield sequence, gt, pred_class * 65536 + pred_id


def print_stq(result):
    print({key: float(value) for key, value in result.items() if key in ("STQ", "AQ", "IoU")})


def run_stq(official, data):
    # What tools/evaluate_stq.py does, without its import of mmcv and torch.
    module = load(os.path.join(official, "Video-K-Net/tools/utils/STQ.py"))
    stq = module.STQuality(num_classes=19, things_list=list(range(11, 19)), ignore_label=255,
                           label_bit_shift=16, offset=2**16 * 256)
    for sequence, gt, pred in step_frames(data):
        valid = gt >> 16 != 255
        stq.update_state(gt[valid], pred[valid], sequence)
    print_stq(stq.result())


def run_stq_deeplab2(official, data):
    module = load(os.path.join(
        official, "deeplab2/evaluation/numpy/segmentation_and_tracking_quality.py"))
    stq = module.STQuality(num_classes=19, things_list=[11, 13], ignore_label=255,
                           label_bit_shift=16, offset=2**16 * 256)
    for sequence, gt, pred in step_frames(data):
        stq.update_state(gt, pred, sequence)
    print_stq(stq.result())


def run_coco(official, data):
    sys.path.insert(0, os.path.join(official, "cocoapi/PythonAPI"))
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO(f"{data}/instances/gt.json")
    evaluation = COCOeval(truth, truth.loadRes(f"{data}/instances/pred.json"), "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()


def run_vpq(official, data, window):
    path = os.path.join(official, "Video-K-Net/tools/evaluate_vpq.py")
    with open(path) as file:
        source = file.read()
    sequences = sorted(int(name) for name in os.listdir(f"{data}/step/pred/panoptic"))
    source = source.replace("[2, 6, 7, 8, 10, 13, 14, 16, 18]", str(sequences))
    source = source.replace("data/kitti-step/video_sequence/val/", f"{data}/step/gt/")
    sys.argv = [path, f"{data}/step/pred", "--eval_frames", window]
    module = type(sys)("__main__")  # its workers are forked and look functions up there
    sys.modules["__main__"] = module
    module.__file__ = path
    module.__name__ = "__main__"
    exec(compile(source, path, "exec"), module.__dict__)


if __name__ == "__main__":
    runners = {"pq": run_pq, "stq": run_stq, "stq_deeplab2": run_stq_deeplab2, "vpq": run_vpq,
               "coco": run_coco}
    runners[sys.argv[3]](*sys.argv[1:3], *sys.argv[4:])
