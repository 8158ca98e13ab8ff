#include "tessera/data/datasets/pascal_voc_classes.h"

namespace tessera {

const std::vector<ClassInfo>& pascal_voc_classes() {
  static const std::vector<ClassInfo> classes = {
      {1, "aeroplane", true, {128, 0, 0}},      {2, "bicycle", true, {0, 128, 0}},
      {3, "bird", true, {128, 128, 0}},         {4, "boat", true, {0, 0, 128}},
      {5, "bottle", true, {128, 0, 128}},       {6, "bus", true, {0, 128, 128}},
      {7, "car", true, {128, 128, 128}},        {8, "cat", true, {64, 0, 0}},
      {9, "chair", true, {192, 0, 0}},          {10, "cow", true, {64, 128, 0}},
      {11, "diningtable", true, {192, 128, 0}}, {12, "dog", true, {64, 0, 128}},
      {13, "horse", true, {192, 0, 128}},       {14, "motorbike", true, {64, 128, 128}},
      {15, "person", true, {192, 128, 128}},    {16, "pottedplant", true, {0, 64, 0}},
      {17, "sheep", true, {128, 64, 0}},        {18, "sofa", true, {0, 192, 0}},
      {19, "train", true, {128, 192, 0}},       {20, "tvmonitor", true, {0, 64, 128}},
  };
  return classes;
}

}  // namespace tessera
