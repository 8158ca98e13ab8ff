#include "tessera/data/transforms/geometry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <type_traits>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/data/transforms/antialiased_resize.h"
#include "tessera/data/transforms/label_resize.h"

namespace tessera {
namespace {

constexpr int kCropRedraws = 10;
constexpr std::uint8_t kUnlabelled = 255;

/// A view of the pixels as OpenCV has them; the constness ends at OpenCV's border.
template <class T>
cv::Mat as_mat(const Pixels<T>& pixels) {
  const int depth = sizeof(T) == 1 ? CV_8U : std::is_floating_point_v<T> ? CV_32F : CV_32S;
  return {pixels.height(), pixels.width(), CV_MAKETYPE(depth, pixels.channels()),
          const_cast<T*>(pixels.data())};
}

template <class T>
Pixels<T> resized(const Pixels<T>& from, Size size, int flag) {
  Pixels<T> to(size, from.channels());
  cv::Mat target = as_mat(to);
  cv::resize(as_mat(from), target, target.size(), 0, 0, flag);
  return to;
}

template <class T>
void flip_pixels(Pixels<T>& pixels) {
  cv::Mat mat = as_mat(pixels);
  cv::flip(mat, mat, 1);
}

template <class T>
void crop_pixels(Pixels<T>& pixels, const CropWindow& window) {
  Pixels<T> kept(window.size, pixels.channels());
  const std::size_t row_bytes = sizeof(T) * window.size.width * pixels.channels();
  for (int y = 0; y < window.size.height; ++y)
    std::memcpy(kept.row(y), &pixels.at(window.x, window.y + y), row_bytes);
  pixels = std::move(kept);
}

/// Calls `change` with every map of pixels of the frame that is there, the picture left out.
template <class Change>
void for_each_label_map(Frame& frame, const Change& change) {
  if (!frame.semantic.empty()) change(frame.semantic);
  if (!frame.ignored.empty()) change(frame.ignored);
  if (!frame.invalid.empty()) change(frame.invalid);
  if (!frame.ids.empty()) change(frame.ids);
  for (FrameObject& object : frame.objects)
    if (!object.mask.empty()) change(object.mask);
}

/// Calls `change` with the picture, in whichever form it is.
template <class Change>
void change_picture(Frame& frame, const Change& change) {
  if (frame.precise.empty())
    change(frame.image);
  else
    change(frame.precise);
}

Image resized_picture(const Image& picture, Size size, PictureFilter filter) {
  if (filter != PictureFilter::kLinear) fail("resizing with antialias needs float pictures");
  return resized(picture, size, cv::INTER_LINEAR);
}

Pixels<float> resized_picture(const Pixels<float>& picture, Size size, PictureFilter filter) {
  switch (filter) {
    case PictureFilter::kAntialiased:
      return resize_antialiased(picture, size, FilterKernel::kTriangle);
    case PictureFilter::kAntialiasedCubic:
      return resize_antialiased(picture, size, FilterKernel::kCubic);
    case PictureFilter::kLinear:
      break;
  }
  return resized(picture, size, cv::INTER_LINEAR);
}

template <class T>
Pixels<T> resized_map(const Pixels<T>& map, Size size, LabelFilter filter) {
  switch (filter) {
    case LabelFilter::kCentre:
      return resize_by_centre(map, size);
    case LabelFilter::kMajority:
      return resize_by_majority(map, size);
    case LabelFilter::kNearest:
      break;
  }
  return resized(map, size, cv::INTER_NEAREST);
}

int rounded(double side, Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfEven:
      return static_cast<int>(std::nearbyint(side));
    case Rounding::kDown:
      return static_cast<int>(side);
    case Rounding::kNearest:
      break;
  }
  return static_cast<int>(side + 0.5);
}

void clip_box(Corners& box, Size size, bool inclusive) {
  const float right = static_cast<float>(size.width - (inclusive ? 1 : 0));
  const float bottom = static_cast<float>(size.height - (inclusive ? 1 : 0));
  box.x1 = std::clamp(box.x1, 0.0f, right);
  box.x2 = std::clamp(box.x2, 0.0f, right);
  box.y1 = std::clamp(box.y1, 0.0f, bottom);
  box.y2 = std::clamp(box.y2, 0.0f, bottom);
}

/// Whether two classes or more share the window and none has `max_share` of it.
bool is_mixed(const LabelMap& labels, const CropWindow& window, double max_share) {
  std::array<std::int64_t, 256> counts{};
  for (int y = 0; y < window.size.height; ++y) {
    const std::uint8_t* row = labels.row(window.y + y) + window.x;
    for (int x = 0; x < window.size.width; ++x) ++counts[row[x]];
  }
  counts[kUnlabelled] = 0;
  std::int64_t sum = 0, most = 0, classes = 0;
  for (const std::int64_t count : counts) {
    sum += count;
    most = std::max(most, count);
    classes += count > 0;
  }
  return classes > 1 && static_cast<double>(most) / static_cast<double>(sum) < max_share;
}

}  // namespace

Image resize_image(const Image& image, Size size, Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kNearest:
      return resized(image, size, cv::INTER_NEAREST);
    case Interpolation::kArea:
      return resized(image, size, cv::INTER_AREA);
    case Interpolation::kBilinear:
      break;
  }
  return resized(image, size, cv::INTER_LINEAR);
}

LabelMap resize_labels(const LabelMap& labels, Size size) {
  return resized(labels, size, cv::INTER_NEAREST);
}

IdMap resize_ids(const IdMap& ids, Size size) { return resized(ids, size, cv::INTER_NEAREST); }

