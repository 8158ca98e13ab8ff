#pragma once

#include <cstdint>
#include <functional>

#include "tessera/core/random.h"
#include "tessera/data/transforms/frame.h"

/// Resizing, flipping and cropping with the arithmetic of mmcv and OpenCV. Functions that draw are
/// apart from those that do, so that a reference's draws can be replayed.
namespace tessera {

enum class Interpolation { kNearest, kBilinear, kArea };

/// cv2.resize.
Image resize_image(const Image& image, Size size, Interpolation interpolation);
LabelMap resize_labels(const LabelMap& labels, Size size);
IdMap resize_ids(const IdMap& ids, Size size);

/// The limits that a picture is scaled into: its longer side stays within `long_edge`, its shorter
/// within `short_edge` (mmcv's img_scale, in either order).
struct Scale {
  int long_edge = 0;
  int short_edge = 0;
  friend bool operator==(const Scale&, const Scale&) = default;
};

/// Both edges times `ratio`, truncated (mmcv's ratio_range).
Scale scaled_by(Scale scale, double ratio);
/// mmcv's imrescale: the largest size of the same shape within the limits, int(side * factor +
/// 0.5).
Size rescaled_size(Size size, Scale scale);

/// Pictures as cv2.resize, bilinear; labels take the nearest pixel.
void resize_frame(Frame& frame, Size size);
void flip_frame(Frame& frame);

struct CropWindow {
  int x = 0, y = 0;
  Size size = {};
};

/// Keeps a window. Objects whose clipped box has no extent are dropped.
void crop_frame(Frame& frame, const CropWindow& window);

/// Draws a whole number in [0, most].
using DrawOffset = std::function<std::int64_t(std::int64_t most)>;

/// The window of mmdet's and mmseg's RandomCrop: row offset first, then column; a side that is
/// shorter than `size` is kept whole.
CropWindow choose_crop(Size picture, Size size, const DrawOffset& draw);

/// mmseg's category-share rule: redraws up to 10 times until no class covers `max_share` or more of
/// the labelled pixels and there are two classes at least; the 11th window is taken as it is.
CropWindow choose_crop(const LabelMap& labels, Size size, double max_share, const DrawOffset& draw);

}  // namespace tessera
