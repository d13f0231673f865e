#!/usr/bin/python3
"""Exports networks of torchvision with random weights as ONNX, opset 13, for the tests of the importer.

    scripts/export-onnx.py FOLDER [name ...]

Needs Debian's python3-torchvision and python3-onnx. Without names: squeezenet1_1 and resnet50.
"""
import pathlib
import sys

import torch
import torchvision


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for name in sys.argv[2:] or ["squeezenet1_1", "resnet50"]:
        model = getattr(torchvision.models, name)(weights=None).eval()
        image = torch.zeros(1, 3, 224, 224)
        torch.onnx.export(model, image, str(folder / f"{name}.onnx"), opset_version=13,
                          input_names=["image"], output_names=["logits"])
        print(folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
