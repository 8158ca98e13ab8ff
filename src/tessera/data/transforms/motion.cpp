#include "tessera/data/transforms/motion.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr int kMostAdded = 40;
constexpr int kMostHueSaturation = 5;
constexpr std::uint8_t kUnlabelled = 255;

template <class T>
cv::Mat as_mat(Pixels<T>& pixels) {
  const int depth = sizeof(T) == 1 ? CV_8U : CV_32S;
  return {pixels.height(), pixels.width(), CV_MAKETYPE(depth, pixels.channels()), pixels.data()};
}

/// How the values between pixels are found; labels are never mixed.
struct Sampling {
  bool mixes = true;
  double border = 0;
};

constexpr Sampling kPicture = {};
constexpr Sampling labels_with_border(double border) { return {.mixes = false, .border = border}; }

int warp_flag(const Sampling& sampling) {
  return sampling.mixes ? cv::INTER_LINEAR : cv::INTER_NEAREST;
}

/// imgaug's choice, which is the reverse of OpenCV's advice.
int resize_flag(const Sampling& sampling, cv::Size from, cv::Size to) {
  if (!sampling.mixes) return cv::INTER_NEAREST;
  return to.width > from.width || to.height > from.height ? cv::INTER_AREA : cv::INTER_LINEAR;
}

template <class T>
Pixels<T> warped(Pixels<T> from, const Perspective& perspective, const Sampling& sampling) {
  const cv::Matx33d matrix(perspective.matrix.data());
  cv::Mat projected;
  cv::warpPerspective(as_mat(from), projected, matrix,
                      {perspective.size.width, perspective.size.height}, warp_flag(sampling),
                      cv::BORDER_CONSTANT, cv::Scalar::all(sampling.border));
  cv::Mat result = as_mat(from);
  cv::resize(projected, result, result.size(), 0, 0,
             resize_flag(sampling, projected.size(), result.size()));
  return from;
}

/// A turn around the picture's centre, then a shift.
cv::Matx23d affine_matrix(Size size, Corner shift, double rotation, double scale) {
  const double angle = rotation * std::numbers::pi / 180;
  const double cosine = scale * std::cos(angle), sine = scale * std::sin(angle);
  const double x = size.width / 2.0 - 0.5, y = size.height / 2.0 - 0.5;
  return {cosine, -sine,  x + shift.x * size.width - cosine * x + sine * y,
          sine,   cosine, y + shift.y * size.height - sine * x - cosine * y};
}

template <class T>
Pixels<T> warped(Pixels<T> from, const cv::Matx23d& matrix, const Sampling& sampling) {
  Pixels<T> to(from.size(), from.channels());
  cv::Mat target = as_mat(to);
  cv::warpAffine(as_mat(from), target, matrix, target.size(), warp_flag(sampling),
                 cv::BORDER_CONSTANT, cv::Scalar::all(sampling.border));
  return to;
}

/// Moves picture and labels alike. `Frame::invalid` is what an all-ones picture becomes 0 in.
template <class Warp>
void warp_frame(Frame& frame, const Warp& warp) {
  const auto move = [&](auto& map, const Sampling& sampling) {
    if (!map.empty()) map = warped(std::move(map), warp, sampling);
  };
  LabelMap there(frame.image.size(), 1, 1);
  if (!frame.invalid.empty())
    std::ranges::transform(frame.invalid.values(), there.values().begin(),
                           [](std::uint8_t invalid) { return invalid == 0 ? 1 : 0; });
  move(frame.image, kPicture);
  move(frame.ids, labels_with_border(0));
  move(frame.semantic, labels_with_border(kUnlabelled));
  move(frame.ignored, labels_with_border(0));
  move(there, kPicture);
  for (std::uint8_t& value : there.values()) value = value == 0;
  frame.invalid = std::move(there);
}

/// Gives every object pixels of its own in the id map.
void flatten(Frame& frame) {
  const auto has_mask = [](const FrameObject& object) { return !object.mask.empty(); };
  if (std::ranges::none_of(frame.objects, has_mask)) return;
  if (frame.ids.empty()) frame.ids = IdMap(frame.image.size(), 1);
  std::uint32_t next = *std::ranges::max_element(frame.ids.values());
  for (FrameObject& object : frame.objects) {
    if (!has_mask(object)) continue;
    object.id = ++next;
    for (std::size_t i = 0; i < frame.ids.values().size(); ++i)
      if (object.mask.values()[i] != 0) frame.ids.values()[i] = object.id;
    object.mask = {};
  }
}

}  // namespace

MotionChoice choose_motion(const MotionOptions& options, Random& random) {
  MotionChoice choice;
  if (options.colour) {
    const bool both = random.coin(), first = random.coin();
    if (both || first) choice.add = static_cast<int>(random.uniform_int(-kMostAdded, kMostAdded));
    if (both || !first)
      choice.hue_saturation =
          static_cast<int>(random.uniform_int(-kMostHueSaturation, kMostHueSaturation));
  }
  for (Corner& corner : choice.jitter)
    corner = {random.normal() * options.perspective, random.normal() * options.perspective};
  choice.shift = random.uniform(-options.shift, options.shift);
  choice.rotation = random.uniform(-options.rotation, options.rotation);
  if (random.coin(options.blur_probability))
    choice.blur = BlurChoice{random.coin() ? 9 : 11, random.uniform(0, 360), random.uniform(-1, 1)};
  return choice;
}

