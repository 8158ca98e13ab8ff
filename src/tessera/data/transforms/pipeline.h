#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/core/random.h"
#include "tessera/data/transforms/colour_jitter.h"
#include "tessera/data/transforms/frame.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/motion.h"
#include "tessera/data/transforms/photometric.h"
#include "tessera/data/transforms/renumber.h"
#include "tessera/data/transforms/stage_times.h"

namespace tessera {

struct ResizeOptions {
  enum class Sampling {
    kRange,  ///< each edge uniform between the least and the greatest of the scales
    kValue,  ///< one of the scales
  };
  std::vector<Scale> scales = {};
  Sampling sampling = Sampling::kValue;
  double ratio_min = 1;  ///< the scale is then multiplied by a uniform ratio
  double ratio_max = 1;
  /// Otherwise the picture becomes exactly `long_edge` wide and `short_edge` high.
  bool keep_ratio = true;
  Rounding rounding = Rounding::kNearest;
  LabelFilter labels = LabelFilter::kNearest;
};

/// Pix2Seq-D's resizing: into a box whose sides are `target` times a uniform ratio, with antialias.
struct FitOptions {
  Size target = {};
  double ratio_min = 1;
  double ratio_max = 1;
  Rounding rounding = Rounding::kDown;
  PictureFilter filter = PictureFilter::kAntialiased;
};

struct FlipOptions {
  double probability = 0.5;
};

struct CropOptions {
  Size size = {};
  double max_category_share = 1;  ///< below 1: mmseg's cat_max_ratio
  /// Each side is drawn from `least` to `size` (mmdet's absolute_range); no side: always `size`.
  Size least = {};
  /// One draw moves the window along both axes (Pix2Seq-D).
  bool one_draw = false;
};

/// Rejects the clip unless one object of the same class and track is in all of its frames.
struct RequireTracks {};

/// Rejects the clip unless each of its frames shows an object.
struct RequireObjects {};

/// duplicate_object(), where the clip shows a single one.
struct DuplicateSingle {};

/// Nothing is learned where there is no object (STEm-Seg on DAVIS).
struct IgnoreBackground {};

using TransformStep =
    std::variant<ResizeOptions, FlipOptions, CropOptions, PhotometricOptions, RequireTracks,
                 RequireObjects, MotionOptions, FitOptions, ColourJitterOptions, RenumberOptions,
                 DuplicateSingle, IgnoreBackground>;

/// What a training sample goes through, in order. Large-scale jitter is a resize with ratios 0.1 to
/// 2 and a crop.
struct Pipeline {
  bool inclusive_boxes = false;
  Crowds crowds = Crowds::kDropped;
  /// Stuff segments are objects as well (Pix2Seq-D on still pictures).
  bool stuff_as_objects = false;
  /// Pictures are float32 from the first step on that resizes them or jitters their colours, so
  /// that it doesn't round them (mmcv's to_float32).
  bool float_pictures = false;
  std::vector<TransformStep> steps = {};
};

/// A step of a configuration: `- {kind: crop, width: 1248, height: 384}`.
struct ConfiguredStep {
  TransformStep step;
};
void read_fields(ConfigReader& reader, Scale& scale);
void read_fields(ConfigReader& reader, ConfiguredStep& step);
void read_fields(ConfigReader& reader, Pipeline& pipeline);

Scale choose_scale(const ResizeOptions& options, Random& random);

/// The name that configurations and time tables call a step by.
const char* step_name(const TransformStep& step);

/// Applies one step to all frames of a clip with the same draws; false when the clip is of no use
/// for training and another is to be drawn.
bool apply_step(const TransformStep& step, Clip& clip, Random random);

/// Applies all steps; step i draws from random.fork(i). Each step's time is added to `times`.
bool apply_pipeline(const Pipeline& pipeline, Clip& clip, const Random& random, StageTimes& times);

}  // namespace tessera
