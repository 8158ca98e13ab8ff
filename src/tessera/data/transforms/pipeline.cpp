#include "tessera/data/transforms/pipeline.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/data/transforms/duplicate.h"

namespace tessera {
namespace {

constexpr double kMostPixels = 1 << 20;

enum class Kind {
  kResize,
  kFlip,
  kCrop,
  kPhotometric,
  kRequireTracks,
  kRequireObjects,
  kMotion,
  kFit,
  kColourJitter,
  kRenumber,
  kDuplicateSingle,
  kIgnoreBackground,
};

ResizeOptions read_resize(ConfigReader& reader) {
  ResizeOptions options;
  reader.require("scales", options.scales);
  reader.read(
      "sampling", options.sampling,
      {{"range", ResizeOptions::Sampling::kRange}, {"value", ResizeOptions::Sampling::kValue}});
  reader.read("ratio_min", options.ratio_min, {.low = 0.01, .high = 100});
  options.ratio_max = std::max(options.ratio_min, 1.0);
  reader.read("ratio_max", options.ratio_max, {.low = options.ratio_min, .high = 100});
  reader.read("keep_ratio", options.keep_ratio);
  reader.read("rounding", options.rounding,
              {{"nearest", Rounding::kNearest}, {"half_even", Rounding::kHalfEven}});
  reader.read("labels", options.labels,
              {{"nearest", LabelFilter::kNearest}, {"majority", LabelFilter::kMajority}});
  if (options.scales.empty()) reader.refuse("scales", "is empty; name one scale at least");
  if (options.sampling == ResizeOptions::Sampling::kRange && options.scales.size() < 2)
    reader.refuse("sampling", "range draws between scales; name two at least in 'scales'");
  return options;
}

FitOptions read_fit(ConfigReader& reader) {
  FitOptions options;
  reader.require("width", options.target.width, Limits{.low = 1, .high = kMostPixels});
  reader.require("height", options.target.height, Limits{.low = 1, .high = kMostPixels});
  reader.read("ratio_min", options.ratio_min, {.low = 0.01, .high = 100});
  options.ratio_max = std::max(options.ratio_min, 1.0);
  reader.read("ratio_max", options.ratio_max, {.low = options.ratio_min, .high = 100});
  reader.read("rounding", options.rounding,
              {{"down", Rounding::kDown}, {"half_even", Rounding::kHalfEven}});
  reader.read(
      "filter", options.filter,
      {{"linear", PictureFilter::kAntialiased}, {"cubic", PictureFilter::kAntialiasedCubic}});
  return options;
}

FlipOptions read_flip(ConfigReader& reader) {
  FlipOptions options;
  reader.read("probability", options.probability, {.low = 0, .high = 1});
  return options;
}

CropOptions read_crop(ConfigReader& reader) {
  CropOptions options;
  reader.require("width", options.size.width, Limits{.low = 1, .high = kMostPixels});
  reader.require("height", options.size.height, Limits{.low = 1, .high = kMostPixels});
  reader.read("max_category_share", options.max_category_share, {.low = 0, .high = 1});
  options.least = options.size;
  reader.read("least_width", options.least.width, {.low = 1, .high = 1.0 * options.size.width});
  reader.read("least_height", options.least.height, {.low = 1, .high = 1.0 * options.size.height});
  reader.read("one_draw", options.one_draw);
  if (options.one_draw && (options.max_category_share < 1 || options.least != options.size))
    reader.refuse("one_draw", "the window is not drawn anew; leave its other options out");
  return options;
}

ColourJitterOptions read_colour_jitter(ConfigReader& reader) {
  ColourJitterOptions options;
  reader.read("strength", options.strength, {.low = 0, .high = 1.25});
  reader.read("probability", options.probability, {.low = 0, .high = 1});
  reader.read("grey_probability", options.grey_probability, {.low = 0, .high = 1});
  return options;
}

RenumberOptions read_renumber(ConfigReader& reader) {
  using Order = RenumberOptions::Order;
  RenumberOptions options;
  reader.read("order", options.order, {{"shuffle", Order::kShuffle}, {"random", Order::kRandom}});
  reader.read("numbers", options.numbers, {.low = 2, .high = 1 << 16});
  return options;
}

PhotometricOptions read_photometric(ConfigReader& reader) {
  PhotometricOptions o;
  reader.read("probability", o.probability, {.low = 0, .high = 1});
  reader.read("brightness", o.brightness, {.low = 0, .high = 255});
  reader.read("contrast_low", o.contrast_low, {.low = 0});
  reader.read("contrast_high", o.contrast_high, {.low = o.contrast_low});
  reader.read("saturation_low", o.saturation_low, {.low = 0});
  reader.read("saturation_high", o.saturation_high, {.low = o.saturation_low});
  reader.read("hue", o.hue, {.low = 0, .high = 90});
  return o;
}

MotionOptions read_motion(ConfigReader& reader) {
  MotionOptions options;
  reader.read("frames", options.frames, {.low = 1, .high = 1024});
  reader.read("colour", options.colour);
  reader.read("perspective", options.perspective, {.low = 0, .high = 0.25});
  reader.read("shift", options.shift, {.low = 0, .high = 1});
  reader.read("rotation", options.rotation, {.low = 0, .high = 180});
  reader.read("blur_probability", options.blur_probability, {.low = 0, .high = 1});
  return options;
}

bool apply(const ResizeOptions& options, Clip& clip, Random& random) {
  const Scale scale = choose_scale(options, random);
  for (Frame& frame : clip)
    resize_frame(frame,
                 options.keep_ratio ? rescaled_size(frame.size(), scale, options.rounding)
                                    : Size{scale.long_edge, scale.short_edge},
                 {.labels = options.labels});
  return true;
}

bool apply(const FitOptions& options, Clip& clip, Random& random) {
  const double ratio = random.uniform(options.ratio_min, options.ratio_max);
  for (Frame& frame : clip)
    resize_frame(frame, fitted_size(frame.size(), options.target, ratio, options.rounding),
                 {.picture = options.filter, .labels = LabelFilter::kCentre});
  return true;
}

bool apply(const FlipOptions& options, Clip& clip, Random& random) {
  if (random.coin(options.probability))
    for (Frame& frame : clip) flip_frame(frame);
  return true;
}

/// mmdet draws the height first, both between limits that the picture's sides bound.
Size choose_crop_size(Size picture, const CropOptions& options, const DrawOffset& draw) {
  const auto side = [&](int least, int most, int there) {
    if (least == 0 || least == most) return most;
    const int low = std::min(least, there);
    return low + static_cast<int>(draw(std::min(most, there) - low));
  };
  const int height = side(options.least.height, options.size.height, picture.height);
  return {side(options.least.width, options.size.width, picture.width), height};
}

bool apply(const CropOptions& options, Clip& clip, Random& random) {
  const DrawOffset draw = [&](std::int64_t most) { return random.uniform_int(0, most); };
  const Frame& key = clip.front();
  if (options.max_category_share < 1 && key.semantic.empty())
    fail("{}: max_category_share needs class labels, the sample has none", key.key.name);
  CropWindow window;
  if (options.one_draw) {
    window = crop_at_share(key.size(), options.size, random.uniform());
  } else {
    const Size size = choose_crop_size(key.size(), options, draw);
    window = options.max_category_share < 1
                 ? choose_crop(key.semantic, size, options.max_category_share, draw)
                 : choose_crop(key.size(), size, draw);
  }
  for (Frame& frame : clip) crop_frame(frame, window);
  return true;
}

bool apply(const PhotometricOptions& options, Clip& clip, Random& random) {
  const PhotometricChoice choice = choose_photometric(options, random);
  for (Frame& frame : clip) apply_photometric(frame.image, choice);
  return true;
}

bool apply(const MotionOptions& options, Clip& clip, Random& random) {
  simulate_motion(clip, options, random);
  return true;
}

bool apply(const ColourJitterOptions& options, Clip& clip, Random& random) {
  const ColourJitterChoice choice = choose_colour_jitter(options, random);
  for (Frame& frame : clip) apply_colour_jitter(frame.precise, choice);
  return true;
}

bool apply(const RenumberOptions& options, Clip& clip, Random& random) {
  renumber_objects(clip, options, random);
  return true;
}

bool apply(const DuplicateSingle&, Clip& clip, Random& random) {
  duplicate_object(clip, [&] { return random.uniform(); });
  return true;
}

bool apply(const IgnoreBackground&, Clip& clip, Random&) {
  for (Frame& frame : clip) ignore_background(frame);
  return true;
}

/// Class and track: some datasets count the objects of each class on their own.
using Track = std::pair<int, std::int64_t>;

std::set<Track> tracks_of(const Frame& frame) {
  std::set<Track> tracks;
  for (const FrameObject& object : frame.objects)
    if (object.track_id >= 0) tracks.insert({object.category, object.track_id});
  return tracks;
}

bool apply(const RequireTracks&, Clip& clip, Random&) {
  std::set<Track> common = tracks_of(clip.front());
  for (const Frame& frame : clip) {
    std::set<Track> kept;
    std::ranges::set_intersection(common, tracks_of(frame), std::inserter(kept, kept.end()));
    common = std::move(kept);
  }
  return !common.empty();
}

bool apply(const RequireObjects&, Clip& clip, Random&) {
  return std::ranges::none_of(clip, [](const Frame& frame) { return frame.objects.empty(); });
}

/// Whether a step can't work on 8-bit pictures.
bool needs_float(const TransformStep& step) {
  return std::holds_alternative<FitOptions>(step) ||
         std::holds_alternative<ColourJitterOptions>(step);
}

/// Whether a step computes in 8 bits.
bool needs_8_bit(const TransformStep& step) {
  return std::holds_alternative<PhotometricOptions>(step) ||
         std::holds_alternative<MotionOptions>(step) ||
         std::holds_alternative<DuplicateSingle>(step);
}

/// Whether a step would round 8-bit pictures.
bool rounds_8_bit(const TransformStep& step) {
  return std::holds_alternative<ResizeOptions>(step) || needs_float(step);
}

/// Pictures are float from some step on: refuses steps before and after it that can't work so.
void check_depths(const Pipeline& pipeline, const ConfigReader& reader) {
  bool is_float = false;
  for (const TransformStep& step : pipeline.steps) {
    is_float = is_float || (pipeline.float_pictures && rounds_8_bit(step));
    if (is_float && needs_8_bit(step))
      reader.refuse("float_pictures",
                    fmt::format("the step '{}' computes in 8 bits; put it before resizing or "
                                "leave one of the two out",
                                step_name(step)));
    if (!is_float && needs_float(step))
      reader.refuse("steps",
                    fmt::format("the step '{}' needs 'float_pictures: true' beside 'steps'",
                                step_name(step)));
  }
}

}  // namespace

void read_fields(ConfigReader& reader, Scale& scale) {
  reader.require("long", scale.long_edge, Limits{.low = 1, .high = kMostPixels});
  reader.require("short", scale.short_edge, Limits{.low = 1, .high = kMostPixels});
}

void read_fields(ConfigReader& reader, ConfiguredStep& step) {
  Kind kind = Kind::kFlip;
  reader.require("kind", kind,
                 std::initializer_list<std::pair<const char*, Kind>>{
                     {"resize", Kind::kResize},
                     {"flip", Kind::kFlip},
                     {"crop", Kind::kCrop},
                     {"photometric", Kind::kPhotometric},
                     {"require_tracks", Kind::kRequireTracks},
                     {"require_objects", Kind::kRequireObjects},
                     {"motion", Kind::kMotion},
                     {"fit", Kind::kFit},
                     {"colour_jitter", Kind::kColourJitter},
                     {"renumber", Kind::kRenumber},
                     {"duplicate_single", Kind::kDuplicateSingle},
                     {"ignore_background", Kind::kIgnoreBackground}});
  switch (kind) {
    case Kind::kResize:
      step.step = read_resize(reader);
      break;
    case Kind::kFlip:
      step.step = read_flip(reader);
      break;
    case Kind::kCrop:
      step.step = read_crop(reader);
      break;
    case Kind::kPhotometric:
      step.step = read_photometric(reader);
      break;
    case Kind::kRequireTracks:
      step.step = RequireTracks{};
      break;
    case Kind::kRequireObjects:
      step.step = RequireObjects{};
      break;
    case Kind::kMotion:
      step.step = read_motion(reader);
      break;
    case Kind::kFit:
      step.step = read_fit(reader);
      break;
    case Kind::kColourJitter:
      step.step = read_colour_jitter(reader);
      break;
    case Kind::kRenumber:
      step.step = read_renumber(reader);
      break;
    case Kind::kDuplicateSingle:
      step.step = DuplicateSingle{};
      break;
    case Kind::kIgnoreBackground:
      step.step = IgnoreBackground{};
      break;
  }
}

void read_fields(ConfigReader& reader, Pipeline& pipeline) {
  reader.read("inclusive_boxes", pipeline.inclusive_boxes);
  reader.read("crowds", pipeline.crowds,
              {{"dropped", Crowds::kDropped}, {"objects", Crowds::kObjects}});
  reader.read("stuff_as_objects", pipeline.stuff_as_objects);
  reader.read("float_pictures", pipeline.float_pictures);
  std::vector<ConfiguredStep> steps;
  reader.require("steps", steps);
  pipeline.steps.clear();
  for (ConfiguredStep& step : steps) pipeline.steps.push_back(std::move(step.step));
  check_depths(pipeline, reader);
}

Scale choose_scale(const ResizeOptions& options, Random& random) {
  if (options.scales.empty()) fail("resize: 'scales' is empty; name one scale at least");
  const auto& scales = options.scales;
  Scale scale;
  if (options.sampling == ResizeOptions::Sampling::kValue) {
    scale = scales[random.uniform_int(0, static_cast<std::int64_t>(scales.size()) - 1)];
  } else {
    const auto [short_low, short_high] = std::ranges::minmax(scales, {}, &Scale::short_edge);
    const auto [long_low, long_high] = std::ranges::minmax(scales, {}, &Scale::long_edge);
    scale.long_edge = static_cast<int>(random.uniform_int(long_low.long_edge, long_high.long_edge));
    scale.short_edge =
        static_cast<int>(random.uniform_int(short_low.short_edge, short_high.short_edge));
  }
  return scaled_by(scale, random.uniform(options.ratio_min, options.ratio_max));
}

const char* step_name(const TransformStep& step) {
  static constexpr const char* kNames[] = {
      "resize", "flip", "crop",          "photometric", "require_tracks",   "require_objects",
      "motion", "fit",  "colour_jitter", "renumber",    "duplicate_single", "ignore_background"};
  return kNames[step.index()];
}

bool apply_step(const TransformStep& step, Clip& clip, Random random) {
  return std::visit([&](const auto& options) { return apply(options, clip, random); }, step);
}

bool apply_pipeline(const Pipeline& pipeline, Clip& clip, const Random& random, StageTimes& times) {
  for (const Frame& frame : clip)
    if (frame.size() != clip.front().size())
      fail(
          "{}: the picture is {}, its key frame {} is {}; the frames of a clip must be of one size",
          frame.key.name, to_string(frame.size()), clip.front().key.name,
          to_string(clip.front().size()));
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const StageTimer timer(times, step_name(pipeline.steps[i]));
    if (pipeline.float_pictures && rounds_8_bit(pipeline.steps[i]))
      for (Frame& frame : clip) make_precise(frame);
    if (!apply_step(pipeline.steps[i], clip, random.fork(i))) return false;
  }
  return true;
}

}  // namespace tessera
