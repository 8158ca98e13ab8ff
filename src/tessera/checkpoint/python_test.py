"""The real PyTorch beside ours: writes files, and compares what came back. Usage: write|compare DIR."""
import collections
import json
import pathlib
import pickle
import struct
import sys
import tarfile
import zipfile

import numpy as np
import torch

DTYPES = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16,
          torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128]
SAFE = {"BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32,
        "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32,
        "F64": torch.float64, "C64": torch.complex64}


def tensors():
    torch.manual_seed(7)
    out = collections.OrderedDict()
    for dtype in DTYPES:
        base = torch.randn(4, 6) * 20
        out[f"t.{dtype}"] = (base > 0) if dtype == torch.bool else base.to(dtype)
    whole = torch.arange(60, dtype=torch.float32).reshape(6, 10)
    out["view.whole"] = whole
    out["view.transposed"] = whole.t()
    out["view.offset"] = whole[2:5, 1::3]
    out["view.expanded"] = whole[:, :1].expand(6, 4)
    out["scalar"] = torch.tensor(3.5)
    out["empty"] = torch.zeros(0, 3)
    out["parameter"] = torch.nn.Parameter(torch.ones(2, 2))
    out["last"] = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    return out


def tree():
    return {"meta": {"epoch": 12, "big": 2 ** 90, "negative": -(2 ** 40), "huge": -(2 ** 70), "text": "caf\u00e9",
                     "none": None, "flags": (True, False), "size": torch.Size([2, 3]), "lr": [0.1, {"a": 1}],
                     "raw": b"\x00\xff"},
            "state_dict": tensors(), "optimizer": {"state": {0: {"step": 3, "exp": torch.ones(3)}}}}


def arrays():
    return {"conv_w": np.arange(24, dtype=np.float32).reshape(2, 3, 4), "fortran": np.asfortranarray(np.eye(3, 5)),
            "big": np.arange(5, dtype=">i4"), "scalar": np.float64(2.5), "half": np.ones(3, np.float16)}


def write(folder):
    torch.save(tree(), folder / "zip.pth")
    torch.save(tree(), folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"module." + k: v for k, v in tensors().items()}, folder / "module.pth")
    for protocol in range(6):
        with open(folder / f"plain{protocol}.pkl", "wb") as file:
            pickle.dump({"blobs": arrays()}, file, protocol=protocol)


def same(a, b, where):
    assert type(a) == type(b) or isinstance(a, (torch.Tensor, tuple)), (where, type(a), type(b))
    if isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype and a.shape == b.shape and torch.equal(a.detach(), b.detach()), where
    elif isinstance(a, dict):
        assert list(a) == list(b), (where, list(a), list(b))
        for key in a:
            same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{where}[{i}]")
    else:
        assert a == b, (where, a, b)


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    out = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = torch.frombuffer(bytearray(data[8 + length + begin:8 + length + end]), dtype=SAFE[entry["dtype"]]) \
            if end > begin else torch.empty(0, dtype=SAFE[entry["dtype"]])
        out[name] = raw.reshape(entry["shape"])
    return out


def compare(folder):
    for name in ("zip", "legacy", "zip64"):
        loaded = torch.load(folder / f"{name}.out.pth")
        same(tree(), loaded, name)
        shared = loaded["state_dict"]
        assert shared["view.whole"].storage().data_ptr() == shared["view.offset"].storage().data_ptr()
    flat = tensors()
    weights = torch.load(folder / "module.out.pth", weights_only=True)
    same({"module." + k: v for k, v in flat.items()}, dict(weights), "weights_only")
    del flat["t.torch.complex128"]
    written = read_safetensors(folder / "half.safetensors")
    assert set(written) == {"a", "b"} and torch.equal(written["a"], torch.ones(2, 3).t().half())
    back = torch.load(folder / "half.out.pth", weights_only=True)
    same(written, dict(back), "safetensors")
    for dtype, name in [(d, k) for k, d in SAFE.items()]:
        got = read_safetensors(folder / "dtypes.safetensors")[f"t.{dtype}"]
        same(flat[f"t.{dtype}"], got, name)
    for protocol in range(6):
        got = read_safetensors(folder / f"plain{protocol}.safetensors")
        for key, value in arrays().items():
            value = np.asarray(value)
            expected = torch.from_numpy(np.ascontiguousarray(value.astype(value.dtype.newbyteorder("="))))
            same(expected.reshape(value.shape), got[key], f"plain{protocol}.{key}")


def extra(folder):
    torch.save({"a": torch.ones(2, 3).half().t(), "b": torch.arange(3)}, folder / "half.pth")
    flat = tensors()
    del flat["t.torch.complex128"]
    torch.save(flat, folder / "dtypes.pth")
    rewrite_as_zip64(folder / "zip.pth", folder / "zip64.pth")
    refused(folder)


def rewrite_as_zip64(source, target):
    """The same archive with zip64 records throughout, as files over 4 GB have."""
    zipfile.ZIP64_LIMIT = 1
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            with new.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(old.read(name))
    zipfile.ZIP64_LIMIT = (1 << 31) - 1
    assert b"PK\x06\x06" in target.read_bytes(), "no zip64 end record was written"


def refused(folder):
    """Files that torch wrote and we cannot read; the message must say what to do."""
    torch.save({"q": torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)}, folder / "quantized.pth")
    torch.save({"s": torch.eye(3).to_sparse()}, folder / "sparse.pth")
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), folder / "script.pth")
    (folder / "pickle").write_bytes(b"x")
    with tarfile.open(folder / "tar.pth", "w") as archive:
        archive.add(folder / "pickle", "pickle")
    with zipfile.ZipFile(folder / "zip.pth") as old, zipfile.ZipFile(folder / "big_endian.pth", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("zip/byteorder", "big")


folder = pathlib.Path(sys.argv[2])
if sys.argv[1] == "write":
    write(folder)
    extra(folder)
else:
    compare(folder)
