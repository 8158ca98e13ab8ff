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

/// How a side becomes a whole number.
enum class Rounding {
  kNearest,   ///< int(side + 0.5), as mmcv does
  kHalfEven,  ///< Python's round (STEm-Seg, Pix2Seq-D's evaluation)
  kDown,      ///< Pix2Seq-D's scale jitter
};

/// Both edges times `ratio`, truncated (mmcv's ratio_range).
Scale scaled_by(Scale scale, double ratio);
/// The largest size of the same shape within the limits (mmcv's imrescale).
Size rescaled_size(Size size, Scale scale, Rounding rounding = Rounding::kNearest);
/// The largest size of the same shape that fits a box of `ratio` times `target`, in float32
/// (Pix2Seq-D). Unlike a Scale, the box is not turned for upright pictures.
Size fitted_size(Size size, Size target, double ratio, Rounding rounding);

enum class PictureFilter {
  kLinear,            ///< cv2.resize, bilinear
  kAntialiased,       ///< bilinear with antialias, on float pictures
  kAntialiasedCubic,  ///< bicubic with antialias, on float pictures
};

enum class LabelFilter {
  kNearest,   ///< cv2.resize, nearest
  kCentre,    ///< resize_by_centre
  kMajority,  ///< resize_by_majority for objects and ignored pixels; class maps as kNearest
};

struct ResizeRule {
  PictureFilter picture = PictureFilter::kLinear;
  LabelFilter labels = LabelFilter::kNearest;
};

void resize_frame(Frame& frame, Size size, const ResizeRule& rule = {});
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

/// The window of Pix2Seq-D's crop: both offsets are the same `share`, from 0 to 1, of what they can
/// be at most.
CropWindow crop_at_share(Size picture, Size size, double share);

/// mmseg's category-share rule: redraws up to 10 times until no class covers `max_share` or more of
/// the labelled pixels and there are two classes at least; the 11th window is taken as it is.
CropWindow choose_crop(const LabelMap& labels, Size size, double max_share, const DrawOffset& draw);

}  // namespace tessera
