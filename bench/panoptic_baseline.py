"""panoptic_baseline.py TRAIN_JSON VAL_JSON OUT.json
A panoptic baseline that looks at no picture: every pixel has the class that the training set has there most often, and the
connected parts of a thing's class are its objects. Both JSONs are COCO's panoptic annotations, with their PNGs beside them;
score with `tessera eval pq --gt VAL_JSON --pred OUT.json`. All pictures have one size.
"""
import json
import os
import sys

import cv2
import numpy as np


def read_classes(path):
    """The annotations, and an array of classes a picture (0: void)."""
    with open(path) as file:
        truth = json.load(file)
    for annotation in truth["annotations"]:
        png = cv2.imread(os.path.join(path[: -len(".json")], annotation["file_name"]))
        ids = png[..., 2].astype(int) + 256 * png[..., 1] + 65536 * png[..., 0]
        classes = np.zeros(ids.shape, int)
        for segment in annotation["segments_info"]:
            classes[ids == segment["id"]] = segment["category_id"]
        yield truth, annotation, classes


def likeliest_classes(path):
    votes = None
    for truth, _, classes in read_classes(path):
        if votes is None:
            votes = {category["id"]: np.zeros(classes.shape, int) for category in truth["categories"]}
        for category, count in votes.items():
            count += classes == category
    numbers = np.array(list(votes))
    return numbers[np.argmax(np.stack(list(votes.values())), axis=0)], truth["categories"]


def main():
    train, val, out = sys.argv[1:]
    classes, categories = likeliest_classes(train)
    things = {category["id"] for category in categories if category["isthing"]}
    ids, segments = np.zeros(classes.shape, int), []
    for category in np.unique(classes):
        mask = (classes == category).astype(np.uint8)
        count, parts = cv2.connectedComponents(mask) if category in things else (2, mask)
        for part in range(1, count):
            segments.append({"id": len(segments) + 1, "category_id": int(category)})
            ids[parts == part] = len(segments)
    folder = out[: -len(".json")]
    os.makedirs(folder, exist_ok=True)
    png = np.stack([ids >> 16, ids >> 8 & 255, ids & 255], axis=-1).astype(np.uint8)
    with open(val) as file:
        pictures = [{key: annotation[key] for key in ("image_id", "file_name")}
                    for annotation in json.load(file)["annotations"]]
    for picture in pictures:
        cv2.imwrite(os.path.join(folder, picture["file_name"]), png)
        picture["segments_info"] = segments
    with open(out, "w") as file:
        json.dump({"annotations": pictures}, file)


if __name__ == "__main__":
    main()
