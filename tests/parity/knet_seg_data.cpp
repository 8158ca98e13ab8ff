#include <fmt/format.h>

#include <deque>
#include <optional>
#include <utility>

#include "runners.h"
#include "stored_pictures.h"
#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/photometric.h"

namespace tessera::parity {
namespace {

/// What the official code drew, one after the other: [function, arguments, value].
class Draws {
 public:
  explicit Draws(const Json& list) {
    for (const Json& draw : list) values_.push_back(draw.at(2));
  }
  double next() {
    if (values_.empty()) fail("more is drawn than the official code draws");
    const double value = values_.front();
    values_.pop_front();
    return value;
  }
  bool is_used_up() const { return values_.empty(); }

 private:
  std::deque<double> values_;
};

PhotometricChoice replay_photometric(Draws& draws) {
  PhotometricChoice choice;
  const auto draw = [&]() -> std::optional<float> {
    if (draws.next() == 0) return std::nullopt;
    return static_cast<float>(draws.next());
  };
  choice.brightness = draw();
  choice.contrast_first = draws.next() == 1;
  if (choice.contrast_first) choice.contrast = draw();
  choice.saturation = draw();
  if (const auto hue = draw()) choice.hue = static_cast<int>(*hue);
  if (!choice.contrast_first) choice.contrast = draw();
  return choice;
}

Size size_of(const Json& height_and_width) {
  return {height_and_width.at(1), height_and_width.at(0)};
}

CollateOptions collate_options(const Json& settings) {
  CollateOptions options;
  options.divisor = 1;
  options.least = size_of(settings.at("pad").at("size_hw"));
  options.semantic_padding = settings.at("pad").at("seg_pad_val");
  options.normalize.mean = settings.at("normalize").at("mean").get<std::array<double, 3>>();
  options.normalize.std = settings.at("normalize").at("std").get<std::array<double, 3>>();
  return options;
}

/// One picture through the steps with what was drawn for it.
void run_picture(const Json& settings, const Json& drawn, Report& report) {
  const std::string prefix = fmt::format("{}.", drawn.at("index").get<int>());
  const auto compare = [&](const std::string& name, const Image& picture) {
    report.compare(prefix + name, picture_values(picture));
  };
  Frame frame{.image = stored_picture(report, prefix + "image")};
  // ADE20K's loader counts classes from one: 0 becomes 255.
  frame.semantic = stored_picture(report, prefix + "label");
  for (std::uint8_t& label : frame.semantic.values()) label = static_cast<std::uint8_t>(label - 1);
  compare("label_reduced", frame.semantic);

  const Json& resize = settings.at("resize");
  const double low = resize.at("ratio_range").at(0), high = resize.at("ratio_range").at(1);
  const double share = Draws(drawn.at("resize_draws")).next();
  const Scale scale = scaled_by({resize.at("img_scale_wh").at(0), resize.at("img_scale_wh").at(1)},
                                low + (high - low) * share);
  resize_frame(frame, rescaled_size(frame.size(), scale));
  compare("resized", frame.image);
  compare("resized_label", frame.semantic);

  Draws offsets(drawn.at("crop_draws"));
  const auto window = choose_crop(
      frame.semantic, size_of(settings.at("crop_size_hw")), settings.at("cat_max_ratio"),
      [&](std::int64_t) { return static_cast<std::int64_t>(offsets.next()); });
  report.check(prefix + "crop_draws", offsets.is_used_up(), "fewer windows than officially drawn");
  crop_frame(frame, window);
  compare("cropped", frame.image);
  compare("cropped_label", frame.semantic);

  const bool flip = Draws(drawn.at("flip_draws")).next() < settings.at("flip_prob").get<double>();
  report.check(prefix + "flip", flip == drawn.at("flip").get<bool>(), "the other way round");
  if (flip) flip_frame(frame);
  Draws distortion(drawn.at("distort_draws"));
  apply_photometric(frame.image, replay_photometric(distortion));
  report.check(prefix + "distort_draws", distortion.is_used_up(), "fewer than officially drawn");
  compare("distorted", frame.image);

  const Batch batch = collate({{std::move(frame)}}, collate_options(settings));
  const Values planes = make_values<float>({3, batch.size.height, batch.size.width},
                                           {batch.pixels.begin(), batch.pixels.end()});
  report.compare(prefix + "final", subsample(planes, {1, 2, 2}));
  compare("final_label", batch.frames.front().semantic);
}

void run_transforms(const Case& c, Report& report) {
  for (const Json& drawn : c.data.at("cases")) run_picture(c.data.at("settings"), drawn, report);
  for (const Json& golden : c.data.at("rescale_sizes")) {
    const Json &in = golden.at("in_wh"), &scale = golden.at("img_scale"),
               &out = golden.at("out_wh");
    const Size size = rescaled_size({in.at(0), in.at(1)}, {scale.at(0), scale.at(1)});
    const Size expected{out.at(0), out.at(1)};
    report.check(fmt::format("rescale_sizes/{}->{}", in.dump(), scale.dump()), size == expected,
                 fmt::format("{}, expected {}", to_string(size), to_string(expected)));
  }
}

}  // namespace

Runner find_knet_seg_data_runner(const Case& c) {
  return c.name == "transforms" ? Runner(run_transforms) : Runner();
}

}  // namespace tessera::parity