Scale scaled_by(Scale scale, double ratio) {
  return {static_cast<int>(scale.long_edge * ratio), static_cast<int>(scale.short_edge * ratio)};
}

Size rescaled_size(Size size, Scale scale, Rounding rounding) {
  const auto [scale_short, scale_long] = std::minmax(scale.long_edge, scale.short_edge);
  const auto [side_short, side_long] = std::minmax(size.width, size.height);
  const double factor = std::min(static_cast<double>(scale_long) / side_long,
                                 static_cast<double>(scale_short) / side_short);
  const Size result{rounded(size.width * factor, rounding),
                    rounded(size.height * factor, rounding)};
  if (result.width < 1 || result.height < 1)
    fail("a picture of {} scaled into {} by {} would be empty; choose a larger scale",
         to_string(size), scale_long, scale_short);
  return result;
}

Size fitted_size(Size size, Size target, double ratio, Rounding rounding) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  const auto factor = static_cast<float>(ratio);
  const float scale = std::min(static_cast<float>(target.height) * factor / height,
                               static_cast<float>(target.width) * factor / width);
  const Size result{rounded(width * scale, rounding), rounded(height * scale, rounding)};
  if (result.width < 1 || result.height < 1)
    fail("a picture of {} fitted into {} times {} would be empty; choose a larger one",
         to_string(size), ratio, to_string(target));
  return result;
}

void resize_frame(Frame& frame, Size size, const ResizeRule& rule) {
  const Size old = frame.size();
  const float scale_x = static_cast<float>(static_cast<double>(size.width) / old.width);
  const float scale_y = static_cast<float>(static_cast<double>(size.height) / old.height);
  if (size != old) {
    change_picture(frame,
                   [&](auto& picture) { picture = resized_picture(picture, size, rule.picture); });
    if (!frame.valid.empty()) frame.valid = resized_picture(frame.valid, size, rule.picture);
    for_each_label_map(frame, [&](auto& map) {
      const bool has_classes = static_cast<const void*>(&map) == &frame.semantic;
      const bool by_majority = rule.labels == LabelFilter::kMajority;
      map =
          resized_map(map, size, has_classes && by_majority ? LabelFilter::kNearest : rule.labels);
    });
  }
  for (FrameObject& object : frame.objects) {
    Corners& box = object.box;
    box = {box.x1 * scale_x, box.y1 * scale_y, box.x2 * scale_x, box.y2 * scale_y};
    clip_box(box, size, frame.inclusive_boxes);
  }
  frame.record.scale_x *= scale_x;
  frame.record.scale_y *= scale_y;
  frame.record.img_size = frame.record.pad_size = size;
}

void flip_frame(Frame& frame) {
  change_picture(frame, [](auto& picture) { flip_pixels(picture); });
  if (!frame.valid.empty()) flip_pixels(frame.valid);
  for_each_label_map(frame, [](auto& map) { flip_pixels(map); });
  const float right = static_cast<float>(frame.size().width - (frame.inclusive_boxes ? 1 : 0));
  for (FrameObject& object : frame.objects) {
    const Corners box = object.box;
    object.box.x1 = right - box.x2;
    object.box.x2 = right - box.x1;
  }
  frame.record.flipped = !frame.record.flipped;
}

void crop_frame(Frame& frame, const CropWindow& window) {
  const Size size = frame.size();
  if (window.x < 0 || window.y < 0 || window.size.width < 1 || window.size.height < 1 ||
      window.x + window.size.width > size.width || window.y + window.size.height > size.height)
    fail("{}: a crop of {} at ({}, {}) does not lie in the picture of {}", frame.key.name,
         to_string(window.size), window.x, window.y, to_string(size));
  const float x = static_cast<float>(window.x), y = static_cast<float>(window.y);
  for (FrameObject& object : frame.objects) {
    Corners& box = object.box;
    box = {box.x1 - x, box.y1 - y, box.x2 - x, box.y2 - y};
    clip_box(box, window.size, frame.inclusive_boxes);
  }
  std::erase_if(frame.objects, [](const FrameObject& object) {
    return object.box.x2 <= object.box.x1 || object.box.y2 <= object.box.y1;
  });
  change_picture(frame, [&](auto& picture) { crop_pixels(picture, window); });
  if (!frame.valid.empty()) crop_pixels(frame.valid, window);
  for_each_label_map(frame, [&](auto& map) { crop_pixels(map, window); });
  frame.record.img_size = frame.record.pad_size = window.size;
}

CropWindow choose_crop(Size picture, Size size, const DrawOffset& draw) {
  const std::int64_t y = draw(std::max(picture.height - size.height, 0));
  const std::int64_t x = draw(std::max(picture.width - size.width, 0));
  return {static_cast<int>(x),
          static_cast<int>(y),
          {std::min(size.width, picture.width), std::min(size.height, picture.height)}};
}

CropWindow crop_at_share(Size picture, Size size, double share) {
  const auto offset = [&](int side, int kept) {
    const auto most = static_cast<float>(std::max(side - kept, 0));
    return static_cast<int>(most * static_cast<float>(share));
  };
  const CropWindow window{offset(picture.width, size.width), offset(picture.height, size.height)};
  return {window.x,
          window.y,
          {std::min(size.width, picture.width - window.x),
           std::min(size.height, picture.height - window.y)}};
}

CropWindow choose_crop(const LabelMap& labels, Size size, double max_share,
                       const DrawOffset& draw) {
  CropWindow window = choose_crop(labels.size(), size, draw);
  for (int redraw = 0; redraw < kCropRedraws; ++redraw) {
    if (is_mixed(labels, window, max_share)) break;
    window = choose_crop(labels.size(), size, draw);
  }
  return window;
}

}  // namespace tessera
