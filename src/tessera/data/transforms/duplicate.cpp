#include "tessera/data/transforms/duplicate.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>

namespace tessera {
namespace {

/// Of a mask's pixels; the last two are outside.
struct Extent {
  int left = 0, top = 0, right = 0, bottom = 0;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
};

std::optional<Extent> extent_of(const LabelMap& mask) {
  Extent extent{mask.width(), mask.height(), 0, 0};
  for (int y = 0; y < mask.height(); ++y)
    for (int x = 0; x < mask.width(); ++x) {
      if (mask.at(x, y) == 0) continue;
      extent = {std::min(extent.left, x), std::min(extent.top, y), std::max(extent.right, x + 1),
                y + 1};
    }
  return extent.right > 0 ? std::optional(extent) : std::nullopt;
}

LabelMap mask_of(const Frame& frame, const FrameObject& object) {
  if (!object.mask.empty()) return object.mask;
  LabelMap mask(frame.ids.size(), 1);
  std::ranges::transform(frame.ids.values(), mask.values().begin(),
                         [&](std::uint32_t id) { return id == object.id ? 1 : 0; });
  return mask;
}

/// Which way the copy may go along one axis: -1 or 1, 0 when it must not move, nothing when both
/// will do.
class Direction {
 public:
  /// An object of a frame covers [low, high) of `side`.
  void see(int low, int high, int side) {
    touches_low_ = touches_low_ || low == 0;
    touches_high_ = touches_high_ || high == side;
    const double middle = (low + high) / 2.0;
    if (high - low > 0.4 * side) {  // large: only further out where it leaves the picture already
      if (low == 0)
        sign_ = -1;
      else if (high == side)
        sign_ = 1;
    } else if (high - low < 0.2 * side) {  // small: not out of the picture
      if (middle < side * 0.25)
        sign_ = 1;
      else if (middle > side * 0.75)
        sign_ = -1;
    }
  }
  bool touches_any() const { return touches_low_ || touches_high_; }
  bool touches_both() const { return touches_low_ && touches_high_; }
  void stay() { sign_ = 0; }
  double choose(const DrawShare& draw) const {
    if (sign_) return *sign_;
    return draw() < 0.5 ? -1 : 1;
  }

 private:
  bool touches_low_ = false, touches_high_ = false;
  std::optional<double> sign_;
};

template <class T>
cv::Mat as_mat(Pixels<T>& pixels) {
  return {pixels.height(), pixels.width(), CV_MAKETYPE(CV_8U, pixels.channels()), pixels.data()};
}

void mirror(Image& pixels, const Extent& extent) {
  cv::Mat part = as_mat(pixels)(cv::Rect(extent.left, extent.top, extent.width(), extent.height()));
  cv::flip(part.clone(), part, 1);
}

Image moved(Image pixels, double x, double y) {
  Image result(pixels.size(), pixels.channels());
  cv::Mat target = as_mat(result);
  const cv::Matx23f shift(1, 0, static_cast<float>(x), 0, 1, static_cast<float>(y));
  cv::warpAffine(as_mat(pixels), target, shift, target.size());
  return result;
}

/// Puts the copy into a frame whose only object is `mask`, which has that extent.
void paint_copy(Frame& frame, LabelMap mask, const Extent& extent, bool mirrored, double x,
                double y) {
  constexpr double kMost = 0.3;
  x = std::min(x, frame.image.width() * kMost);
  y = std::min(y, frame.image.height() * kMost);
  Image picture = frame.image;
  LabelMap copied = mask;
  if (mirrored) {
    mirror(picture, extent);
    mirror(copied, extent);
  }
  picture = moved(std::move(picture), x, y);
  copied = moved(std::move(copied), x, y);
  FrameObject& original = frame.objects.front();
  for (std::size_t i = 0; i < copied.values().size(); ++i) {
    if (copied.values()[i] == 0) continue;
    std::copy_n(&picture.values()[3 * i], 3, &frame.image.values()[3 * i]);
    mask.values()[i] = 0;
    if (!frame.semantic.empty())
      frame.semantic.values()[i] = static_cast<std::uint8_t>(original.category);
  }
  FrameObject copy = original;
  ++copy.track_id;
  original.mask = std::move(mask);
  copy.mask = std::move(copied);
  frame.objects.push_back(std::move(copy));
  for (FrameObject& object : frame.objects) {
    const Extent box = extent_of(object.mask).value_or(Extent());
    object.box = {static_cast<float>(box.left), static_cast<float>(box.top),
                  static_cast<float>(box.right), static_cast<float>(box.bottom)};
  }
  std::erase_if(frame.objects, [](const FrameObject& object) { return object.box.x2 == 0; });
}

/// Whether all objects of the clip are one and the same.
bool shows_one_object(const Clip& clip) {
  const FrameObject* first = nullptr;
  for (const Frame& frame : clip) {
    if (frame.objects.size() > 1) return false;
    for (const FrameObject& object : frame.objects) {
      if (first == nullptr) first = &object;
      if (object.category != first->category || object.track_id != first->track_id) return false;
    }
  }
  return first != nullptr;
}

}  // namespace

bool duplicate_object(Clip& clip, const DrawShare& draw) {
  if (!shows_one_object(clip)) return false;
  std::vector<LabelMap> masks;
  std::vector<std::optional<Extent>> extents;
  Direction across, along;
  for (const Frame& frame : clip) {
    masks.push_back(frame.objects.empty() ? LabelMap() : mask_of(frame, frame.objects.front()));
    extents.push_back(extent_of(masks.back()));
    if (!extents.back()) continue;
    across.see(extents.back()->left, extents.back()->right, frame.image.width());
    along.see(extents.back()->top, extents.back()->bottom, frame.image.height());
  }
  if (across.touches_both()) return false;
  if (along.touches_both()) along.stay();
  const double right = across.choose(draw);
  const double down = along.choose(draw);
  const bool mirrored = !across.touches_any() && draw() < 0.5;
  for (std::size_t i = 0; i < clip.size(); ++i) {
    if (!extents[i]) continue;
    const double x = right * (extents[i]->width() * 0.75 + draw() * 0.25 * extents[i]->width());
    const double y = down * (extents[i]->height() * draw() * 0.25);
    paint_copy(clip[i], std::move(masks[i]), *extents[i], mirrored, x, y);
  }
  return true;
}

}  // namespace tessera
