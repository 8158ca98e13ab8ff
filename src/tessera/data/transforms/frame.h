#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/data/sample.h"
#include "tessera/image/image.h"

namespace tessera {

/// Corners of a box in float32, as the references keep them while a picture is transformed.
struct Corners {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  friend bool operator==(const Corners&, const Corners&) = default;
};

/// An object while its picture is transformed.
struct FrameObject {
  int category = 0;
  std::int64_t track_id = -1;
  bool crowd = false;
  std::uint32_t id = 0;  ///< its pixels in Frame::ids; 0: it has a mask of its own
  LabelMap mask = {};    ///< of objects that may overlap others: 1 inside
  Corners box = {};
};

/// What was done to a picture; results are mapped back to the original with it.
struct FrameRecord {
  Size ori_size = {};
  Size img_size = {};  ///< after resizing and cropping, before padding
  Size pad_size = {};
  float scale_x = 1, scale_y = 1;
  bool flipped = false;
};

/// A picture with its labels on the way through a pipeline.
struct Frame {
  SampleKey key = {};
  Image image = {};  ///< 8-bit RGB
  /// R, G, B in place of `image`, for pipelines whose pictures aren't rounded to 8 bits when
  /// resized.
  Pixels<float> precise = {};
  LabelMap semantic = {};  ///< class per pixel; empty without
  LabelMap ignored = {};   ///< 1 where nothing is learned; empty without
  LabelMap invalid = {};   ///< 1 where there is no picture: 0 after normalising; empty without
  /// The same with `precise`: how much of a pixel is picture, from 0 to 1; the rest of `precise` is
  /// 0. Resizing keeps it exact where `invalid` takes the nearest pixel.
  Pixels<float> valid = {};
  IdMap ids = {};  ///< segment per pixel of the objects that cannot overlap; empty without
  std::vector<FrameObject> objects = {};
  FrameRecord record = {};
  /// Whether x2 and y2 are the last pixel inside (mmcv 0.2, VPSNet) instead of the border.
  bool inclusive_boxes = false;

  Size size() const { return precise.empty() ? image.size() : precise.size(); }
};

/// The frames that are transformed together: the key frame first, then its references. Every random
/// decision is drawn once for the clip. A still picture is a clip of one.
using Clip = std::vector<Frame>;

/// What becomes of groups.
enum class Crowds {
  kDropped,  ///< they are no objects
  kObjects,  ///< objects like the others, as Video K-Net takes KITTI-STEP's instance 0
};

/// Turns a dataset's sample into a frame. `things[c]` says whether class c has objects. Objects of
/// the panoptic map keep their order; where no annotation states a box it is their inclusive pixel
/// extents, as in the official KITTI-STEP loader. Stated boxes end at the border, or, where boxes
/// are to be inclusive, at the last pixel inside.
Frame to_frame(Sample sample, const std::vector<bool>& things, Crowds crowds = Crowds::kDropped,
               bool inclusive_boxes = false);

/// Goes on in float32; does nothing when it does already.
void make_precise(Frame& frame);

/// Marks as ignored what no object covers.
void ignore_background(Frame& frame);

/// Boxes of the objects in the id map: inclusive pixel extents; objects without a pixel are
/// dropped.
void measure_objects(Frame& frame);

}  // namespace tessera