Perspective perspective_of(Size picture, const std::array<Corner, 4>& jitter) {
  cv::Point2f from[4];
  for (int i = 0; i < 4; ++i) {
    double x = std::fmod(std::abs(jitter[i].x), 1), y = std::fmod(std::abs(jitter[i].y), 1);
    if (i == 1 || i == 2) x = 1 - x;
    if (i == 2 || i == 3) y = 1 - y;
    from[i] = {static_cast<float>(x * picture.width), static_cast<float>(y * picture.height)};
  }
  const auto length = [&](int a, int b) { return cv::norm(from[a] - from[b]); };
  const int width = std::max(2, static_cast<int>(std::max(length(0, 1), length(3, 2))));
  const int height = std::max(2, static_cast<int>(std::max(length(0, 3), length(1, 2))));
  const float right = static_cast<float>(width), bottom = static_cast<float>(height);
  const cv::Point2f to[4] = {{0, 0}, {right, 0}, {right, bottom}, {0, bottom}};
  const cv::Mat matrix = cv::getPerspectiveTransform(from, to);
  Perspective perspective{.size = {width, height}};
  std::copy_n(matrix.ptr<double>(), 9, perspective.matrix.begin());
  return perspective;
}

void add_value(Image& image, int value) {
  for (std::uint8_t& level : image.values())
    level = static_cast<std::uint8_t>(std::clamp(level + value, 0, 255));
}

void add_hue_saturation(Image& image, int value) {
  constexpr int kHues = 180;
  const int turn = value * kHues / 255;
  cv::Mat pixels = as_mat(image), hsv;
  cv::cvtColor(pixels, hsv, cv::COLOR_BGR2HSV);
  std::uint8_t* hue = hsv.data;
  for (std::size_t i = 0; i < hsv.total(); ++i, hue += 3) {
    hue[0] = static_cast<std::uint8_t>((hue[0] + turn + kHues) % kHues);
    hue[1] = static_cast<std::uint8_t>(std::clamp(hue[1] + value, 0, 255));
  }
  cv::cvtColor(hsv, pixels, cv::COLOR_HSV2BGR);
}

void warp_perspective(Frame& frame, const Perspective& perspective) {
  warp_frame(frame, perspective);
}

void warp_affine(Frame& frame, Corner shift, double rotation, double scale) {
  warp_frame(frame, affine_matrix(frame.image.size(), shift, rotation, scale));
}

Image warp_affine(const Image& image, Corner shift, double rotation, double scale) {
  return warped(image, affine_matrix(image.size(), shift, rotation, scale), kPicture);
}

std::vector<float> blur_kernel(const BlurChoice& choice) {
  Image line({choice.size, choice.size}, 1);
  const double start = (choice.direction + 1) / 2;
  for (int y = 0; y < choice.size; ++y) {
    const auto weight =
        static_cast<float>(start + (1 - 2 * start) * y / static_cast<double>(choice.size - 1));
    line.at(choice.size / 2, y) = static_cast<std::uint8_t>(weight * 255);
  }
  line = warp_affine(line, {}, choice.angle);
  std::vector<float> kernel;
  float sum = 0;
  for (const std::uint8_t value : line.values()) {
    kernel.push_back(static_cast<float>(value) / 255);
    sum += kernel.back();
  }
  for (float& weight : kernel) weight /= sum;
  return kernel;
}

Image blur(const Image& image, const BlurChoice& choice) {
  std::vector<float> kernel = blur_kernel(choice);
  Image from = image, to(image.size(), image.channels());
  cv::Mat target = as_mat(to);
  cv::filter2D(as_mat(from), target, -1, cv::Mat(choice.size, choice.size, CV_32F, kernel.data()));
  return to;
}

void apply_motion(Frame& frame, const MotionChoice& choice) {
  if (choice.add) add_value(frame.image, *choice.add);
  if (choice.hue_saturation) add_hue_saturation(frame.image, *choice.hue_saturation);
  flatten(frame);
  frame.invalid = {};
  warp_perspective(frame, perspective_of(frame.image.size(), choice.jitter));
  warp_affine(frame, {choice.shift, choice.shift}, choice.rotation);
  if (choice.blur) frame.image = blur(frame.image, *choice.blur);
  measure_objects(frame);
}

void simulate_motion(Clip& clip, const MotionOptions& options, Random& random) {
  if (clip.size() != 1)
    fail(
        "{}: motion is simulated from one picture, the clip has {} frames; leave the references "
        "or the step 'motion' out",
        clip.front().key.name, clip.size());
  clip.resize(options.frames, clip.front());
  for (std::size_t i = 1; i < clip.size(); ++i)
    apply_motion(clip[i], choose_motion(options, random));
  for (std::size_t i = clip.size() - 1; i > 0; --i)
    std::swap(clip[i], clip[random.uniform_int(0, static_cast<std::int64_t>(i))]);
}

}  // namespace tessera
