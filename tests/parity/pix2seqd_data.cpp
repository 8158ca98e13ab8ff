#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <string>

#include "runners.h"
#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/transforms/antialiased_resize.h"
#include "tessera/data/transforms/colour_jitter.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/label_resize.h"
#include "tessera/nn/fill_rule.h"

namespace tessera::parity {
namespace {

constexpr float kWhite = 255;  // the official pictures go from 0 to 1

/// Planes [3, height, width] in the official range.
Values planes_of(const Pixels<float>& picture) {
  Values values{.shape = {3, picture.height(), picture.width()}, .data = {}};
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < picture.height(); ++y)
      for (int x = 0; x < picture.width(); ++x) values.data.push_back(picture.at(x, y, c) / kWhite);
  return values;
}

/// The first number in the manifest's words for a tensor that follows `before`.
double number_after(const Case& c, const std::string& tensor, const std::string& before) {
  const std::string text = c.data.at("tensors").at(tensor).at("meaning");
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(before + R"(\s*(-?[0-9.]+))")))
    fail("{}: no number after '{}' in '{}'", tensor, before, text);
  return std::stod(match[1]);
}

Size stored_size(const Report& report, const std::string& name, std::size_t first) {
  const auto& shape = report.stored(name).shape;
  return {static_cast<int>(shape[first + 1]), static_cast<int>(shape[first])};
}

/// "signal('name', (3,18,27), 0.5) + 0.5".
Pixels<float> picture_in(const std::string& text) {
  std::smatch match;
  if (!std::regex_search(
          text, match,
          std::regex(R"(signal\('([^']+)', \(3,(\d+),(\d+)\), ([0-9.]+)\) \+ ([0-9.]+))")))
    fail("'{}' describes no picture", text);
  const Size size{std::stoi(match[3]), std::stoi(match[2])};
  const std::vector<float> planes = signal_values(
      match[1].str(), static_cast<std::size_t>(3) * size.width * size.height, std::stod(match[4]));
  Pixels<float> picture(size, 3);
  std::size_t i = 0;
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        picture.at(x, y, c) = (planes[i++] + std::stof(match[5])) * kWhite;
  return picture;
}

void compare_resized(Report& report, const Pixels<float>& picture, const std::string& suffix) {
  const auto compare = [&](const std::string& name, const ResizeRule& rule) {
    Frame frame;
    frame.precise = picture;
    resize_frame(frame, stored_size(report, name, 1), rule);
    report.compare(name, planes_of(frame.precise));
  };
  compare("bilinear_aa" + suffix, {.picture = PictureFilter::kAntialiased});
  compare("bilinear" + suffix, {.picture = PictureFilter::kLinear});
  compare("bicubic_aa" + suffix, {.picture = PictureFilter::kAntialiasedCubic});
}

/// Class and id maps, [height, width, 2].
void compare_nearest(Report& report, const std::string& suffix) {
  const Values& label = report.stored("label");
  IdMap ids(stored_size(report, "label", 0), 2);
  std::ranges::transform(label.data, ids.values().begin(),
                         [](double value) { return static_cast<std::uint32_t>(value); });
  const IdMap resized = resize_by_centre(ids, stored_size(report, "nearest" + suffix, 0));
  const std::vector<std::int64_t> values(resized.values().begin(), resized.values().end());
  report.compare("nearest" + suffix, make_values({resized.height(), resized.width(), 2}, values));
}

void compare_colours(const Case& c, Report& report, const Pixels<float>& picture,
                     const std::string& suffix) {
  using Step = ColourJitterChoice::Step;
  const auto compare = [&](const char* name, Step step, const char* before) {
    Pixels<float> changed = picture;
    const double amount = number_after(c, name + suffix, before);
    apply_colour_change(changed, {step, static_cast<float>(amount)});
    report.compare(name + suffix, planes_of(changed));
  };
  compare("brightness", Step::kBrightness, R"(x\*)");
  compare("contrast", Step::kContrast, "contrast");
  compare("saturation", Step::kSaturation, "times");
  compare("hue", Step::kHue, "plus");
}

/// Rows: in_h in_w target_h target_w jitter | size h w of the jitter | size h w of the evaluation |
/// crop's share | offset y x | size h w.
void compare_geometry(Report& report) {
  const Values& stored = report.stored("geometry");
  const auto columns = static_cast<std::size_t>(stored.shape[1]);
  Values computed{.shape = stored.shape, .data = {}};
  for (std::size_t i = 0; i < stored.data.size(); i += columns) {
    const double* row = &stored.data[i];
    const auto size_at = [&](int column) {
      return Size{static_cast<int>(row[column + 1]), static_cast<int>(row[column])};
    };
    const Size picture = size_at(0), target = size_at(2);
    const Size jittered = fitted_size(picture, target, row[4], Rounding::kDown);
    const Size fitted = fitted_size(picture, target, 1, Rounding::kHalfEven);
    const CropWindow window = crop_at_share(jittered, target, row[9]);
    computed.data.insert(computed.data.end(), row, row + 5);
    for (const int value : {jittered.height, jittered.width, fitted.height, fitted.width})
      computed.data.push_back(value);
    computed.data.push_back(row[9]);
    for (const int value : {window.y, window.x, window.size.height, window.size.width})
      computed.data.push_back(value);
  }
  report.compare("geometry", computed);
}

void run_image_ops(const Case& c, Report& report) {
  const Pixels<float> picture = picture_in(c.data.at("inputs").at("image"));
  for (int i = 0; report.has(fmt::format("nearest_{}", i)); ++i) {
    const std::string suffix = fmt::format("_{}", i);
    compare_nearest(report, suffix);
    compare_resized(report, picture, suffix);
  }
  for (int i = 0; report.has(fmt::format("brightness_{}", i)); ++i)
    compare_colours(c, report, picture, fmt::format("_{}", i));
  Pixels<float> grey = picture;
  make_grey(grey);
  report.compare("gray", planes_of(grey));
  compare_geometry(report);

  CollateOptions options;
  options.divisor = 1;
  options.least = stored_size(report, "pad", 1);
  options.normalize = {.mean = {0, 0, 0}, .std = {kWhite, kWhite, kWhite}};
  options.normalize.border = static_cast<float>(number_after(c, "pad", "with"));
  Frame frame;
  frame.precise = picture;
  const Batch batch = collate({{std::move(frame)}}, options);
  report.compare("pad", make_values<float>({3, batch.size.height, batch.size.width},
                                           {batch.pixels.begin(), batch.pixels.end()}));
}

}  // namespace

Runner find_pix2seqd_data_runner(const Case& c) {
  return c.name == "image_ops" ? Runner(run_image_ops) : Runner();
}

}  // namespace tessera::parity
